import { widthOf } from './build.js';
import type { ColumnView } from './views.js';

/** Rows in an order of choice: number `i` is row `row[i]` of column `source[i]`. */
export interface RowOrder {
  readonly source: Uint16Array;
  readonly row: Uint32Array;
}

const bit = (bits: Uint8Array, at: number) => (bits[at >> 3]! >> (at & 7)) & 1;

function gatherBits(sources: readonly (Uint8Array | null)[], order: RowOrder): Uint8Array {
  const { source, row } = order;
  const out = new Uint8Array((row.length + 7) >> 3);
  let byte = 0;
  for (let i = 0; i < row.length; i++) {
    const bits = sources[source[i]!]!;
    byte |= (bits === null ? 1 : bit(bits, row[i]!)) << (i & 7);
    if ((i & 7) !== 7) continue;
    out[i >> 3] = byte;
    byte = 0;
  }
  if (row.length & 7) out[row.length >> 3] = byte;
  return out;
}

/** Bits that are set. */
function ones(bits: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < bits.length; i++) {
    const pairs = bits[i]! - ((bits[i]! >> 1) & 0x55);
    const fours = (pairs & 0x33) + ((pairs >> 2) & 0x33);
    count += (fours + (fours >> 4)) & 0xf;
  }
  return count;
}

function gatherFixed(columns: readonly ColumnView[], width: number, order: RowOrder): Uint8Array {
  const out = new Uint8Array(order.row.length * width);
  const places = columns.map(({ data }) => data.byteOffset);
  if (width % 4 === 0 && places.every((at) => at % 4 === 0)) {
    const words = columns.map(({ data: { buffer, byteOffset, byteLength } }) => {
      return new Uint32Array(buffer, byteOffset, byteLength >> 2);
    });
    gatherWords(words, width >> 2, order, new Uint32Array(out.buffer));
    return out;
  }
  const bytes = columns.map(({ data }) => data);
  for (let i = 0; i < order.row.length; i++) {
    const data = bytes[order.source[i]!]!;
    const from = order.row[i]! * width;
    for (let b = 0; b < width; b++) out[i * width + b] = data[from + b]!;
  }
  return out;
}

/** Values of one or two words. */
function gatherWords(
  sources: readonly Uint32Array[],
  width: number,
  order: RowOrder,
  out: Uint32Array,
): void {
  const { source, row } = order;
  if (width === 1) {
    for (let i = 0; i < row.length; i++) out[i] = sources[source[i]!]![row[i]!]!;
    return;
  }
  for (let i = 0; i < row.length; i++) {
    const words = sources[source[i]!]!;
    out[2 * i] = words[2 * row[i]!]!;
    out[2 * i + 1] = words[2 * row[i]! + 1]!;
  }
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
  const runs = gatherRuns(elements, 1, { source: Uint16Array.from(source), row: Uint32Array.from(row) });
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
  const nullCount = validity ? order.row.length - ones(validity) : 0;
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
  return gatherColumn([column], { source: new Uint16Array(picks.length), row: Uint32Array.from(picks) });
}
