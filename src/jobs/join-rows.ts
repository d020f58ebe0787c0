import { type Stretches, takeStretches } from '../core/take.js';
import { type Batch, type BatchSet, GROUPS, mapGroups } from '../core/views.js';
import { mergeRows, type OrderedRows } from './merge.js';
import { firstFrom, type RowsByList } from './places.js';

/** Rows of a stretch as batches, without those that are gone, and with others that belong between them. */

/** By group, for each of several batch sets the rows that are gone. */
export type GoneRows = { readonly [Group in keyof BatchSet]: RowsByList };

function idsOf({ columns, rows }: Batch): BigUint64Array {
  const column = columns.find(({ spec }) => spec.name === 'content_id')!;
  return new BigUint64Array(column.data.buffer, column.data.byteOffset, rows);
}

/** In the narrow layout: contents that no hello of the stretch has any more when the rows `gone` of client_hellos are. */
export function orphans(sets: readonly OrderedRows[], gone: RowsByList): RowsByList {
  if (gone.every((rows) => rows.length === 0)) return gone;
  const ids = new Set<bigint>();
  for (const [i, { batches }] of sets.entries()) {
    const without = new Set(gone[i]);
    for (const [row, id] of idsOf(batches.client_hellos).entries()) if (!without.has(row)) ids.add(id);
  }
  return sets.map(({ batches }) => {
    const rows: number[] = [];
    for (const [row, id] of idsOf(batches.hello_contents).entries()) if (!ids.has(id)) rows.push(row);
    return rows;
  });
}

/** Add `before` to the packet numbers in the rows, in place. */
export function renumberRows({ batches }: OrderedRows, before: bigint): void {
  for (const group of GROUPS) {
    for (const { spec, data } of batches[group].columns) {
      if (spec.name !== 'packet' && spec.name !== 'first_packet') continue;
      const numbers = new BigUint64Array(data.buffer, data.byteOffset, data.byteLength / 8);
      for (let i = 0; i < numbers.length; i++) numbers[i]! += before;
    }
  }
}

/** The rows of `[from, until)` without those that are gone. */
function remaining(from: number, until: number, gone: readonly number[]): Stretches {
  const starts: number[] = [];
  const count: number[] = [];
  let rows = 0;
  let start = from;
  for (const end of [...gone, until]) {
    if (end > start) {
      starts.push(start);
      count.push(end - start);
      rows += end - start;
    }
    start = end + 1;
  }
  return { from: starts, count, rows };
}

function takePlaces(orders: Float64Array, { from, count, rows }: Stretches): Float64Array<ArrayBuffer> {
  const out = new Float64Array(2 * rows);
  let to = 0;
  for (const [i, row] of from.entries()) {
    out.set(orders.subarray(2 * row, 2 * (row + count[i]!)), to);
    to += 2 * count[i]!;
  }
  return out;
}

/** Stretches of the rows of each group. */
function takeRows(rows: OrderedRows, wanted: (group: keyof BatchSet) => Stretches): OrderedRows {
  const of = mapGroups(wanted);
  if (GROUPS.every((group) => of[group].rows === rows.batches[group].rows)) return rows;
  const batches = mapGroups((group) => {
    const batch = rows.batches[group];
    const columns = batch.columns.map((column) => takeStretches(column, of[group]));
    return { ...batch, rows: of[group].rows, columns };
  });
  return { batches, orders: mapGroups((group) => takePlaces(rows.orders[group], of[group])) };
}

const lastPlace = ({ orders }: OrderedRows) =>
  Math.max(...GROUPS.map((group) => orders[group].at(-2) ?? Number.NEGATIVE_INFINITY));

/** The rows with places above `from` up to `until`. */
function between(rows: OrderedRows, from: number, until: number): OrderedRows {
  const behind = (places: Float64Array, place: number) => firstFrom(places, place, Number.POSITIVE_INFINITY);
  return takeRows(rows, (group) => {
    const places = rows.orders[group];
    return remaining(behind(places, from), behind(places, until), []);
  });
}

const isEmpty = ({ batches }: OrderedRows) => GROUPS.every((group) => batches[group].rows === 0);

/** The rows of a stretch that are not gone with others that belong between them, as batches in order. */
export function* joinRows(
  sets: readonly OrderedRows[],
  gone: GoneRows,
  others: readonly OrderedRows[],
): Generator<BatchSet, void, undefined> {
  let from = Number.NEGATIVE_INFINITY;
  for (const [i, set] of sets.entries()) {
    const until = i === sets.length - 1 ? Number.POSITIVE_INFINITY : Math.max(from, lastPlace(set));
    const rows = takeRows(set, (group) => remaining(0, set.batches[group].rows, gone[group][i]!));
    const some = others.map((one) => between(one, from, until)).filter((one) => !isEmpty(one));
    yield mergeRows([rows, ...some]);
    from = until;
  }
  if (sets.length === 0) for (const { batches } of others) yield batches;
}
