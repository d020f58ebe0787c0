import { ByteWriter } from './byte-writer.js';
import { type Cell, jsonCell, type OutputColumn } from './cells.js';
import { type TextFormat, TextSink, type TextSinkOptions } from './text-sink.js';

const encoder = new TextEncoder();
const QUOTE = 0x22;
const COMMA = 0x2c;
const CR = 0x0d;
const LF = 0x0a;

/** Append text as a CSV field: quoted where it must be (RFC 4180 §2), and when empty, as null is the bare nothing. */
export function csvText(out: ByteWriter, text: Uint8Array, from: number, to: number): void {
  out.reserve(2 * (to - from) + 2);
  const { bytes } = out;
  const start = out.length;
  let at = start;
  let plain = to > from;
  for (let i = from; i < to; i++) {
    const byte = text[i]!;
    if (byte === QUOTE || byte === COMMA || byte === LF || byte === CR) {
      plain = false;
      break;
    }
    bytes[at++] = byte;
  }
  if (!plain) {
    at = start;
    bytes[at++] = QUOTE;
    for (let i = from; i < to; i++) {
      if (text[i] === QUOTE) bytes[at++] = QUOTE;
      bytes[at++] = text[i]!;
    }
    bytes[at++] = QUOTE;
  }
  out.length = at;
}

const scratch = new ByteWriter();

function csvCell(column: OutputColumn): Cell {
  if ('constant' in column) {
    const text = encoder.encode(column.constant);
    return (_, out) => csvText(out, text, 0, text.length);
  }
  const { spec, validity, data, offsets } = column;
  const json = jsonCell(column);
  const valid = (row: number) => validity === null || (validity[row >> 3]! >> (row & 7)) & 1;
  if (spec.type === 'utf8') {
    return (row, out) => {
      if (valid(row)) csvText(out, data, offsets![row]!, offsets![row + 1]!);
    };
  }
  return (row, out) => {
    if (!valid(row)) return;
    scratch.length = 0;
    json(row, scratch);
    // Times and hex are JSON strings without escapes: their quotes go.
    const quoted = scratch.bytes[0] === QUOTE ? 1 : 0;
    csvText(out, scratch.bytes, quoted, scratch.length - quoted);
  };
}

/**
 * Comma-separated values (RFC 4180, lines end with LF) with a header. Lists are JSON arrays (`"[4865,4866]"`,
 * `"[""h2""]"`), which DuckDB's `read_csv(..., types = {...})` and casts to its list types take (those of text by way of
 * `::JSON` if they hold control characters); times and binary values look as in JSON; null is an empty field, empty
 * text `""`. DuckDB's sniffer takes numbers above 2^63 for DOUBLE: name the type of `flow_id` and `content_id`.
 */
export const CSV: TextFormat = {
  header: (specs) => encoder.encode(`${specs.map((s) => s.name).join(',')}\n`),
  line: (columns) => {
    const cells = columns.map(csvCell);
    return (row, out) => {
      for (let i = 0; i < cells.length; i++) {
        if (i > 0) out.byte(COMMA);
        cells[i]!(row, out);
      }
      out.byte(LF);
    };
  },
};

/** Sink of comma-separated values. */
export class CsvSink extends TextSink {
  constructor(options: TextSinkOptions) {
    super(CSV, options);
  }
}
