import { gatherColumn, type RowOrder } from '../core/gather.js';
import type { Batch, BatchSet, RowOrders } from '../core/views.js';

/** Rows of a share of the connections, and their places among those of the capture. */
export interface OrderedRows {
  readonly batches: BatchSet;
  readonly orders: RowOrders;
}

/** Where a row stands among those of the capture, as the core tells. */
export interface Place {
  readonly place: number;
  readonly rank: number;
}

export function isBefore(a: Place, b: Place): boolean {
  return a.place < b.place || (a.place === b.place && a.rank < b.rank);
}

/** The rows of one share from the first that was not taken, by their places: two numbers a row. */
class Head implements Place {
  row = 0;
  place = 0;
  rank = 0;
  readonly #orders: Float64Array;

  constructor(
    orders: Float64Array,
    readonly source: number,
  ) {
    this.#orders = orders;
    this.#look();
  }

  next(): void {
    this.row++;
    this.#look();
  }

  get isDone(): boolean {
    return 2 * this.row >= this.#orders.length;
  }

  #look(): void {
    if (this.isDone) return;
    this.place = this.#orders[2 * this.row]!;
    this.rank = this.#orders[2 * this.row + 1]!;
  }
}

/** Rows of several batches by their places. */
function mergedOrder(orders: readonly Float64Array[]): RowOrder {
  const total = orders.reduce((sum, of) => sum + of.length / 2, 0);
  const order = { source: new Uint16Array(total), row: new Uint32Array(total) };
  const open = orders.map((of, source) => new Head(of, source)).filter((head) => !head.isDone);
  for (let i = 0; i < total; i++) {
    let first = open[0]!;
    for (let b = 1; b < open.length; b++) if (isBefore(open[b]!, first)) first = open[b]!;
    order.source[i] = first.source;
    order.row[i] = first.row;
    first.next();
    if (first.isDone) open.splice(open.indexOf(first), 1);
  }
  return order;
}

/**
 * Rows of several shares (at most 65,536 batch sets) as one, in the order in which one reader of all connections has them.
 * All must have the same columns.
 */
export function mergeRows(rows: readonly OrderedRows[]): BatchSet {
  if (rows.length === 1) return rows[0]!.batches;
  const merged = (group: keyof BatchSet): Batch => {
    const order = mergedOrder(rows.map(({ orders }) => orders[group]));
    const batches = rows.map((one) => one.batches[group]);
    const columns = batches[0]!.columns.map((_, c) =>
      gatherColumn(
        batches.map((batch) => batch.columns[c]!),
        order,
      ),
    );
    return { group, rows: order.row.length, columns };
  };
  return {
    client_hellos: merged('client_hellos'),
    hello_contents: merged('hello_contents'),
    server_hellos: merged('server_hellos'),
    certificates: merged('certificates'),
  };
}
