import { Core } from '../core/core.js';
import { pack } from '../core/parcel.js';
import { readCapture } from '../core/read.js';
import { TlsfpError } from '../errors.js';
import { openSource } from '../source/open.js';
import type { CaptureSource } from '../source/source.js';
import { type FromWorker, plainError, type WorkerSetup } from './messages.js';

/** Bytes between two messages that tell how far reading is. */
const PROGRESS_BYTES = 8 << 20;

/** How a reader of tasks is connected to who wants the rows. */
export interface TaskPort {
  /** Hand a message over, and the buffers in it. */
  send(message: FromWorker, buffers: ArrayBuffer[]): void;
  /** Rows may be sent once this is done; null: at once. */
  ready(): Promise<void> | null;
  /** Whether nobody wants more. */
  stopped(): boolean;
}

/** Reads captures with a core of its own, one after the other, and sends what it finds. */
export class TaskReader {
  readonly #port: TaskPort;
  readonly #core: Core;

  constructor(setup: WorkerSetup, port: TaskPort) {
    this.#port = port;
    this.#core = workerCore(setup);
  }

  /** Read one capture. Throws what is no fault of the capture. */
  async read(task: number, path: string): Promise<void> {
    try {
      const source = await openSource(path);
      try {
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
    let told = 0;
    const batches = readCapture(this.#core, source, task, {
      // All cores are at work already.
      ahead: false,
      onProgress: (_, position) => {
        const now = Math.floor(position / PROGRESS_BYTES);
        if (now !== told) this.#port.send({ type: 'progress', task, position }, []);
        told = now;
        return !this.#port.stopped();
      },
    });
    let next = await batches.next();
    while (!next.done) {
      const ready = this.#port.ready();
      if (ready) await ready;
      const own = pack(next.value);
      this.#port.send({ type: 'batches', task, batches: own.batches }, [own.buffer]);
      next = await batches.next();
    }
    const { error } = next.value;
    const { size, compression } = source;
    const plain = error && plainError(error);
    const state = this.#core.state();
    this.#port.send({ type: 'end', task, source: { size, compression }, state, error: plain }, []);
  }
}

/** The core that a thread is to have. */
export function workerCore(setup: Pick<WorkerSetup, 'module' | 'layout' | 'limits' | 'wanted'>): Core {
  const core = new Core({ module: setup.module, layout: setup.layout, limits: setup.limits });
  if (setup.wanted) core.project(setup.wanted);
  return core;
}
