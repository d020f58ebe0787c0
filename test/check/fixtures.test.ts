import { expect, test } from 'vitest';
import { cli } from '../support/cli.js';

test('the fixtures give what their baseline says', async () => {
  const { code, stdout } = await cli('check', 'fixtures/captures', '--baseline', 'fixtures/baseline.json');
  expect(stdout).toMatch(/^\d+ captures: as in the baseline\n$/);
  expect(code).toBe(0);
});
