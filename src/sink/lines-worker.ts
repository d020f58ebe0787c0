import { parentPort, workerData } from 'node:worker_threads';
import { BufferPool } from '../core/parcel.js';
import type { FromLines, LinesSetup, ToLines } from './lines-messages.js';
import { TextRows } from './text-rows.js';

const { plan, module } = workerData as LinesSetup;
const port = parentPort!;
const rows = new TextRows(plan, { module, keyed: true });
const pool = new BufferPool();
/** Messages are worked off one after the other. */
let work = Promise.resolve();

function copy(piece: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(pool.take(piece.length), 0, piece.length);
  bytes.set(piece);
  return bytes;
}

async function handle(message: ToLines): Promise<void> {
  if (message.type === 'begin') return rows.begin(message.path);
  pool.putBack(...message.spare);
  const lines = Array.from(rows.ofBatch(message.batches), copy);
  const answer: FromLines = { lines, buffer: message.buffer };
  port.postMessage(answer, [message.buffer, ...lines.map((piece) => piece.buffer)]);
}

port.on('message', (message: ToLines) => {
  work = work.then(() => handle(message));
});
