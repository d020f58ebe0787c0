import { PassThrough, Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { InputReadError } from '../../src/errors.js';
import { StreamSource } from '../../src/source/stream.js';
import { drain, inChunks } from './support.js';

const content = Uint8Array.from({ length: 300 }, (_, i) => i & 255);

test('every size of chunk against every size of read', async () => {
  for (const chunk of [1, 2, 7, 64, 299, 300]) {
    for (const size of [1, 2, 63, 64, 65, 300, 1000]) {
      const { bytes, error } = await drain(new StreamSource('s', inChunks(content, chunk)), size);
      expect(error).toBeNull();
      expect([...bytes]).toEqual([...content]);
    }
  }
});

test('what has arrived is given at once, while the writer goes on', async () => {
  const pipe = new PassThrough();
  const source = new StreamSource('-', pipe);
  const into = new Uint8Array(1000);
  const early = source.read(into);
  expect(early).toBeInstanceOf(Promise);
  pipe.write(content.subarray(0, 3));
  expect(await early).toBe(3);
  pipe.write(content.subarray(3, 5));
  expect(await source.read(into)).toBe(2);
  expect([...into.subarray(0, 2)]).toEqual([3, 4]);
  expect(source.position).toBe(5);
  pipe.end();
  expect(await source.read(into)).toBe(0);
  expect(await source.read(into)).toBe(0);
});

test('the writer is held back while nobody reads', async () => {
  let given = 0;
  const endless = new Readable({
    highWaterMark: 1000,
    read() {
      given += 100;
      this.push(new Uint8Array(100));
    },
  });
  const source = new StreamSource('-', endless);
  await source.read(new Uint8Array(10));
  await new Promise((resolve) => setImmediate(resolve));
  // What was read, and what the stream may hold.
  expect(given).toBeLessThanOrEqual(1000 + 1100);
  source.close();
});

test.each(['ECONNRESET', 'EPIPE'])('%s is the end, as the other side went away', async (code) => {
  const pipe = new PassThrough();
  const source = new StreamSource('-', pipe);
  pipe.write(content);
  const into = new Uint8Array(1000);
  expect(await source.read(into)).toBe(300);
  pipe.destroy(Object.assign(new Error('reset'), { code }));
  expect(await source.read(into)).toBe(0);
});

test('any other fault of the stream is reported with its cause', async () => {
  const pipe = new PassThrough();
  const source = new StreamSource('-', pipe);
  const cause = Object.assign(new Error('i/o'), { code: 'EIO', errno: -5 });
  const waiting = source.read(new Uint8Array(10));
  pipe.destroy(cause);
  const error = await (waiting as Promise<number>).catch((failure: unknown) => failure);
  expect(error).toBeInstanceOf(InputReadError);
  expect(error).toMatchObject({ path: '-', cause, exitCode: 3 });
  expect((error as Error).message).toMatch(/^standard input: cannot be read: .*EIO/);
});

test('closing while a read waits ends it', async () => {
  const pipe = new PassThrough();
  const source = new StreamSource('-', pipe);
  const waiting = source.read(new Uint8Array(10));
  source.close();
  expect(await waiting).toBe(0);
  expect(pipe.destroyed).toBe(true);
});

test('a stream that had ended before', async () => {
  const pipe = new PassThrough();
  pipe.end();
  pipe.resume();
  await new Promise((resolve) => pipe.on('end', resolve));
  expect(await new StreamSource('-', pipe).read(new Uint8Array(1))).toBe(0);
});
