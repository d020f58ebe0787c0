import { parentPort, workerData } from 'node:worker_threads';
import { helpWith } from './help.js';
import type { FromWorker, ToWorker, WorkerSetup } from './messages.js';
import { TaskReader } from './task.js';

/** Messages with rows that may be under way to the main thread: what bounds the memory when its sinks are slow. */
const CREDITS = 4;

const setup = workerData as WorkerSetup;
const port = parentPort!;
const stopFlag = new Int32Array(setup.stop);
const stopped = () => Atomics.load(stopFlag, 0) !== 0;

let credits = CREDITS;
let creditCame: (() => void) | null = null;
const tasks: { task: number; path: string }[] = [];
let busy = false;

const send = (message: FromWorker, buffers: ArrayBuffer[]) => port.postMessage(message, buffers);
let reader: TaskReader | null = null;

port.on('message', (message: ToWorker) => {
  if (message.type === 'read') {
    tasks.push(message);
    void work();
  } else if (message.type === 'help') void helpWith(message, setup, stopped, send);
  else {
    credits++;
    creditCame?.();
  }
});

async function work(): Promise<void> {
  if (busy) return;
  busy = true;
  reader ??= new TaskReader(setup, {
    send: (message, buffers) => {
      if (message.type === 'batches') credits--;
      send(message, buffers);
    },
    ready: () => (credits > 0 ? null : credit()),
    stopped,
  });
  for (let next = tasks.shift(); next; next = tasks.shift()) await reader.read(next.task, next.path);
  busy = false;
}

async function credit(): Promise<void> {
  while (credits === 0 && !stopped()) await new Promise<void>((resolve) => (creditCame = resolve));
}
