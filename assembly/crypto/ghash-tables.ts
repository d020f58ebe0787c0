/**
 * Multiplication in GF(2^128) by a fixed key (NIST SP 800-38D §6.3), a byte at a time, after V. Shoup, "On
 * Fast and Provably Secure Message Authentication Based on Universal Hashing" (CRYPTO 1996).
 *
 * The reduction is not done at each byte: what is shifted out below is gathered in a second 128-bit number
 * and folded back once, x^128 = x^7 + x^2 + x + 1. Numbers are 128-bit little-endian integers, low 64 bits
 * first.
 */

/** Entry b: b * H, b a polynomial of degree 7 whose top bit is x^0. */
const TABLE: usize = memory.data(4096, 64);
/** The same for H^2 (SIMD build). */
const TABLE_SQUARED: usize = memory.data(4096, 64);

const REDUCTION: u64 = 0xe100000000000000;

const square: usize = memory.data(16, 16);

/** Fill entries 1 to 255 of a table from entry 0x80, the key itself. */
function fillTable(table: usize, keyHigh: u64, keyLow: u64): void {
  let high = keyHigh;
  let low = keyLow;
  store<u64>(table, 0);
  store<u64>(table, 0, 8);
  for (let bit: usize = 0x80; bit > 0; bit >>>= 1) {
    store<u64>(table + (bit << 4), low);
    store<u64>(table + (bit << 4), high, 8);
    const carry = 0 - (low & 1);
    low = (low >>> 1) | (high << 63);
    high = (high >>> 1) ^ (carry & REDUCTION);
  }
  for (let bit: usize = 32; bit < 4096; bit <<= 1) {
    if (ASC_FEATURE_SIMD && bit >= 128) {
      const x = v128.load(table + bit);
      for (let at = table, end = table + bit; at < end; at += 128) addEightEntries(x, at, at + bit);
    } else {
      for (let i: usize = 0; i < bit; i += 32) addEntries(table + bit, table + i, table + bit + i);
    }
  }
}

/** Eight entries at `out` = `x` plus each of the eight at `b` (SIMD build only). */
@inline
function addEightEntries(x: v128, b: usize, out: usize): void {
  v128.store(out, v128.xor(x, v128.load(b)));
  v128.store(out, v128.xor(x, v128.load(b, 16)), 16);
  v128.store(out, v128.xor(x, v128.load(b, 32)), 32);
  v128.store(out, v128.xor(x, v128.load(b, 48)), 48);
  v128.store(out, v128.xor(x, v128.load(b, 64)), 64);
  v128.store(out, v128.xor(x, v128.load(b, 80)), 80);
  v128.store(out, v128.xor(x, v128.load(b, 96)), 96);
  v128.store(out, v128.xor(x, v128.load(b, 112)), 112);
}

/** Two entries at `out` = the entry at `a` plus each of the two at `b`. */
@inline
function addEntries(a: usize, b: usize, out: usize): void {
  if (ASC_FEATURE_SIMD) {
    const x = v128.load(a);
    v128.store(out, v128.xor(x, v128.load(b)));
    v128.store(out, v128.xor(x, v128.load(b, 16)), 16);
  } else {
    const low = load<u64>(a);
    const high = load<u64>(a, 8);
    store<u64>(out, low ^ load<u64>(b));
    store<u64>(out, high ^ load<u64>(b, 8), 8);
    store<u64>(out, low ^ load<u64>(b, 16), 16);
    store<u64>(out, high ^ load<u64>(b, 24), 24);
  }
}

/** The key that the tables are made for. */
let tableHigh: u64 = 0;
let tableLow: u64 = 0;

/** Make the tables for the key H, unless they are there: packets of one side of a connection often follow each other. */
export function ghashTable(high: u64, low: u64): void {
  // Before the first call the tables are those of the key 0.
  if (high == tableHigh && low == tableLow) return;
  tableHigh = high;
  tableLow = low;
  fillTable(TABLE, high, low);
  if (ASC_FEATURE_SIMD) {
    store<u64>(square, low);
    store<u64>(square, high, 8);
    const h = v128.load(square);
    v128.store(square, product(i64x2(0, 0), h));
    fillTable(TABLE_SQUARED, load<u64>(square, 8), load<u64>(square));
  }
}

/** Offset of the entry for byte `shift / 8` of a word, from the low end. */
@inline
function entryAt(word: u64, shift: u64): usize {
  const offset = shift == 0 ? word << 4 : word >> (shift - 4);
  return <usize>(offset & 0xff0);
}

/** Fold the number below (top bit = x^128, at most 120 bits long) into the one above. */
@inline
function fold(above: v128, below: v128): v128 {
  const crossing = v128.xor(v128.xor(i64x2.shl(below, 63), i64x2.shl(below, 62)), i64x2.shl(below, 57));
  const shifted = v128.xor(v128.xor(i64x2.shr_u(below, 1), i64x2.shr_u(below, 2)), i64x2.shr_u(below, 7));
  const carried = i64x2.shuffle(crossing, i64x2(0, 0), 1, 2);
  return v128.xor(v128.xor(above, below), v128.xor(shifted, carried));
}

/** Shift a number right by 8 bits, i.e. multiply by x^8 without reduction. */
@inline
function byteDown(x: v128): v128 {
  return i8x16.shuffle(x, i64x2(0, 0), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
}

/** Shift `below` right by 8 bits and take in, at its top, the byte that `above` is about to lose. */
@inline
function shiftedOut(below: v128, above: v128): v128 {
  return i8x16.shuffle(below, above, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
}

/**
 * a * H^2 + b * H. Horner's rule over the bytes, from the highest power of x down, both products in one sum.
 */
function product(a: v128, b: v128): v128 {
  let wordA: u64 = i64x2.extract_lane(a, 0);
  let wordB: u64 = i64x2.extract_lane(b, 0);
  let below = i64x2(0, 0);
  let sum = v128.xor(v128.load(entryAt(wordA, 0), TABLE_SQUARED), v128.load(entryAt(wordB, 0), TABLE));
  below = shiftedOut(below, sum);
  sum = v128.xor(byteDown(sum), v128.xor(v128.load(entryAt(wordA, 8), TABLE_SQUARED), v128.load(entryAt(wordB, 8), TABLE)));
  below = shiftedOut(below, sum);
  sum = v128.xor(byteDown(sum), v128.xor(v128.load(entryAt(wordA, 16), TABLE_SQUARED), v128.load(entryAt(wordB, 16), TABLE)));
  below = shiftedOut(below, sum);
  sum = v128.xor(byteDown(sum), v128.xor(v128.load(entryAt(wordA, 24), TABLE_SQUARED), v128.load(entryAt(wordB, 24), TABLE)));
  below = shiftedOut(below, sum);
  sum = v128.xor(byteDown(sum), v128.xor(v128.load(entryAt(wordA, 32), TABLE_SQUARED), v128.load(entryAt(wordB, 32), TABLE)));
  below = shiftedOut(below, sum);
  sum = v128.xor(byteDown(sum), v128.xor(v128.load(entryAt(wordA, 40), TABLE_SQUARED), v128.load(entryAt(wordB, 40), TABLE)));
  below = shiftedOut(below, sum);
  sum = v128.xor(byteDown(sum), v128.xor(v128.load(entryAt(wordA, 48), TABLE_SQUARED), v128.load(entryAt(wordB, 48), TABLE)));
  below = shiftedOut(below, sum);
  sum = v128.xor(byteDown(sum), v128.xor(v128.load(entryAt(wordA, 56), TABLE_SQUARED), v128.load(entryAt(wordB, 56), TABLE)));
  wordA = i64x2.extract_lane(a, 1);
  wordB = i64x2.extract_lane(b, 1);
  below = shiftedOut(below, sum);
  sum = v128.xor(byteDown(sum), v128.xor(v128.load(entryAt(wordA, 0), TABLE_SQUARED), v128.load(entryAt(wordB, 0), TABLE)));
  below = shiftedOut(below, sum);
  sum = v128.xor(byteDown(sum), v128.xor(v128.load(entryAt(wordA, 8), TABLE_SQUARED), v128.load(entryAt(wordB, 8), TABLE)));
  below = shiftedOut(below, sum);
  sum = v128.xor(byteDown(sum), v128.xor(v128.load(entryAt(wordA, 16), TABLE_SQUARED), v128.load(entryAt(wordB, 16), TABLE)));
  below = shiftedOut(below, sum);
  sum = v128.xor(byteDown(sum), v128.xor(v128.load(entryAt(wordA, 24), TABLE_SQUARED), v128.load(entryAt(wordB, 24), TABLE)));
  below = shiftedOut(below, sum);
  sum = v128.xor(byteDown(sum), v128.xor(v128.load(entryAt(wordA, 32), TABLE_SQUARED), v128.load(entryAt(wordB, 32), TABLE)));
  below = shiftedOut(below, sum);
  sum = v128.xor(byteDown(sum), v128.xor(v128.load(entryAt(wordA, 40), TABLE_SQUARED), v128.load(entryAt(wordB, 40), TABLE)));
  below = shiftedOut(below, sum);
  sum = v128.xor(byteDown(sum), v128.xor(v128.load(entryAt(wordA, 48), TABLE_SQUARED), v128.load(entryAt(wordB, 48), TABLE)));
  below = shiftedOut(below, sum);
  sum = v128.xor(byteDown(sum), v128.xor(v128.load(entryAt(wordA, 56), TABLE_SQUARED), v128.load(entryAt(wordB, 56), TABLE)));
  return fold(sum, below);
}

@inline
function loadBlock(block: usize): v128 {
  const x = v128.load(block);
  return i8x16.shuffle(x, x, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
}

/** z = (z ^ block 0) * H^2 + block 1 * H: two steps of GHASH at once (SIMD build only). */
export function ghashTimes2(z: usize, blocks: usize): void {
  v128.store(z, product(v128.xor(v128.load(z), loadBlock(blocks)), loadBlock(blocks + 16)));
}

/** z = (z ^ block) * H. */
export function ghashTimes(z: usize, block: usize): void {
  if (ASC_FEATURE_SIMD) {
    v128.store(z, product(i64x2(0, 0), v128.xor(v128.load(z), loadBlock(block))));
  } else {
    scalarTimes(z, bswap<u64>(load<u64>(block)), bswap<u64>(load<u64>(block, 8)));
  }
}

/** The same with 64-bit words. */
function scalarTimes(z: usize, blockHigh: u64, blockLow: u64): void {
  let word = load<u64>(z) ^ blockLow;
  const highWord = load<u64>(z, 8) ^ blockHigh;
  let at = TABLE + <usize>((word & 0xff) << 4);
  let low = load<u64>(at);
  let high = load<u64>(at, 8);
  let below: u64 = 0;
  let belowLow: u64 = 0;
  for (let i = 1; i < 16; i++) {
    word = i == 8 ? highWord : word >>> 8;
    belowLow = (belowLow >>> 8) | (below << 56);
    below = (below >>> 8) | (low << 56);
    at = TABLE + <usize>((word & 0xff) << 4);
    low = ((low >>> 8) | (high << 56)) ^ load<u64>(at);
    high = (high >>> 8) ^ load<u64>(at, 8);
  }
  // x^128 = x^7 + x^2 + x + 1.
  high ^= below ^ (below >>> 1) ^ (below >>> 2) ^ (below >>> 7);
  low ^= belowLow ^ (belowLow >>> 1) ^ (belowLow >>> 2) ^ (belowLow >>> 7);
  low ^= (below << 63) ^ (below << 62) ^ (below << 57);
  store<u64>(z, low);
  store<u64>(z, high, 8);
}
