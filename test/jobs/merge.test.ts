import { expect, test } from 'vitest';
import { columnsOf } from '../../src/core/build.js';
import { rowObjects } from '../../src/core/rows.js';
import type { Batch } from '../../src/core/views.js';
import { mergeRows, type OrderedRows } from '../../src/jobs/merge.js';
import type { ColumnSpec } from '../../src/schema/column.js';

const spec = (name: string, type: ColumnSpec['type']) =>
  ({ name, type, nullable: true, meaning: '', origin: 'fact' }) as ColumnSpec;
const SPECS = [spec('packet', 'u64'), spec('name', 'utf8')];

/** Rows by packet: their place is its number, their rank 0 unless it is given. */
type Row = readonly [packet: bigint, name: string | null, rank?: number];

function batch(group: string, rows: readonly Row[]): Batch {
  const columns = columnsOf(
    SPECS,
    rows.map(([packet, name]) => ({ packet, name })),
  );
  return { group, rows: rows.length, columns };
}

/** The same rows in all groups. */
function set(rows: readonly Row[]): OrderedRows {
  const groups = ['client_hellos', 'hello_contents', 'server_hellos', 'certificates'] as const;
  const places = Float64Array.from(rows.flatMap(([packet, , rank]) => [Number(packet), rank ?? 0]));
  return {
    batches: Object.fromEntries(groups.map((group) => [group, batch(group, rows)])),
    orders: Object.fromEntries(groups.map((group) => [group, places])),
  } as unknown as OrderedRows;
}

function merged(...sets: (readonly Row[])[]): Row[] {
  const all = Object.values(mergeRows(sets.map(set))) as Batch[];
  const rows = all.map((one) =>
    [...rowObjects<{ packet: bigint; name: string | null }>(one.columns, {})].map(
      ({ packet, name }) => [packet, name] as const,
    ),
  );
  for (const other of rows) expect(other).toEqual(rows[0]);
  return rows[0]!;
}

test('rows of all groups come by their places, of one place those of the earlier set first', () => {
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

test('rows of one place come by their rank, and places behind the last packet at the end', () => {
  const given = (name: string, rank: number) => [7n, name, rank] as const;
  expect(merged([given('a', 2), given('c', 30)], [given('b', 4), [8n, 'd']])).toEqual([
    [7n, 'a'],
    [7n, 'b'],
    [7n, 'c'],
    [8n, 'd'],
  ]);
});
