import { type CaptureSource, readThrough } from '../source/source.js';
import { EPOCH_BYTES, type FromWorker, type ToWorker, type WorkerSetup } from './messages.js';
import type { JobThread } from './pool.js';
import { TaskReader } from './task.js';

/** Bytes of lines that may wait for those of the other shares. */
const WAITING_BYTES = 32 << 20;

/**
 * A share that is read by the thread that writes the rows: it has little else to do when the lines come to it ready. It looks
 * after the others whenever `EPOCH_BYTES` have been read.
 */
export class LocalShare implements JobThread {
  onMessage: (message: FromWorker) => void = () => {};
  onFailure: (error: Error) => void = () => {};
  readonly #setup: WorkerSetup;
  /** Sizes of the messages that were not taken, oldest first. */
  readonly #waiting: number[] = [];
  #bytes = 0;
  #closed = false;
  #taken: (() => void) | null = null;
  #done: Promise<void> = Promise.resolve();

  constructor(setup: WorkerSetup) {
    this.#setup = setup;
  }

  post(message: ToWorker): void {
    if (message.type === 'credit') {
      this.#bytes -= this.#waiting.shift()!;
      this.#taken?.();
      return;
    }
    this.#done = this.#read(message.task, message.path);
  }

  /** Ends when reading has; `stop` of the setup is set by then, or all is read. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#taken?.();
    await this.#done;
  }

  async #read(task: number, path: string): Promise<void> {
    // The other threads start meanwhile.
    await turn();
    try {
      const reader = new TaskReader(this.#setup, {
        send: (message) => this.#send(message),
        ready: () => (this.#hasRoom ? null : this.#room()),
        paced,
      });
      await reader.read(task, path);
    } catch (error) {
      this.onFailure(error as Error);
    }
  }

  #send(message: FromWorker): void {
    if (message.type === 'lines') {
      const bytes = message.lines.flat().reduce((sum, piece) => sum + piece.bytes.length, 0);
      this.#waiting.push(bytes);
      this.#bytes += bytes;
    }
    this.onMessage(message);
  }

  get #hasRoom(): boolean {
    return this.#closed || this.#bytes < WAITING_BYTES;
  }

  async #room(): Promise<void> {
    while (!this.#hasRoom) await new Promise<void>((resolve) => (this.#taken = resolve));
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The source with a turn of the event loop now and then. */
function paced(source: CaptureSource): CaptureSource {
  let next = EPOCH_BYTES;
  return readThrough(source, (into) => {
    if (source.position < next) return source.read(into);
    next = source.position + EPOCH_BYTES;
    return turn().then(() => source.read(into));
  });
}
