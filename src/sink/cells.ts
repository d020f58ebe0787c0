import { widthOf } from '../core/build.js';
import type { ColumnView } from '../core/views.js';
import type { ColumnSpec } from '../schema/column.js';
import { type ByteWriter, split, splitBillion } from './byte-writer.js';

/** A column whose value is the same in all rows. */
export interface ConstantColumn {
  readonly spec: ColumnSpec;
  readonly rows: number;
  readonly constant: string;
}

/** What sinks write out: columns of the core or of the host, and constants. */
export type OutputColumn = ColumnView | ConstantColumn;

/** Appends the value of a row as text. */
export type Cell = (row: number, out: ByteWriter) => void;

const encoder = new TextEncoder();
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NULL = encoder.encode('null');
const TRUE = encoder.encode('true');
const FALSE = encoder.encode('false');

/** JSON escapes of the bytes that need one (RFC 8259 §7). */
const ESCAPES: (Uint8Array | undefined)[] = Array.from({ length: 128 }, (_, code) =>
  code < 0x20 || code === QUOTE || code === BACKSLASH
    ? encoder.encode(JSON.stringify(String.fromCharCode(code)).slice(1, -1))
    : undefined,
);

/** Append UTF-8 text as a JSON string. */
export function jsonText(out: ByteWriter, text: Uint8Array, from: number, to: number): void {
  out.reserve(6 * (to - from) + 2);
  const { bytes } = out;
  let at = out.length;
  bytes[at++] = QUOTE;
  for (let i = from; i < to; i++) {
    const byte = text[i]!;
    if (byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH) bytes[at++] = byte;
    else for (const code of ESCAPES[byte]!) bytes[at++] = code;
  }
  bytes[at++] = QUOTE;
  out.length = at;
}

type Values = (index: number, out: ByteWriter) => void;

function unsigned64(words: Uint32Array): Values {
  return (i, out) => {
    const low = words[2 * i]!;
    const high = words[2 * i + 1]!;
    if (high === 0) return out.decimal(low);
    splitBillion(low, high);
    if (split.high === 0) return out.decimal(split.low);
    out.decimal(split.high);
    out.decimal(split.low, 9);
  };
}

/** RFC 3339, UTC, nine digits. The text of a second is made once for the rows that share it. */
function timestamps(data: Uint8Array): Values {
  const words = new Uint32Array(data.buffer, data.byteOffset, data.byteLength >> 2);
  let second = Number.NaN;
  let text = encoder.encode('');
  return (i, out) => {
    const high = words[2 * i + 1]!;
    if (high < 0x8000_0000) splitBillion(words[2 * i]!, high);
    else splitNegative(words[2 * i]!, high);
    if (split.high !== second) {
      second = split.high;
      text = encoder.encode(`"${new Date(second * 1000).toISOString().slice(0, 19)}.`);
    }
    out.put(text);
    out.decimal(split.low, 9);
    out.byte(0x5a);
    out.byte(QUOTE);
  };
}

/** Times before 1970: the second is the one that began before. */
function splitNegative(low: number, high: number): void {
  const ns = BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low));
  const billion = 1_000_000_000n;
  const rest = ((ns % billion) + billion) % billion;
  split.low = Number(rest);
  split.high = Number((ns - rest) / billion);
}

/** Values of a fixed-width type, or elements of a list of them, as JSON. */
function fixedValues(type: string, data: Uint8Array): Values {
  const { buffer, byteOffset: at, byteLength: bytes } = data;
  if (type === 'ts') return timestamps(data);
  if (type === 'u64') return unsigned64(new Uint32Array(buffer, at, bytes >> 2));
  if (type === 'bool') return (i, out) => out.put((data[i >> 3]! >> (i & 7)) & 1 ? TRUE : FALSE);
  const values =
    type === 'u8'
      ? data
      : type === 'u16'
        ? new Uint16Array(buffer, at, bytes >> 1)
        : new Uint32Array(buffer, at, bytes >> 2);
  return (i, out) => out.decimal(values[i]!);
}

function valuesOf(column: ColumnView): Values {
  const { spec, data, offsets, childOffsets } = column;
  if (spec.type === 'utf8') return (i, out) => jsonText(out, data, offsets![i]!, offsets![i + 1]!);
  if (spec.type === 'binary') {
    return (i, out) => {
      out.byte(QUOTE);
      out.hex(data, offsets![i]!, offsets![i + 1]!);
      out.byte(QUOTE);
    };
  }
  if (offsets === null) return fixedValues(spec.type, data);
  const element: Values = childOffsets
    ? (i, out) => jsonText(out, data, childOffsets[i]!, childOffsets[i + 1]!)
    : fixedValues(spec.type.slice(5, -1), data.subarray(0, offsets[column.rows]! * widthOf(spec.type)));
  return (i, out) => {
    out.byte(0x5b);
    for (let e = offsets[i]!; e < offsets[i + 1]!; e++) {
      if (e > offsets[i]!) out.byte(0x2c);
      element(e, out);
    }
    out.byte(0x5d);
  };
}

/**
 * The values of a column as JSON: numbers in full (also above 2^53), times in RFC 3339 with nine digits, binary in
 * lower hex, lists as arrays.
 */
export function jsonCell(column: OutputColumn): Cell {
  if ('constant' in column) {
    const text = encoder.encode(JSON.stringify(column.constant));
    return (_, out) => out.put(text);
  }
  const values = valuesOf(column);
  const { validity } = column;
  if (validity === null) return values;
  return (row, out) => ((validity[row >> 3]! >> (row & 7)) & 1 ? values(row, out) : out.put(NULL));
}
