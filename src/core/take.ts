import { widthOf } from './build.js';
import type { ColumnView } from './views.js';

/** Stretches of rows that follow each other: `[from[i], from[i] + count[i])`. */
export interface Stretches {
  readonly from: readonly number[];
  readonly count: readonly number[];
  readonly rows: number;
}

/** The stretches of rising row numbers. */
export function stretchesOf(rows: Int32Array): Stretches {
  const from: number[] = [];
  const count: number[] = [];
  for (let i = 0; i < rows.length; i++) {
    if (i > 0 && rows[i] === rows[i - 1]! + 1) count[count.length - 1]!++;
    else {
      from.push(rows[i]!);
      count.push(1);
    }
  }
  return { from, count, rows: rows.length };
}

function takeBits(bits: Uint8Array, { from, count, rows }: Stretches): Uint8Array {
  const out = new Uint8Array((rows + 7) >> 3);
  let to = 0;
  for (let s = 0; s < from.length; s++) {
    const end = from[s]! + count[s]!;
    for (let row = from[s]!; row < end; row++, to++) {
      if ((bits[row >> 3]! >> (row & 7)) & 1) out[to >> 3]! |= 1 << (to & 7);
    }
  }
  return out;
}

function takeBytes(data: Uint8Array, width: number, { from, count, rows }: Stretches): Uint8Array {
  const out = new Uint8Array(rows * width);
  let to = 0;
  for (let s = 0; s < from.length; s++) {
    const bytes = count[s]! * width;
    out.set(data.subarray(from[s]! * width, from[s]! * width + bytes), to);
    to += bytes;
  }
  return out;
}

/** Offsets of the rows that are taken, and the stretches of elements that they span. */
function takeOffsets(
  offsets: Int32Array,
  { from, count, rows }: Stretches,
): { offsets: Int32Array; elements: Stretches } {
  const out = new Int32Array(rows + 1);
  const starts: number[] = [];
  const lengths: number[] = [];
  let to = 0;
  for (let s = 0; s < from.length; s++) {
    const start = offsets[from[s]!]!;
    const end = from[s]! + count[s]!;
    const shift = out[to]! - start;
    for (let row = from[s]!; row < end; row++) out[++to] = offsets[row + 1]! + shift;
    starts.push(start);
    lengths.push(offsets[end]! - start);
  }
  return { offsets: out, elements: { from: starts, count: lengths, rows: out[to]! } };
}

function nullsOf(validity: Uint8Array, rows: number): number {
  let nulls = 0;
  for (let i = 0; i < rows; i++) nulls += 1 - ((validity[i >> 3]! >> (i & 7)) & 1);
  return nulls;
}

/** Rows `from`, a multiple of 8, to `until` of a column as views on it. Its offsets need not begin with 0. */
export function sliceRows(column: ColumnView, from: number, until: number): ColumnView {
  const { spec, offsets, data } = column;
  const rows = until - from;
  const bits = (bytes: Uint8Array) => bytes.subarray(from >> 3, (until + 7) >> 3);
  const validity = column.validity && bits(column.validity);
  const head = { ...column, rows, validity, nullCount: validity === null ? 0 : nullsOf(validity, rows) };
  if (offsets !== null) return { ...head, offsets: offsets.subarray(from, until + 1) };
  const width = widthOf(spec.type);
  return { ...head, data: spec.type === 'bool' ? bits(data) : data.subarray(from * width, until * width) };
}

/**
 * The rows of some stretches of a column, copied: quick where the stretches are long. `takeRows` of `gather.ts` takes
 * rows in any order.
 */
export function takeStretches(column: ColumnView, stretches: Stretches): ColumnView {
  const { spec, offsets, childOffsets, data } = column;
  const validity = column.validity && takeBits(column.validity, stretches);
  const nullCount = validity === null ? 0 : nullsOf(validity, stretches.rows);
  const head = { spec, rows: stretches.rows, nullCount, validity: nullCount > 0 ? validity : null };
  if (offsets === null) {
    const taken =
      spec.type === 'bool' ? takeBits(data, stretches) : takeBytes(data, widthOf(spec.type), stretches);
    return { ...head, offsets: null, data: taken, childOffsets: null };
  }
  const lists = takeOffsets(offsets, stretches);
  if (childOffsets === null) {
    const taken = takeBytes(data, widthOf(spec.type) || 1, lists.elements);
    return { ...head, offsets: lists.offsets, data: taken, childOffsets: null };
  }
  const texts = takeOffsets(childOffsets, lists.elements);
  const taken = takeBytes(data, 1, texts.elements);
  return { ...head, offsets: lists.offsets, data: taken, childOffsets: texts.offsets };
}
