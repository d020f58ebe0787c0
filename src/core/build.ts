import type { ColumnSpec, ColumnType } from '../schema/column.js';
import type { ColumnView } from './views.js';

/** A value of a host column: u64 and ts as bigint, lists as arrays. */
export type HostValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly (number | bigint | string)[];

const encoder = new TextEncoder();
const none = new Uint8Array();

function bits(values: readonly boolean[]): Uint8Array {
  const out = new Uint8Array((values.length + 7) >> 3);
  for (let i = 0; i < values.length; i++) if (values[i]) out[i >> 3]! |= 1 << (i & 7);
  return out;
}

function bytesOf(array: Uint8Array | Uint16Array | Uint32Array | BigUint64Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** Fixed-width values, little-endian (as is every platform that Node and V8 run on). */
function fixed(type: ColumnType | string, values: readonly (number | bigint)[]): Uint8Array {
  if (type === 'u8') return Uint8Array.from(values as number[]);
  if (type === 'u16') return bytesOf(Uint16Array.from(values as number[]));
  if (type === 'u32') return bytesOf(Uint32Array.from(values as number[]));
  return bytesOf(BigUint64Array.from(values.map(BigInt)));
}

function offsetsOf(lengths: readonly number[]): Int32Array {
  const offsets = new Int32Array(lengths.length + 1);
  for (let i = 0; i < lengths.length; i++) offsets[i + 1] = offsets[i]! + lengths[i]!;
  return offsets;
}

function runs(parts: readonly Uint8Array[]): { offsets: Int32Array; data: Uint8Array } {
  const offsets = offsetsOf(parts.map((p) => p.length));
  const data = new Uint8Array(offsets[parts.length]!);
  for (let i = 0; i < parts.length; i++) data.set(parts[i]!, offsets[i]!);
  return { offsets, data };
}

type Buffers = Pick<ColumnView, 'data' | 'offsets' | 'childOffsets'>;

function buffersOf(type: ColumnType, values: readonly HostValue[]): Buffers {
  if (type === 'bool')
    return { data: bits(values.map((v) => v === true)), offsets: null, childOffsets: null };
  if (type === 'utf8' || type === 'binary') {
    const parts = values.map((v) =>
      v === null ? none : typeof v === 'string' ? encoder.encode(v) : (v as Uint8Array),
    );
    return { ...runs(parts), childOffsets: null };
  }
  if (!type.startsWith('list')) {
    return {
      data: fixed(
        type,
        values.map((v) => (v ?? 0) as number | bigint),
      ),
      offsets: null,
      childOffsets: null,
    };
  }
  const lists = values.map((v) => (v ?? []) as readonly (number | bigint | string)[]);
  const offsets = offsetsOf(lists.map((l) => l.length));
  const elements = lists.flat();
  if (type !== 'list<utf8>') {
    return { data: fixed(type.slice(5, -1), elements as (number | bigint)[]), offsets, childOffsets: null };
  }
  const text = runs(elements.map((e) => encoder.encode(e as string)));
  return { data: text.data, offsets, childOffsets: text.offsets };
}

/**
 * A column in Arrow layout from plain values, for what the host fills in: captures, certificates. Not for rows of
 * hellos: it makes objects per value.
 */
export function columnOf(spec: ColumnSpec, values: readonly HostValue[]): ColumnView {
  const nulls = values.filter((v) => v === null).length;
  return {
    spec,
    rows: values.length,
    nullCount: nulls,
    validity: nulls > 0 ? bits(values.map((v) => v !== null)) : null,
    ...buffersOf(spec.type, values),
  };
}

/** Columns in Arrow layout from rows by column name; a name that a row lacks is null. */
export function columnsOf(
  specs: readonly ColumnSpec[],
  rows: readonly Readonly<Record<string, HostValue>>[],
): ColumnView[] {
  return specs.map((spec) =>
    columnOf(
      spec,
      rows.map((row) => row[spec.name] ?? null),
    ),
  );
}

/** Bytes of one element of a list type, or of one value of a fixed-width type; 0 for text, bool and lists of text. */
export function widthOf(type: ColumnType): number {
  const element = type.startsWith('list') ? type.slice(5, -1) : type;
  return { u8: 1, u16: 2, u32: 4, u64: 8, ts: 8 }[element] ?? 0;
}
