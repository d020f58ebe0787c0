import { jsonCell } from './cells.js';
import { type TextFormat, TextSink, type TextSinkOptions } from './text-sink.js';

const encoder = new TextEncoder();

/**
 * One JSON object per line: the names of the table, arrays as arrays, binary in lower hex, times in RFC 3339 with nine
 * digits and `Z`, 64-bit numbers with all their digits (a reader that keeps numbers as doubles must take care).
 */
export const NDJSON: TextFormat = {
  header: () => new Uint8Array(),
  line: (columns) => {
    const names = columns.map((c, i) =>
      encoder.encode(`${i === 0 ? '{' : ','}${JSON.stringify(c.spec.name)}:`),
    );
    const cells = columns.map(jsonCell);
    const end = encoder.encode('}\n');
    return (row, out) => {
      for (let i = 0; i < cells.length; i++) {
        out.put(names[i]!);
        cells[i]!(row, out);
      }
      out.put(end);
    };
  },
};

/** Sink of JSON lines. */
export class NdjsonSink extends TextSink {
  constructor(options: TextSinkOptions) {
    super(NDJSON, options);
  }
}
