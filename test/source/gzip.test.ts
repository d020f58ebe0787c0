import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { openStream } from '../../src/source/open.js';
import { sampleCapture } from './sample.js';
import { drain, inChunks } from './support.js';

const sample = Buffer.from(sampleCapture());
const middle = 100_000;
const first = gzipSync(sample.subarray(0, middle));
const second = gzipSync(sample.subarray(middle));

async function read(bytes: Uint8Array, chunk = 4096) {
  return drain(await openStream(inChunks(bytes, chunk), 'test.gz'));
}

test.each([1, 3, 4096, 1 << 20])('members one after the other, in chunks of %i', async (chunk) => {
  const { bytes, error } = await read(Buffer.concat([first, second]), chunk);
  expect(error).toBeNull();
  expect(bytes.equals(sample)).toBe(true);
});

test('many small members, as block-wise compressors write them', async () => {
  const members: Buffer[] = [];
  for (let at = 0; at < sample.length; at += 1000) members.push(gzipSync(sample.subarray(at, at + 1000)));
  const { bytes, error } = await read(Buffer.concat([...members, gzipSync('')]));
  expect(error).toBeNull();
  expect(bytes.equals(sample)).toBe(true);
});

describe('behind the last member', () => {
  test.each([
    ['text', Buffer.from('garbage')],
    ['one byte', Buffer.from([0x1f])],
    ['zeros, as tapes pad with', Buffer.alloc(10_000)],
    ['half a magic and text', Buffer.from([0x1f, 0x8b, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9])],
  ])('%s is ignored', async (_, garbage) => {
    for (const chunk of [1, 7, 1 << 20]) {
      const { bytes, error } = await read(Buffer.concat([first, second, garbage]), chunk);
      expect(error).toBeNull();
      expect(bytes.equals(sample)).toBe(true);
    }
  });
});

test('all optional header fields are stepped over (RFC 1952 section 2.3.1)', async () => {
  const member = gzipSync(sample);
  const header = Buffer.concat([
    Buffer.from([0x1f, 0x8b, 8, 0x02 | 0x04 | 0x08 | 0x10, 0, 0, 0, 0, 0, 3]),
    // XLEN 5 and its bytes, the name, the comment, and a header CRC (which gzip does not check either).
    Buffer.from([5, 0, 1, 2, 3, 4, 5]),
    Buffer.from('some name\0a comment\0'),
    Buffer.from([0xab, 0xcd]),
  ]);
  for (const chunk of [1, 1 << 20]) {
    const { bytes, error } = await read(Buffer.concat([header, member.subarray(10)]), chunk);
    expect(error).toBeNull();
    expect(bytes.equals(sample)).toBe(true);
  }
});

test('an extra field larger than the input buffer', async () => {
  const member = gzipSync(sample);
  const extra = Buffer.alloc(65_535, 0x1f);
  const header = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 3, 0xff, 0xff]);
  const { bytes, error } = await read(Buffer.concat([header, extra, member.subarray(10)]));
  expect(error).toBeNull();
  expect(bytes.equals(sample)).toBe(true);
});

test('a wrong length in the trailer comes after all of the content', async () => {
  const member = gzipSync(sample);
  member.writeUInt32LE(1, member.length - 4);
  const { bytes, error } = await read(member);
  expect(bytes.equals(sample)).toBe(true);
  expect((error as Error).message).toMatch(/^test\.gz: gzip data is damaged: the length .*\(at byte \d+\); /);
});

test('damage in the second member leaves the first whole', async () => {
  const broken = Buffer.from(second);
  // A deflate block of type 3, which is reserved: RFC 1951 section 3.2.3.
  broken[10] = 0x07;
  const { bytes, error } = await read(Buffer.concat([first, broken]));
  expect(bytes.equals(sample.subarray(0, middle))).toBe(true);
  expect(error).toMatchObject({ code: 'ERR_TLSFP_COMPRESSION', path: 'test.gz' });
  expect((error as { offset: number }).offset).toBeGreaterThanOrEqual(first.length + 10);
});

test('the content ends where deflate says, even if a slice of input does', async () => {
  // Sizes around the 16 bytes of the first slices.
  for (let length = 0; length < 80; length++) {
    const content = sample.subarray(0, length);
    const raw = deflateRawSync(content, { level: 0 });
    expect(raw.length).toBe(content.length + 5);
    const both = Buffer.concat([gzipSync(content, { level: 0 }), gzipSync(content, { level: 0 })]);
    const { bytes, error } = await read(both);
    expect(error).toBeNull();
    expect(bytes.equals(Buffer.concat([content, content]))).toBe(true);
  }
});

test('closing in the middle of a live stream stops all work on it', async () => {
  const pipe = new PassThrough();
  // Data that does not compress, so that the first half of the member gives content at once.
  const member = gzipSync(sample, { level: 0 });
  pipe.write(member.subarray(0, 50_000));
  const source = await openStream(pipe, 'live');
  const into = new Uint8Array(1000);
  expect(await source.read(into)).toBeGreaterThan(0);
  expect(await source.read(into)).toBeGreaterThan(0);
  await source.close();
  for (let i = 0; i < 10; i++) await turn();
  expect(pipe.destroyed).toBe(true);
  await source.close();
});
