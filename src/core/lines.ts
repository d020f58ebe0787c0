import { TYPE_CODES } from '../schema/layout.js';
import { widthOf } from './build.js';
import type { CoreExports } from './load.js';
import { type ColumnView, CoreViews } from './views.js';

/** A column whose value is the same in all rows, as text that is ready to be written. */
export interface FixedText {
  readonly text: Uint8Array;
}

/** What a line is made of: the text before each value, and the column. */
export interface LinePart {
  readonly before: Uint8Array;
  readonly column: ColumnView | FixedText;
}

export type LineFormat = 'json' | 'csv';

/** Bytes of a column's description (`assembly/lines/lines.ts`). */
const DESCRIPTION_BYTES = 32;
/** Part of the memory for descriptions and the texts before values. */
const HEAD_BYTES = 1 << 20;
/** Part for lines; what one row takes may be more than `SLICE_BYTES`. */
const LINES_BYTES = 64 << 20;
const SLICE_BYTES = 8 << 20;
const SPARE_BYTES = 16 << 20;
/** Rows written at a time: all of most batches, since each slice is so many calls. */
const SLICE_ROWS = 16_384;
/** Longest text of a value of fixed width, a time in quotes. */
const VALUE_BYTES = 32;
/** An element of a list of numbers: at most so many bytes for each of its own, and a comma. */
const NUMBER_GROWTH = 4;
/** A byte of text: six as a JSON escape, doubled where that stands in a CSV field. */
const TEXT_GROWTH = 12;

/** Lines, and for each of them the byte behind it. */
export interface EachLine {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly ends: Uint32Array<ArrayBuffer>;
}

/** Rows written at a time. */
interface Slice {
  readonly from: number;
  readonly until: number;
}

/**
 * Rows as lines of text, by an instance of the core. Columns are copied into its memory a slice of rows
 * at a time, from wherever they lie.
 */
export class LineWriter {
  readonly #exports: CoreExports;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #words: DataView;
  readonly #head: number;
  readonly #lines: number;
  readonly #spare: number;
  readonly #ends: number;
  readonly #room: number;
  readonly #csv: number;
  readonly #sliceRows: number;
  #at = 0;

  /**
   * @param core an instance that does nothing else, but what a `Fingerprinter` does
   * @param sliceRows rows written at a time, at most
   */
  constructor(format: LineFormat, core: CoreExports, sliceRows = SLICE_ROWS) {
    this.#exports = core;
    core.lines();
    const { memory } = this.#exports;
    const views = new CoreViews(memory, this.#exports.controlPtr(), this.#exports.descriptorPtr());
    this.#bytes = new Uint8Array(memory.buffer);
    this.#words = new DataView(memory.buffer);
    this.#head = views.u32('window');
    this.#lines = this.#head + HEAD_BYTES;
    this.#spare = this.#lines + LINES_BYTES;
    this.#ends = this.#spare + SPARE_BYTES;
    this.#room = this.#ends + 4 * sliceRows;
    this.#sliceRows = sliceRows;
    this.#csv = format === 'csv' ? 1 : 0;
  }

  /**
   * Write `rows` rows; yields the lines in pieces, each borrowed until the next is taken. The columns may not change until the last
   * piece was taken.
   */
  *write(parts: readonly LinePart[], rows: number): Generator<Uint8Array, void, undefined> {
    for (const { from, until } of this.#slices(parts, rows)) {
      const n = this.#writeRows(parts.length, from, until, 0);
      yield this.#bytes.subarray(this.#lines, this.#lines + n);
    }
  }

  /** `write`, and where each line ends: text may hold line breaks of its own. */
  *writeEach(parts: readonly LinePart[], rows: number): Generator<EachLine, void, undefined> {
    for (const { from, until } of this.#slices(parts, rows)) {
      const n = this.#writeRows(parts.length, from, until, this.#ends);
      const ends = new Uint32Array(this.#bytes.buffer, this.#ends, until - from).slice();
      yield { bytes: this.#bytes.slice(this.#lines, this.#lines + n), ends };
    }
  }

  /** Slices of rows, one after the other with their columns in place. */
  *#slices(parts: readonly LinePart[], rows: number): Generator<Slice, void, undefined> {
    this.#putTexts(parts);
    for (let from = 0; from < rows; ) {
      const slice = { from, until: this.#end(parts, from, rows) };
      this.#at = this.#room;
      for (const [i, part] of parts.entries()) this.#putColumn(i, part.column, slice);
      yield slice;
      from = slice.until;
    }
  }

  /** Lines of rows of the slice that is in place, `at` bytes into the memory for lines; answers their bytes. */
  #writeRows(parts: number, from: number, until: number, ends: number): number {
    return this.#exports.linesWrite(
      this.#head,
      parts,
      from,
      until,
      this.#csv,
      this.#lines,
      this.#spare,
      ends,
    );
  }

  /** Last row of the slice that begins at `from`: as many as surely have room. */
  #end(parts: readonly LinePart[], from: number, rows: number): number {
    let until = Math.min(rows, from + this.#sliceRows);
    while (until - from > 1 && bound(parts, from, until) > SLICE_BYTES) until = from + ((until - from) >> 1);
    if (bound(parts, from, until) > LINES_BYTES)
      throw new RangeError('a row is too long to be written as text');
    return until;
  }

  #field(i: number, at: number, value: number): void {
    this.#words.setUint32(this.#head + i * DESCRIPTION_BYTES + at, value >>> 0, true);
  }

  #putTexts(parts: readonly LinePart[]): void {
    let at = this.#head + parts.length * DESCRIPTION_BYTES;
    for (const [i, { before }] of parts.entries()) {
      this.#bytes.set(before, at);
      this.#field(i, 24, at);
      this.#field(i, 28, before.length);
      at += before.length;
    }
  }

  /** Copy bytes; answers where they lie. */
  #put(bytes: Uint8Array): number {
    const at = this.#at;
    this.#bytes.set(bytes, at);
    this.#at = at + bytes.length;
    return at;
  }

  /** Copy the rows of a slice; addresses are such that row numbers need not change. */
  #putColumn(i: number, column: ColumnView | FixedText, { from, until }: Slice): void {
    if ('text' in column) {
      this.#field(i, 0, 0);
      this.#field(i, 4, 0);
      this.#field(i, 12, this.#put(column.text));
      this.#field(i, 20, column.text.length);
      return;
    }
    const { spec, validity, offsets, data } = column;
    const bits = (bytes: Uint8Array) => this.#put(bytes.subarray(from >> 3, (until + 7) >> 3)) - (from >> 3);
    this.#field(i, 0, TYPE_CODES[spec.type]);
    this.#field(i, 4, validity ? bits(validity) : 0);
    this.#field(i, 8, 0);
    if (offsets) this.#putRuns(i, column, offsets, from, until);
    else if (spec.type === 'bool') this.#field(i, 12, bits(data));
    else {
      const width = widthOf(spec.type);
      this.#field(i, 12, this.#put(data.subarray(from * width, until * width)) - from * width);
    }
  }

  #putRuns(
    i: number,
    { spec, data, childOffsets }: ColumnView,
    offsets: Int32Array,
    from: number,
    until: number,
  ): void {
    const [first, last] = [offsets[from]!, offsets[until]!];
    this.#field(i, 8, this.#put(bytesOf(offsets.subarray(from, until + 1))) - 4 * from);
    if (childOffsets) {
      const [start, end] = [childOffsets[first]!, childOffsets[last]!];
      this.#field(i, 16, this.#put(bytesOf(childOffsets.subarray(first, last + 1))) - 4 * first);
      this.#field(i, 12, this.#put(data.subarray(start, end)) - start);
      return;
    }
    const width = widthOf(spec.type) || 1;
    this.#field(i, 12, this.#put(data.subarray(first * width, last * width)) - first * width);
  }
}

function bytesOf(numbers: Int32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

/** More bytes than the lines of these rows can take. */
function bound(parts: readonly LinePart[], from: number, until: number): number {
  let bytes = 0;
  for (const { before, column } of parts) {
    const each = before.length + VALUE_BYTES + ('text' in column ? column.text.length : 0);
    bytes += (until - from) * each;
    if (!('text' in column) && column.offsets) bytes += runBound(column, column.offsets, from, until);
  }
  return bytes;
}

function runBound(
  { spec, childOffsets }: ColumnView,
  offsets: Int32Array,
  from: number,
  until: number,
): number {
  const [first, last] = [offsets[from]!, offsets[until]!];
  if (childOffsets) return (childOffsets[last]! - childOffsets[first]!) * TEXT_GROWTH + (last - first) * 8;
  return (last - first) * (widthOf(spec.type) * NUMBER_GROWTH || TEXT_GROWTH);
}
