import { createRequire } from 'node:module';
import type makeParser from 'yargs';

/**
 * yargs as one CommonJS file: that loads in a third of the time of its modules, and lays help out without breaking words.
 */
export const yargs = createRequire(import.meta.url)('yargs') as typeof makeParser;
