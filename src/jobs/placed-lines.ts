import { type BatchSet, GROUPS, type RowOrders } from '../core/views.js';
import type { LinePlan } from '../sink/sink.js';
import { TextRows } from '../sink/text-rows.js';
import type { LineRows } from './messages.js';

/** Makes the lines of one sink, with the place of each. */
export class PlacedLines {
  /** The rows of the core that they are made of; null: none. */
  readonly group: keyof BatchSet | null;
  readonly #rows: TextRows;

  constructor(plan: LinePlan, module: WebAssembly.Module) {
    this.group = GROUPS.find((group) => group === plan.table) ?? null;
    this.#rows = new TextRows(plan, { module });
  }

  /** The capture that the next batches are of. */
  begin(path: string): Promise<void> {
    return this.#rows.begin(path);
  }

  /** Lines of a batch whose rows have the places `orders`, the caller's own. */
  ofBatch(batches: BatchSet, orders: RowOrders): LineRows[] {
    const pieces: LineRows[] = [];
    if (this.group === null) return pieces;
    const all = orders[this.group];
    let from = 0;
    for (const { bytes, ends } of this.#rows.eachOfBatch(batches)) {
      const until = from + 2 * ends.length;
      pieces.push({ bytes, ends, orders: all.slice(from, until) });
      from = until;
    }
    return pieces;
  }
}
