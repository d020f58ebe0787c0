import { SHA256_INITIAL } from './sha256-constants';
import {
  ALL_LANES,
  SHA256X4_SCHEDULE_BYTES,
  SHA256X4_WORDS,
  sha256Rounds4,
  sha256Schedule4,
  sha256Spread4,
} from './sha256x4';

/** The two steps of HMAC-SHA-256 (RFC 2104) that do not depend on the message, in four lanes (SIMD build only). */

/** Each byte of a pad (RFC 2104 §2), four at a time. */
export const INNER_PAD: i32 = 0x36363636;
export const OUTER_PAD: i32 = 0x5c5c5c5c;
/** Bits that the outer hash runs over: the pad and the inner digest. */
const OUTER_BITS: i32 = (64 + 32) << 3;

const schedule: usize = memory.data(SHA256X4_SCHEDULE_BYTES, 16);

/**
 * Leave at `out` the states after a pad of the keys of 32 bytes at `keys`, which may be the same place: pad `even` in lanes
 * 0 and 2, pad `odd` in lanes 1 and 3.
 */
export function hmacPad4(keys: usize, even: i32, odd: i32, out: usize): void {
  const pads = i32x4.shuffle(i32x4.splat(even), i32x4.splat(odd), 0, 4, 2, 6);
  for (let i: usize = 0; i < 128; i += 16) {
    v128.store(SHA256X4_WORDS + i, v128.xor(v128.load(keys + i), pads));
    v128.store(SHA256X4_WORDS + i, pads, 128);
  }
  sha256Schedule4(schedule);
  sha256Spread4(SHA256_INITIAL, out);
  sha256Rounds4(out, schedule, ALL_LANES);
}

/** Finish: the inner digests are the first words at SHA256X4_WORDS, the states after the outer pads at `states`. */
export function hmacOuter4(states: usize): void {
  v128.store(SHA256X4_WORDS, i32x4.splat(0x80000000), 128);
  for (let i: usize = 144; i < 240; i += 16) v128.store(SHA256X4_WORDS + i, i32x4.splat(0));
  v128.store(SHA256X4_WORDS, i32x4.splat(OUTER_BITS), 240);
  sha256Schedule4(schedule);
  sha256Rounds4(states, schedule, ALL_LANES);
}
