import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CORE_BUILDS } from '../support/wasm.js';
import { fromHex, openScratch } from './scratch.js';

/** FIPS 197 appendices B and C.1. */
const BLOCKS = [
  [
    '2b7e151628aed2a6abf7158809cf4f3c',
    '3243f6a8885a308d313198a2e0370734',
    '3925841d02dc09fbdc118597196a0b32',
  ],
  [
    '000102030405060708090a0b0c0d0e0f',
    '00112233445566778899aabbccddeeff',
    '69c4e0d86a7b0430d8cdb78070b4c55a',
  ],
] as const;

/** RFC 9001 §A.2: header protection of the client Initial. */
const HP_KEY = '9f50449e04a0e810283a1e9933adedd2';
const HP_SAMPLE = 'd1b1c98dd7689fb8ec11d242b123dc9b';
const HP_MASK = '437b9aec36';

/** NIST SP 800-38A §F.5.1 (CTR-AES128.Encrypt). */
const CTR = {
  key: '2b7e151628aed2a6abf7158809cf4f3c',
  counter: 'f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff',
  plain:
    '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51' +
    '30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710',
  cipher:
    '874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff' +
    '5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee',
};

function ecb(key: Uint8Array, block: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
  return cipher.update(block);
}

/** GCTR of SP 800-38D §6.5, block by block from OpenSSL's block cipher. */
function gctr(key: Uint8Array, counterBlock: Uint8Array, data: Uint8Array): string {
  const counter = Buffer.from(counterBlock);
  const out = Buffer.from(data);
  for (let i = 0; i < out.length; i += 16) {
    const stream = ecb(key, counter);
    for (let k = i; k < Math.min(i + 16, out.length); k++) out[k]! ^= stream[k - i]!;
    counter.writeUInt32BE((counter.readUInt32BE(12) + 1) >>> 0, 12);
  }
  return out.toString('hex');
}

const bytes16 = fc.uint8Array({ minLength: 16, maxLength: 16 });

describe.each(CORE_BUILDS)('AES-128, %s build', (build) => {
  const scratch = openScratch(build);

  function expandKey(key: Uint8Array): number {
    scratch.reset();
    const schedule = scratch.room(scratch.call.t_aes128ScheduleBytes!());
    scratch.call.t_aes128ExpandKey!(scratch.put(key), schedule);
    return schedule;
  }

  function encrypt(key: Uint8Array, block: Uint8Array): string {
    const schedule = expandKey(key);
    const out = scratch.room(16);
    scratch.call.t_aes128Encrypt!(schedule, scratch.put(block), out);
    return scratch.hex(out, 16);
  }

  function ctr(key: Uint8Array, counter: Uint8Array, data: Uint8Array, inPlace = false): string {
    const schedule = expandKey(key);
    const src = scratch.put(data);
    const dst = inPlace ? src : scratch.room(data.length);
    const counterBlock = scratch.put(counter);
    scratch.call.t_aes128Ctr!(schedule, counterBlock, src, data.length, dst);
    expect(scratch.hex(dst + data.length, 4)).toBe('a5a5a5a5');
    expect(scratch.hex(counterBlock, 16)).toBe(Buffer.from(counter).toString('hex'));
    return scratch.hex(dst, data.length);
  }

  it('expands the key of FIPS 197 §A.1 to its last round key', () => {
    const schedule = expandKey(fromHex('2b7e151628aed2a6abf7158809cf4f3c'));
    expect(scratch.hex(schedule, 16)).toBe('2b7e151628aed2a6abf7158809cf4f3c');
    expect(scratch.hex(schedule + 160, 16)).toBe('d014f9a8c9ee2589e13f0cc8b6630ca6');
  });

  it.each(BLOCKS)('key %s encrypts %s', (key, plain, cipher) => {
    expect(encrypt(fromHex(key), fromHex(plain))).toBe(cipher);
  });

  it('makes the header protection mask of RFC 9001 §A.2', () => {
    expect(encrypt(fromHex(HP_KEY), fromHex(HP_SAMPLE)).slice(0, 10)).toBe(HP_MASK);
  });

  it('makes a mask, and the schedule of another key on the way', () => {
    const both = (hpKey: Uint8Array, sample: Uint8Array, key: Uint8Array) => {
      const alone = scratch.hex(expandKey(key), 176);
      scratch.reset();
      const [mask, schedule] = [scratch.room(16), scratch.room(176)];
      const [hpAt, sampleAt, keyAt] = [scratch.put(hpKey), scratch.put(sample), scratch.put(key)];
      scratch.call.t_aes128MaskAndExpand!(hpAt, sampleAt, mask, keyAt, schedule);
      expect(scratch.hex(schedule, 180)).toBe(`${alone}a5a5a5a5`);
      return scratch.hex(mask, 16);
    };
    const published = both(fromHex(HP_KEY), fromHex(HP_SAMPLE), fromHex(CTR.key));
    expect(published.slice(0, 10)).toBe(HP_MASK);
    fc.assert(
      fc.property(bytes16, bytes16, bytes16, (hpKey, sample, key) => {
        expect(both(hpKey, sample, key)).toBe(ecb(hpKey, sample).toString('hex'));
      }),
      { seed: 9001, numRuns: 100 },
    );
  });

  it('agrees with OpenSSL on random blocks', () => {
    fc.assert(
      fc.property(bytes16, bytes16, (key, block) => encrypt(key, block) === ecb(key, block).toString('hex')),
      { seed: 197, numRuns: 300 },
    );
  });

  it('encrypts the four blocks of SP 800-38A §F.5.1 in counter mode', () => {
    expect(ctr(fromHex(CTR.key), fromHex(CTR.counter), fromHex(CTR.plain))).toBe(CTR.cipher);
  });

  it('wraps the counter at 2^32 without touching the nonce', () => {
    const key = fromHex(CTR.key);
    const data = Buffer.alloc(400);
    for (const last of ['fffffffe', 'fffffff9', 'ffffffff', 'fffffff8']) {
      const counter = fromHex(`00112233445566778899aabb${last}`);
      expect(ctr(key, counter, data), last).toBe(gctr(key, counter, data));
    }
  });

  it('agrees with OpenSSL on random counters and lengths, in place too', () => {
    fc.assert(
      fc.property(
        bytes16,
        bytes16,
        fc.uint8Array({ maxLength: 600 }),
        fc.boolean(),
        (key, counter, data, inPlace) => {
          expect(ctr(key, counter, data, inPlace)).toBe(gctr(key, counter, data));
        },
      ),
      { seed: 38, numRuns: 200 },
    );
  });
});
