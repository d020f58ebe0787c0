import { expect, test } from 'vitest';
import { formatBytes, formatCount, formatDuration, formatShare, formatTime } from '../../src/report/units.js';

test('counts', () => {
  expect([0, 999, 1000, 1234567].map(formatCount)).toEqual(['0', '999', '1,000', '1,234,567']);
  expect(formatCount(18446744073709551615n)).toBe('18,446,744,073,709,551,615');
});

test('bytes', () => {
  expect([0, 999, 1000, 2108478049].map(formatBytes)).toEqual(['0 B', '999 B', '1.0 kB', '2.1 GB']);
});

test('durations', () => {
  const s = 1e9;
  expect(
    [5, 1500, 2_500_000, 1.5 * s, 600 * s, 7300 * s, 90_000 * s, 4 * 86_400 * s].map(formatDuration),
  ).toEqual(['5 ns', '2 µs', '2.5 ms', '1.5 s', '10 min', '2 h 1 min', '25 h 0 min', '4 d 0 h']);
});

test('times', () => {
  expect(formatTime(1_700_000_000_999_999_999n)).toBe('2023-11-14 22:13:20');
});

test('shares do not round something to nothing, nor almost all to all', () => {
  const shares = [
    [0, 0],
    [0, 5],
    [5, 5],
    [1, 8],
    [1, 10_000],
    [9999, 10_000],
  ] as const;
  expect(shares.map(([part, whole]) => formatShare(part, whole))).toEqual([
    '0 %',
    '0 %',
    '100 %',
    '12.5 %',
    '<0.1 %',
    '>99.9 %',
  ]);
});
