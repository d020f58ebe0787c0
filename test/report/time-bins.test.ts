import { expect, test } from 'vitest';
import { timeBin } from '../../src/report/time-bins.js';

const HOUR = 3_600_000;

test.each([
  [0, "INTERVAL '1 milliseconds'"],
  [60, "INTERVAL '1 milliseconds'"],
  [1200, "INTERVAL '20 milliseconds'"],
  [60_000, "INTERVAL '1 seconds'"],
  [HOUR, "INTERVAL '1 minutes'"],
  [24 * HOUR, "INTERVAL '30 minutes'"],
  [7 * 24 * HOUR, "INTERVAL '3 hours'"],
  [365 * 24 * HOUR, "INTERVAL '7 days'"],
  [1e15, "INTERVAL '3650 days'"],
])('a span of %i ms has bins of %s', (span, interval) => {
  expect(timeBin(span).interval).toBe(interval);
});

test('at most 60 bins up to six centuries', () => {
  for (let span = 1; span < 600 * 365 * 24 * HOUR; span = Math.ceil(span * 1.37)) {
    expect(span / timeBin(span).ms).toBeLessThanOrEqual(60);
  }
});
