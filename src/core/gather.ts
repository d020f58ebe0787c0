import { widthOf } from './build.js';
import type { ColumnView } from './views.js';

/** Rows in an order of choice: number `i` is row `row[i]` of column `source[i]`. */
export interface RowOrder {
  readonly source: Uint8Array;
  readonly row: Uint32Array;
}

const bit = (bits: Uint8Array, at: number) => (bits[at >> 3]! >> (at & 7)) & 1;

function gatherBits(sources: readonly (Uint8Array | null)[], order: RowOrder): Uint8Array {
  const out = new Uint8Array((order.row.length + 7) >> 3);
  for (let i = 0; i < order.row.length; i++) {
    const bits = sources[order.source[i]!];
    if (bits === null || bits === undefined || bit(bits, order.row[i]!)) out[i >> 3]! |= 1 << (i & 7);
  }
  return out;
}

function gatherFixed(columns: readonly ColumnView[], width: number, order: RowOrder): Uint8Array {
  const out = new Uint8Array(order.row.length * width);
  for (let i = 0; i < order.row.length; i++) {
    const { data } = columns[order.source[i]!]!;
    const from = order.row[i]! * width;
    for (let b = 0; b < width; b++) out[i * width + b] = data[from + b]!;
  }
  return out;
}

/** Runs `[starts, ends)` of elements of `width` bytes, one after the other. */
function gatherRuns(
  columns: readonly ColumnView[],
  width: number,
  order: RowOrder,
): { offsets: Int32Array; data: Uint8Array } {
  const n = order.row.length;
  const offsets = new Int32Array(n + 1);
  for (let i = 0; i < n; i++) {
    const from = columns[order.source[i]!]!.offsets!;
    offsets[i + 1] = offsets[i]! + from[order.row[i]! + 1]! - from[order.row[i]!]!;
  }
  const data = new Uint8Array(offsets[n]! * width);
  for (let i = 0; i < n; i++) {
    const column = columns[order.source[i]!]!;
    const from = column.offsets![order.row[i]!]! * width;
    const to = offsets[i]! * width;
    const bytes = (offsets[i + 1]! - offsets[i]!) * width;
    // Short runs, as most are, cost less byte by byte than as a view and a copy.
    if (bytes > 64) data.set(column.data.subarray(from, from + bytes), to);
    else for (let b = 0; b < bytes; b++) data[to + b] = column.data[from + b]!;
  }
  return { offsets, data };
}

function gatherTextLists(
  columns: readonly ColumnView[],
  order: RowOrder,
): Pick<ColumnView, 'offsets' | 'childOffsets' | 'data'> {
  const source: number[] = [];
  const row: number[] = [];
  const offsets = new Int32Array(order.row.length + 1);
  for (let i = 0; i < order.row.length; i++) {
    const from = columns[order.source[i]!]!.offsets!;
    for (let e = from[order.row[i]!]!; e < from[order.row[i]! + 1]!; e++) {
      source.push(order.source[i]!);
      row.push(e);
    }
    offsets[i + 1] = row.length;
  }
  const elements = columns.map((c) => ({ ...c, offsets: c.childOffsets }));
  const runs = gatherRuns(elements, 1, { source: Uint8Array.from(source), row: Uint32Array.from(row) });
  return { offsets, childOffsets: runs.offsets, data: runs.data };
}

/** Values of several columns of one kind as one column, in an order of rows. Copies. */
export function gatherColumn(columns: readonly ColumnView[], order: RowOrder): ColumnView {
  const { spec } = columns[0]!;
  const nullable = columns.some((c) => c.validity !== null);
  const validity = nullable
    ? gatherBits(
        columns.map((c) => c.validity),
        order,
      )
    : null;
  let nullCount = 0;
  if (validity) for (let i = 0; i < order.row.length; i++) nullCount += 1 - bit(validity, i);
  const head = { spec, rows: order.row.length, nullCount, validity: nullCount > 0 ? validity : null };
  const none = { offsets: null, childOffsets: null };
  if (spec.type === 'bool')
    return {
      ...head,
      ...none,
      data: gatherBits(
        columns.map((c) => c.data),
        order,
      ),
    };
  if (columns[0]!.offsets === null)
    return { ...head, ...none, data: gatherFixed(columns, widthOf(spec.type), order) };
  if (columns[0]!.childOffsets !== null) return { ...head, ...gatherTextLists(columns, order) };
  return { ...head, ...gatherRuns(columns, widthOf(spec.type) || 1, order), childOffsets: null };
}

/** The rows `picks` of a column, copied. */
export function takeRows(column: ColumnView, picks: Int32Array): ColumnView {
  return gatherColumn([column], { source: new Uint8Array(picks.length), row: Uint32Array.from(picks) });
}
