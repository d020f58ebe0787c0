import { paddedBlocks, padTail, TAIL_BYTES } from './padding';

/**
 * Four messages of different lengths, read block by block into vectors of four 32-bit lanes (SIMD build
 * only).
 */

const tails: usize = memory.data(512, 16);
/** Per lane: whole blocks inside the message, then blocks of the padded message. */
const wholeBlocks: usize = memory.data(16, 16);
const allBlocks: usize = memory.data(16, 16);
const sources: usize = memory.data(16, 16);

/** Start reading four messages: `srcPtrs` and `lens` hold four 32-bit numbers each. Pads all four. */
export function lanesBegin(srcPtrs: usize, lens: usize, bigEndian: bool): void {
  for (let lane: usize = 0; lane < 4; lane++) {
    const src = load<u32>(srcPtrs + (lane << 2));
    const len = load<u32>(lens + (lane << 2));
    store<u32>(sources + (lane << 2), src);
    store<u32>(wholeBlocks + (lane << 2), len >>> 6);
    store<u32>(allBlocks + (lane << 2), paddedBlocks(len));
    padTail(tails + lane * TAIL_BYTES, <usize>src, len, bigEndian);
  }
}

/** Blocks of the longest of the four padded messages. */
export function lanesBlocks(): u32 {
  const a = max(load<u32>(allBlocks), load<u32>(allBlocks, 4));
  return max(a, max(load<u32>(allBlocks, 8), load<u32>(allBlocks, 12)));
}

/** All ones in each lane whose message still has block number `i`. */
@inline
export function activeLanes(i: u32): v128 {
  return i32x4.gt_u(v128.load(allBlocks), i32x4.splat(i));
}

/**
 * Address of block number `i` of a lane; of its tail when the message has ended, to be masked by the caller.
 */
@inline
export function laneBlock(lane: usize, i: u32): usize {
  const whole = load<u32>(wholeBlocks + (lane << 2));
  if (i < whole) return <usize>load<u32>(sources + (lane << 2)) + ((<usize>i) << 6);
  return tails + lane * TAIL_BYTES + ((<usize>((i - whole) & 1)) << 6);
}

@inline
function swapWords(x: v128, bigEndian: bool): v128 {
  return bigEndian ? i8x16.shuffle(x, x, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12) : x;
}

/** Read one 64-byte block of each lane and write the sixteen vectors of words, in host order, to `words`. */
export function loadTransposed(
  words: usize,
  p0: usize,
  p1: usize,
  p2: usize,
  p3: usize,
  bigEndian: bool,
): void {
  for (let i: usize = 0; i < 64; i += 16) {
    const a = swapWords(v128.load(p0 + i), bigEndian);
    const b = swapWords(v128.load(p1 + i), bigEndian);
    const c = swapWords(v128.load(p2 + i), bigEndian);
    const d = swapWords(v128.load(p3 + i), bigEndian);
    const lowAb = i32x4.shuffle(a, b, 0, 4, 1, 5);
    const highAb = i32x4.shuffle(a, b, 2, 6, 3, 7);
    const lowCd = i32x4.shuffle(c, d, 0, 4, 1, 5);
    const highCd = i32x4.shuffle(c, d, 2, 6, 3, 7);
    const to = words + (i << 2);
    v128.store(to, i64x2.shuffle(lowAb, lowCd, 0, 2));
    v128.store(to, i64x2.shuffle(lowAb, lowCd, 1, 3), 16);
    v128.store(to, i64x2.shuffle(highAb, highCd, 0, 2), 32);
    v128.store(to, i64x2.shuffle(highAb, highCd, 1, 3), 48);
  }
}
