import type { CaptureSource } from '../source/source.js';
import type { Core } from './core.js';

/** Bytes asked of the source at a time: large enough to be few calls, small enough to stay in the L2 cache. */
export const READ_BYTES = 512 * 1024;

/** How blocks are read ahead: while the core works on one, another thread fills the next. */
export interface ReadAhead {
  /** Sources smaller than this are read the plain way, bytes. */
  readonly least: number;
  /** Bytes of a block: so large that waiting for one costs nothing against the work on it. */
  readonly block: number;
  /** Room in front of a block for the tail of a record that began in the one before. */
  readonly headroom: number;
  /** The most that this thread reads itself in front of a block, bytes. */
  readonly most: number;
  /** How much of that for the next block, when it was so much for the last, which was waited for so many ms. */
  readonly lead: (last: number, waited: number) => number;
}

/** What pays for plain files (measured: smaller blocks cost more turns of the event loop than they save). */
export const READ_AHEAD: ReadAhead = {
  least: 16 << 20,
  block: 4 << 20,
  headroom: 1 << 20,
  most: 4 << 20,
  lead: (last, waited) => {
    if (waited > 0.1) return last + (256 << 10);
    return waited < 0.05 ? last - (256 << 10) : last;
  },
};

/** A block that another thread fills, and in front of it what is left to be read by this one. */
interface Under {
  readonly at: number;
  readonly filled: Promise<number>;
  lead: number;
}

/**
 * The bytes of a source on their way into the input window of a core: those at `[from, until)` of the window are there and
 * not yet consumed. Not for two at a time: who uses the core or the window for something else waits for `settle` first.
 *
 * Where reading takes longer than the work on what was read, as with ordinary traffic, this thread would wait: so it reads
 * a part itself, the lead in front of each block, which grows while blocks are waited for and shrinks when they are not.
 */
export class InputBlocks {
  from = 0;
  until = 0;
  /** `position` of the source behind `until`. */
  position: number;
  readonly #core: Core;
  readonly #source: CaptureSource;
  readonly #ahead: ReadAhead | null;
  /** Places of leads with their blocks, lower first, and the block that is under way. */
  readonly #places: readonly number[];
  #under: Under | null = null;
  #lead = 0;
  #asked = 0;

  /** @param ahead null: sources that answer at once are never waited for */
  constructor(core: Core, source: CaptureSource, ahead: ReadAhead | null = null) {
    this.#core = core;
    this.#source = source;
    this.position = source.position;
    this.#ahead = ahead !== null && (source.size ?? 0) >= ahead.least ? ahead : null;
    const { block, headroom, most } = ahead ?? READ_AHEAD;
    // The lower place is such that what a block leaves over always fits in front of it.
    const lower = most + block + 2 * headroom;
    this.#places = [lower, lower + most + block + headroom];
  }

  /** Bytes that are there. */
  get length(): number {
    return this.until - this.from;
  }

  /** Ask for more bytes; `take` is told how many came, 0 at the end. Throws and rejects as the source does. */
  ask(): number | Promise<number> {
    const under = this.#under;
    if (under === null) {
      this.#moveTo(0);
      return this.#source.read(this.#core.window(this.until, READ_BYTES));
    }
    if (under.lead > 0) return this.#source.read(this.#core.window(under.at - under.lead, under.lead));
    this.#asked = performance.now();
    return under.filled;
  }

  /** The answer to `ask` has come. */
  take(got: number): void {
    const under = this.#under;
    if (under === null) this.until += got;
    else if (under.lead > 0) {
      this.#join(under.at - under.lead, got);
      under.lead -= got;
    } else {
      this.#under = null;
      this.#source.ahead!.pass(got);
      this.#join(under.at, got);
      const { lead, most } = this.#ahead!;
      this.#lead = Math.min(most, Math.max(0, lead(this.#lead, performance.now() - this.#asked)));
    }
    this.position = this.#source.position;
    if (got > 0 && this.#under === null) this.#readOn();
  }

  /** Nothing is under way into the window any more. */
  async settle(): Promise<void> {
    await this.#under?.filled.catch(() => {});
  }

  /** Put what came to `at` behind what is there. */
  #join(at: number, got: number): void {
    const rest = this.length;
    const fits = this.until === at || rest <= this.#ahead!.headroom;
    this.#moveTo(fits ? at - rest : 0);
    if (!fits) this.#all.copyWithin(rest, at, at + got);
    this.until = this.from + rest + got;
  }

  #moveTo(to: number): void {
    if (this.from === to) return;
    if (this.length > 0) this.#all.copyWithin(to, this.from, this.until);
    this.until = to + this.length;
    this.from = to;
  }

  /** Begin to fill a place that lies apart from what is there; without one, or a source that can, the next read is plain. */
  #readOn(): void {
    const { ahead } = this.#source;
    if (this.#ahead === null || ahead === undefined) return;
    const { block, headroom, most } = this.#ahead;
    const free = (place: number) => place - headroom >= this.until || place + most + block <= this.from;
    const place = this.#places.find(free);
    if (place === undefined) return;
    // A lead that the source has not is none.
    const lead = this.#lead < (this.#source.size ?? 0) - this.#source.position ? this.#lead : 0;
    const filled = ahead.read(this.#core.window(place + lead, block), lead);
    this.#under = { at: place + lead, filled, lead };
    // A failure is told to who asks; until then it is nobody's.
    filled.catch(() => {});
  }

  get #all(): Uint8Array {
    return this.#core.window(0, this.#core.windowBytes);
  }
}
