import { Worker } from 'node:worker_threads';
import { coreModule, defaultBuild } from '../core/load.js';
import { ParcelPool } from '../core/parcel.js';
import type { BatchSet } from '../core/views.js';
import { CoreTrapError } from '../errors.js';
import type { FromLines, LinesSetup, ToLines } from './lines-messages.js';
import type { LinePlan } from './sink.js';

/** Sets of batches that may be under way: what bounds the memory when making lines is slower than the analysis. */
const UNDER_WAY = 6;

/** A thread that makes lines of rows, and fingerprints of their keys, while others are found. */
export class LinesThread {
  readonly #worker: Worker;
  readonly #pool = new ParcelPool();
  readonly #ready: Uint8Array<ArrayBuffer>[] = [];
  readonly #spare: ArrayBuffer[] = [];
  #underWay = 0;
  #failure: Error | null = null;
  #cameOne: (() => void) | null = null;

  constructor(plan: LinePlan) {
    const setup: LinesSetup = { plan, module: coreModule(defaultBuild()) };
    this.#worker = new Worker(new URL('../../dist/sink/lines-worker.js', import.meta.url), {
      workerData: setup,
    });
    this.#worker.on('message', (message: FromLines) => this.#came(message));
    this.#worker.on('error', (cause) => {
      this.#failure = new CoreTrapError('the thread that makes lines failed; this is a fault of tlsfp', {
        cause,
      });
      this.#cameOne?.();
    });
    // Only while lines are awaited does the thread keep the process alive.
    this.#worker.unref();
  }

  /** The capture that the next rows are of. */
  begin(path: string): void {
    this.#post({ type: 'begin', path });
  }

  /** Copies rows, for their lines to come with `lines`. */
  give(batches: BatchSet): void {
    const parcel = this.#pool.pack(batches);
    const spare = this.#spare.splice(0);
    this.#post({ type: 'rows', ...parcel, spare }, [parcel.buffer, ...spare]);
    this.#underWay++;
    this.#worker.ref();
  }

  /**
   * Lines of rows that were given, in their order, as far as they are there; waits for more while too many rows are under way,
   * or any, if `all` are wanted.
   *
   * @throws CoreTrapError
   */
  async *lines(all: boolean): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    for (;;) {
      for (let next = this.#ready.shift(); next; next = this.#ready.shift()) yield next;
      if (this.#failure !== null) throw this.#failure;
      if (this.#underWay < (all ? 1 : UNDER_WAY)) return;
      await new Promise<void>((resolve) => {
        this.#cameOne = resolve;
      });
    }
  }

  /** Lines have been written, and their memory can be used again. */
  putBack(lines: Uint8Array<ArrayBuffer>): void {
    this.#spare.push(lines.buffer);
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #post(message: ToLines, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #came({ lines, buffer }: FromLines): void {
    this.#pool.putBack(buffer);
    this.#ready.push(...lines);
    this.#underWay--;
    if (this.#underWay === 0) this.#worker.unref();
    this.#cameOne?.();
  }
}
