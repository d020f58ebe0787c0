import { encryptSlices, encryptSlices2, STATES } from './aes-round';

/**
 * AES-128 in counter mode, eight blocks at once in bit slices (SIMD build only).
 *
 * After E. Käsper and P. Schwabe, "Faster and Timing-Attack Resistant AES-GCM" (CHES 2009): vector b holds
 * bit b of 16 state bytes; bit j of each byte belongs to block j. State bytes lie row by row (index 4 * row +
 * column). ShiftRows is never done: after round j the rows stay as they are, and MixColumns of round j reads
 * them shifted (A. Adomnicai and T. Peyrin, "Fixslicing AES-like Ciphers", CHES 2021). Round keys are
 * permuted to match.
 */

/** Bytes of a batch of eight blocks. */
const BATCH_BYTES: usize = 128;

/** Keystream of the last one or two batches, block 0 first. */
export const KEYSTREAM: usize = memory.data(256, 64);

const ROUND_KEYS: usize = memory.data(11 * 128, 64);

/** Vector b: 1 << b in all bytes. */
const BIT: usize = memory.data<u8>([
  1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
  2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
  4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
  8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8,
  16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
  32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32,
  64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
  128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128,
]);

/** Byte order of round key j: rows of the block, row r rotated by -j * r, j modulo 4. */
const KEY_ORDER: usize = memory.data<u8>([
  0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15,
  0, 4, 8, 12, 13, 1, 5, 9, 10, 14, 2, 6, 7, 11, 15, 3,
  0, 4, 8, 12, 9, 13, 1, 5, 2, 6, 10, 14, 11, 15, 3, 7,
  0, 4, 8, 12, 5, 9, 13, 1, 10, 14, 2, 6, 15, 3, 7, 11,
]);

/** All ones in the bytes of `x` whose bit b is set; `offset` is 16 * b. */
@inline
function bitOf(x: v128, offset: usize): v128 {
  const bit = v128.load(BIT + offset);
  return i8x16.eq(v128.and(x, bit), bit);
}

/** Whether there are bit-sliced round keys, and of which key. */
let sliced: bool = false;
const slicedKey: usize = memory.data(16, 16);

/** Make the bit-sliced round keys from a schedule of {@link aes128ExpandKey}, unless they are there. */
export function bitsliceKeys(schedule: usize): void {
  const first = v128.load(schedule);
  if (sliced && !v128.any_true(v128.xor(first, v128.load(slicedKey)))) return;
  sliced = true;
  v128.store(slicedKey, first);
  for (let round: usize = 1; round < 11; round++) {
    const order = v128.load(KEY_ORDER + ((round & 3) << 4));
    const key = i8x16.swizzle(v128.load(schedule + (round << 4)), order);
    const to = ROUND_KEYS + (round << 7);
    // 0x63 of SubBytes: bits 0, 1, 5 and 6.
    v128.store(to, v128.not(bitOf(key, 0)));
    v128.store(to, v128.not(bitOf(key, 16)), 16);
    v128.store(to, bitOf(key, 32), 32);
    v128.store(to, bitOf(key, 48), 48);
    v128.store(to, bitOf(key, 64), 64);
    v128.store(to, v128.not(bitOf(key, 80)), 80);
    v128.store(to, v128.not(bitOf(key, 96)), 96);
    v128.store(to, bitOf(key, 112), 112);
  }
}

/** Row-major order of a block. */
@inline
function byRows(block: v128): v128 {
  return i8x16.swizzle(block, i8x16(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
}

/**
 * Slice eight counter blocks, round key 0 added, into `state`. They differ in the low three bits of the last
 * byte only, and these follow a fixed pattern: no transposition is needed.
 *
 * @param first  the first block; its counter is a multiple of 8
 */
@inline
function loadCounters(state: usize, first: v128, key0: v128): void {
  const x = byRows(v128.xor(first, key0));
  v128.store(state, v128.xor(bitOf(x, 0), i8x16(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -0x56)));
  v128.store(state, v128.xor(bitOf(x, 16), i8x16(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -0x34)), 16);
  v128.store(state, v128.xor(bitOf(x, 32), i8x16(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -0x10)), 32);
  v128.store(state, bitOf(x, 48), 48);
  v128.store(state, bitOf(x, 64), 64);
  v128.store(state, bitOf(x, 80), 80);
  v128.store(state, bitOf(x, 96), 96);
  v128.store(state, bitOf(x, 112), 112);
}

/** Make block 0 of the first state the all-zero block (with round key 0 added). */
function zeroFirstBlock(key0: v128): void {
  const x = byRows(key0);
  const first = i8x16.splat(1);
  for (let i: usize = 0; i < 128; i += 16) {
    v128.store(STATES + i, v128.bitselect(bitOf(x, i), v128.load(STATES + i), first));
  }
}

/** The bits of `mask` in which `b` and `a`, shifted down, differ: what has to be turned over in both to exchange them. */
@inline
function unequal(a: v128, b: v128, mask: v128, shift: i32): v128 {
  return v128.and(v128.xor(i64x2.shr_u(a, shift), b), mask);
}

/**
 * Turn slices into eight blocks, an 8 x 8 transposition of bits and then the byte order, and write them xor `src` (0:
 * nothing) to `out`.
 */
@inline
function storeBlocks(state: usize, src: usize, out: usize): void {
  let a = v128.load(state);
  let b = v128.load(state, 16);
  let c = v128.load(state, 32);
  let d = v128.load(state, 48);
  let e = v128.load(state, 64);
  let f = v128.load(state, 80);
  let g = v128.load(state, 96);
  let h = v128.load(state, 112);
  let t: v128;
  const odd = i8x16.splat(0x55);
  t = unequal(a, b, odd, 1);
  b = v128.xor(b, t);
  a = v128.xor(a, i64x2.shl(t, 1));
  t = unequal(c, d, odd, 1);
  d = v128.xor(d, t);
  c = v128.xor(c, i64x2.shl(t, 1));
  t = unequal(e, f, odd, 1);
  f = v128.xor(f, t);
  e = v128.xor(e, i64x2.shl(t, 1));
  t = unequal(g, h, odd, 1);
  h = v128.xor(h, t);
  g = v128.xor(g, i64x2.shl(t, 1));
  const pairs = i8x16.splat(0x33);
  t = unequal(a, c, pairs, 2);
  c = v128.xor(c, t);
  a = v128.xor(a, i64x2.shl(t, 2));
  t = unequal(b, d, pairs, 2);
  d = v128.xor(d, t);
  b = v128.xor(b, i64x2.shl(t, 2));
  t = unequal(e, g, pairs, 2);
  g = v128.xor(g, t);
  e = v128.xor(e, i64x2.shl(t, 2));
  t = unequal(f, h, pairs, 2);
  h = v128.xor(h, t);
  f = v128.xor(f, i64x2.shl(t, 2));
  const nibbles = i8x16.splat(0x0f);
  t = unequal(a, e, nibbles, 4);
  e = v128.xor(e, t);
  a = v128.xor(a, i64x2.shl(t, 4));
  t = unequal(b, f, nibbles, 4);
  f = v128.xor(f, t);
  b = v128.xor(b, i64x2.shl(t, 4));
  t = unequal(c, g, nibbles, 4);
  g = v128.xor(g, t);
  c = v128.xor(c, i64x2.shl(t, 4));
  t = unequal(d, h, nibbles, 4);
  h = v128.xor(h, t);
  d = v128.xor(d, i64x2.shl(t, 4));
  storeBlock(a, src, out, 0);
  storeBlock(b, src, out, 16);
  storeBlock(c, src, out, 32);
  storeBlock(d, src, out, 48);
  storeBlock(e, src, out, 64);
  storeBlock(f, src, out, 80);
  storeBlock(g, src, out, 96);
  storeBlock(h, src, out, 112);
}

@inline
function storeBlock(rows: v128, src: usize, out: usize, offset: usize): void {
  // Columns again, and the ShiftRows of ten rounds: row r rotated by 10 * r = 2 * r.
  const block = i8x16.swizzle(rows, i8x16(0, 6, 8, 14, 1, 7, 9, 15, 2, 4, 10, 12, 3, 5, 11, 13));
  v128.store(out + offset, src == 0 ? block : v128.xor(block, v128.load(src + offset)));
}

/** Write eight blocks of keystream. */
function storeKeystream(state: usize, out: usize): void {
  storeBlocks(state, 0, out);
}

/** `dst` = `src` xor eight blocks of keystream. */
function applyKeystream(state: usize, src: usize, dst: usize): void {
  storeBlocks(state, src, dst);
}

/**
 * Write the keystream of eight or sixteen counter blocks to KEYSTREAM; {@link bitsliceKeys} must have been
 * called.
 *
 * @param prefix     address of a counter block whose last four bytes are ignored
 * @param counter    counter of the first block, a multiple of 8
 * @param two        sixteen blocks: nearer to twice eight in bytes than in time
 * @param zeroFirst  encrypt the all-zero block in place of the first one (GHASH's key H)
 */
export function bitsliceBatch(
  schedule: usize,
  prefix: usize,
  counter: u32,
  two: bool,
  zeroFirst: bool,
): void {
  const key0 = v128.load(schedule);
  const block = v128.load(prefix);
  loadCounters(STATES, i32x4.replace_lane(block, 3, bswap<u32>(counter)), key0);
  if (zeroFirst) zeroFirstBlock(key0);
  if (two) {
    loadCounters(STATES + BATCH_BYTES, i32x4.replace_lane(block, 3, bswap<u32>(counter + 8)), key0);
    encryptSlices2(ROUND_KEYS);
    storeKeystream(STATES + BATCH_BYTES, KEYSTREAM + BATCH_BYTES);
  } else {
    encryptSlices(ROUND_KEYS);
  }
  storeKeystream(STATES, KEYSTREAM);
}

/** `dst` = `src` xor KEYSTREAM from its byte `from` on; at most as many bytes as the last batches made. */
export function xorKeystream(src: usize, dst: usize, len: usize, from: usize): void {
  const stream = KEYSTREAM + from;
  let i: usize = 0;
  for (; i + 16 <= len; i += 16) v128.store(dst + i, v128.xor(v128.load(src + i), v128.load(stream + i)));
  for (; i < len; i++) store<u8>(dst + i, load<u8>(src + i) ^ load<u8>(stream + i));
}

/** As aes128Ctr, with {@link bitsliceKeys} done; `start` is the counter of the first block. */
export function bitsliceStream(
  schedule: usize,
  prefix: usize,
  start: u32,
  src: usize,
  len: u32,
  dst: usize,
): void {
  // Batches begin at multiples of 8; the blocks before `start` are made and skipped.
  let counter = start & ~7;
  let skip = (<usize>(start & 7)) << 4;
  let done: usize = 0;
  if (skip == 0) {
    for (; done + 2 * BATCH_BYTES <= <usize>len; done += 2 * BATCH_BYTES) {
      encryptCounters(schedule, prefix, counter);
      applyKeystream(STATES, src + done, dst + done);
      applyKeystream(STATES + BATCH_BYTES, src + done + BATCH_BYTES, dst + done + BATCH_BYTES);
      counter += 16;
    }
  }
  while (done < <usize>len) {
    const left = <usize>len - done;
    const two = left + skip > BATCH_BYTES;
    bitsliceBatch(schedule, prefix, counter, two, false);
    const n = min<usize>((two ? 2 * BATCH_BYTES : BATCH_BYTES) - skip, left);
    xorKeystream(src + done, dst + done, n, skip);
    done += n;
    skip = 0;
    counter += 16;
  }
}

/** Leave the sixteen counter blocks from `counter` on, encrypted and in slices, at STATES. */
function encryptCounters(schedule: usize, prefix: usize, counter: u32): void {
  const key0 = v128.load(schedule);
  const block = v128.load(prefix);
  loadCounters(STATES, i32x4.replace_lane(block, 3, bswap<u32>(counter)), key0);
  loadCounters(STATES + BATCH_BYTES, i32x4.replace_lane(block, 3, bswap<u32>(counter + 8)), key0);
  encryptSlices2(ROUND_KEYS);
}

/** See aes128Ctr. */
export function bitsliceCtr(schedule: usize, counterBlock: usize, src: usize, len: u32, dst: usize): void {
  bitsliceKeys(schedule);
  const start = bswap<u32>(load<u32>(counterBlock, 12));
  bitsliceStream(schedule, counterBlock, start, src, len, dst);
}
