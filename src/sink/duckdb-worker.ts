import { parentPort, workerData } from 'node:worker_threads';
import { SinkError } from '../errors.js';
import { DuckDBSink } from './duckdb.js';
import type { FromLoader, LoaderFault, LoaderSetup, ToLoader } from './duckdb-messages.js';

const setup = workerData as LoaderSetup;
const port = parentPort!;
let sink: DuckDBSink | null = null;
/** What went wrong in the capture: nothing of it is taken any more, since messages behind the fault are under way. */
let fault: LoaderFault | null = null;
/** Messages are worked off one after the other. */
let work = Promise.resolve();

function answer(buffer: ArrayBuffer | null = null): void {
  const message: FromLoader = { fault, buffer };
  port.postMessage(message, buffer ? [buffer] : []);
}

/** Faults of ours are not caught: they end the thread. */
async function attempt(what: () => Promise<void>): Promise<void> {
  try {
    await what();
  } catch (error) {
    if (!(error instanceof SinkError)) throw error;
    const { what, path, hint } = error;
    fault = { what, path, hint };
  }
}

async function perform(loader: DuckDBSink, message: ToLoader): Promise<void> {
  switch (message.type) {
    case 'labels':
      return loader.loadLabels(message.rows);
    case 'begin':
      return loader.begin(message.capture);
    case 'write':
      return loader.write(message.batches);
    case 'commit':
      return loader.commit(message.row);
    case 'end':
      return loader.end(message.row);
    case 'settle':
      return loader.settle();
    case 'abandon':
      return loader.abandon();
    case 'close':
      return loader.close();
  }
}

async function handle(message: ToLoader): Promise<void> {
  const { type } = message;
  if (type !== 'write' && type !== 'commit' && type !== 'end') fault = null;
  if (fault === null) await attempt(() => perform(sink!, message));
  answer(type === 'write' ? message.buffer : null);
  if (type === 'close') port.close();
}

async function open(): Promise<void> {
  await attempt(async () => {
    sink = await DuckDBSink.open(setup.path, setup.options);
  });
  answer();
  if (sink === null) port.close();
}

work = open();
port.on('message', (message: ToLoader) => {
  work = work.then(() => handle(message));
});
