import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { CORE_BUILDS, loadTesting } from '../support/wasm.js';

/** Code points as hellos have them: mostly distinct, GREASE among them, SNI (0) and ALPN (16) too. */
const codePoint = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 0xffff }) },
  { weight: 1, arbitrary: fc.constantFrom(0x0a0a, 0x1a1a, 0xfafa, 0, 16) },
);
const list = fc.oneof(
  { weight: 8, arbitrary: fc.array(codePoint, { maxLength: 80 }) },
  { weight: 1, arbitrary: fc.array(codePoint, { minLength: 200, maxLength: 1500 }) },
);
const isGrease = (v: number): boolean => (v & 0x0f0f) === 0x0a0a && v >> 8 === (v & 0xff);
const folded = (values: readonly number[]): number[] => values.map((v) => (isGrease(v) ? 0x0a0a : v));
const hex = (v: number): string => v.toString(16).padStart(4, '0');

describe.each(CORE_BUILDS)('kernels of lists and text, %s build', (build) => {
  const { exports: kernels, bytes } = loadTesting(build);
  const base = kernels.t_scratch!();
  const view = new DataView(bytes.buffer);
  const [from, to] = [base + 64, base + 65_536];

  const put = (values: readonly number[], littleEndian = true) => {
    // What lies behind a list must not matter.
    bytes.fill(0x0a, from, from + 2 * values.length + 64);
    for (const [i, value] of values.entries()) view.setUint16(from + 2 * i, value, littleEndian);
  };
  const taken = (n: number) => Array.from({ length: n }, (_, i) => view.getUint16(to + 2 * i, true));
  const text = (n: number) => Buffer.from(bytes.subarray(to, to + n)).toString('latin1');

  beforeAll(() => kernels.t_textInit!());

  it('normalise16 turns the byte order round, folds GREASE, and says whether there was any', () => {
    fc.assert(
      fc.property(list, (values) => {
        put(values, false);
        const grease = kernels.t_normalise16!(from, values.length, to, 1);
        expect(taken(values.length)).toEqual(folded(values));
        expect(grease === 1).toBe(values.some(isGrease));
      }),
    );
  });

  it('withoutGrease and withoutNames leave out what their names say, in order', () => {
    fc.assert(
      fc.property(list, (values) => {
        put(folded(values));
        const rest = folded(values).filter((v) => v !== 0x0a0a);
        expect(taken(kernels.t_withoutGrease!(from, values.length, to, 1))).toEqual(rest);
        const bare = rest.filter((v) => v !== 0 && v !== 16);
        expect(taken(kernels.t_withoutNames!(from, values.length, to, 1))).toEqual(bare);
      }),
    );
  });

  it('sort16 sorts, duplicates kept', () => {
    const repeating = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 300 });
    fc.assert(
      fc.property(fc.oneof(list, repeating), (values) => {
        put(values);
        kernels.t_sort16!(from, values.length, to, 1);
        expect(taken(values.length)).toEqual(values.toSorted((a, b) => a - b));
      }),
    );
  });

  it('decimal lists have `-` between, with and without GREASE', () => {
    fc.assert(
      fc.property(list, (values) => {
        put(folded(values));
        const rest = folded(values).filter((v) => v !== 0x0a0a);
        expect(text(kernels.t_writeDecimals!(from, values.length, to, 1))).toBe(rest.join('-'));
        expect(text(kernels.t_writeDecimalList!(from, values.length, to, 1))).toBe(folded(values).join('-'));
      }),
    );
  });

  it('every 16-bit number has its decimal text', () => {
    for (let at = 0; at < 65_536; at += 256) {
      const values = Array.from({ length: 256 }, (_, i) => at + i);
      put(values);
      expect(text(kernels.t_writeDecimalList!(from, values.length, to, 1))).toBe(values.join('-'));
    }
  });

  it('hex lists have four digits and `,` between', () => {
    fc.assert(
      fc.property(list, (values) => {
        put(values);
        expect(text(kernels.t_writeHex!(from, values.length, to, 1))).toBe(values.map(hex).join(','));
      }),
    );
  });

  it('isPlain takes printable ASCII but no backslash', () => {
    const byte = fc.oneof({ weight: 30, arbitrary: fc.integer({ min: 0x20, max: 0x7e }) }, fc.nat(255));
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 70 }), (values) => {
        bytes.fill(0, from, from + values.length + 32);
        bytes.set(values, from);
        const plain = values.every((c) => c >= 0x20 && c <= 0x7e && c !== 0x5c);
        expect(kernels.t_isPlain!(from, values.length, 1) === 1).toBe(plain);
      }),
    );
  });

  it('copyShort, sameBytes and hashBytes go by exactly the bytes they are told', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 700 }), fc.nat(255), (values, behind) => {
        bytes.fill(behind, from, from + values.length + 32);
        bytes.set(values, from);
        const hash = kernels.t_hashBytes!(from, values.length, 1);
        kernels.t_copyShort!(to, from, values.length, 1);
        expect(bytes.subarray(to, to + values.length)).toEqual(new Uint8Array(values));
        bytes.fill(behind ^ 1, to + values.length, to + values.length + 32);
        expect(kernels.t_sameBytes!(from, to, values.length, 1)).toBe(1);
        expect(kernels.t_hashBytes!(to, values.length, 1)).toBe(hash);
        if (values.length === 0) return;
        bytes[to + (behind % values.length)]! ^= 1;
        expect(kernels.t_sameBytes!(from, to, values.length, 1)).toBe(0);
      }),
    );
  });
});
