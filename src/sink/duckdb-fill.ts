import { isUtf8 } from 'node:buffer';
import {
  BLOB,
  BOOLEAN,
  DuckDBDataChunk,
  type DuckDBType,
  LIST,
  TIMESTAMP_NS,
  UBIGINT,
  UINTEGER,
  USMALLINT,
  UTINYINT,
  VARCHAR,
} from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import { widthOf } from '../core/build.js';
import type { ColumnView } from '../core/views.js';
import type { ColumnSpec, ColumnType } from '../schema/column.js';

/** Rows that a DuckDB vector holds. */
export const CHUNK_ROWS = 2048;

/** DuckDB's types of the logical ones. */
export const TYPES: Record<ColumnType, DuckDBType> = {
  bool: BOOLEAN,
  u8: UTINYINT,
  u16: USMALLINT,
  u32: UINTEGER,
  u64: UBIGINT,
  ts: TIMESTAMP_NS,
  utf8: VARCHAR,
  binary: BLOB,
  'list<u8>': LIST(UTINYINT),
  'list<u16>': LIST(USMALLINT),
  'list<u64>': LIST(UBIGINT),
  'list<utf8>': LIST(VARCHAR),
};

type Vector = ReturnType<typeof duckdb.data_chunk_get_vector>;

/** Bytes of `duckdb_string_t`: u32 length, then 12 bytes of text, or 4 bytes of it and a pointer to all of it. */
const STRING_BYTES = 16;
const INLINE_BYTES = 12;

/** Words for string headers and list entries; grows, is overwritten by each vector. */
let words = new Uint32Array(4 * CHUNK_ROWS);
let wordBytes = new Uint8Array(words.buffer);
const scratch = new Uint8Array(CHUNK_ROWS);

function reserveWords(entries: number): void {
  if (words.length >= 4 * entries) return;
  words = new Uint32Array(8 * entries);
  wordBytes = new Uint8Array(words.buffer);
}

/** Bits `[from, from + count)` of `bits`, moved to start at bit 0; a view when they already do on a byte. */
function sliceBits(bits: Uint8Array, from: number, count: number): Uint8Array {
  const first = from >> 3;
  const bytes = (count + 7) >> 3;
  const shift = from & 7;
  if (shift === 0) return bits.subarray(first, first + bytes);
  for (let i = 0; i < bytes; i++) {
    scratch[i] = (bits[first + i]! >> shift) | ((bits[first + i + 1] ?? 0) << (8 - shift));
  }
  return scratch.subarray(0, bytes);
}

function fillBool(vector: Vector, bits: Uint8Array, from: number, count: number): void {
  for (let i = 0; i < count; i++) scratch[i] = (bits[(from + i) >> 3]! >> ((from + i) & 7)) & 1;
  duckdb.copy_data_to_vector(vector, 0, scratch.buffer, 0, count);
}

/**
 * Have the vector keep a copy of `block` in its own memory; the copy's address as two u32.
 * Null if DuckDB refuses the block: a VARCHAR vector takes valid UTF-8 only, and says nothing when it does not.
 */
function keepBlock(vector: Vector, block: Uint8Array): { low: number; high: number } | null {
  // The element that is written here is overwritten with the others; zeroed first to see a refusal.
  words.fill(0, 0, 4);
  duckdb.copy_data_to_vector(vector, 0, words.buffer as ArrayBuffer, 0, STRING_BYTES);
  duckdb.vector_assign_string_element_len(vector, 0, block);
  const header = duckdb.vector_get_data(vector, STRING_BYTES);
  const view = new DataView(header.buffer, header.byteOffset, STRING_BYTES);
  if (view.getUint32(0, true) !== block.length) return null;
  return { low: view.getUint32(8, true), high: view.getUint32(12, true) };
}

const lenient = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

/** Row by row, with what is not UTF-8 replaced by U+FFFD: the way out when a block is refused. */
function fillTextLeniently(
  vector: Vector,
  offsets: Int32Array,
  data: Uint8Array,
  from: number,
  count: number,
): void {
  // DuckDB made the element of the refused block null: the first.
  duckdb.vector_ensure_validity_writable(vector);
  duckdb.copy_data_to_vector_validity(vector, 0, Uint8Array.of(0xff).buffer, 0, 1);
  for (let i = 0; i < count; i++) {
    const text = lenient.decode(data.subarray(offsets[from + i]!, offsets[from + i + 1]!));
    duckdb.vector_assign_string_element_len(vector, i, encoder.encode(text));
  }
}

/**
 * Text or binary values: one copy of all bytes into the vector's memory, and headers made here that point into it.
 * Core text is valid UTF-8; text that is not, or that is cut inside a character, is cleaned row by row.
 */
function fillText(
  vector: Vector,
  offsets: Int32Array,
  data: Uint8Array,
  from: number,
  count: number,
  utf8: boolean,
): void {
  reserveWords(count);
  const start = offsets[from]!;
  const length = offsets[from + count]! - start;
  if (start < 0 || length < 0 || start + length > data.length)
    throw new RangeError('text offsets outside the data');
  const bytes = data.subarray(start, start + length);
  const block = length > INLINE_BYTES ? keepBlock(vector, bytes) : null;
  const accepted = length > INLINE_BYTES ? block !== null : !utf8 || isUtf8(bytes);
  if (!accepted || (utf8 && !startsOnCharacters(offsets, data, from, count))) {
    fillTextLeniently(vector, offsets, data, from, count);
    return;
  }
  writeHeaders(offsets, data, from, count, block ?? { low: 0, high: 0 });
  duckdb.copy_data_to_vector(vector, 0, words.buffer as ArrayBuffer, 0, STRING_BYTES * count);
}

function startsOnCharacters(offsets: Int32Array, data: Uint8Array, from: number, count: number): boolean {
  const end = offsets[from + count]!;
  for (let i = 0; i < count; i++) {
    const at = offsets[from + i]!;
    if (at < end && (data[at]! & 0xc0) === 0x80) return false;
  }
  return true;
}

/** Bytes of an inline text that lie in its first, second and third word, as masks by its length. */
const INLINE_MASKS = [0, 4, 8].map((before) =>
  Uint32Array.from({ length: INLINE_BYTES + 1 }, (_, length) => {
    const bytes = Math.min(Math.max(length - before, 0), 4);
    return bytes === 4 ? 0xffffffff : (1 << (8 * bytes)) - 1;
  }),
) as [Uint32Array, Uint32Array, Uint32Array];

function writeHeaders(
  offsets: Int32Array,
  data: Uint8Array,
  from: number,
  count: number,
  block: { low: number; high: number },
): void {
  const base = offsets[from]!;
  const end = offsets[from + count]!;
  const [first, second, third] = INLINE_MASKS;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  // Texts that begin behind it are too near the end of the data for words to be read.
  const wordsEnd = data.length - INLINE_BYTES;
  let at = base;
  for (let i = 0; i < count; i++) {
    const next = offsets[from + i + 1]!;
    const length = next - at;
    if (length < 0 || next > end) throw new RangeError('text offsets do not rise');
    const w = 4 * i;
    words[w] = length;
    if (length > INLINE_BYTES) {
      const low = block.low + (at - base);
      words[w + 1] = view.getUint32(at, true);
      words[w + 2] = low;
      words[w + 3] = block.high + (low > 0xffffffff ? 1 : 0);
    } else if (at <= wordsEnd) {
      words[w + 1] = view.getUint32(at, true) & first[length]!;
      words[w + 2] = view.getUint32(at + 4, true) & second[length]!;
      words[w + 3] = view.getUint32(at + 8, true) & third[length]!;
    } else {
      words.fill(0, w + 1, w + 4);
      for (let b = 0; b < length; b++) wordBytes[4 * w + 4 + b] = data[at + b]!;
    }
    at = next;
  }
}

function fillList(vector: Vector, column: ColumnView, from: number, count: number): void {
  const offsets = column.offsets!;
  const start = offsets[from]!;
  const total = offsets[from + count]! - start;
  const width = widthOf(column.spec.type);
  if (start < 0 || total < 0 || (width > 0 && (start + total) * width > column.data.length)) {
    throw new RangeError('list offsets outside the data');
  }
  duckdb.list_vector_reserve(vector, total);
  duckdb.list_vector_set_size(vector, total);
  const child = duckdb.list_vector_get_child(vector);
  if (column.childOffsets !== null) fillText(child, column.childOffsets, column.data, start, total, true);
  else {
    const at = column.data.byteOffset + start * width;
    duckdb.copy_data_to_vector(child, 0, column.data.buffer as ArrayBuffer, at, total * width);
  }
  reserveWords(count);
  for (let i = 0; i < count; i++) {
    words[4 * i] = offsets[from + i]! - start;
    words[4 * i + 1] = 0;
    words[4 * i + 2] = offsets[from + i + 1]! - offsets[from + i]!;
    words[4 * i + 3] = 0;
  }
  duckdb.copy_data_to_vector(vector, 0, words.buffer as ArrayBuffer, 0, 16 * count);
}

const NO_VALUES = new Uint8Array(CHUNK_ROWS / 8);

function fillNulls(vector: Vector, count: number): void {
  duckdb.vector_ensure_validity_writable(vector);
  duckdb.copy_data_to_vector_validity(vector, 0, NO_VALUES.buffer, 0, (count + 7) >> 3);
}

/** Column `index` of a chunk from rows `[from, from + count)` of a column of its type; checks bounds, copies. */
export function fillChunkColumn(
  chunk: DuckDBDataChunk,
  index: number,
  column: ColumnView,
  from: number,
  count: number,
): void {
  fillColumn(duckdb.data_chunk_get_vector(chunk.chunk, index), column, from, count);
}

function fillColumn(vector: Vector, column: ColumnView, from: number, count: number): void {
  const { type } = column.spec;
  if (type === 'utf8' && column.nullCount === column.rows && column.rows > 0) {
    // What a null covers is not looked at.
    fillNulls(vector, count);
    return;
  }
  if (type === 'bool') fillBool(vector, column.data, from, count);
  else if (type === 'utf8' || type === 'binary') {
    fillText(vector, column.offsets!, column.data, from, count, type === 'utf8');
  } else if (column.offsets !== null) fillList(vector, column, from, count);
  else {
    const width = widthOf(type);
    if ((from + count) * width > column.data.length) throw new RangeError('rows outside the data');
    const at = column.data.byteOffset + from * width;
    duckdb.copy_data_to_vector(vector, 0, column.data.buffer as ArrayBuffer, at, count * width);
  }
  if (column.validity !== null) {
    const bits = sliceBits(column.validity, from, count);
    duckdb.vector_ensure_validity_writable(vector);
    duckdb.copy_data_to_vector_validity(vector, 0, bits.buffer as ArrayBuffer, bits.byteOffset, bits.length);
  }
}

/**
 * A data chunk that is filled from Arrow buffers by whole-buffer copies, again and again. The buffers may lie in a
 * (not shared) `WebAssembly.Memory`. The calls below it check no bounds, so this class does.
 */
export class ChunkFiller {
  readonly chunk: DuckDBDataChunk;
  readonly #columns: readonly ColumnSpec[];

  constructor(columns: readonly ColumnSpec[]) {
    this.#columns = columns;
    this.chunk = DuckDBDataChunk.create(columns.map((c) => TYPES[c.type]));
  }

  /** Overwrite the chunk with rows `[from, from + count)`; at most `CHUNK_ROWS` of them. */
  fill(columns: readonly ColumnView[], from: number, count: number): DuckDBDataChunk {
    if (columns.length !== this.#columns.length) throw new RangeError('columns do not match the chunk');
    this.chunk.reset();
    this.chunk.rowCount = count;
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i]!;
      if (column.spec.type !== this.#columns[i]!.type) throw new TypeError(`${column.spec.name}: other type`);
      fillChunkColumn(this.chunk, i, column, from, count);
    }
    return this.chunk;
  }
}
