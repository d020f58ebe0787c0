import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { openStream } from '../../src/source/open.js';
import { vector } from './support.js';

const MIB = 1024 * 1024;
/** What a whole process may grow by while it reads hundreds of times that. */
const LIMIT = 64 * MIB;

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** A block of 4 MiB of zeros in a frame: one literal, one match of itself, five literals (LZ4 Block Format). */
function lz4OfZeros(): Buffer {
  const matchLength = 4 * MIB - 6;
  const rest = matchLength - 4 - 15;
  const lengthBytes = Buffer.alloc(Math.floor(rest / 255) + 1, 255);
  lengthBytes[lengthBytes.length - 1] = rest % 255;
  const block = Buffer.concat([hex('1f 00 0100'), lengthBytes, hex('50 0000000000')]);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(block.length);
  return Buffer.concat([hex('04224d18 6070 73'), size, block, hex('00000000')]);
}

/** 45,899,235 zeros as bzip2 1.0.8 packs them: the most that fits into one block. */
const BZIP2_OF_ZEROS = hex(
  '425a68393141592653590e09e2df015f8e4000c000000820003080' + '4d4642a025a90a8097177245385090' + '0e09e2df',
);

/**
 * Content that expands the most: a decoder must not expand a chunk of input whole. A unit of compressed
 * bytes, how many zeros it stands for, and how often it comes.
 */
const STREAMS: readonly [name: string, unit: Buffer, content: number, times: number][] = [
  ['gzip', gzipSync(Buffer.alloc(16 * MIB)), 16 * MIB, 64],
  // A frame of one RLE block of 128 KiB (RFC 8878 section 3.1.1.2.3): 10 bytes.
  ['zstd', hex('28b52ffd 00 38 030010 00'), 128 * 1024, 8192],
  ['lz4', lz4OfZeros(), 4 * MIB, 256],
  ['xz', vector('zeros-64m.xz'), 64 * MIB, 4],
  ['bzip2', BZIP2_OF_ZEROS, 45_899_235, 12],
];

test.each(STREAMS)(
  '%s: the memory of the process stays bounded however far the content expands',
  { timeout: 120_000 },
  async (name, unit, content, times) => {
    // In large chunks, each of which stands for far more than the limit.
    const perChunk = Math.max(1, Math.ceil((4 * LIMIT) / content));
    function* chunks() {
      for (let i = 0; i < times; i += perChunk) {
        yield Buffer.concat(Array.from({ length: Math.min(perChunk, times - i) }, () => unit));
      }
    }
    const source = await openStream(Readable.from(chunks(), { objectMode: false }), name);
    expect(source.compression).toBe(name);
    const into = new Uint8Array(MIB);
    await source.read(into);
    const before = process.memoryUsage().rss;
    let total = 512;
    let peak = before;
    for (let turn = 0; ; turn++) {
      const length = await source.read(into);
      if (length === 0) break;
      total += length;
      if (turn % 64 === 0) peak = Math.max(peak, process.memoryUsage().rss);
    }
    await source.close();
    expect(total).toBe(content * times);
    expect(peak - before).toBeLessThan(LIMIT);
  },
);
