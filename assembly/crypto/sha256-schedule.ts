import { SHA256_K } from './sha256-constants';

/** The message schedule of SHA-256 (FIPS 180-4 §6.2.2 step 1), round constants added. */

const messageWords: usize = memory.data(256, 16);

@inline
function smallSigma0(x: u32): u32 {
  return rotr<u32>(x, 7) ^ rotr<u32>(x, 18) ^ (x >>> 3);
}

@inline
function smallSigma1(x: u32): u32 {
  return rotr<u32>(x, 17) ^ rotr<u32>(x, 19) ^ (x >>> 10);
}

/** Two words at a time, with 32-bit arithmetic. */
function scalarSchedule(block: usize, schedule: usize): void {
  for (let i: usize = 0; i < 64; i += 4) {
    const x = bswap<u32>(load<u32>(block + i));
    store<u32>(messageWords + i, x);
    store<u32>(schedule + i, x + load<u32>(SHA256_K + i));
  }
  let back1 = load<u32>(messageWords, 60);
  let back2 = load<u32>(messageWords, 56);
  let back16 = load<u32>(messageWords);
  for (let i: usize = 0; i < 192; i += 8) {
    const at = messageWords + i;
    const to = schedule + i;
    const back15 = load<u32>(at, 4);
    const x = smallSigma1(back2) + load<u32>(at, 36) + smallSigma0(back15) + back16;
    store<u32>(at, x, 64);
    store<u32>(to, x + load<u32>(SHA256_K + i, 64), 64);
    back16 = load<u32>(at, 8);
    const y = smallSigma1(back1) + load<u32>(at, 40) + smallSigma0(back16) + back15;
    store<u32>(at, y, 68);
    store<u32>(to, y + load<u32>(SHA256_K + i, 68), 68);
    back2 = x;
    back1 = y;
  }
}

@inline
function wordsOf(block: usize): v128 {
  const x = v128.load(block);
  return i8x16.shuffle(x, x, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
}

@inline
function storeGroup(words: v128, schedule: usize, offset: usize): void {
  v128.store(schedule + offset, i32x4.add(words, v128.load(SHA256_K + offset)));
}

@inline
function smallSigma0Lanes(x: v128): v128 {
  const first = v128.xor(i32x4.shr_u(x, 7), i32x4.shl(x, 25));
  const second = v128.xor(i32x4.shr_u(x, 18), i32x4.shl(x, 14));
  return v128.xor(v128.xor(first, second), i32x4.shr_u(x, 3));
}

/**
 * smallSigma1 in the even lanes of `x`, which holds each word twice: a 64-bit shift then rotates its low
 * half.
 */
@inline
function smallSigma1Pairs(x: v128): v128 {
  return v128.xor(v128.xor(i64x2.shr_u(x, 17), i64x2.shr_u(x, 19)), i32x4.shr_u(x, 10));
}

/** Four words at a time; the last two of the four wait for the first two. */
function vectorSchedule(block: usize, schedule: usize): void {
  const zero = i64x2(0, 0);
  let a = wordsOf(block);
  let b = wordsOf(block + 16);
  let c = wordsOf(block + 32);
  let d = wordsOf(block + 48);
  storeGroup(a, schedule, 0);
  storeGroup(b, schedule, 16);
  storeGroup(c, schedule, 32);
  storeGroup(d, schedule, 48);
  for (let i: usize = 64; i < 256; i += 16) {
    const back15 = i32x4.shuffle(a, b, 1, 2, 3, 4);
    const back7 = i32x4.shuffle(c, d, 1, 2, 3, 4);
    let next = i32x4.add(i32x4.add(a, back7), smallSigma0Lanes(back15));
    const first = smallSigma1Pairs(i32x4.shuffle(d, d, 2, 2, 3, 3));
    next = i32x4.add(next, i32x4.shuffle(first, zero, 0, 2, 4, 4));
    const second = smallSigma1Pairs(i32x4.shuffle(next, next, 0, 0, 1, 1));
    next = i32x4.add(next, i32x4.shuffle(zero, second, 0, 0, 4, 6));
    storeGroup(next, schedule, i);
    a = b;
    b = c;
    c = d;
    d = next;
  }
}

/** Make the schedule of a 64-byte block: 64 32-bit words W[t] + K[t] in host order at `schedule`. */
export function sha256Schedule(block: usize, schedule: usize): void {
  if (ASC_FEATURE_SIMD) vectorSchedule(block, schedule);
  else scalarSchedule(block, schedule);
}
