import { Core } from '../core/core.js';
import { pack } from '../core/parcel.js';
import { readCapture } from '../core/read.js';
import type { BatchSet } from '../core/views.js';
import { TlsfpError } from '../errors.js';
import { openSource } from '../source/open.js';
import type { CaptureSource } from '../source/source.js';
import { EPOCH_BYTES, type FromWorker, type LineRows, plainError, type WorkerSetup } from './messages.js';
import { ShareLines } from './share-lines.js';

/** How a reader of tasks is connected to who wants the rows. */
export interface TaskPort {
  /** Hand a message over, and the buffers in it. */
  send(message: FromWorker, buffers: ArrayBuffer[]): void;
  /** Rows may be sent once this is done; null: at once. */
  ready(): Promise<void> | null;
  /** The source as it is to be read. */
  paced(source: CaptureSource): CaptureSource;
}

/** Reads captures with a core of its own, one after the other, and sends what it finds. */
export class TaskReader {
  readonly #setup: WorkerSetup;
  readonly #port: TaskPort;
  readonly #core: Core;
  readonly #lines: readonly ShareLines[] | null;
  readonly #stop: Int32Array;

  constructor(setup: WorkerSetup, port: TaskPort) {
    this.#setup = setup;
    this.#port = port;
    this.#core = new Core({ module: setup.module, layout: setup.layout, limits: setup.limits });
    if (setup.wanted) this.#core.project(setup.wanted);
    if (setup.share) this.#core.partition(setup.share.index, setup.share.count);
    this.#lines = setup.lines?.map((plan) => new ShareLines(plan, setup.module)) ?? null;
    this.#stop = new Int32Array(setup.stop);
  }

  /** Read one capture. Throws what is no fault of the capture. */
  async read(task: number, path: string): Promise<void> {
    try {
      const source = await openSource(path);
      try {
        for (const lines of this.#lines ?? []) await lines.begin(path);
        await this.#readFrom(source, task);
      } finally {
        await source.close();
      }
    } catch (error) {
      if (!(error instanceof TlsfpError) || error.exitCode === 4) throw error;
      const source = { size: null, compression: 'none' } as const;
      this.#port.send({ type: 'end', task, source, state: null, error: plainError(error) }, []);
    }
  }

  async #readFrom(source: CaptureSource, task: number): Promise<void> {
    let epoch = 0;
    const tell = (position: number) => this.#port.send({ type: 'epoch', task, position }, []);
    const batches = readCapture(this.#core, this.#port.paced(source), task, {
      flushBytes: this.#setup.share ? EPOCH_BYTES : undefined,
      // All cores are at work already.
      ahead: false,
      onProgress: (_, position) => {
        const now = Math.floor(position / EPOCH_BYTES);
        if (now !== epoch) tell(position);
        epoch = now;
        return Atomics.load(this.#stop, 0) === 0;
      },
      onEnd: tell,
    });
    let next = await batches.next();
    while (!next.done) {
      const ready = this.#port.ready();
      if (ready) await ready;
      this.#sendRows(task, next.value);
      next = await batches.next();
    }
    const { error } = next.value;
    const { size, compression } = source;
    const plain = error && plainError(error);
    const state = this.#core.state();
    this.#port.send({ type: 'end', task, source: { size, compression }, state, error: plain }, []);
  }

  #sendRows(task: number, batches: BatchSet): void {
    if (this.#lines === null) {
      const own = pack(batches);
      const orders = this.#setup.share ? this.#core.orders() : null;
      this.#port.send({ type: 'batches', task, batches: own.batches, orders }, [own.buffer]);
      return;
    }
    const orders = this.#core.orders();
    const lines = this.#lines.map((one) => one.ofBatch(batches, orders));
    this.#port.send({ type: 'lines', task, lines }, lines.flat().flatMap(buffersOf));
  }
}

function buffersOf({ bytes, ends, orders }: LineRows): ArrayBuffer[] {
  return [bytes.buffer, ends.buffer, orders.buffer];
}
