import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { CompressionError } from '../../src/errors.js';
import { openSource, openStream } from '../../src/source/open.js';
import { SAMPLE_SHA256, sampleCapture } from './sample.js';
import { drain, inChunks, vector, vectorPath } from './support.js';

const sample = Buffer.from(sampleCapture());
const nothing = Buffer.alloc(0);

test('the sample is what the compressors were given', () => {
  expect(createHash('sha256').update(sample).digest('hex')).toBe(SAMPLE_SHA256);
});

const VECTORS: readonly [name: string, compression: string, content: Buffer][] = [
  ['name.gz', 'gzip', sample],
  ['checksum.zst', 'zstd', sample],
  ['no-checksum.zst', 'zstd', sample],
  ['window-128m.zst', 'zstd', sample],
  ['two-frames.zst', 'zstd', sample],
  ['pzstd-skippable.zst', 'zstd', sample],
  ['independent.lz4', 'lz4', sample],
  ['linked-checksums.lz4', 'lz4', sample],
  ['linked-no-checksum.lz4', 'lz4', sample],
  ['legacy.lz4', 'lz4', sample],
  ['two-frames.lz4', 'lz4', sample],
  ['crc64.xz', 'xz', sample],
  ['crc32-blocks.xz', 'xz', sample],
  ['no-check.xz', 'xz', sample],
  ['two-streams.xz', 'xz', sample],
  ['one-block.bz2', 'bzip2', sample],
  ['blocks.bz2', 'bzip2', Buffer.concat([sample, sample])],
  ['two-streams.bz2', 'bzip2', sample],
  ['empty.gz', 'gzip', nothing],
  ['empty.zst', 'zstd', nothing],
  ['empty.lz4', 'lz4', nothing],
  ['empty.xz', 'xz', nothing],
  ['empty.bz2', 'bzip2', nothing],
];

/** One representative of each codec, with as many features as there are. */
const ONE_EACH = ['name.gz', 'checksum.zst', 'linked-checksums.lz4', 'crc32-blocks.xz', 'two-streams.bz2'];

describe.each(VECTORS)('%s', (name, compression, content) => {
  test('gives its content from a file', async () => {
    const source = await openSource(vectorPath(name));
    expect(source.compression).toBe(compression);
    expect(source.size).toBe(vector(name).length);
    const { bytes, error } = await drain(source);
    expect(error).toBeNull();
    expect(bytes.equals(content)).toBe(true);
    expect(source.position).toBe(vector(name).length);
  });

  test.each([1, 2, 17, 1021])('gives its content from a stream in chunks of %i', async (size) => {
    const { bytes, error } = await drain(await openStream(inChunks(vector(name), size), 'stream'));
    expect(error).toBeNull();
    expect(bytes.equals(content)).toBe(true);
  });

  test.each([13, 511, 65_537, 1 << 20])('gives its content in reads of %i', async (size) => {
    const { bytes, error } = await drain(await openSource(vectorPath(name)), size);
    expect(error).toBeNull();
    expect(bytes.equals(content)).toBe(true);
  });
});

describe.each(ONE_EACH)('%s cut short', (name) => {
  const whole = vector(name);
  // Every border in the header and the trailer, and some between.
  const cuts = [...Array(20).keys()].flatMap((i) => [i + 11, whole.length - 1 - i]);
  for (let i = 1; i < 10; i++) cuts.push(Math.floor((whole.length * i) / 10));

  test.each(cuts)('at %i: gives what was before, then says where it ends', async (cut) => {
    const { bytes, error } = await drain(await openStream(inChunks(whole.subarray(0, cut), 4096), 'cut.bin'));
    expect(bytes.equals(sample.subarray(0, bytes.length))).toBe(true);
    expect(error).toBeInstanceOf(CompressionError);
    expect(error).toMatchObject({ path: 'cut.bin', offset: cut, exitCode: 3 });
  });
});

test.each(ONE_EACH)('%s cut in its second half still gives the first blocks', async (name) => {
  const whole = vector(name);
  const { bytes } = await drain(await openStream(inChunks(whole.subarray(0, whole.length - 12), 999), 'cut'));
  // Blocks hold 150,000 bytes at most here, but for zstd's, which is 128 KiB.
  expect(bytes.length).toBeGreaterThanOrEqual(131_072);
});

describe.each(ONE_EACH)('%s damaged', (name) => {
  const whole = vector(name);
  const places = Array.from({ length: 40 }, (_, i) => 12 + Math.floor(((whole.length - 13) * i) / 40));

  test.each(places)('at %i: never hangs, never gives other than the content without an error', async (at) => {
    const damaged = Buffer.from(whole);
    damaged[at] = damaged[at]! ^ 0x55;
    const { bytes, error } = await drain(await openStream(inChunks(damaged, 8192), 'damaged.bin'));
    if (error === null) {
      // The name in a gzip header may be anything; everything else is under some check.
      expect(bytes.equals(sample)).toBe(true);
    } else {
      expect(error).toBeInstanceOf(CompressionError);
      expect((error as CompressionError).offset).toBeLessThanOrEqual(whole.length);
    }
  });
});

describe.each([
  // zlib and xz lose the output of the slice that they find damage in: at this size 350 bytes at most.
  ['name.gz', 350],
  ['no-checksum.zst', 0],
  ['independent.lz4', 0],
  ['crc64.xz', 350],
  ['blocks.bz2', 0],
])('%s damaged', (name, slack) => {
  const whole = vector(name);
  const places = Array.from({ length: 8 }, (_, i) => Math.floor((whole.length * (i + 1)) / 9));

  test.each(places)('at %i: gives at least what the same file cut there gives', async (at) => {
    const damaged = Buffer.from(whole);
    damaged.fill(0xff, at, at + 24);
    const cut = await drain(await openStream(inChunks(whole.subarray(0, at - slack), 8192), 'cut'));
    const { bytes, error } = await drain(await openStream(inChunks(damaged, 8192), 'damaged'));
    expect(bytes.subarray(0, cut.bytes.length).equals(cut.bytes)).toBe(true);
    expect(error).toBeInstanceOf(CompressionError);
  });
});

test.each(ONE_EACH)('%s with a wrong checksum gives all of the content first', async (name) => {
  const damaged = Buffer.from(vector(name));
  // xz has its check before the index and footer, so there the index is what is damaged.
  const fromEnd = name.endsWith('.xz') ? 14 : name.endsWith('.gz') ? 6 : 2;
  damaged[damaged.length - fromEnd] = damaged[damaged.length - fromEnd]! ^ 1;
  const { bytes, error } = await drain(await openStream(inChunks(damaged, 8192), 'wrong.bin'));
  expect(bytes.equals(sample)).toBe(true);
  expect(error).toBeInstanceOf(CompressionError);
});

test.each(ONE_EACH)('%s stays failed: reading on gives the same error', async (name) => {
  const source = await openStream(inChunks(vector(name).subarray(0, 9000), 4096), 'cut');
  const into = Buffer.alloc(1 << 20);
  const first = await (async () => {
    for (;;) await source.read(into);
  })().catch((error: unknown) => error);
  await expect((async () => source.read(into))()).rejects.toBe(first);
  await source.close();
});

describe('what cannot be decoded says why', () => {
  test.each([
    ['window-256m.zst', /128 MiB.*--long=27/],
    ['sha256.xz', /check that is not supported/],
    ['dictionary-128m.xz', /64 MiB/],
  ])('%s', async (name, message) => {
    const { bytes, error } = await drain(await openSource(vectorPath(name)));
    expect(bytes.length).toBe(0);
    expect(error).toBeInstanceOf(CompressionError);
    expect((error as Error).message).toMatch(message);
  });

  test.each(['checksum.zst', 'independent.lz4', 'crc64.xz', 'one-block.bz2'])(
    '%s with garbage behind it: the content, then where the garbage begins',
    async (name) => {
      const whole = vector(name);
      const both = Buffer.concat([whole, Buffer.from('garbage after the end of it')]);
      const { bytes, error } = await drain(await openStream(inChunks(both, 5000), 'garbage'));
      expect(bytes.equals(sample)).toBe(true);
      expect(error).toMatchObject({ code: 'ERR_TLSFP_COMPRESSION' });
      const { offset } = error as CompressionError;
      expect(offset).toBeGreaterThanOrEqual(whole.length);
      expect(offset).toBeLessThanOrEqual(whole.length + 12);
    },
  );
});

describe('compressed within compressed', () => {
  test.each(ONE_EACH)('gzip of %s', async (name) => {
    const source = await openStream(inChunks(gzipSync(vector(name)), 3000), 'twice');
    expect(source.compression).toBe('gzip');
    const { bytes, error } = await drain(source);
    expect(error).toBeNull();
    expect(bytes.equals(sample)).toBe(true);
  });

  test('three deep is not unpacked', async () => {
    const thrice = gzipSync(gzipSync(gzipSync(sample)));
    const source = await openStream(inChunks(thrice, 3000), 'thrice');
    const { bytes } = await drain(source);
    expect([...bytes.subarray(0, 3)]).toEqual([0x1f, 0x8b, 8]);
  });
});

test('two sources of one codec do not disturb each other', async () => {
  for (const name of ONE_EACH) {
    const sources = [await openSource(vectorPath(name)), await openSource(vectorPath(name))];
    const [first, second] = await Promise.all(sources.map((source) => drain(source, 1000)));
    expect(first!.bytes.equals(sample) && second!.bytes.equals(sample)).toBe(true);
  }
});
