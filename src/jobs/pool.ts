import { Worker } from 'node:worker_threads';
import { CoreTrapError } from '../errors.js';
import type { FromWorker, ToWorker, WorkerSetup } from './messages.js';

/** Messages of one task, or of one worker, to be awaited one by one. */
export class Mailbox {
  readonly #messages: FromWorker[] = [];
  #arrived: (() => void) | null = null;
  #failure: Error | null = null;

  put(message: FromWorker): void {
    this.#messages.push(message);
    this.#arrived?.();
  }

  fail(error: Error): void {
    this.#failure ??= error;
    this.#arrived?.();
  }

  /** @throws what made the worker fail */
  async take(): Promise<FromWorker> {
    for (;;) {
      const message = this.#messages.shift();
      if (message) return message;
      if (this.#failure) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
  }
}

/** Who reads captures with a core of its own. */
export interface JobThread {
  /** Called with every message. */
  onMessage: (message: FromWorker) => void;
  /** Called when the thread fails. */
  onFailure: (error: Error) => void;
  post(message: ToWorker): void;
  /** Returns when nothing goes on any more. */
  close(): Promise<void>;
}

/** A worker thread with a core of its own. */
export class CoreWorker implements JobThread {
  readonly #worker: Worker;
  onMessage: (message: FromWorker) => void = () => {};
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

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
