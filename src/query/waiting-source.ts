import { Worker } from 'node:worker_threads';
import { type PlainError, revivedError } from '../jobs/messages.js';
import type { CaptureSource, Compression } from '../source/source.js';

/** Bytes that the thread hands over at a time. */
const SHARED_BYTES = 2 << 20;

/** Words that both threads look at. */
export const WORD = {
  /** Bytes that wait in the buffer; 0: the thread may fill it; `ENDED`; `FAILED`. */
  filled: 0,
  /** Bytes of the error, as JSON in the buffer, when it failed. */
  errorBytes: 1,
  /** Bytes of the (compressed) input consumed, in KiB. */
  position: 2,
} as const;
export const ENDED = -1;
export const FAILED = -2;

/** Sent as `workerData`. */
export interface WaitingSetup {
  readonly path: string;
  readonly words: SharedArrayBuffer;
  readonly bytes: SharedArrayBuffer;
}

/**
 * A source whose every read answers at once, by waiting: another thread opens and unpacks the input. For places that
 * cannot await, such as table functions of SQL. This thread does nothing else while it waits.
 */
export class WaitingSource implements CaptureSource {
  readonly #words = new Int32Array(new SharedArrayBuffer(12));
  readonly #shared = new SharedArrayBuffer(SHARED_BYTES);
  readonly #bytes = new Uint8Array(this.#shared);
  readonly #worker: Worker;
  #at = 0;

  constructor(
    readonly path: string,
    readonly size: number | null,
    readonly compression: Compression,
  ) {
    const words = this.#words.buffer as SharedArrayBuffer;
    const workerData: WaitingSetup = { path, words, bytes: this.#shared };
    this.#worker = new Worker(new URL('./waiting-worker.js', import.meta.url), { workerData });
    this.#worker.unref();
  }

  get position(): number {
    return Atomics.load(this.#words, WORD.position) * 1024;
  }

  /** @throws what reading threw in the other thread */
  read(into: Uint8Array): number {
    Atomics.wait(this.#words, WORD.filled, 0);
    const filled = Atomics.load(this.#words, WORD.filled);
    if (filled === ENDED) return 0;
    if (filled === FAILED) throw this.#failure();
    const length = Math.min(into.length, filled - this.#at);
    into.set(this.#bytes.subarray(this.#at, this.#at + length));
    this.#at += length;
    if (this.#at === filled) {
      this.#at = 0;
      Atomics.store(this.#words, WORD.filled, 0);
      Atomics.notify(this.#words, WORD.filled);
    }
    return length;
  }

  close(): void {
    void this.#worker.terminate();
  }

  #failure(): Error {
    const json = this.#bytes.slice(0, Atomics.load(this.#words, WORD.errorBytes));
    return revivedError(JSON.parse(Buffer.from(json).toString()) as PlainError);
  }
}
