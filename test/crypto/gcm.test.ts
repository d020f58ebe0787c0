import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CORE_BUILDS } from '../support/wasm.js';
import { fromHex, openScratch } from './scratch.js';

const PLAIN_64 =
  'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72' +
  '1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255';
const CIPHER_64 =
  '42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e' +
  '21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985';

/** Test cases 1 to 4 of McGrew and Viega, "The Galois/Counter Mode of Operation" (NIST submission), appendix B. */
const VECTORS = [
  {
    key: '00'.repeat(16),
    nonce: '00'.repeat(12),
    aad: '',
    plain: '',
    cipher: '',
    tag: '58e2fccefa7e3061367f1d57a4e7455a',
  },
  {
    key: '00'.repeat(16),
    nonce: '00'.repeat(12),
    aad: '',
    plain: '00'.repeat(16),
    cipher: '0388dace60b6a392f328c2b971b2fe78',
    tag: 'ab6e47d42cec13bdf53a67b21257bddf',
  },
  {
    key: 'feffe9928665731c6d6a8f9467308308',
    nonce: 'cafebabefacedbaddecaf888',
    aad: '',
    plain: PLAIN_64,
    cipher: CIPHER_64,
    tag: '4d5c2af327cd64a62cf35abd2ba6fab4',
  },
  {
    key: 'feffe9928665731c6d6a8f9467308308',
    nonce: 'cafebabefacedbaddecaf888',
    aad: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
    plain: PLAIN_64.slice(0, 120),
    cipher: CIPHER_64.slice(0, 120),
    tag: '5bc94fbc3221a5db94fae95ae7121a47',
  },
];

interface Sealed {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly aad: Uint8Array;
  readonly cipher: Uint8Array;
  readonly tag: Uint8Array;
}

function seal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array): Sealed {
  const cipher = createCipheriv('aes-128-gcm', key, nonce).setAAD(aad);
  const text = Buffer.concat([cipher.update(plain), cipher.final()]);
  return { key, nonce, aad, cipher: text, tag: cipher.getAuthTag() };
}

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const sizes = { aad: fc.uint8Array({ maxLength: 60 }), plain: fc.uint8Array({ maxLength: 600 }) };

describe.each(CORE_BUILDS)('AES-128-GCM, %s build', (build) => {
  const ours = openScratch(build);

  /** Plaintext as hex, or undefined when refused; a refusal must leave the destination alone. */
  function open(sealed: Sealed, inPlace = false, scratch = ours): string | undefined {
    const { key, nonce, aad, cipher, tag } = sealed;
    scratch.reset();
    const schedule = scratch.room(scratch.call.t_aes128ScheduleBytes!());
    scratch.call.t_aes128ExpandKey!(scratch.put(key), schedule);
    const src = scratch.put(cipher);
    const dst = inPlace ? src : scratch.room(cipher.length);
    const before = scratch.hex(dst, cipher.length);
    const [nonceAt, aadAt, tagAt] = [scratch.put(nonce), scratch.put(aad), scratch.put(tag)];
    const ok = scratch.call.t_gcmOpen!(schedule, nonceAt, aadAt, aad.length, src, cipher.length, tagAt, dst);
    expect(scratch.hex(dst + cipher.length, 4)).toBe('a5a5a5a5');
    if (ok === 1) return scratch.hex(dst, cipher.length);
    expect(scratch.hex(dst, cipher.length)).toBe(before);
    return undefined;
  }

  it.each(VECTORS)('opens the published packet with tag $tag', ({ plain, ...sealed }) => {
    const packet = {
      key: fromHex(sealed.key),
      nonce: fromHex(sealed.nonce),
      aad: fromHex(sealed.aad),
      cipher: fromHex(sealed.cipher),
      tag: fromHex(sealed.tag),
    };
    expect(open(packet)).toBe(plain);
    expect(open(packet, true)).toBe(plain);
  });

  it('opens what OpenSSL sealed, at every length up to three batches of blocks', () => {
    const key = fromHex('1f369613dd76d5467730efcbe3b1a22d');
    const nonce = fromHex('fa044b2f42a3fd3b46fb255e');
    for (let length = 0; length <= 520; length++) {
      const plain = Buffer.from(Array.from({ length }, (_, i) => (i * 31 + length) & 255));
      const aad = plain.subarray(0, length % 50);
      expect(open(seal(key, nonce, aad, plain)), `length ${length}`).toBe(plain.toString('hex'));
    }
  });

  it('opens random packets, in place too', () => {
    fc.assert(
      fc.property(
        bytes(16),
        bytes(12),
        sizes.aad,
        sizes.plain,
        fc.boolean(),
        (key, nonce, aad, plain, inPlace) => {
          expect(open(seal(key, nonce, aad, plain), inPlace)).toBe(Buffer.from(plain).toString('hex'));
        },
      ),
      { seed: 38, numRuns: 200 },
    );
  });

  it('tells keys apart that follow each other, the key of zeros first of all', () => {
    const keys = [0, 0, 1, 0, 1, 1, 2].map((n) => Buffer.alloc(16, n));
    const nonce = Buffer.alloc(12, 5);
    const plain = Buffer.from(Array.from({ length: 700 }, (_, i) => i & 255));
    const fresh = openScratch(build);
    for (const key of keys) {
      for (const length of [700, 16]) {
        const sealed = seal(key, nonce, Buffer.alloc(20), plain.subarray(0, length));
        expect(open(sealed, false, fresh)).toBe(plain.toString('hex', 0, length));
      }
    }
  });

  it.each(['key', 'nonce', 'aad', 'cipher', 'tag'] as const)(
    'refuses any one flipped bit of the %s',
    (part) => {
      const sealed = seal(
        fromHex('00112233445566778899aabbccddeeff'),
        Buffer.alloc(12, 7),
        Buffer.alloc(21, 1),
        Buffer.alloc(150, 9),
      );
      for (let bit = 0; bit < sealed[part].length * 8; bit++) {
        const flipped = Uint8Array.from(sealed[part]);
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        expect(open({ ...sealed, [part]: flipped }), `bit ${bit}`).toBeUndefined();
      }
    },
  );

  it('refuses a packet whose AAD and text are divided elsewhere', () => {
    const sealed = seal(Buffer.alloc(16, 3), Buffer.alloc(12), Buffer.alloc(32), Buffer.alloc(32));
    const moved = {
      ...sealed,
      aad: Buffer.concat([sealed.aad, sealed.cipher.subarray(0, 16)]),
      cipher: sealed.cipher.subarray(16),
    };
    expect(open(moved)).toBeUndefined();
  });
});
