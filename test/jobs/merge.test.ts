import { expect, test } from 'vitest';
import { columnsOf } from '../../src/core/build.js';
import { rowObjects } from '../../src/core/rows.js';
import type { Batch, BatchSet } from '../../src/core/views.js';
import { mergeByPacket } from '../../src/jobs/merge.js';
import type { ColumnSpec } from '../../src/schema/column.js';

const spec = (name: string, type: ColumnSpec['type']) =>
  ({ name, type, nullable: true, meaning: '', origin: 'fact' }) as ColumnSpec;
const SPECS = [spec('packet', 'u64'), spec('name', 'utf8')];

type Row = readonly [packet: bigint, name: string | null];

function batch(group: string, rows: readonly Row[]): Batch {
  const columns = columnsOf(
    SPECS,
    rows.map(([packet, name]) => ({ packet, name })),
  );
  return { group, rows: rows.length, columns };
}

/** The same rows in all groups. */
function set(rows: readonly Row[]): BatchSet {
  return {
    client_hellos: batch('client_hellos', rows),
    hello_contents: batch('hello_contents', rows),
    server_hellos: batch('server_hellos', rows),
    certificates: batch('certificates', rows),
  };
}

function merged(...sets: (readonly Row[])[]): Row[] {
  const all = Object.values(mergeByPacket(sets.map(set))) as Batch[];
  const rows = all.map((one) =>
    [...rowObjects<{ packet: bigint; name: string | null }>(one.columns, {})].map(
      ({ packet, name }) => [packet, name] as const,
    ),
  );
  for (const other of rows) expect(other).toEqual(rows[0]);
  return rows[0]!;
}

test('rows of all groups come in the order of their packets, of one packet those of the earlier set first', () => {
  const a: Row[] = [
    [1n, 'a1'],
    [5n, 'a5'],
    [5n, null],
    [9_007_199_254_740_990n, 'last'],
  ];
  const b: Row[] = [
    [2n, 'b2'],
    [5n, 'b5'],
    [4_294_967_297n, 'b'],
  ];
  const wanted = [[1n, 'a1'], [2n, 'b2'], [5n, 'a5'], [5n, null], [5n, 'b5'], [4_294_967_297n, 'b'], a[3]];
  expect(merged(a, b, [])).toEqual(wanted);
  expect(merged([], a, b)).toEqual(wanted);
});

test('more sets than a byte can count', () => {
  const sets = Array.from({ length: 700 }, (_, i): Row[] => [
    [BigInt((i * 317) % 700), `row ${(i * 317) % 700}`],
  ]);
  expect(merged(...sets)).toEqual(Array.from({ length: 700 }, (_, i) => [BigInt(i), `row ${i}`]));
});

test('sets out of order are put in order', () => {
  expect(
    merged(
      [
        [7n, 'x'],
        [3n, 'y'],
        [7n, 'z'],
      ],
      [
        [4n, 'b'],
        [7n, 'c'],
      ],
    ),
  ).toEqual([
    [3n, 'y'],
    [4n, 'b'],
    [7n, 'x'],
    [7n, 'z'],
    [7n, 'c'],
  ]);
});
