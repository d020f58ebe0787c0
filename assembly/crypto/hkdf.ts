import { padTail, TAIL_BYTES } from './padding';
import { sha256, sha256Block, sha256Digest, sha256Init } from './sha256';

/** HMAC-SHA-256 (RFC 2104) and HKDF over it (RFC 5869), as far as QUIC Initial keys need them. */

/** Bytes of an HMAC key made ready: the SHA-256 states after the inner and after the outer pad. */
export const HMAC_STATE_BYTES: i32 = 64;

const pad: usize = memory.data(64, 16);
const digest: usize = memory.data(32, 16);
const tail: usize = memory.data(TAIL_BYTES, 16);
const running: usize = memory.data(32, 16);
const hmacState: usize = memory.data(HMAC_STATE_BYTES, 16);
const label: usize = memory.data(64, 16);

/** State after one block of `pad` xor a byte, given eight times over; `pad` keeps the result of the xor. */
@inline
function padState(repeated: u64, out: usize): void {
  for (let i: usize = 0; i < 64; i += 8) store<u64>(pad + i, load<u64>(pad + i) ^ repeated);
  sha256Init(out);
  sha256Block(out, pad);
}

@inline
function copyBytes(src: usize, len: u32, out: usize): void {
  let i: usize = 0;
  for (; i + 8 <= <usize>len; i += 8) store<u64>(out + i, load<u64>(src + i));
  for (; i < <usize>len; i++) store<u8>(out + i, load<u8>(src + i));
}

/** Make an HMAC key of any length ready: HMAC_STATE_BYTES at `out` (inner state, then outer state). */
export function hmacInit(key: usize, keyLen: u32, out: usize): void {
  for (let i: usize = 0; i < 64; i += 8) store<u64>(pad + i, 0);
  if (keyLen > 64) sha256(key, keyLen, pad);
  else copyBytes(key, keyLen, pad);
  padState(0x3636363636363636, out);
  // Takes the first byte off again.
  padState(0x3636363636363636 ^ 0x5c5c5c5c5c5c5c5c, out + 32);
}

/** Finish an HMAC: hash the inner digest (a state) under the outer state; 32 bytes, big-endian, at `out`. */
export function hmacOuter(outerState: usize, innerState: usize, out: usize): void {
  sha256Digest(innerState, digest);
  padTail(tail, digest, 32, true);
  // The outer pad counts as a block before the digest.
  store<u64>(tail, bswap<u64>((64 + 32) << 3), 56);
  for (let i: usize = 0; i < 32; i += 8) store<u64>(running + i, load<u64>(outerState + i));
  sha256Block(running, tail);
  sha256Digest(running, out);
}

/** HMAC-SHA-256 of `len` bytes under a key made ready by {@link hmacInit}; 32 bytes at `out`. */
export function hmac(key: usize, src: usize, len: u32, out: usize): void {
  for (let i: usize = 0; i < 32; i += 8) store<u64>(running + i, load<u64>(key + i));
  const whole = src + <usize>(len & ~63);
  for (let block = src; block < whole; block += 64) sha256Block(running, block);
  const blocks = padTail(tail, src, len, true);
  const last = tail + ((<usize>blocks) << 6) - 8;
  store<u64>(last, bswap<u64>(((<u64>len) + 64) << 3));
  sha256Block(running, tail);
  if (blocks == 2) sha256Block(running, tail + 64);
  hmacOuter(key + 32, running, out);
}

/** HKDF-Extract (RFC 5869 §2.2): 32 bytes at `out32`. */
export function hkdfExtract(salt: usize, saltLen: u32, ikm: usize, ikmLen: u32, out32: usize): void {
  hmacInit(salt, saltLen, hmacState);
  hmac(hmacState, ikm, ikmLen, out32);
}

/**
 * Write the HMAC message of HKDF-Expand-Label with an empty context, one block of output (RFC 8446 §7.1, RFC
 * 5869 §2.3):
 *
 *     struct {
 *       uint16 length;
 *       opaque label<7..255> = "tls13 " + Label;
 *       opaque context<0..255> = "";
 *     } HkdfLabel;
 *
 * followed by the counter byte 1.
 *
 * @param labelLen  at most 48 bytes, so that the message fits the 64 bytes at `out`
 * @returns bytes written
 */
export function hkdfLabelMessage(label: usize, labelLen: u32, outLen: u32, out: usize): u32 {
  store<u16>(out, bswap<u16>(<u16>outLen));
  store<u8>(out, <u8>(labelLen + 6), 2);
  // "tls13 " in memory order.
  store<u32>(out, 0x31736c74, 3);
  store<u16>(out, 0x2033, 7);
  for (let i: usize = 0; i < <usize>labelLen; i++) store<u8>(out + i, load<u8>(label + i), 9);
  const end = out + <usize>labelLen;
  store<u8>(end, 0, 9);
  store<u8>(end, 1, 10);
  return labelLen + 11;
}

/**
 * HKDF-Expand-Label (RFC 8446 §7.1) with an empty context.
 *
 * @param secret32  32 bytes
 * @param label     the label without "tls13 ", at most 48 bytes
 * @param outLen    at most 32 bytes: one block of HKDF output
 */
export function hkdfExpandLabel(
  secret32: usize,
  labelText: usize,
  labelLen: u32,
  out: usize,
  outLen: u32,
): void {
  hmacInit(secret32, 32, hmacState);
  const len = hkdfLabelMessage(labelText, labelLen, outLen, label);
  hmac(hmacState, label, len, label);
  copyBytes(label, outLen, out);
}
