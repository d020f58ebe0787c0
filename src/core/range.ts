import { LimitError, type TlsfpError } from '../errors.js';
import type { ReadAt } from '../source/read-at.js';
import { SNIFF_BYTES } from '../source/sniff.js';
import { READ_BYTES } from './blocks.js';
import type { Core, CoreStatus } from './core.js';
import { endError, fatal } from './read.js';
import type { BatchSet } from './views.js';

/** Reads a plain file through a core from place to place, at once: `begin` of the core has been called. */
export class RangeReader {
  readonly #core: Core;
  readonly #path: string;
  readonly #readAt: ReadAt;
  #head: Uint8Array | null = null;
  /** Bytes `[from, until)` of the window are there; behind them goes byte `next` of the capture. */
  #from = 0;
  #until = 0;
  #next = 0;

  /** @param path what errors call the capture */
  constructor(core: Core, path: string, readAt: ReadAt) {
    this.#core = core;
    this.#path = path;
    this.#readAt = readAt;
  }

  /**
   * Read the records that begin before byte `stop` of the capture; yields batches that are full, borrowed.
   *
   * @returns what is wrong with the capture; null: all has been read up to the first record behind `stop`, or to the end of the
   * capture (`atEnd`)
   * @throws InputReadError
   */
  *readTo(stop: number): Generator<BatchSet, TlsfpError | null, undefined> {
    const core = this.#core;
    core.stretch.stopAt(stop);
    for (;;) {
      let status: CoreStatus = 'BATCH_FULL';
      while (status === 'BATCH_FULL') {
        const step = core.process(this.#until, this.#from);
        status = step.status;
        this.#from += step.consumed;
        if (status !== 'BATCH_FULL') break;
        yield core.batches();
        core.resetBatches();
      }
      if (status !== 'NEED_INPUT') return fatal(core, this.#path, status, this.#head!);
      if (core.stretch.offset >= stop) return null;
      if (this.#until - this.#from + READ_BYTES > core.windowBytes) {
        return new LimitError('a record is larger than the input window', { path: this.#path });
      }
      if (!this.#more()) return null;
    }
  }

  /** Whether all bytes of the capture have been read. */
  atEnd = false;

  /** The core has come to another place by itself. */
  moved(): void {
    this.#from = 0;
    this.#until = 0;
    this.#next = this.#core.stretch.offset;
    this.atEnd = false;
  }

  /** Bytes that are left over, and the error that the capture ends with, once `core.finish` has answered. */
  get rest(): number {
    return this.#until - this.#from;
  }

  endError(status: CoreStatus): TlsfpError | null {
    return endError(this.#core, this.#path, status, this.rest, this.#head);
  }

  #more(): boolean {
    const rest = this.rest;
    if (rest > 0) this.#core.window(0, this.#until).copyWithin(0, this.#from, this.#until);
    const got = this.#readAt(this.#core.window(rest, READ_BYTES), this.#next);
    this.#head ??= this.#core.window(0, Math.min(got, SNIFF_BYTES)).slice();
    this.#from = 0;
    this.#until = rest + got;
    this.#next += got;
    this.atEnd = got === 0;
    return got > 0;
  }
}
