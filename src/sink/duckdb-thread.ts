import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { ParcelPool } from '../core/parcel.js';
import type { BatchSet } from '../core/views.js';
import { SinkError } from '../errors.js';
import { STORED_GROUPS } from '../schema/ddl.js';
import type { CaptureRow } from '../schema/tables.js';
import type { DuckDBSinkOptions, Label } from './duckdb.js';
import type { FromLoader, LoaderSetup, ToLoader } from './duckdb-messages.js';
import type { Sink, SinkCapture } from './sink.js';

/** Sets of batches that may be under way: what bounds the memory when the database is slower than the analysis. */
const UNDER_WAY = 6;

/**
 * Loading alone needs little memory; beyond the limit DuckDB spills into `FILE.tmp` beside the database. Its threads
 * compress columns, and leave a core to the analysis.
 */
const LOADING = { memoryLimit: '512MB', threads: Math.min(4, Math.max(1, availableParallelism() - 1)) };

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * A `DuckDBSink` in a thread of its own, so that reading and loading go on side by side. The same rows, the same
 * errors; a fault of a `write` is told by one of the calls after it. The database is open in that thread alone, and
 * cannot be asked until it is closed.
 */
export class DuckDBThread implements Sink {
  readonly layout = 'narrow';
  readonly wanted = STORED_GROUPS;
  readonly #worker: Worker;
  readonly #pool = new ParcelPool();
  /** Those who wait for an answer, in the order of the messages. */
  readonly #waiting: Waiting[] = [];
  #writes = 0;
  /** A fault nobody has been told yet. */
  #fault: Error | null = null;
  #roomCame: (() => void) | null = null;
  #closed = false;

  private constructor(setup: LoaderSetup) {
    this.#worker = new Worker(new URL('../../dist/sink/duckdb-worker.js', import.meta.url), {
      workerData: setup,
    });
    this.#worker.on('message', (message: FromLoader) => this.#answered(message));
    this.#worker.on('error', (error) => this.#died(error));
    this.#worker.on('exit', () => this.#died(new Error('the thread that loads the database ended')));
  }

  /**
   * Open or create the database at `path`; DuckDB gets 512 MB and at most four threads if `options` do not say otherwise.
   * @throws SinkError as `DuckDBSink.open`
   */
  static async open(path: string, options: DuckDBSinkOptions = {}): Promise<DuckDBThread> {
    const sink = new DuckDBThread({ path, options: { ...LOADING, ...options } });
    await sink.#answer();
    return sink;
  }

  /** Replace the labels of fingerprints; not within a capture. */
  loadLabels(rows: readonly Label[]): Promise<void> {
    return this.#call({ type: 'labels', rows });
  }

  begin(capture: SinkCapture): Promise<void> {
    return this.#call({ type: 'begin', capture });
  }

  /** Copies the rows, and waits only while too many are under way. */
  write(batches: BatchSet): void | Promise<void> {
    this.#tell();
    const parcel = this.#pool.pack(batches);
    this.#writes++;
    this.#post({ type: 'write', ...parcel }, [parcel.buffer]);
    this.#answer().then(
      () => this.#written(),
      (error) => {
        this.#fault ??= error;
        this.#written();
      },
    );
    if (this.#writes < UNDER_WAY) return;
    return this.#room();
  }

  commit(row: CaptureRow): Promise<void> {
    return this.#call({ type: 'commit', row });
  }

  end(row: CaptureRow): Promise<void> {
    return this.#call({ type: 'end', row });
  }

  settle(): Promise<void> {
    return this.#call({ type: 'settle' });
  }

  /** What went wrong before is not told again: it is why the capture is given up. */
  async abandon(): Promise<void> {
    const done = this.#send({ type: 'abandon' });
    await done;
    this.#fault = null;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.#send({ type: 'close' });
    } finally {
      await this.#worker.terminate();
    }
  }

  async #call(message: ToLoader): Promise<void> {
    this.#tell();
    const answer = this.#send(message);
    await answer;
    this.#tell();
  }

  #send(message: ToLoader): Promise<void> {
    this.#post(message);
    return this.#answer();
  }

  #post(message: ToLoader, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #answer(): Promise<void> {
    // Only while an answer is awaited does the thread keep the process alive.
    this.#worker.ref();
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  #answered({ fault, buffer }: FromLoader): void {
    if (buffer) this.#pool.putBack(buffer);
    const next = this.#waiting.shift()!;
    if (this.#waiting.length === 0) this.#worker.unref();
    if (fault === null) next.resolve();
    else next.reject(new SinkError(fault.what, { path: fault.path, hint: fault.hint }));
  }

  #died(error: Error): void {
    for (const waiting of this.#waiting.splice(0)) waiting.reject(error);
    if (!this.#closed) this.#fault ??= error;
  }

  #written(): void {
    this.#writes--;
    this.#roomCame?.();
    this.#roomCame = null;
  }

  async #room(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#roomCame = resolve;
    });
    this.#tell();
  }

  #tell(): void {
    const fault = this.#fault;
    if (fault === null) return;
    this.#fault = null;
    throw fault;
  }
}
