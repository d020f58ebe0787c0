import { expect, test } from 'vitest';
import {
  bytesText,
  compactText,
  durationText,
  shareText,
  spanText,
  timeText,
  timeTicks,
  valueText,
} from '../../../src/report/page/format.js';

test('durations of microseconds', () => {
  expect([0, 1, 539, 539.4, 1_540, 27_600, 999_000, 2_500_000].map(durationText)).toEqual([
    '0 µs',
    '1 µs',
    '539 µs',
    '539 µs',
    '1.5 ms',
    '28 ms',
    '999 ms',
    '2.5 s',
  ]);
});

test('shares do not round something to nothing, nor almost all to all', () => {
  expect([0, 0.00001, 0.125, 0.99999, 1].map(shareText)).toEqual([
    '0 %',
    '<0.1 %',
    '12.5 %',
    '>99.9 %',
    '100 %',
  ]);
});

test('numbers, bytes, times and spans', () => {
  expect([950, 1234, 34_000_000].map(compactText)).toEqual(['950', '1.2K', '34M']);
  expect([999, 1000, 2_108_478_049].map(bytesText)).toEqual(['999 B', '1.0 kB', '2.1 GB']);
  expect(timeText(1_700_000_000_999)).toBe('2023-11-14 22:13:20');
  expect([250, 1500, 600_000, 7_300_000, 90 * 86_400_000, 2000 * 86_400_000].map(spanText)).toEqual([
    '250 ms',
    '1.5 s',
    '10 min',
    '2 h 1 min',
    '90 d 0 h',
    '5.5 years',
  ]);
  expect(valueText(null, 'count')).toBe('');
});

test('an axis of time says the day once', () => {
  const dates = ['2026-11-20T23:50Z', '2026-11-20T23:55Z', '2026-11-21T00:00Z'].map((text) => new Date(text));
  const hour = timeTicks(3_600_000);
  expect(dates.map((date, i) => hour(date, i, dates))).toEqual(['23:50\n20 Nov', '23:55', '00:00\n21 Nov']);
  expect(timeTicks(30 * 86_400_000)(dates[0]!, 0, dates)).toBe('2026-11-20');
  expect(timeTicks(2000)(dates[0]!, 0, dates)).toBe('23:50:00.000\n20 Nov');
});
