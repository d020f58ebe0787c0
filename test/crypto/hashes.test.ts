import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CORE_BUILDS } from '../support/wasm.js';
import { openScratch } from './scratch.js';

const DIGEST_BYTES = { md5: 16, sha1: 20, sha256: 32 } as const;
type Algorithm = keyof typeof DIGEST_BYTES;

const TWO_BLOCKS = 'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq';

/** RFC 1321 §A.5; FIPS 180-2 appendices A (SHA-1) and B (SHA-256), and the empty message. */
const VECTORS: Record<Algorithm, readonly (readonly [string, string])[]> = {
  md5: [
    ['', 'd41d8cd98f00b204e9800998ecf8427e'],
    ['a', '0cc175b9c0f1b6a831c399e269772661'],
    ['abc', '900150983cd24fb0d6963f7d28e17f72'],
    ['message digest', 'f96b697d7cb7938d525a2f31aaf161d0'],
    ['abcdefghijklmnopqrstuvwxyz', 'c3fcd3d76192e4007dfb496cca67e13b'],
    ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', 'd174ab98d277d9f5a5611c2c9f419d9f'],
    ['1234567890'.repeat(8), '57edf4a22be3c955ac49da2e2107b67a'],
  ],
  sha1: [
    ['', 'da39a3ee5e6b4b0d3255bfef95601890afd80709'],
    ['abc', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
    [TWO_BLOCKS, '84983e441c3bd26ebaae4aa1f95129e5e54670f1'],
  ],
  sha256: [
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [TWO_BLOCKS, '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1'],
  ],
};

const ALGORITHMS: readonly Algorithm[] = ['md5', 'sha1', 'sha256'];
const FOUR_LANES = ['md5', 'sha256'] as const;
const message = fc.uint8Array({ minLength: 0, maxLength: 600 });

describe.each(CORE_BUILDS)('hashes, %s build', (build) => {
  const scratch = openScratch(build);

  function digest(algorithm: Algorithm, data: Uint8Array): string {
    scratch.reset();
    const src = scratch.put(data);
    const out = scratch.room(DIGEST_BYTES[algorithm]);
    scratch.call[`t_${algorithm}`]!(src, data.length, out);
    return scratch.hex(out, DIGEST_BYTES[algorithm]);
  }

  function digests(algorithm: (typeof FOUR_LANES)[number], data: readonly Uint8Array[]): string[] {
    scratch.reset();
    const sources = data.map((bytes) => scratch.put(bytes));
    const outs = data.map(() => scratch.room(DIGEST_BYTES[algorithm]));
    scratch.call[`t_${algorithm}x4`]!(
      scratch.putNumbers(sources),
      scratch.putNumbers(data.map((bytes) => bytes.length)),
      scratch.putNumbers(outs),
    );
    return outs.map((out) => scratch.hex(out, DIGEST_BYTES[algorithm]));
  }

  const expected = (algorithm: Algorithm, data: Uint8Array) =>
    createHash(algorithm).update(data).digest('hex');

  describe.each(ALGORITHMS)('%s', (algorithm) => {
    it.each(VECTORS[algorithm])('of the published message %j', (text, hash) => {
      expect(digest(algorithm, Buffer.from(text))).toBe(hash);
    });

    it('agrees with OpenSSL at every length around the padding limits', () => {
      for (let length = 0; length <= 260; length++) {
        const data = Buffer.from(Array.from({ length }, (_, i) => (i * 7 + length) & 255));
        expect(digest(algorithm, data), `length ${length}`).toBe(expected(algorithm, data));
      }
    });

    it('agrees with OpenSSL on random messages', () => {
      fc.assert(
        fc.property(message, (data) => digest(algorithm, data) === expected(algorithm, data)),
        { seed: 1321, numRuns: 200 },
      );
    });

    it('writes the digest and nothing after it, and may write over its message', () => {
      scratch.reset();
      const data = Buffer.from('abc'.repeat(30));
      const src = scratch.put(data);
      scratch.call[`t_${algorithm}`]!(src, data.length, src);
      const size = DIGEST_BYTES[algorithm];
      expect(scratch.hex(src, size)).toBe(expected(algorithm, data));
      expect(scratch.hex(src + size, data.length - size)).toBe(data.subarray(size).toString('hex'));
    });
  });

  describe.each(FOUR_LANES)('%s in four lanes', (algorithm) => {
    it('hashes the published messages side by side', () => {
      const cases = VECTORS[algorithm].slice(0, 3).concat(VECTORS[algorithm].slice(-1));
      const hashes = digests(
        algorithm,
        cases.map(([text]) => Buffer.from(text)),
      );
      expect(hashes).toEqual(cases.map(([, hash]) => hash));
    });

    it('keeps the state of lanes that end early, whichever lane is the long one', () => {
      const lengths = [0, 55, 56, 300];
      for (let turn = 0; turn < 4; turn++) {
        const data = lengths.map((_, lane) => Buffer.alloc(lengths[(lane + turn) & 3]!, 65 + lane));
        expect(digests(algorithm, data)).toEqual(data.map((bytes) => expected(algorithm, bytes)));
      }
    });

    it('agrees with OpenSSL on random messages of different lengths', () => {
      fc.assert(
        fc.property(fc.tuple(message, message, message, message), (data) => {
          expect(digests(algorithm, data)).toEqual(data.map((bytes) => expected(algorithm, bytes)));
        }),
        { seed: 180, numRuns: 200 },
      );
    });
  });
});
