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
}

/** What pays for plain files (measured: smaller blocks cost more turns of the event loop than they save). */
export const READ_AHEAD: ReadAhead = { least: 16 << 20, block: 4 << 20, headroom: 1 << 20 };

/**
 * The bytes of a source on their way into the input window of a core: those at `[from, until)` of the window are there and
 * not yet consumed. Not for two at a time: who uses the core or the window for something else waits for `settle` first.
 */
export class InputBlocks {
  from = 0;
  until = 0;
  /** `position` of the source behind `until`. */
  position: number;
  readonly #core: Core;
  readonly #source: CaptureSource;
  readonly #ahead: ReadAhead | null;
  /** Places of blocks read ahead, lower first, and what is under way to one of them. */
  readonly #places: readonly number[];
  #at = 0;
  #under: Promise<number> | null = null;

  /** @param ahead null: sources that answer at once are never waited for */
  constructor(core: Core, source: CaptureSource, ahead: ReadAhead | null = null) {
    this.#core = core;
    this.#source = source;
    this.position = source.position;
    this.#ahead = ahead !== null && (source.size ?? 0) >= ahead.least ? ahead : null;
    const { block, headroom } = ahead ?? READ_AHEAD;
    // The lower place is such that what a block leaves over always fits in front of it.
    const lower = block + 2 * headroom;
    this.#places = [lower, lower + block + headroom];
  }

  /** Bytes that are there. */
  get length(): number {
    return this.until - this.from;
  }

  /** Ask for more bytes; `take` is told how many came, 0 at the end. Throws and rejects as the source does. */
  ask(): number | Promise<number> {
    if (this.#under !== null) return this.#under;
    this.#moveTo(0);
    return this.#source.read(this.#core.window(this.until, READ_BYTES));
  }

  /** The answer to `ask` has come. */
  take(got: number): void {
    if (this.#under !== null) {
      this.#under = null;
      this.#join(got);
    } else this.until += got;
    this.position = this.#source.position;
    if (got > 0) this.#readOn();
  }

  /** Nothing is under way into the window any more. */
  async settle(): Promise<void> {
    await this.#under?.catch(() => {});
  }

  /** Put the block that came to `#at` behind what is there. */
  #join(got: number): void {
    const rest = this.length;
    const fits = rest <= this.#ahead!.headroom;
    this.#moveTo(fits ? this.#at - rest : 0);
    if (!fits) this.#all.copyWithin(rest, this.#at, this.#at + got);
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
    const read = this.#source.readLater;
    if (this.#ahead === null || read === undefined) return;
    const { block, headroom } = this.#ahead;
    const free = (at: number) => at - headroom >= this.until || at + block <= this.from;
    const at = this.#places.find(free);
    if (at === undefined) return;
    this.#at = at;
    this.#under = read.call(this.#source, this.#core.window(at, block));
    // A failure is told to who asks; until then it is nobody's.
    this.#under.catch(() => {});
  }

  get #all(): Uint8Array {
    return this.#core.window(0, this.#core.windowBytes);
  }
}
