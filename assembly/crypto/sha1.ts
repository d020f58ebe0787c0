import { padTail, TAIL_BYTES } from './padding';

/**
 * SHA-1 (FIPS 180-4 §6.1): Community ID and certificate digests. Not on a hot path, so the rounds are loops.
 */

const words: usize = memory.data(320, 16);
const state: usize = memory.data(20, 16);
const tail: usize = memory.data(TAIL_BYTES, 16);

/** The function f of round `t` (§4.1.1) plus the constant K of that round (§4.2.1). */
@inline
function mix(t: u32, b: u32, c: u32, d: u32): u32 {
  if (t < 20) return (d ^ (b & (c ^ d))) + 0x5a827999;
  if (t < 40) return (b ^ c ^ d) + 0x6ed9eba1;
  if (t < 60) return ((b & c) | (d & (b | c))) + 0x8f1bbcdc;
  return (b ^ c ^ d) + 0xca62c1d6;
}

/** Mix one 64-byte block into the state (§6.1.2). */
function sha1Block(block: usize): void {
  for (let i: usize = 0; i < 64; i += 4) store<u32>(words + i, bswap<u32>(load<u32>(block + i)));
  for (let i: usize = 0; i < 256; i += 4) {
    const at = words + i;
    const mixed = load<u32>(at, 52) ^ load<u32>(at, 32) ^ load<u32>(at, 8) ^ load<u32>(at);
    store<u32>(at, rotl<u32>(mixed, 1), 64);
  }
  let a = load<u32>(state);
  let b = load<u32>(state, 4);
  let c = load<u32>(state, 8);
  let d = load<u32>(state, 12);
  let e = load<u32>(state, 16);
  for (let t: u32 = 0; t < 80; t++) {
    const next = rotl<u32>(a, 5) + mix(t, b, c, d) + e + load<u32>(words + ((<usize>t) << 2));
    e = d;
    d = c;
    c = rotl<u32>(b, 30);
    b = a;
    a = next;
  }
  store<u32>(state, load<u32>(state) + a);
  store<u32>(state, load<u32>(state, 4) + b, 4);
  store<u32>(state, load<u32>(state, 8) + c, 8);
  store<u32>(state, load<u32>(state, 12) + d, 12);
  store<u32>(state, load<u32>(state, 16) + e, 16);
}

/**
 * SHA-1 of `len` bytes at `src`.
 *
 * @param out  20 bytes, written last: it may overlap the message
 */
export function sha1(src: usize, len: u32, out: usize): void {
  store<u32>(state, 0x67452301);
  store<u32>(state, 0xefcdab89, 4);
  store<u32>(state, 0x98badcfe, 8);
  store<u32>(state, 0x10325476, 12);
  store<u32>(state, 0xc3d2e1f0, 16);
  const whole = src + <usize>(len & ~63);
  for (let block = src; block < whole; block += 64) sha1Block(block);
  const blocks = padTail(tail, src, len, true);
  sha1Block(tail);
  if (blocks == 2) sha1Block(tail + 64);
  for (let i: usize = 0; i < 20; i += 4) store<u32>(out + i, bswap<u32>(load<u32>(state + i)));
}
