import type { TextFormat } from './text-rows.js';
import { TextSink, type TextSinkOptions } from './text-sink.js';

const encoder = new TextEncoder();
const NOTHING = new Uint8Array();
const COMMA = encoder.encode(',');

/** Text as a field: quoted where it must be (RFC 4180 §2), and when empty, as null is the bare nothing. */
function csvField(text: string): string {
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * Comma-separated values (RFC 4180, lines end with LF) with a header. Lists are JSON arrays (`"[4865,4866]"`,
 * `"[""h2""]"`), which DuckDB's `read_csv(..., types = {...})` and casts to its list types take (those of text by way of
 * `::JSON` if they hold control characters); times and binary values look as in JSON; null is an empty field, empty
 * text `""`. DuckDB's sniffer takes numbers above 2^63 for DOUBLE: name the type of `flow_id` and `content_id`.
 */
export const CSV: TextFormat = {
  lines: 'csv',
  header: (specs) => encoder.encode(`${specs.map((s) => s.name).join(',')}\n`),
  before: (_, index) => (index === 0 ? NOTHING : COMMA),
  constant: csvField,
};

/** Sink of comma-separated values. */
export class CsvSink extends TextSink {
  constructor(options: TextSinkOptions) {
    super(CSV, options);
  }
}
