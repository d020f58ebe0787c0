import { parentPort, workerData } from 'node:worker_threads';
import { Core } from '../core/core.js';
import { readCapture } from '../core/read.js';
import { TlsfpError } from '../errors.js';
import { openSource } from '../source/open.js';
import { EPOCH_BYTES, type FromWorker, plainError, type ToWorker, type WorkerSetup } from './messages.js';
import { ownBatches } from './transfer.js';

/** Batches that may be under way to the main thread: what bounds the memory when its sinks are slow. */
const CREDITS = 4;

const setup = workerData as WorkerSetup;
const port = parentPort!;
const core = new Core({ module: setup.module, layout: setup.layout, limits: setup.limits });
if (setup.wanted) core.project(setup.wanted);
if (setup.share) core.partition(setup.share.index, setup.share.count);

let credits = CREDITS;
let creditCame: (() => void) | null = null;
const stopFlag = new Int32Array(setup.stop);
const stopped = () => Atomics.load(stopFlag, 0) !== 0;
const tasks: { task: number; path: string }[] = [];
let busy = false;

port.on('message', (message: ToWorker) => {
  if (message.type === 'read') {
    tasks.push(message);
    void work();
    return;
  }
  credits++;
  creditCame?.();
});

async function work(): Promise<void> {
  if (busy) return;
  busy = true;
  for (let next = tasks.shift(); next; next = tasks.shift()) await read(next.task, next.path);
  busy = false;
}

function send(message: FromWorker, buffers: ArrayBuffer[] = []): void {
  port.postMessage(message, buffers);
}

async function read(task: number, path: string): Promise<void> {
  try {
    const source = await openSource(path);
    try {
      let epoch = 0;
      const batches = readCapture(core, source, task, {
        flushBytes: setup.share ? EPOCH_BYTES : undefined,
        // All cores are at work already.
        ahead: false,
        onProgress: (_, position) => {
          const now = Math.floor(position / EPOCH_BYTES);
          if (now !== epoch) send({ type: 'epoch', task, position });
          epoch = now;
          return !stopped();
        },
      });
      let next = await batches.next();
      while (!next.done) {
        while (credits === 0 && !stopped()) await new Promise<void>((resolve) => (creditCame = resolve));
        credits--;
        const own = ownBatches(next.value);
        send({ type: 'batches', task, batches: own.batches }, own.buffers);
        next = await batches.next();
      }
      const { error } = next.value;
      const { size, compression } = source;
      const plain = error && plainError(error);
      send({ type: 'end', task, source: { size, compression }, state: core.state(), error: plain });
    } finally {
      await source.close();
    }
  } catch (error) {
    if (!(error instanceof TlsfpError) || error.exitCode === 4) throw error;
    const source = { size: null, compression: 'none' } as const;
    send({ type: 'end', task, source, state: null, error: plainError(error) });
  }
}
