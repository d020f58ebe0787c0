import { padTail, TAIL_BYTES } from './padding';

/**
 * MD5 (RFC 1321). JA3 is defined by it; it protects nothing here.
 *
 * The 64 steps are written out, so that message offsets, constants and rotations are immediates.
 */

/** Bytes of the state {A, B, C, D}: four 32-bit words in host order, which is also the digest's order. */
export const MD5_STATE_BYTES: i32 = 16;

const state: usize = memory.data(MD5_STATE_BYTES, 16);
const tail: usize = memory.data(TAIL_BYTES, 16);

@inline
function stepF(a: u32, b: u32, c: u32, d: u32, w: u32, s: i32): u32 {
  return b + rotl<u32>(a + w + (d ^ (b & (c ^ d))), s);
}

// (b & d) and (c & ~d) have no bit in common: adding them lets the half without b wait for nothing.
@inline
function stepG(a: u32, b: u32, c: u32, d: u32, w: u32, s: i32): u32 {
  return b + rotl<u32>(a + w + (c & ~d) + (b & d), s);
}

@inline
function stepH(a: u32, b: u32, c: u32, d: u32, w: u32, s: i32): u32 {
  return b + rotl<u32>(a + w + (b ^ (c ^ d)), s);
}

@inline
function stepI(a: u32, b: u32, c: u32, d: u32, w: u32, s: i32): u32 {
  return b + rotl<u32>(a + w + (c ^ (b | ~d)), s);
}

/** Mix one 64-byte block into `state` (RFC 1321 §3.4). */
function md5Block(state: usize, block: usize): void {
  let a = load<u32>(state);
  let b = load<u32>(state, 4);
  let c = load<u32>(state, 8);
  let d = load<u32>(state, 12);
  // Round 1.
  a = stepF(a, b, c, d, load<u32>(block, 0) + 0xd76aa478, 7);
  d = stepF(d, a, b, c, load<u32>(block, 4) + 0xe8c7b756, 12);
  c = stepF(c, d, a, b, load<u32>(block, 8) + 0x242070db, 17);
  b = stepF(b, c, d, a, load<u32>(block, 12) + 0xc1bdceee, 22);
  a = stepF(a, b, c, d, load<u32>(block, 16) + 0xf57c0faf, 7);
  d = stepF(d, a, b, c, load<u32>(block, 20) + 0x4787c62a, 12);
  c = stepF(c, d, a, b, load<u32>(block, 24) + 0xa8304613, 17);
  b = stepF(b, c, d, a, load<u32>(block, 28) + 0xfd469501, 22);
  a = stepF(a, b, c, d, load<u32>(block, 32) + 0x698098d8, 7);
  d = stepF(d, a, b, c, load<u32>(block, 36) + 0x8b44f7af, 12);
  c = stepF(c, d, a, b, load<u32>(block, 40) + 0xffff5bb1, 17);
  b = stepF(b, c, d, a, load<u32>(block, 44) + 0x895cd7be, 22);
  a = stepF(a, b, c, d, load<u32>(block, 48) + 0x6b901122, 7);
  d = stepF(d, a, b, c, load<u32>(block, 52) + 0xfd987193, 12);
  c = stepF(c, d, a, b, load<u32>(block, 56) + 0xa679438e, 17);
  b = stepF(b, c, d, a, load<u32>(block, 60) + 0x49b40821, 22);
  // Round 2.
  a = stepG(a, b, c, d, load<u32>(block, 4) + 0xf61e2562, 5);
  d = stepG(d, a, b, c, load<u32>(block, 24) + 0xc040b340, 9);
  c = stepG(c, d, a, b, load<u32>(block, 44) + 0x265e5a51, 14);
  b = stepG(b, c, d, a, load<u32>(block, 0) + 0xe9b6c7aa, 20);
  a = stepG(a, b, c, d, load<u32>(block, 20) + 0xd62f105d, 5);
  d = stepG(d, a, b, c, load<u32>(block, 40) + 0x02441453, 9);
  c = stepG(c, d, a, b, load<u32>(block, 60) + 0xd8a1e681, 14);
  b = stepG(b, c, d, a, load<u32>(block, 16) + 0xe7d3fbc8, 20);
  a = stepG(a, b, c, d, load<u32>(block, 36) + 0x21e1cde6, 5);
  d = stepG(d, a, b, c, load<u32>(block, 56) + 0xc33707d6, 9);
  c = stepG(c, d, a, b, load<u32>(block, 12) + 0xf4d50d87, 14);
  b = stepG(b, c, d, a, load<u32>(block, 32) + 0x455a14ed, 20);
  a = stepG(a, b, c, d, load<u32>(block, 52) + 0xa9e3e905, 5);
  d = stepG(d, a, b, c, load<u32>(block, 8) + 0xfcefa3f8, 9);
  c = stepG(c, d, a, b, load<u32>(block, 28) + 0x676f02d9, 14);
  b = stepG(b, c, d, a, load<u32>(block, 48) + 0x8d2a4c8a, 20);
  // Round 3.
  a = stepH(a, b, c, d, load<u32>(block, 20) + 0xfffa3942, 4);
  d = stepH(d, a, b, c, load<u32>(block, 32) + 0x8771f681, 11);
  c = stepH(c, d, a, b, load<u32>(block, 44) + 0x6d9d6122, 16);
  b = stepH(b, c, d, a, load<u32>(block, 56) + 0xfde5380c, 23);
  a = stepH(a, b, c, d, load<u32>(block, 4) + 0xa4beea44, 4);
  d = stepH(d, a, b, c, load<u32>(block, 16) + 0x4bdecfa9, 11);
  c = stepH(c, d, a, b, load<u32>(block, 28) + 0xf6bb4b60, 16);
  b = stepH(b, c, d, a, load<u32>(block, 40) + 0xbebfbc70, 23);
  a = stepH(a, b, c, d, load<u32>(block, 52) + 0x289b7ec6, 4);
  d = stepH(d, a, b, c, load<u32>(block, 0) + 0xeaa127fa, 11);
  c = stepH(c, d, a, b, load<u32>(block, 12) + 0xd4ef3085, 16);
  b = stepH(b, c, d, a, load<u32>(block, 24) + 0x04881d05, 23);
  a = stepH(a, b, c, d, load<u32>(block, 36) + 0xd9d4d039, 4);
  d = stepH(d, a, b, c, load<u32>(block, 48) + 0xe6db99e5, 11);
  c = stepH(c, d, a, b, load<u32>(block, 60) + 0x1fa27cf8, 16);
  b = stepH(b, c, d, a, load<u32>(block, 8) + 0xc4ac5665, 23);
  // Round 4.
  a = stepI(a, b, c, d, load<u32>(block, 0) + 0xf4292244, 6);
  d = stepI(d, a, b, c, load<u32>(block, 28) + 0x432aff97, 10);
  c = stepI(c, d, a, b, load<u32>(block, 56) + 0xab9423a7, 15);
  b = stepI(b, c, d, a, load<u32>(block, 20) + 0xfc93a039, 21);
  a = stepI(a, b, c, d, load<u32>(block, 48) + 0x655b59c3, 6);
  d = stepI(d, a, b, c, load<u32>(block, 12) + 0x8f0ccc92, 10);
  c = stepI(c, d, a, b, load<u32>(block, 40) + 0xffeff47d, 15);
  b = stepI(b, c, d, a, load<u32>(block, 4) + 0x85845dd1, 21);
  a = stepI(a, b, c, d, load<u32>(block, 32) + 0x6fa87e4f, 6);
  d = stepI(d, a, b, c, load<u32>(block, 60) + 0xfe2ce6e0, 10);
  c = stepI(c, d, a, b, load<u32>(block, 24) + 0xa3014314, 15);
  b = stepI(b, c, d, a, load<u32>(block, 52) + 0x4e0811a1, 21);
  a = stepI(a, b, c, d, load<u32>(block, 16) + 0xf7537e82, 6);
  d = stepI(d, a, b, c, load<u32>(block, 44) + 0xbd3af235, 10);
  c = stepI(c, d, a, b, load<u32>(block, 8) + 0x2ad7d2bb, 15);
  b = stepI(b, c, d, a, load<u32>(block, 36) + 0xeb86d391, 21);
  store<u32>(state, load<u32>(state) + a);
  store<u32>(state, load<u32>(state, 4) + b, 4);
  store<u32>(state, load<u32>(state, 8) + c, 8);
  store<u32>(state, load<u32>(state, 12) + d, 12);
}

/**
 * MD5 of `len` bytes at `src`.
 *
 * @param out  16 bytes, written last: it may overlap the message
 */
export function md5(src: usize, len: u32, out: usize): void {
  store<u64>(state, 0xefcdab8967452301);
  store<u64>(state, 0x1032547698badcfe, 8);
  const whole = src + <usize>(len & ~63);
  for (let block = src; block < whole; block += 64) md5Block(state, block);
  const blocks = padTail(tail, src, len, false);
  md5Block(state, tail);
  if (blocks == 2) md5Block(state, tail + 64);
  store<u64>(out, load<u64>(state));
  store<u64>(out, load<u64>(state, 8), 8);
}
