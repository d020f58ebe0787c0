import { expect, test } from 'vitest';
import { pairUp } from '../../src/compare/pairs.js';

const near = (a: number, b: number) => (Math.abs(a - b) > 50 ? null : Math.abs(a - b));

test('the most alike come together, whatever their order', () => {
  expect(pairUp([1, 10], [9, 2], near).pairs).toEqual([
    [1, 2],
    [10, 9],
  ]);
});

test('what has no counterpart stands alone', () => {
  const { pairs, gone, added } = pairUp([1, 100], [2, 300, 400], near);
  expect(pairs).toEqual([[1, 2]]);
  expect(gone).toEqual([100]);
  expect(added).toEqual([300, 400]);
});
