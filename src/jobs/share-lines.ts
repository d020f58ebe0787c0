import type { BatchSet } from '../core/views.js';
import { CSV } from '../sink/csv.js';
import { NDJSON } from '../sink/ndjson.js';
import type { LinePlan } from '../sink/sink.js';
import { TextRows } from '../sink/text-rows.js';
import { packetsOf } from './merge.js';
import type { LineRows } from './messages.js';

/** Makes the lines of one sink of a share of the rows. */
export class ShareLines {
  readonly #group: string;
  readonly #rows: TextRows;

  constructor({ format, table, columns }: LinePlan, module: WebAssembly.Module) {
    this.#group = table;
    this.#rows = new TextRows(format === 'csv' ? CSV : NDJSON, table, columns, module);
  }

  /** The capture that the next batches are of. */
  begin(path: string): Promise<void> {
    return this.#rows.begin(path);
  }

  /** Lines of a batch, the caller's own. */
  ofBatch(batches: BatchSet): LineRows[] {
    const pieces: LineRows[] = [];
    let from = 0;
    let packets: Float64Array<ArrayBuffer> | null = null;
    for (const { bytes, ends } of this.#rows.eachOfBatch(batches)) {
      packets ??= packetsOf(batches[this.#group as keyof BatchSet]);
      pieces.push({ bytes, ends, packets: packets.slice(from, from + ends.length) });
      from += ends.length;
    }
    return pieces;
  }
}
