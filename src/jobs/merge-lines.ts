import type { LineRows } from './messages.js';
import { firstFrom, type RowsByList } from './places.js';

/** Longer runs of lines are handed on as they are, others copied together, bytes. */
const LONG_RUN = 32 << 10;
/** Bytes of lines that are copied together at least, but at the end. */
const TOGETHER = 256 << 10;

/** Lines in pieces, copied together where they are short. */
class Together {
  #parts: Uint8Array[] = [];
  #length = 0;

  /** Add lines; answers what is to go out now. */
  add(lines: Uint8Array): Uint8Array[] {
    if (lines.length >= LONG_RUN) return [...this.rest(), lines];
    if (lines.length > 0) this.#parts.push(lines);
    this.#length += lines.length;
    return this.#length >= TOGETHER ? this.rest() : [];
  }

  rest(): Uint8Array[] {
    if (this.#length === 0) return [];
    const out = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      out.set(part, at);
      at += part.length;
    }
    this.#parts = [];
    this.#length = 0;
    return [out];
  }
}

/** A row of others. */
interface Other {
  readonly place: number;
  readonly rank: number;
  readonly line: Uint8Array;
}

function* eachOf(pieces: readonly LineRows[]): Generator<Other, void, undefined> {
  for (const { bytes, ends, orders } of pieces) {
    let from = 0;
    for (let row = 0; row < ends.length; row++) {
      const until = ends[row]!;
      yield { place: orders[2 * row]!, rank: orders[2 * row + 1]!, line: bytes.subarray(from, until) };
      from = until;
    }
  }
}

/**
 * Lines of a stretch, without the rows that are gone, with few others at their places between them: in pieces in order. Of one place those of
 * the stretch come first.
 */
export function* mergeLines(
  pieces: readonly LineRows[],
  gone: RowsByList,
  others: readonly LineRows[],
): Generator<Uint8Array, void, undefined> {
  const together = new Together();
  const few = eachOf(others);
  let other = few.next();
  for (const [i, { bytes, ends, orders }] of pieces.entries()) {
    const start = (row: number) => (row === 0 ? 0 : ends[row - 1]!);
    // Rows that were passed by, and those of them that are gone.
    let done = 0;
    let next = 0;
    const rows = gone[i]!;
    const passTo = function* (until: number) {
      for (; next < rows.length && rows[next]! < until; next++) {
        yield* together.add(bytes.subarray(start(done), start(rows[next]!)));
        done = rows[next]! + 1;
      }
      yield* together.add(bytes.subarray(start(done), start(until)));
      done = until;
    };
    for (; !other.done; other = few.next()) {
      const { place, rank, line } = other.value;
      let row = firstFrom(orders, place, rank);
      while (orders[2 * row] === place && orders[2 * row + 1] === rank) row++;
      if (row === ends.length) break;
      yield* passTo(row);
      yield* together.add(line);
    }
    yield* passTo(ends.length);
  }
  for (; !other.done; other = few.next()) yield* together.add(other.value.line);
  yield* together.rest();
}
