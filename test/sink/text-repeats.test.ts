import { expect, test } from 'vitest';
import { columnOf, type HostValue } from '../../src/core/build.js';
import { columnReader } from '../../src/core/rows.js';
import { withoutRepeats } from '../../src/sink/text-repeats.js';

const text = (values: readonly HostValue[]) =>
  columnOf({ name: 'c', type: 'utf8', nullable: true, origin: 'content', meaning: '' }, values);

function left(column: readonly HostValue[], other: readonly HostValue[]): unknown[] {
  const result = withoutRepeats(text(column), text(other));
  const read = columnReader(result);
  const values = column.map((_, row) => read(row));
  expect(result.nullCount).toBe(values.filter((v) => v === null).length);
  return values;
}

test('a text that is the same in both goes, others stay', () => {
  expect(left(['aa', 'bü', '', 'x', null, 'c'], ['aa', 'b', '', 'xy', 'n', null])).toEqual([
    null,
    'bü',
    null,
    'x',
    null,
    'c',
  ]);
});

test('nothing is left of columns that are the same', () => {
  expect(left(['a', null, 'c'], ['a', null, 'c'])).toEqual([null, null, null]);
  expect(left(['a', 'b'], ['a', 'b'])).toEqual([null, null]);
});

test('the same bytes cut at other places are not the same texts', () => {
  expect(left(['ab', 'c'], ['a', 'bc'])).toEqual(['ab', 'c']);
});
