import { Worker } from 'node:worker_threads';
import { CoreTrapError } from '../errors.js';
import type { FromWorker, ToWorker, WorkerSetup } from './messages.js';

/** Messages about one thing, to be awaited one by one. */
export class Mailbox<Message> {
  readonly #messages: Message[] = [];
  #arrived: (() => void) | null = null;
  #failure: Error | null = null;

  put(message: Message): void {
    this.#messages.push(message);
    this.#arrived?.();
  }

  fail(error: Error): void {
    this.#failure ??= error;
    this.#arrived?.();
  }

  /** @throws what made the worker fail */
  async take(): Promise<Message> {
    for (;;) {
      if (this.#messages.length > 0) return this.#messages.shift()!;
      if (this.#failure) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
  }
}

/** A worker thread with a core of its own. */
export class CoreWorker {
  readonly #worker: Worker;
  /** Called with every message. */
  onMessage: (message: FromWorker) => void = () => {};
  /** Called when the thread fails. */
  onFailure: (error: Error) => void = () => {};

  constructor(setup: WorkerSetup) {
    this.#worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: setup });
    this.#worker.on('message', (message: FromWorker) => this.onMessage(message));
    this.#worker.on('error', (error) => {
      this.onFailure(new CoreTrapError('a worker failed; this is a fault of tlsfp', { cause: error }));
    });
  }

  post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  /** Returns when nothing goes on any more. */
  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
