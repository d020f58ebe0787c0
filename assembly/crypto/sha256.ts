import { padTail, TAIL_BYTES } from './padding';
import { SHA256_INITIAL } from './sha256-constants';
import { sha256Schedule } from './sha256-schedule';

/**
 * SHA-256 (FIPS 180-4 §6.2): JA4's truncated hashes and the HMAC of HKDF.
 *
 * A block is mixed in two steps, schedule and rounds, because some blocks of QUIC's key derivation are
 * constants: their schedule is made once.
 */

/** Bytes of a state: eight 32-bit words in host order. */
export const SHA256_STATE_BYTES: i32 = 32;
/** Bytes of a message schedule: 64 32-bit words, W[t] + K[t], in host order. */
export const SHA256_SCHEDULE_BYTES: i32 = 256;

const schedule: usize = memory.data(SHA256_SCHEDULE_BYTES, 16);
const state: usize = memory.data(SHA256_STATE_BYTES, 16);
const tail: usize = memory.data(TAIL_BYTES, 16);

@inline
function choose(e: u32, f: u32, g: u32): u32 {
  return g ^ (e & (f ^ g));
}

@inline
function bigSigma0(a: u32): u32 {
  return rotr<u32>(a, 2) ^ rotr<u32>(a, 13) ^ rotr<u32>(a, 22);
}

@inline
function bigSigma1(e: u32): u32 {
  return rotr<u32>(e, 6) ^ rotr<u32>(e, 11) ^ rotr<u32>(e, 25);
}

/** Set `state` to the initial hash value. */
export function sha256Init(state: usize): void {
  for (let i: usize = 0; i < 32; i += 8) store<u64>(state + i, load<u64>(SHA256_INITIAL + i));
}

/**
 * The 64 rounds over a schedule (§6.2.2 steps 2-4): `out` = the state after the block; may be `state` itself.
 */
export function sha256Rounds(state: usize, schedule: usize, out: usize): void {
  let a = load<u32>(state);
  let b = load<u32>(state, 4);
  let c = load<u32>(state, 8);
  let d = load<u32>(state, 12);
  let e = load<u32>(state, 16);
  let f = load<u32>(state, 20);
  let g = load<u32>(state, 24);
  let h = load<u32>(state, 28);
  let t: u32;
  // Majority of (a, b, c) is b ^ ((a ^ b) & (b ^ c)); a ^ b is the next round's b ^ c.
  let ab: u32;
  let bc = b ^ c;
  const end = schedule + SHA256_SCHEDULE_BYTES;
  for (let w = schedule; w < end; w += 32) {
    t = h + load<u32>(w) + choose(e, f, g) + bigSigma1(e);
    d += t;
    ab = a ^ b;
    h = t + bigSigma0(a) + (b ^ (ab & bc));
    t = g + load<u32>(w, 4) + choose(d, e, f) + bigSigma1(d);
    c += t;
    bc = h ^ a;
    g = t + bigSigma0(h) + (a ^ (bc & ab));
    t = f + load<u32>(w, 8) + choose(c, d, e) + bigSigma1(c);
    b += t;
    ab = g ^ h;
    f = t + bigSigma0(g) + (h ^ (ab & bc));
    t = e + load<u32>(w, 12) + choose(b, c, d) + bigSigma1(b);
    a += t;
    bc = f ^ g;
    e = t + bigSigma0(f) + (g ^ (bc & ab));
    t = d + load<u32>(w, 16) + choose(a, b, c) + bigSigma1(a);
    h += t;
    ab = e ^ f;
    d = t + bigSigma0(e) + (f ^ (ab & bc));
    t = c + load<u32>(w, 20) + choose(h, a, b) + bigSigma1(h);
    g += t;
    bc = d ^ e;
    c = t + bigSigma0(d) + (e ^ (bc & ab));
    t = b + load<u32>(w, 24) + choose(g, h, a) + bigSigma1(g);
    f += t;
    ab = c ^ d;
    b = t + bigSigma0(c) + (d ^ (ab & bc));
    t = a + load<u32>(w, 28) + choose(f, g, h) + bigSigma1(f);
    e += t;
    bc = b ^ c;
    a = t + bigSigma0(b) + (c ^ (bc & ab));
  }
  store<u32>(out, load<u32>(state) + a);
  store<u32>(out, load<u32>(state, 4) + b, 4);
  store<u32>(out, load<u32>(state, 8) + c, 8);
  store<u32>(out, load<u32>(state, 12) + d, 12);
  store<u32>(out, load<u32>(state, 16) + e, 16);
  store<u32>(out, load<u32>(state, 20) + f, 20);
  store<u32>(out, load<u32>(state, 24) + g, 24);
  store<u32>(out, load<u32>(state, 28) + h, 28);
}

/** Mix one 64-byte block into `state`. */
export function sha256Block(state: usize, block: usize): void {
  sha256Schedule(block, schedule);
  sha256Rounds(state, schedule, state);
}

/** Write a state as a digest: 32 bytes, big-endian words. */
export function sha256Digest(state: usize, out: usize): void {
  for (let i: usize = 0; i < 32; i += 4) store<u32>(out + i, bswap<u32>(load<u32>(state + i)));
}

/**
 * SHA-256 of `len` bytes at `src`.
 *
 * @param out  32 bytes, written last: it may overlap the message
 */
export function sha256(src: usize, len: u32, out: usize): void {
  sha256Init(state);
  const whole = src + <usize>(len & ~63);
  for (let block = src; block < whole; block += 64) sha256Block(state, block);
  const blocks = padTail(tail, src, len, true);
  sha256Block(state, tail);
  if (blocks == 2) sha256Block(state, tail + 64);
  sha256Digest(state, out);
}
