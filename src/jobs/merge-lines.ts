import { isRising } from './merge.js';
import type { LineRows } from './messages.js';

/** The rows of one share from the first that was not taken. */
class Cursor {
  readonly #pieces: readonly LineRows[];
  #piece = 0;
  #row = 0;
  /** Packet of the next row; infinite behind the last. */
  packet = Number.POSITIVE_INFINITY;

  constructor(pieces: readonly LineRows[]) {
    this.#pieces = pieces.filter((piece) => piece.ends.length > 0);
    this.#look();
  }

  /**
   * Copy lines to `at` of `out` up to the first row behind packet `limit`, or of it unless `inclusive`, or to the end of a
   * piece; answers the bytes.
   */
  take(limit: number, inclusive: boolean, out: Uint8Array, at: number): number {
    const { bytes, ends, packets } = this.#pieces[this.#piece]!;
    const from = this.#row === 0 ? 0 : ends[this.#row - 1]!;
    let row = this.#row + 1;
    while (row < packets.length && (packets[row]! < limit || (inclusive && packets[row] === limit))) row++;
    const until = ends[row - 1]!;
    copy(bytes, from, until, out, at);
    this.#row = row;
    if (row === packets.length) {
      this.#piece++;
      this.#row = 0;
    }
    this.#look();
    return until - from;
  }

  #look(): void {
    this.packet = this.#pieces[this.#piece]?.packets[this.#row] ?? Number.POSITIVE_INFINITY;
  }
}

/** Short runs, as most are, cost less byte by byte than as a view and a copy. */
function copy(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  if (end - start > 96) to.set(from.subarray(start, end), at);
  else for (let i = start; i < end; i++) to[at++] = from[i]!;
}

/** The rows of a share in the order of their packets, those of one packet as they stand: almost always they are so already. */
function sorted(pieces: readonly LineRows[]): readonly LineRows[] {
  let last = Number.NEGATIVE_INFINITY;
  const inOrder = pieces.every(({ packets }) => {
    const rises = isRising(packets, last);
    last = packets.at(-1) ?? last;
    return rises;
  });
  if (inOrder) return pieces;
  const rows = pieces.flatMap(({ bytes, ends, packets }) =>
    Array.from(ends, (end, i) => ({
      packet: packets[i]!,
      line: bytes.subarray(i === 0 ? 0 : ends[i - 1], end),
    })),
  );
  rows.sort((a, b) => a.packet - b.packet);
  let at = 0;
  const bytes = new Uint8Array(rows.reduce((sum, { line }) => sum + line.length, 0));
  const ends = Uint32Array.from(rows, ({ line }) => {
    bytes.set(line, at);
    at += line.length;
    return at;
  });
  return [{ bytes, ends, packets: Float64Array.from(rows, ({ packet }) => packet) }];
}

/** Lines of several shares in the order of their packets; of one packet, those of the earlier share stand first. */
export function mergeLines(shares: readonly (readonly LineRows[])[]): Uint8Array {
  const total = shares.flat().reduce((sum, { bytes }) => sum + bytes.length, 0);
  const cursors = shares.map((pieces) => new Cursor(sorted(pieces)));
  const out = new Uint8Array(total);
  for (let at = 0; at < total; ) {
    let first = 0;
    for (let i = 1; i < cursors.length; i++) if (cursors[i]!.packet < cursors[first]!.packet) first = i;
    let limit = Number.POSITIVE_INFINITY;
    let inclusive = true;
    for (let i = 0; i < cursors.length; i++) {
      if (i === first || cursors[i]!.packet >= limit) continue;
      limit = cursors[i]!.packet;
      inclusive = first < i;
    }
    at += cursors[first]!.take(limit, inclusive, out, at);
  }
  return out;
}
