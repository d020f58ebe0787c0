import { activeLanes, laneBlock, lanesBegin, lanesBlocks, loadTransposed } from './lanes';
import { sha256 } from './sha256';
import { SHA256_INITIAL, SHA256_K } from './sha256-constants';

/** SHA-256 (FIPS 180-4 §6.2) of four messages at once, one in each 32-bit lane of the vectors. */

/** Bytes of four states: eight vectors a..h of one 32-bit word of each lane. */
export const SHA256X4_STATE_BYTES: i32 = 128;
/** Bytes of four schedules: 64 vectors, W[t] + K[t]. */
export const SHA256X4_SCHEDULE_BYTES: i32 = 1024;

/** The mask of {@link sha256Rounds4} that has every lane work. */
export const ALL_LANES: usize = memory.data<u32>([0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], 16);

/**
 * The message words W[0..63] of the blocks in work; callers of {@link sha256Schedule4} fill the first
 * sixteen.
 */
export const SHA256X4_WORDS: usize = memory.data(1024, 16);
const schedule: usize = memory.data(SHA256X4_SCHEDULE_BYTES, 16);
const state: usize = memory.data(SHA256X4_STATE_BYTES, 16);
const active: usize = memory.data(16, 16);

@inline
function rotr4(x: v128, s: i32): v128 {
  return v128.or(i32x4.shr_u(x, s), i32x4.shl(x, 32 - s));
}

@inline
function choose(e: v128, f: v128, g: v128): v128 {
  return v128.xor(g, v128.and(e, v128.xor(f, g)));
}

@inline
function bigSigma0(a: v128): v128 {
  return v128.xor(v128.xor(rotr4(a, 2), rotr4(a, 13)), rotr4(a, 22));
}

@inline
function bigSigma1(e: v128): v128 {
  return v128.xor(v128.xor(rotr4(e, 6), rotr4(e, 11)), rotr4(e, 25));
}

@inline
function smallSigma0(x: v128): v128 {
  return v128.xor(v128.xor(rotr4(x, 7), rotr4(x, 18)), i32x4.shr_u(x, 3));
}

@inline
function smallSigma1(x: v128): v128 {
  return v128.xor(v128.xor(rotr4(x, 17), rotr4(x, 19)), i32x4.shr_u(x, 10));
}

/** Make the four schedules, round constants included, from the sixteen vectors at SHA256X4_WORDS. */
export function sha256Schedule4(schedule: usize): void {
  for (let t: usize = 0; t < 16; t++) {
    const k = v128.load_splat<u32>(SHA256_K + (t << 2));
    v128.store(schedule + (t << 4), i32x4.add(v128.load(SHA256X4_WORDS + (t << 4)), k));
  }
  for (let t: usize = 0; t < 48; t++) {
    const at = SHA256X4_WORDS + (t << 4);
    const old = i32x4.add(v128.load(at), v128.load(at, 144));
    const sigmas = i32x4.add(smallSigma1(v128.load(at, 224)), smallSigma0(v128.load(at, 16)));
    const x = i32x4.add(old, sigmas);
    v128.store(at, x, 256);
    v128.store(schedule + (t << 4), i32x4.add(x, v128.load_splat<u32>(SHA256_K + (t << 2), 64)), 256);
  }
}

/** Word `i` behind `w` of schedules in four lanes, or of one that serves for all. */
@inline
function wordOf(w: usize, i: usize, one: bool): v128 {
  return one ? v128.load_splat<u32>(w + (i << 2)) : v128.load(w + (i << 4));
}

/** The 64 rounds in four lanes; lanes where `mask` is zero keep their state. `one`: a single schedule for all lanes. */
@inline
function rounds(state: usize, schedule: usize, mask: v128, one: bool): void {
  let a = v128.load(state);
  let b = v128.load(state, 16);
  let c = v128.load(state, 32);
  let d = v128.load(state, 48);
  let e = v128.load(state, 64);
  let f = v128.load(state, 80);
  let g = v128.load(state, 96);
  let h = v128.load(state, 112);
  let t: v128;
  // Majority of (a, b, c) is b ^ ((a ^ b) & (b ^ c)); a ^ b is the next round's b ^ c.
  let ab: v128;
  let bc = v128.xor(b, c);
  const end = schedule + (one ? SHA256X4_SCHEDULE_BYTES >> 2 : SHA256X4_SCHEDULE_BYTES);
  for (let w = schedule; w < end; w += one ? 32 : 128) {
    t = i32x4.add(i32x4.add(h, wordOf(w, 0, one)), i32x4.add(bigSigma1(e), choose(e, f, g)));
    d = i32x4.add(d, t);
    ab = v128.xor(a, b);
    h = i32x4.add(t, i32x4.add(bigSigma0(a), v128.xor(b, v128.and(ab, bc))));
    t = i32x4.add(i32x4.add(g, wordOf(w, 1, one)), i32x4.add(bigSigma1(d), choose(d, e, f)));
    c = i32x4.add(c, t);
    bc = v128.xor(h, a);
    g = i32x4.add(t, i32x4.add(bigSigma0(h), v128.xor(a, v128.and(bc, ab))));
    t = i32x4.add(i32x4.add(f, wordOf(w, 2, one)), i32x4.add(bigSigma1(c), choose(c, d, e)));
    b = i32x4.add(b, t);
    ab = v128.xor(g, h);
    f = i32x4.add(t, i32x4.add(bigSigma0(g), v128.xor(h, v128.and(ab, bc))));
    t = i32x4.add(i32x4.add(e, wordOf(w, 3, one)), i32x4.add(bigSigma1(b), choose(b, c, d)));
    a = i32x4.add(a, t);
    bc = v128.xor(f, g);
    e = i32x4.add(t, i32x4.add(bigSigma0(f), v128.xor(g, v128.and(bc, ab))));
    t = i32x4.add(i32x4.add(d, wordOf(w, 4, one)), i32x4.add(bigSigma1(a), choose(a, b, c)));
    h = i32x4.add(h, t);
    ab = v128.xor(e, f);
    d = i32x4.add(t, i32x4.add(bigSigma0(e), v128.xor(f, v128.and(ab, bc))));
    t = i32x4.add(i32x4.add(c, wordOf(w, 5, one)), i32x4.add(bigSigma1(h), choose(h, a, b)));
    g = i32x4.add(g, t);
    bc = v128.xor(d, e);
    c = i32x4.add(t, i32x4.add(bigSigma0(d), v128.xor(e, v128.and(bc, ab))));
    t = i32x4.add(i32x4.add(b, wordOf(w, 6, one)), i32x4.add(bigSigma1(g), choose(g, h, a)));
    f = i32x4.add(f, t);
    ab = v128.xor(c, d);
    b = i32x4.add(t, i32x4.add(bigSigma0(c), v128.xor(d, v128.and(ab, bc))));
    t = i32x4.add(i32x4.add(a, wordOf(w, 7, one)), i32x4.add(bigSigma1(f), choose(f, g, h)));
    e = i32x4.add(e, t);
    bc = v128.xor(b, c);
    a = i32x4.add(t, i32x4.add(bigSigma0(b), v128.xor(c, v128.and(bc, ab))));
  }
  // A lane whose message has ended adds zero.
  v128.store(state, i32x4.add(v128.load(state), v128.and(a, mask)));
  v128.store(state, i32x4.add(v128.load(state, 16), v128.and(b, mask)), 16);
  v128.store(state, i32x4.add(v128.load(state, 32), v128.and(c, mask)), 32);
  v128.store(state, i32x4.add(v128.load(state, 48), v128.and(d, mask)), 48);
  v128.store(state, i32x4.add(v128.load(state, 64), v128.and(e, mask)), 64);
  v128.store(state, i32x4.add(v128.load(state, 80), v128.and(f, mask)), 80);
  v128.store(state, i32x4.add(v128.load(state, 96), v128.and(g, mask)), 96);
  v128.store(state, i32x4.add(v128.load(state, 112), v128.and(h, mask)), 112);
}

/** The 64 rounds in four lanes; `active` is the address of a mask, and lanes where it is zero keep their state. */
export function sha256Rounds4(state: usize, schedule: usize, active: usize): void {
  rounds(state, schedule, v128.load(active), false);
}

/** The 64 rounds in four lanes over one schedule, that of {@link sha256Schedule}. */
export function sha256Rounds4Same(state: usize, schedule: usize): void {
  rounds(state, schedule, i32x4.splat(-1), true);
}

/** Write the first `bytes` (a multiple of 4, at most 32) of the digest in lane `lane` of four states. */
export function sha256Digest4(state: usize, lane: usize, out: usize, bytes: usize): void {
  const from = state + (lane << 2);
  for (let i: usize = 0; i < bytes; i += 4) store<u32>(out + i, bswap<u32>(load<u32>(from + (i << 2))));
}

/** Set four states from one: the same in every lane. */
export function sha256Spread4(state: usize, state4: usize): void {
  for (let i: usize = 0; i < 32; i += 4) v128.store(state4 + (i << 2), v128.load_splat<u32>(state + i));
}

/**
 * SHA-256 of four messages of any lengths. In the build without SIMD, four calls of {@link sha256}.
 *
 * @param srcPtrs  four 32-bit addresses
 * @param lens     four 32-bit lengths in bytes; an unused lane has length 0 and any address
 * @param outs     four 32-bit addresses of 32 bytes each; an unused lane still writes its digest
 */
export function sha256x4(srcPtrs: usize, lens: usize, outs: usize): void {
  if (ASC_FEATURE_SIMD) {
    sha256Spread4(SHA256_INITIAL, state);
    lanesBegin(srcPtrs, lens, true);
    const blocks = lanesBlocks();
    for (let i: u32 = 0; i < blocks; i++) {
      const words = SHA256X4_WORDS;
      loadTransposed(words, laneBlock(0, i), laneBlock(1, i), laneBlock(2, i), laneBlock(3, i), true);
      sha256Schedule4(schedule);
      v128.store(active, activeLanes(i));
      sha256Rounds4(state, schedule, active);
    }
    for (let lane: usize = 0; lane < 4; lane++) {
      sha256Digest4(state, lane, <usize>load<u32>(outs + (lane << 2)), 32);
    }
  } else {
    for (let lane: usize = 0; lane < 16; lane += 4) {
      sha256(<usize>load<u32>(srcPtrs + lane), load<u32>(lens + lane), <usize>load<u32>(outs + lane));
    }
  }
}
