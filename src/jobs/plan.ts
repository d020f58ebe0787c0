/** Bytes of a stretch for a helper: many, so that few connections cross its borders, and few, so that results do not pile up. */
export const STRETCH_BYTES = 16 << 20;

/** How far a helper may be in front of the thread that joins stretches, in stretches of its own. */
const LEAD = 2;
/** How long a helper sleeps before it looks whether it is to stop, ms. */
const NAP_MS = 100;

/**
 * What the joining thread reads itself between two rounds of stretches for helpers, of one of these: joining one takes it about
 * a seventh of the time that reading one takes a helper.
 */
function ownPart(helpers: number): number {
  return Math.max(0.05, 1 - 0.15 * helpers);
}

/** What threads that read a capture in stretches share: where the one that joins is, and who reads what. */
export class Plan {
  /** The stretch at which the joining thread is, then for each stretch whether somebody reads it. */
  readonly #cells: Int32Array;
  readonly #size: number;
  readonly #bytes: number;
  readonly #own: number;
  readonly #helpers: number;
  /** Stretches there are. */
  readonly count: number;

  /**
   * @param bytes of a stretch for a helper
   * @param memory of another thread's plan of the same capture
   */
  constructor(size: number, bytes: number, helpers: number, memory?: SharedArrayBuffer) {
    this.#size = size;
    this.#bytes = bytes;
    this.#own = Math.ceil(bytes * ownPart(helpers));
    this.#helpers = helpers;
    let count = 0;
    while (this.from(count) < size) count++;
    this.count = count;
    this.#cells = new Int32Array(memory ?? new SharedArrayBuffer(4 * (1 + count)));
  }

  get memory(): SharedArrayBuffer {
    return this.#cells.buffer as SharedArrayBuffer;
  }

  /** Stretch `index` has the records that begin in `[from, until)`. They go round: one for the joining thread, one for each helper. */
  from(index: number): number {
    const round = Math.floor(index / (1 + this.#helpers));
    const place = index % (1 + this.#helpers);
    const before = place === 0 ? 0 : this.#own + (place - 1) * this.#bytes;
    return round * (this.#own + this.#helpers * this.#bytes) + before;
  }

  until(index: number): number {
    return Math.min(this.#size, this.from(index + 1));
  }

  /** The stretch at which the joining thread is. */
  get position(): number {
    return Atomics.load(this.#cells, 0);
  }

  /** The joining thread has come to a stretch. Answers whether it is its own to read. */
  arrive(index: number): boolean {
    Atomics.store(this.#cells, 0, index);
    Atomics.notify(this.#cells, 0);
    return this.#claim(index);
  }

  /**
   * The next stretch for helper `helper`, from 0 on. Waits while too many are not joined yet.
   *
   * @returns null when there is none left, or `stopped` says so
   */
  next(helper: number, stopped: () => boolean): number | null {
    for (;;) {
      const { position } = this;
      const index = this.#free(position, helper);
      if (index === null || stopped()) return null;
      if (index > position + LEAD * (this.#helpers + 1)) Atomics.wait(this.#cells, 0, position, NAP_MS);
      else if (this.#claim(index)) return index;
    }
  }

  /** The next that nobody reads; not that which the joining thread comes to next, which it would have to wait for. */
  #free(position: number, helper: number): number | null {
    const round = this.#helpers + 1;
    let index = position + 2;
    index += (helper + 1 - (index % round) + round) % round;
    while (index < this.count && Atomics.load(this.#cells, 1 + index) !== 0) index += round;
    return index < this.count ? index : null;
  }

  #claim(index: number): boolean {
    return Atomics.compareExchange(this.#cells, 1 + index, 0, 1) === 0;
  }
}
