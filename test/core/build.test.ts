import { describe, expect, it } from 'vitest';
import { columnOf, type HostValue } from '../../src/core/build.js';
import { takeRows } from '../../src/core/gather.js';
import type { ColumnSpec, ColumnType } from '../../src/schema/column.js';
import { batchSet } from '../support/batches.js';
import { clientHellos } from '../support/rows.js';

const spec = (type: ColumnType): ColumnSpec => ({
  name: 'x',
  type,
  nullable: true,
  origin: 'host',
  meaning: '',
});
const bytes = (...values: number[]) => Uint8Array.from(values);

describe('columnOf', () => {
  const cases: [ColumnType, HostValue[], object][] = [
    ['u8', [1, null, 255], { data: bytes(1, 0, 255), validity: bytes(0b101), nullCount: 1, offsets: null }],
    ['u16', [0x1234], { data: bytes(0x34, 0x12), validity: null, nullCount: 0 }],
    ['u32', [0x89abcdef], { data: bytes(0xef, 0xcd, 0xab, 0x89) }],
    ['u64', [2n ** 64n - 2n], { data: bytes(254, 255, 255, 255, 255, 255, 255, 255) }],
    ['ts', [-1n], { data: new Uint8Array(8).fill(255) }],
    ['bool', [true, false, null, true], { data: bytes(0b1001), validity: bytes(0b1011), nullCount: 1 }],
    ['utf8', ['ü', '', null, 'a'], { data: bytes(0xc3, 0xbc, 0x61), offsets: Int32Array.of(0, 2, 2, 2, 3) }],
    ['binary', [bytes(7, 8)], { data: bytes(7, 8), offsets: Int32Array.of(0, 2) }],
    ['list<u16>', [[1, 256], [], [3]], { data: bytes(1, 0, 0, 1, 3, 0), offsets: Int32Array.of(0, 2, 2, 3) }],
    [
      'list<utf8>',
      [['h2', ''], null, ['x']],
      {
        data: bytes(0x68, 0x32, 0x78),
        offsets: Int32Array.of(0, 2, 2, 3),
        childOffsets: Int32Array.of(0, 2, 2, 3),
      },
    ],
  ];
  for (const [type, values, expected] of cases) {
    it(`lays out ${type} as Arrow does`, () => {
      expect(columnOf(spec(type), values)).toMatchObject({ rows: values.length, ...expected });
    });
  }
});

describe('takeRows', () => {
  it('equals a batch that never had the other rows', () => {
    const rows = clientHellos(300);
    const picks = Int32Array.from([0, 3, 4, 5, 77, 150, 299, 299]);
    const all = batchSet({ client_hellos: rows }, 'wide');
    const some = batchSet({ client_hellos: Array.from(picks, (r) => rows[r]!) }, 'wide');
    for (const group of ['client_hellos', 'hello_contents'] as const) {
      const taken = all[group].columns.map((c) => takeRows(c, picks));
      taken.forEach((column, i) => {
        const twin = some[group].columns[i]!;
        expect({ ...column, data: [...column.data] }).toEqual({ ...twin, data: [...twin.data] });
      });
    }
  });
});
