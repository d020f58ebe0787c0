import { parentPort, workerData } from 'node:worker_threads';
import type { FromLines, LinesSetup, ToLines } from './lines-messages.js';
import { TextRows } from './text-rows.js';

const { plan, module } = workerData as LinesSetup;
const port = parentPort!;
const rows = new TextRows(plan, { module, keyed: true });
/** Memory that was used before: fresh pages would cost as much as the lines. */
const spare: ArrayBuffer[] = [];
/** Messages are worked off one after the other. */
let work = Promise.resolve();

function copy(piece: Uint8Array): Uint8Array<ArrayBuffer> {
  const kept = spare.pop();
  // With room to spare: the next piece is seldom of the same size.
  const fits = kept !== undefined && kept.byteLength >= piece.length;
  const buffer = fits ? kept : new ArrayBuffer(piece.length + (piece.length >> 2));
  const bytes = new Uint8Array(buffer, 0, piece.length);
  bytes.set(piece);
  return bytes;
}

async function handle(message: ToLines): Promise<void> {
  if (message.type === 'begin') return rows.begin(message.path);
  spare.push(...message.spare);
  const lines = Array.from(rows.ofBatch(message.batches), copy);
  const answer: FromLines = { lines, buffer: message.buffer };
  port.postMessage(answer, [message.buffer, ...lines.map((piece) => piece.buffer)]);
}

port.on('message', (message: ToLines) => {
  work = work.then(() => handle(message));
});
