import { pack } from '../core/parcel.js';
import type { BatchSet } from '../core/views.js';
import type { CaptureRow } from '../schema/tables.js';
import type { SinkCapture } from './sink.js';

/** A capture that has ended, with all of its rows. */
export interface WholeCapture {
  readonly capture: SinkCapture;
  readonly batches: readonly BatchSet[];
  readonly row: CaptureRow;
}

/** When captures wait no longer: a transaction takes some milliseconds, however little is in it. */
const MOST = { bytesOfOne: 1 << 20, bytes: 8 << 20, captures: 1024, ms: 1000 };

/** Captures with few rows that wait to be written together. What waits is a copy in memory, and lost in a crash. */
export class CaptureGroup {
  #ended: WholeCapture[] = [];
  readonly #paths = new Set<string>();
  #bytes = 0;
  /** When the first of them ended. */
  #since = 0;
  #current: { readonly capture: SinkCapture; readonly batches: BatchSet[]; bytes: number } | null = null;

  /** The capture that has begun and not ended is here. */
  get isOpen(): boolean {
    return this.#current !== null;
  }

  /** Whether there is one of this path, whose rows are to go before others take their place. */
  has(path: string): boolean {
    return this.#paths.has(path);
  }

  begin(capture: SinkCapture): void {
    this.#current = { capture, batches: [], bytes: 0 };
  }

  /** Take a copy of rows of the open capture; false when they have become too many to wait. */
  add(batches: BatchSet): boolean {
    const current = this.#current!;
    const copy = pack(batches);
    current.batches.push(copy.batches);
    current.bytes += copy.buffer.byteLength;
    return current.bytes <= MOST.bytesOfOne;
  }

  /** The open capture has ended; false when it is time to write the group. */
  end(row: CaptureRow): boolean {
    const { capture, batches, bytes } = this.#current!;
    this.#current = null;
    if (this.#ended.length === 0) this.#since = performance.now();
    this.#ended.push({ capture, batches, row });
    this.#paths.add(capture.path);
    this.#bytes += bytes;
    const isFull = this.#bytes > MOST.bytes || this.#ended.length >= MOST.captures;
    return !isFull && performance.now() - this.#since < MOST.ms;
  }

  /** Hand over the open capture: it does not wait any more. */
  takeOpen(): { readonly capture: SinkCapture; readonly batches: readonly BatchSet[] } {
    const current = this.#current!;
    this.#current = null;
    return current;
  }

  /** Hand over those that have ended, in their order. */
  takeEnded(): readonly WholeCapture[] {
    const ended = this.#ended;
    this.#ended = [];
    this.#paths.clear();
    this.#bytes = 0;
    return ended;
  }
}
