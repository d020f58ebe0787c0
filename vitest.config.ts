import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Real captures, real child processes and DuckDB on machines with few cores: slow is not wrong.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: process.env.CI ? ['default', ['json', { outputFile: '.bench/tests.json' }]] : ['default'],
  },
});
