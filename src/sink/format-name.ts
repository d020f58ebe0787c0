import { UsageError } from '../errors.js';
import type { ResultFormat } from './result.js';

const NAMES: readonly (readonly [RegExp, ResultFormat])[] = [
  [/\.(nd)?jsonl?$/, 'ndjson'],
  [/\.csv$/, 'csv'],
  [/\.arrows?$/, 'arrow'],
  [/\.parquet$/, 'parquet'],
  [/\.txt$/, 'table'],
];

/**
 * Format of a file by its name.
 * @throws UsageError the name tells none
 */
export function formatOfName(path: string): ResultFormat {
  const found = NAMES.find(([name]) => name.test(path));
  if (found) return found[1];
  throw new UsageError(`cannot tell the format of ${path} by its name`, {
    hint: 'end it in .csv, .ndjson, .arrow or .parquet, or say --format',
  });
}
