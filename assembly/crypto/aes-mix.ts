import { STATE } from './aes-sbox';

/**
 * MixColumns and AddRoundKey on bit slices (SIMD build only), for rows that have not been shifted.
 *
 * After round j, row r of the true state is row r of STATE rotated by j * r. Then the byte below (next row, same
 * column) is the one in the next row of STATE, j columns on; and two rows below, 2 * j columns on.
 */

@inline
function nextRow(x: v128, j: i32): v128 {
  if (j == 1) return i8x16.swizzle(x, i8x16(5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12, 1, 2, 3, 0));
  if (j == 2) return i8x16.swizzle(x, i8x16(6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13, 2, 3, 0, 1));
  if (j == 3) return i8x16.swizzle(x, i8x16(7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14, 3, 0, 1, 2));
  return i32x4.shuffle(x, x, 1, 2, 3, 0);
}

@inline
function opposite(x: v128, j: i32): v128 {
  if (j & 1) return i8x16.swizzle(x, i8x16(10, 11, 8, 9, 14, 15, 12, 13, 2, 3, 0, 1, 6, 7, 4, 5));
  return i64x2.shuffle(x, x, 1, 0);
}

/**
 * Per column a: out[r] = 2 * (a[r] ^ a[r+1]) ^ a[r+1] ^ (a[r+2] ^ a[r+3]) ^ key (FIPS 197 §5.1.3). With t = a ^ next
 * row, doubling moves each bit of t one up; the top bit also goes to bits 0, 1, 3 and 4 (0x1b).
 */
@inline
function mixColumns(key: usize, shift: i32): void {
  let x = v128.load(STATE, 112);
  const top = v128.xor(x, nextRow(x, shift));
  let r: v128;
  let t: v128;
  let below: v128;
  let out: v128;
  x = v128.load(STATE);
  r = nextRow(x, shift);
  t = v128.xor(x, r);
  out = v128.xor(v128.xor(top, r), opposite(t, shift));
  v128.store(STATE, v128.xor(out, v128.load(key)));
  below = t;
  x = v128.load(STATE, 16);
  r = nextRow(x, shift);
  t = v128.xor(x, r);
  out = v128.xor(v128.xor(v128.xor(below, top), r), opposite(t, shift));
  v128.store(STATE, v128.xor(out, v128.load(key, 16)), 16);
  below = t;
  x = v128.load(STATE, 32);
  r = nextRow(x, shift);
  t = v128.xor(x, r);
  out = v128.xor(v128.xor(below, r), opposite(t, shift));
  v128.store(STATE, v128.xor(out, v128.load(key, 32)), 32);
  below = t;
  x = v128.load(STATE, 48);
  r = nextRow(x, shift);
  t = v128.xor(x, r);
  out = v128.xor(v128.xor(v128.xor(below, top), r), opposite(t, shift));
  v128.store(STATE, v128.xor(out, v128.load(key, 48)), 48);
  below = t;
  x = v128.load(STATE, 64);
  r = nextRow(x, shift);
  t = v128.xor(x, r);
  out = v128.xor(v128.xor(v128.xor(below, top), r), opposite(t, shift));
  v128.store(STATE, v128.xor(out, v128.load(key, 64)), 64);
  below = t;
  x = v128.load(STATE, 80);
  r = nextRow(x, shift);
  t = v128.xor(x, r);
  out = v128.xor(v128.xor(below, r), opposite(t, shift));
  v128.store(STATE, v128.xor(out, v128.load(key, 80)), 80);
  below = t;
  x = v128.load(STATE, 96);
  r = nextRow(x, shift);
  t = v128.xor(x, r);
  out = v128.xor(v128.xor(below, r), opposite(t, shift));
  v128.store(STATE, v128.xor(out, v128.load(key, 96)), 96);
  below = t;
  x = v128.load(STATE, 112);
  r = nextRow(x, shift);
  t = v128.xor(x, r);
  out = v128.xor(v128.xor(below, r), opposite(t, shift));
  v128.store(STATE, v128.xor(out, v128.load(key, 112)), 112);
}

/** Round j with j = 0 modulo 4; `key` is the bit-sliced round key. */
export function mixColumns0(key: usize): void {
  mixColumns(key, 0);
}

/** Round j with j = 1 modulo 4. */
export function mixColumns1(key: usize): void {
  mixColumns(key, 1);
}

/** Round j with j = 2 modulo 4. */
export function mixColumns2(key: usize): void {
  mixColumns(key, 2);
}

/** Round j with j = 3 modulo 4. */
export function mixColumns3(key: usize): void {
  mixColumns(key, 3);
}
