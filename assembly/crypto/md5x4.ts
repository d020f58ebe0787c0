import { activeLanes, laneBlock, lanesBegin, lanesBlocks, loadTransposed } from './lanes';
import { md5 } from './md5';

/**
 * MD5 (RFC 1321) of four messages at once, one in each 32-bit lane of the vectors.
 *
 * A single MD5 is bound by the latency of its chain of steps; four lanes share that chain.
 */

/** RFC 1321 §3.4: T[i] = floor(2^32 * abs(sin(i))). */
const T: usize = memory.data<u32>([
  0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
  0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
  0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
  0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
  0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
  0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
  0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
  0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
]);

/** The sixteen message words of the block in work, each as a vector of four lanes. */
const W: usize = memory.data(256, 16);

/** Message word plus constant; the offsets are in bytes. */
@inline
function word(w: usize, t: usize): v128 {
  return i32x4.add(v128.load(W + w), v128.load_splat<u32>(T + t));
}

@inline
function rotl4(x: v128, s: i32): v128 {
  return v128.or(i32x4.shl(x, s), i32x4.shr_u(x, 32 - s));
}

@inline
function stepF(a: v128, b: v128, c: v128, d: v128, w: v128, s: i32): v128 {
  return i32x4.add(b, rotl4(i32x4.add(i32x4.add(a, w), v128.xor(d, v128.and(b, v128.xor(c, d)))), s));
}

@inline
function stepG(a: v128, b: v128, c: v128, d: v128, w: v128, s: i32): v128 {
  const early = i32x4.add(i32x4.add(a, w), v128.andnot(c, d));
  return i32x4.add(b, rotl4(i32x4.add(early, v128.and(b, d)), s));
}

@inline
function stepH(a: v128, b: v128, c: v128, d: v128, w: v128, s: i32): v128 {
  return i32x4.add(b, rotl4(i32x4.add(i32x4.add(a, w), v128.xor(b, v128.xor(c, d))), s));
}

// c ^ (b | ~d) is ~(c ^ (d & ~b)), and ~x is -1 - x: the -1 joins the sum that does not wait for b.
@inline
function stepI(a: v128, b: v128, c: v128, d: v128, w: v128, s: i32): v128 {
  const early = i32x4.sub(i32x4.add(a, w), i32x4.splat(1));
  return i32x4.add(b, rotl4(i32x4.sub(early, v128.xor(c, v128.andnot(d, b))), s));
}

/** Mix the block in W into the four states at `state` (vectors A, B, C, D) where `mask` is all ones. */
function md5Block4(state: usize, mask: v128): void {
  let a = v128.load(state);
  let b = v128.load(state, 16);
  let c = v128.load(state, 32);
  let d = v128.load(state, 48);
  // Round 1.
  a = stepF(a, b, c, d, word(0, 0), 7);
  d = stepF(d, a, b, c, word(16, 4), 12);
  c = stepF(c, d, a, b, word(32, 8), 17);
  b = stepF(b, c, d, a, word(48, 12), 22);
  a = stepF(a, b, c, d, word(64, 16), 7);
  d = stepF(d, a, b, c, word(80, 20), 12);
  c = stepF(c, d, a, b, word(96, 24), 17);
  b = stepF(b, c, d, a, word(112, 28), 22);
  a = stepF(a, b, c, d, word(128, 32), 7);
  d = stepF(d, a, b, c, word(144, 36), 12);
  c = stepF(c, d, a, b, word(160, 40), 17);
  b = stepF(b, c, d, a, word(176, 44), 22);
  a = stepF(a, b, c, d, word(192, 48), 7);
  d = stepF(d, a, b, c, word(208, 52), 12);
  c = stepF(c, d, a, b, word(224, 56), 17);
  b = stepF(b, c, d, a, word(240, 60), 22);
  // Round 2.
  a = stepG(a, b, c, d, word(16, 64), 5);
  d = stepG(d, a, b, c, word(96, 68), 9);
  c = stepG(c, d, a, b, word(176, 72), 14);
  b = stepG(b, c, d, a, word(0, 76), 20);
  a = stepG(a, b, c, d, word(80, 80), 5);
  d = stepG(d, a, b, c, word(160, 84), 9);
  c = stepG(c, d, a, b, word(240, 88), 14);
  b = stepG(b, c, d, a, word(64, 92), 20);
  a = stepG(a, b, c, d, word(144, 96), 5);
  d = stepG(d, a, b, c, word(224, 100), 9);
  c = stepG(c, d, a, b, word(48, 104), 14);
  b = stepG(b, c, d, a, word(128, 108), 20);
  a = stepG(a, b, c, d, word(208, 112), 5);
  d = stepG(d, a, b, c, word(32, 116), 9);
  c = stepG(c, d, a, b, word(112, 120), 14);
  b = stepG(b, c, d, a, word(192, 124), 20);
  // Round 3.
  a = stepH(a, b, c, d, word(80, 128), 4);
  d = stepH(d, a, b, c, word(128, 132), 11);
  c = stepH(c, d, a, b, word(176, 136), 16);
  b = stepH(b, c, d, a, word(224, 140), 23);
  a = stepH(a, b, c, d, word(16, 144), 4);
  d = stepH(d, a, b, c, word(64, 148), 11);
  c = stepH(c, d, a, b, word(112, 152), 16);
  b = stepH(b, c, d, a, word(160, 156), 23);
  a = stepH(a, b, c, d, word(208, 160), 4);
  d = stepH(d, a, b, c, word(0, 164), 11);
  c = stepH(c, d, a, b, word(48, 168), 16);
  b = stepH(b, c, d, a, word(96, 172), 23);
  a = stepH(a, b, c, d, word(144, 176), 4);
  d = stepH(d, a, b, c, word(192, 180), 11);
  c = stepH(c, d, a, b, word(240, 184), 16);
  b = stepH(b, c, d, a, word(32, 188), 23);
  // Round 4.
  a = stepI(a, b, c, d, word(0, 192), 6);
  d = stepI(d, a, b, c, word(112, 196), 10);
  c = stepI(c, d, a, b, word(224, 200), 15);
  b = stepI(b, c, d, a, word(80, 204), 21);
  a = stepI(a, b, c, d, word(192, 208), 6);
  d = stepI(d, a, b, c, word(48, 212), 10);
  c = stepI(c, d, a, b, word(160, 216), 15);
  b = stepI(b, c, d, a, word(16, 220), 21);
  a = stepI(a, b, c, d, word(128, 224), 6);
  d = stepI(d, a, b, c, word(240, 228), 10);
  c = stepI(c, d, a, b, word(96, 232), 15);
  b = stepI(b, c, d, a, word(208, 236), 21);
  a = stepI(a, b, c, d, word(64, 240), 6);
  d = stepI(d, a, b, c, word(176, 244), 10);
  c = stepI(c, d, a, b, word(32, 248), 15);
  b = stepI(b, c, d, a, word(144, 252), 21);
  // A lane whose message has ended adds zero: its state stays.
  v128.store(state, i32x4.add(v128.load(state), v128.and(a, mask)));
  v128.store(state, i32x4.add(v128.load(state, 16), v128.and(b, mask)), 16);
  v128.store(state, i32x4.add(v128.load(state, 32), v128.and(c, mask)), 32);
  v128.store(state, i32x4.add(v128.load(state, 48), v128.and(d, mask)), 48);
}

const state: usize = memory.data(64, 16);

/** Write lane `lane` of the states as a digest. */
@inline
function storeDigest(out: usize, lane: usize): void {
  const from = state + (lane << 2);
  store<u32>(out, load<u32>(from));
  store<u32>(out, load<u32>(from, 16), 4);
  store<u32>(out, load<u32>(from, 32), 8);
  store<u32>(out, load<u32>(from, 48), 12);
}

/**
 * MD5 of four messages of any lengths. In the build without SIMD, four calls of {@link md5}.
 *
 * @param srcPtrs  four 32-bit addresses
 * @param lens     four 32-bit lengths in bytes; an unused lane has length 0 and any address
 * @param outs     four 32-bit addresses of 16 bytes each; an unused lane still writes its digest
 */
export function md5x4(srcPtrs: usize, lens: usize, outs: usize): void {
  if (ASC_FEATURE_SIMD) {
    v128.store(state, i32x4.splat(0x67452301));
    v128.store(state, i32x4.splat(0xefcdab89), 16);
    v128.store(state, i32x4.splat(0x98badcfe), 32);
    v128.store(state, i32x4.splat(0x10325476), 48);
    lanesBegin(srcPtrs, lens, false);
    const blocks = lanesBlocks();
    for (let i: u32 = 0; i < blocks; i++) {
      loadTransposed(W, laneBlock(0, i), laneBlock(1, i), laneBlock(2, i), laneBlock(3, i), false);
      md5Block4(state, activeLanes(i));
    }
    for (let lane: usize = 0; lane < 4; lane++) storeDigest(<usize>load<u32>(outs + (lane << 2)), lane);
  } else {
    for (let lane: usize = 0; lane < 16; lane += 4) {
      md5(<usize>load<u32>(srcPtrs + lane), load<u32>(lens + lane), <usize>load<u32>(outs + lane));
    }
  }
}
