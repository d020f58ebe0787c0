import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { OpenedRing, RING_BYTES } from '../../src/core/opened-ring.js';
import { SeededRandom } from '../../src/dev/forge/index.js';

it('gives bytes in the order in which they were put, over its end and in any portions', () => {
  const writer = new OpenedRing();
  const reader = new OpenedRing(writer.memory);
  const random = new SeededRandom(4);
  let [put, taken] = [0, 0];
  const room = new Uint8Array(RING_BYTES);
  while (put < 5 * RING_BYTES) {
    const n = Math.min(random.below(300_000), RING_BYTES - (put - taken));
    expect(writer.put(Uint8Array.from({ length: n }, (_, i) => ((put + i) * 31) >> 3))).toBe(true);
    put += n;
    const got = reader.take(room.subarray(0, random.below(400_000)));
    const wrong = room.subarray(0, got).findIndex((byte, i) => byte !== ((((taken + i) * 31) >> 3) & 255));
    expect(wrong).toBe(-1);
    taken += got;
  }
  expect(reader.take(room)).toBe(put - taken);
  expect(reader.take(room)).toBe(0);
});

it('tells where the other thread is, and when to stop', () => {
  const ring = new OpenedRing();
  const other = new OpenedRing(ring.memory);
  expect([other.start, other.end, other.stopped]).toEqual([0, 0, false]);
  ring.passTo(5_000_000_024, 5_004_194_328);
  expect([other.start, other.end]).toEqual([5_000_000_024, 5_004_194_328]);
  ring.stop();
  expect(other.stopped).toBe(true);
  expect(other.put(new Uint8Array(1))).toBe(false);
});

it('makes a writer wait for room, and wakes it', { timeout: 20_000 }, async () => {
  const ring = new OpenedRing();
  const url = new URL('../../dist/core/opened-ring.js', import.meta.url).href;
  const worker = new Worker(
    `import(${JSON.stringify(url)}).then(({ OpenedRing, RING_BYTES }) => {
      const { parentPort, workerData } = require('node:worker_threads');
      const ring = new OpenedRing(workerData);
      const answers = [ring.put(new Uint8Array(RING_BYTES - 10).fill(1)), ring.put(new Uint8Array(100).fill(2))];
      parentPort.postMessage(answers);
      parentPort.postMessage(ring.put(new Uint8Array(RING_BYTES)));
    });`,
    { eval: true, workerData: ring.memory },
  );
  const messages: unknown[] = [];
  worker.on('message', (message) => messages.push(message));
  const room = new Uint8Array(RING_BYTES);
  let taken = 0;
  for (let tries = 0; tries < 500 && taken < RING_BYTES + 90; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    taken += ring.take(room);
  }
  expect(taken).toBe(RING_BYTES + 90);
  // The last one waits for ever, but for this.
  await new Promise((resolve) => setTimeout(resolve, 50));
  ring.stop();
  for (let tries = 0; tries < 500 && messages.length < 2; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(messages).toEqual([[true, true], expect.any(Boolean)]);
  await worker.terminate();
});
