import { expect, test } from 'vitest';
import { columnOf, type HostValue } from '../../src/core/build.js';
import { columnReader } from '../../src/core/rows.js';
import { stretchesOf, takeStretches } from '../../src/core/take.js';
import type { ColumnType } from '../../src/schema/column.js';

const VALUES: Readonly<Record<string, (i: number) => HostValue>> = {
  bool: (i) => i % 3 === 0,
  u8: (i) => i,
  u16: (i) => 1000 + i,
  u32: (i) => 0xffff0000 + i,
  u64: (i) => 2n ** 63n + BigInt(i),
  ts: (i) => 1_700_000_000_123_456_789n + BigInt(i),
  utf8: (i) => 'ü'.repeat(i % 15),
  binary: (i) => Uint8Array.of(i, 0xff, i),
  'list<u8>': (i) => Array.from({ length: i % 5 }, (_, k) => k + i),
  'list<u16>': (i) => Array.from({ length: i % 4 }, (_, k) => 300 + k + i),
  'list<u64>': (i) => Array.from({ length: i % 3 }, (_, k) => 2n ** 60n + BigInt(k + i)),
  'list<utf8>': (i) => Array.from({ length: i % 4 }, (_, k) => `${i}/${'k'.repeat(k)}`),
};
const PICKS = {
  none: [],
  all: Array.from({ length: 60 }, (_, i) => i),
  'one row': [59],
  'every second': Array.from({ length: 30 }, (_, i) => 2 * i),
  stretches: [0, 1, 2, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 40, 58, 59],
};

test.each(Object.keys(VALUES) as ColumnType[])('%s: the rows that are asked for', (type) => {
  for (const nullable of [false, true]) {
    const values = Array.from({ length: 60 }, (_, i) => (nullable && i % 7 === 2 ? null : VALUES[type]!(i)));
    const spec = { name: 'c', type, nullable, origin: 'fact', meaning: '' } as const;
    const column = columnOf(spec, values);
    const read = columnReader(column);
    for (const picks of Object.values(PICKS)) {
      const taken = takeStretches(column, stretchesOf(Int32Array.from(picks)));
      const readTaken = columnReader(taken);
      expect(taken.rows).toBe(picks.length);
      expect(taken.nullCount).toBe(picks.filter((row) => values[row] === null).length);
      expect(picks.map((_, i) => readTaken(i))).toEqual(picks.map((row) => read(row)));
    }
  }
});

test('rows that follow each other are one stretch', () => {
  expect(stretchesOf(Int32Array.of(3, 4, 5, 9, 11, 12))).toEqual({
    from: [3, 9, 11],
    count: [3, 1, 2],
    rows: 6,
  });
});
