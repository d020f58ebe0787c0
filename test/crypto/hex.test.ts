import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CORE_BUILDS } from '../support/wasm.js';
import { fromHex, openScratch } from './scratch.js';

/** RFC 4648 §10. */
const BASE64 = [
  ['', ''],
  ['f', 'Zg=='],
  ['fo', 'Zm8='],
  ['foo', 'Zm9v'],
  ['foob', 'Zm9vYg=='],
  ['fooba', 'Zm9vYmE='],
  ['foobar', 'Zm9vYmFy'],
] as const;

const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, i) => i));

describe.each(CORE_BUILDS)('text encodings, %s build', (build) => {
  const scratch = openScratch(build);

  function hexEncode(data: Uint8Array): string {
    scratch.reset();
    const src = scratch.put(data);
    const out = scratch.room(2 * data.length);
    scratch.call.t_hexEncode!(src, data.length, out);
    expect(scratch.hex(out + 2 * data.length, 4)).toBe('a5a5a5a5');
    return scratch.read(out, 2 * data.length).toString('latin1');
  }

  function base64Encode(data: Uint8Array): string {
    scratch.reset();
    const src = scratch.put(data);
    const out = scratch.room(2 * data.length + 4);
    const length = scratch.call.t_base64Encode!(src, data.length, out);
    expect(scratch.hex(out + length, 1)).toBe('a5');
    return scratch.read(out, length).toString('latin1');
  }

  it('writes lower-case hexadecimal', () => {
    expect(hexEncode(fromHex('00 09 0a 0f 10 90 a0 f0 ff 7f 80 de ad be ef 5c c5'))).toBe(
      '00090a0f1090a0f0ff7f80deadbeef5cc5',
    );
  });

  it('writes every byte value, and any length, exactly', () => {
    expect(hexEncode(ALL_BYTES)).toBe(ALL_BYTES.toString('hex'));
    for (let length = 0; length < 70; length++) {
      const data = ALL_BYTES.subarray(100, 100 + length);
      expect(hexEncode(data)).toBe(data.toString('hex'));
    }
  });

  it.each(BASE64)('base64 of %j is %j', (text, encoded) => {
    expect(base64Encode(Buffer.from(text))).toBe(encoded);
  });

  it('agrees with Node on random bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        (data) => base64Encode(data) === Buffer.from(data).toString('base64'),
      ),
      { seed: 4648, numRuns: 200 },
    );
  });
});
