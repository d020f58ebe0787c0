import { gatherColumn, type RowOrder } from '../core/gather.js';
import { type Batch, type BatchSet, mapGroups, type RowOrders } from '../core/views.js';

/** Rows with their places (`RowOrders`). */
export interface OrderedRows {
  readonly batches: BatchSet;
  readonly orders: RowOrders;
}

/** Rows from the first that was not taken, by their places: two numbers a row. */
class Head {
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

  isBefore({ place, rank }: Head): boolean {
    return this.place < place || (this.place === place && this.rank < rank);
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
    for (let b = 1; b < open.length; b++) if (open[b]!.isBefore(first)) first = open[b]!;
    order.source[i] = first.source;
    order.row[i] = first.row;
    first.next();
    if (first.isDone) open.splice(open.indexOf(first), 1);
  }
  return order;
}

/**
 * Rows of several sets (at most 65,536) as one, in the order of their places. All must have the same columns.
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
  return mapGroups(merged);
}
