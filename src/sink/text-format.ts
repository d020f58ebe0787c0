import type { LineFormat } from '../core/lines.js';
import type { ColumnSpec } from '../schema/column.js';

/** How rows look in a format of lines. */
export interface TextFormat {
  /** Which of the core's formats the values are written in. */
  readonly lines: LineFormat;
  /** Written once before all rows; empty if there is no header. */
  header(specs: readonly ColumnSpec[]): Uint8Array;
  /** What stands before the value of a column, `index` counted from 0. */
  before(spec: ColumnSpec, index: number): Uint8Array;
  /** A value that is the same in all rows, as text. */
  constant(text: string): string;
}

const encoder = new TextEncoder();
const NOTHING = new Uint8Array();
const COMMA = encoder.encode(',');

/** Text as a field: quoted where it must be (RFC 4180 §2), and when empty, as null is the bare nothing. */
function csvField(text: string): string {
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * The formats of lines.
 *
 * Comma-separated values (RFC 4180, lines end with LF) with a header. Lists are JSON arrays (`"[4865,4866]"`,
 * `"[""h2""]"`), which DuckDB's `read_csv(..., types = {...})` and casts to its list types take (those of text by way of
 * `::JSON` if they hold control characters); times and binary values look as in JSON; null is an empty field, empty
 * text `""`. DuckDB's sniffer takes numbers above 2^63 for DOUBLE: name the type of `flow_id` and `content_id`.
 *
 * One JSON object per line: the names of the table, arrays as arrays, binary in lower hex, times in RFC 3339 with nine
 * digits and `Z`, 64-bit numbers with all their digits (a reader that keeps numbers as doubles must take care).
 */
export const TEXT_FORMATS: Readonly<Record<LineFormat, TextFormat>> = {
  csv: {
    lines: 'csv',
    header: (specs) => encoder.encode(`${specs.map((s) => s.name).join(',')}\n`),
    before: (_, index) => (index === 0 ? NOTHING : COMMA),
    constant: csvField,
  },
  json: {
    lines: 'json',
    header: () => NOTHING,
    before: (spec, index) => encoder.encode(`${index === 0 ? '{' : ','}${JSON.stringify(spec.name)}:`),
    constant: (text) => JSON.stringify(text),
  },
};
