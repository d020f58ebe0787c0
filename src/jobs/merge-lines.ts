import { isBefore, type Place } from './merge.js';
import type { LineRows } from './messages.js';

/** The rows of one share from the first that was not taken. */
class Cursor implements Place {
  readonly #pieces: readonly LineRows[];
  #piece = 0;
  #row = 0;
  /** Place of the next row. */
  place = 0;
  rank = 0;

  constructor(pieces: readonly LineRows[]) {
    this.#pieces = pieces.filter((piece) => piece.ends.length > 0);
    this.#look();
  }

  get isDone(): boolean {
    return this.#piece === this.#pieces.length;
  }

  /** Copy lines to `at` of `out` up to the next of `limit`, or to the end of a piece; answers the bytes. */
  take(limit: Cursor | null, out: Uint8Array, at: number): number {
    const { bytes, ends, orders } = this.#pieces[this.#piece]!;
    const from = this.#row === 0 ? 0 : ends[this.#row - 1]!;
    let row = this.#row + 1;
    if (limit === null) row = ends.length;
    else while (row < ends.length && isBelow(orders, row, limit)) row++;
    const until = ends[row - 1]!;
    copy(bytes, from, until, out, at);
    this.#row = row;
    if (row === ends.length) {
      this.#piece++;
      this.#row = 0;
    }
    this.#look();
    return until - from;
  }

  #look(): void {
    if (this.isDone) return;
    const { orders } = this.#pieces[this.#piece]!;
    this.place = orders[2 * this.#row]!;
    this.rank = orders[2 * this.#row + 1]!;
  }
}

function isBelow(orders: Float64Array, row: number, limit: Cursor): boolean {
  const place = orders[2 * row]!;
  return place < limit.place || (place === limit.place && orders[2 * row + 1]! < limit.rank);
}

/** Short runs, as most are, cost less byte by byte than as a view and a copy. */
function copy(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  if (end - start > 96) to.set(from.subarray(start, end), at);
  else for (let i = start; i < end; i++) to[at++] = from[i]!;
}

/** Lines of several shares in the order in which one reader of all connections has them. */
export function mergeLines(shares: readonly (readonly LineRows[])[]): Uint8Array {
  const total = shares.flat().reduce((sum, { bytes }) => sum + bytes.length, 0);
  let open = shares.map((pieces) => new Cursor(pieces)).filter((cursor) => !cursor.isDone);
  const out = new Uint8Array(total);
  for (let at = 0; at < total; ) {
    let first = open[0]!;
    for (let i = 1; i < open.length; i++) if (isBefore(open[i]!, first)) first = open[i]!;
    let limit: Cursor | null = null;
    for (const cursor of open) {
      if (cursor !== first && (limit === null || isBefore(cursor, limit))) limit = cursor;
    }
    at += first.take(limit, out, at);
    if (first.isDone) open = open.filter((cursor) => cursor !== first);
  }
  return out;
}
