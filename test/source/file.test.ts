import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { InputNotFoundError, InputReadError } from '../../src/errors.js';
import { FileSource } from '../../src/source/file.js';
import { drain, temporaryFolder } from './support.js';

function fileOf(content: Uint8Array): string {
  const path = join(temporaryFolder(), 'file');
  writeFileSync(path, content);
  return path;
}

const content = Uint8Array.from({ length: 97 }, (_, i) => i);

test('every size of read gives the same bytes, synchronously', () => {
  const path = fileOf(content);
  for (let size = 1; size <= content.length + 1; size++) {
    const source = new FileSource(path);
    const got: number[] = [];
    const into = new Uint8Array(size);
    for (let length = source.read(into); length > 0; length = source.read(into)) {
      got.push(...into.subarray(0, length));
      expect(source.position).toBe(got.length);
    }
    source.close();
    expect(got).toEqual([...content]);
  }
});

test('reads into a view of WebAssembly memory and leaves its surroundings alone', () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const source = new FileSource(fileOf(content));
  expect(source.size).toBe(97);
  expect(source.read(new Uint8Array(memory.buffer, 1000, 10))).toBe(10);
  source.close();
  const all = new Uint8Array(memory.buffer);
  expect([...all.subarray(1000, 1010)]).toEqual([...content.subarray(0, 10)]);
  expect(all.subarray(0, 1000).every((byte) => byte === 0)).toBe(true);
  expect(all.subarray(1010).every((byte) => byte === 0)).toBe(true);
});

test('an empty file ends at once', async () => {
  const { bytes, error } = await drain(new FileSource(fileOf(new Uint8Array(0))));
  expect([bytes.length, error]).toEqual([0, null]);
});

test('a missing file', () => {
  expect(() => new FileSource('/nonexistent/file')).toThrow(InputNotFoundError);
});

test('a folder read as a file says so', () => {
  const folder = temporaryFolder();
  const source = new FileSource(folder);
  const read = () => source.read(new Uint8Array(10));
  expect(read).toThrow(InputReadError);
  expect(read).toThrow(/illegal operation on a directory \(EISDIR\)/);
  source.close();
});

test('a descriptor taken over is read from where it stands and stays open', () => {
  const fd = openSync(fileOf(content), 'r');
  const one = new FileSource('-', fd);
  one.read(new Uint8Array(50));
  one.close();
  one.close();
  const rest = new FileSource('-', fd);
  const into = new Uint8Array(100);
  expect(rest.read(into)).toBe(47);
  expect(into[0]).toBe(50);
  closeSync(fd);
});

test('reading after close is refused', () => {
  const source = new FileSource(fileOf(content));
  source.close();
  expect(() => source.read(new Uint8Array(1))).toThrow(InputReadError);
});
