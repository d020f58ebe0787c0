import type { TextFormat } from './text-rows.js';
import { TextSink, type TextSinkOptions } from './text-sink.js';

const encoder = new TextEncoder();

/**
 * One JSON object per line: the names of the table, arrays as arrays, binary in lower hex, times in RFC 3339 with nine
 * digits and `Z`, 64-bit numbers with all their digits (a reader that keeps numbers as doubles must take care).
 */
export const NDJSON: TextFormat = {
  lines: 'json',
  header: () => new Uint8Array(),
  before: (spec, index) => encoder.encode(`${index === 0 ? '{' : ','}${JSON.stringify(spec.name)}:`),
  constant: (text) => JSON.stringify(text),
};

/** Sink of JSON lines. */
export class NdjsonSink extends TextSink {
  constructor(options: TextSinkOptions) {
    super(NDJSON, options);
  }
}
