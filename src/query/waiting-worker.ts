import { workerData } from 'node:worker_threads';
import { CoreTrapError, TlsfpError } from '../errors.js';
import { plainError } from '../jobs/messages.js';
import { openSource } from '../source/open.js';
import { ENDED, FAILED, type WaitingSetup, WORD } from './waiting-source.js';

/** The thread behind a `WaitingSource`: reads ahead by one buffer and waits until it is taken. */
const setup = workerData as WaitingSetup;
const words = new Int32Array(setup.words);
const shared = new Uint8Array(setup.bytes);

function hand(value: number): void {
  Atomics.store(words, WORD.filled, value);
  Atomics.notify(words, WORD.filled);
}

try {
  const source = await openSource(setup.path);
  const own = new Uint8Array(shared.length);
  for (;;) {
    const length = await source.read(own);
    Atomics.store(words, WORD.position, Math.floor(source.position / 1024));
    for (let value = Atomics.load(words, WORD.filled); value > 0; value = Atomics.load(words, WORD.filled)) {
      Atomics.wait(words, WORD.filled, value);
    }
    if (length === 0) break;
    shared.set(own.subarray(0, length));
    hand(length);
  }
  await source.close();
  hand(ENDED);
} catch (error) {
  for (let value = Atomics.load(words, WORD.filled); value > 0; value = Atomics.load(words, WORD.filled)) {
    Atomics.wait(words, WORD.filled, value);
  }
  const known = error instanceof TlsfpError ? error : new CoreTrapError(String(error), { path: setup.path });
  const json = Buffer.from(JSON.stringify(plainError(known)));
  shared.set(json);
  Atomics.store(words, WORD.errorBytes, json.length);
  hand(FAILED);
}
