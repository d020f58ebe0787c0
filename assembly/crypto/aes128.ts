import { bitsliceCtr } from './aes-bitslice';
import { AES_SBOX, AES_T } from './aes-tables';

/**
 * AES-128 (FIPS 197), encryption only, and its counter mode with GCM's 32-bit counter (NIST SP 800-38D §6.2,
 * §6.5).
 *
 * The keys here are public (QUIC Initial keys follow from bytes on the wire), so nothing needs constant time.
 * Words are read in memory order: byte 0 of a column is its low byte.
 */

/** Bytes of a key schedule: 11 round keys. */
export const AES128_SCHEDULE_BYTES: i32 = 176;

const counter: usize = memory.data(16, 16);
const keystream: usize = memory.data(16, 16);

@inline
function subWord(w: u32): u32 {
  return (
    (<u32>load<u8>(AES_SBOX + <usize>(w & 0xff))) |
    ((<u32>load<u8>(AES_SBOX + <usize>((w >>> 8) & 0xff))) << 8) |
    ((<u32>load<u8>(AES_SBOX + <usize>((w >>> 16) & 0xff))) << 16) |
    ((<u32>load<u8>(AES_SBOX + <usize>(w >>> 24))) << 24)
  );
}

/**
 * KeyExpansion (FIPS 197 §5.2): 16 bytes at `key` to AES128_SCHEDULE_BYTES at `schedule`, round keys as
 * bytes.
 */
export function aes128ExpandKey(key: usize, schedule: usize): void {
  let a = load<u32>(key);
  let b = load<u32>(key, 4);
  let c = load<u32>(key, 8);
  let d = load<u32>(key, 12);
  let rcon: u32 = 1;
  const end = schedule + AES128_SCHEDULE_BYTES;
  for (let to = schedule; ; to += 16) {
    store<u32>(to, a);
    store<u32>(to, b, 4);
    store<u32>(to, c, 8);
    store<u32>(to, d, 12);
    if (to + 16 >= end) return;
    a ^= subWord(rotr<u32>(d, 8)) ^ rcon;
    b ^= a;
    c ^= b;
    d ^= c;
    rcon = (rcon << 1) ^ ((rcon >>> 7) * 0x11b);
  }
}

@inline
function tableWord(row: usize, x: u32): u32 {
  return load<u32>(AES_T + row * 1024 + ((<usize>(x & 0xff)) << 2));
}

/** One column after SubBytes, ShiftRows and MixColumns: row r comes from the r-th argument. */
@inline
function mixedColumn(c0: u32, c1: u32, c2: u32, c3: u32): u32 {
  return tableWord(0, c0) ^ tableWord(1, c1 >>> 8) ^ tableWord(2, c2 >>> 16) ^ tableWord(3, c3 >>> 24);
}

/** One column after SubBytes and ShiftRows, for the last round. */
@inline
function lastColumn(c0: u32, c1: u32, c2: u32, c3: u32): u32 {
  return subWord((c0 & 0xff) | (c1 & 0xff00) | (c2 & 0xff0000) | (c3 & 0xff000000));
}

/** Encrypt one block of 16 bytes (FIPS 197 §5.1); `outBlock` may be `inBlock`. */
export function aes128Encrypt(schedule: usize, inBlock: usize, outBlock: usize): void {
  let a = load<u32>(inBlock) ^ load<u32>(schedule);
  let b = load<u32>(inBlock, 4) ^ load<u32>(schedule, 4);
  let c = load<u32>(inBlock, 8) ^ load<u32>(schedule, 8);
  let d = load<u32>(inBlock, 12) ^ load<u32>(schedule, 12);
  const last = schedule + 160;
  for (let key = schedule + 16; key < last; key += 16) {
    const ta = mixedColumn(a, b, c, d) ^ load<u32>(key);
    const tb = mixedColumn(b, c, d, a) ^ load<u32>(key, 4);
    const tc = mixedColumn(c, d, a, b) ^ load<u32>(key, 8);
    d = mixedColumn(d, a, b, c) ^ load<u32>(key, 12);
    a = ta;
    b = tb;
    c = tc;
  }
  const ta = lastColumn(a, b, c, d) ^ load<u32>(last);
  const tb = lastColumn(b, c, d, a) ^ load<u32>(last, 4);
  const tc = lastColumn(c, d, a, b) ^ load<u32>(last, 8);
  const td = lastColumn(d, a, b, c) ^ load<u32>(last, 12);
  store<u32>(outBlock, ta);
  store<u32>(outBlock, tb, 4);
  store<u32>(outBlock, tc, 8);
  store<u32>(outBlock, td, 12);
}

/**
 * The mask of QUIC's header protection, E(hp, sample) (RFC 9001 §5.4.3), and on the way the schedule of another key, as
 * {@link aes128ExpandKey} makes it: three chains of table look-ups, none of which waits for the others.
 *
 * @param hpKey     16 bytes
 * @param sample    16 bytes
 * @param mask      16 bytes are written
 * @param key       16 bytes
 * @param schedule  AES128_SCHEDULE_BYTES for the schedule of `key`
 */
export function aes128MaskAndExpand(hpKey: usize, sample: usize, mask: usize, key: usize, schedule: usize): void {
  let k0 = load<u32>(hpKey);
  let k1 = load<u32>(hpKey, 4);
  let k2 = load<u32>(hpKey, 8);
  let k3 = load<u32>(hpKey, 12);
  let a = load<u32>(sample) ^ k0;
  let b = load<u32>(sample, 4) ^ k1;
  let c = load<u32>(sample, 8) ^ k2;
  let d = load<u32>(sample, 12) ^ k3;
  let e0 = load<u32>(key);
  let e1 = load<u32>(key, 4);
  let e2 = load<u32>(key, 8);
  let e3 = load<u32>(key, 12);
  let rcon: u32 = 1;
  for (let to = schedule; ; ) {
    store<u32>(to, e0);
    store<u32>(to, e1, 4);
    store<u32>(to, e2, 8);
    store<u32>(to, e3, 12);
    to += 16;
    if (to == schedule + AES128_SCHEDULE_BYTES) break;
    e0 ^= subWord(rotr<u32>(e3, 8)) ^ rcon;
    e1 ^= e0;
    e2 ^= e1;
    e3 ^= e2;
    k0 ^= subWord(rotr<u32>(k3, 8)) ^ rcon;
    k1 ^= k0;
    k2 ^= k1;
    k3 ^= k2;
    rcon = (rcon << 1) ^ ((rcon >>> 7) * 0x11b);
    if (to == schedule + AES128_SCHEDULE_BYTES - 16) continue;
    const ta = mixedColumn(a, b, c, d) ^ k0;
    const tb = mixedColumn(b, c, d, a) ^ k1;
    const tc = mixedColumn(c, d, a, b) ^ k2;
    d = mixedColumn(d, a, b, c) ^ k3;
    a = ta;
    b = tb;
    c = tc;
  }
  store<u32>(mask, lastColumn(a, b, c, d) ^ k0);
  store<u32>(mask, lastColumn(b, c, d, a) ^ k1, 4);
  store<u32>(mask, lastColumn(c, d, a, b) ^ k2, 8);
  store<u32>(mask, lastColumn(d, a, b, c) ^ k3, 12);
}

/** Counter mode block by block, for the build without SIMD. */
function tableCtr(schedule: usize, counterBlock: usize, src: usize, len: u32, dst: usize): void {
  store<u64>(counter, load<u64>(counterBlock));
  store<u64>(counter, load<u64>(counterBlock, 8), 8);
  let number = bswap<u32>(load<u32>(counter, 12));
  const end = src + <usize>len;
  let to = dst;
  let at = src;
  for (; at < end; at += 16) {
    store<u32>(counter, bswap<u32>(number++), 12);
    aes128Encrypt(schedule, counter, keystream);
    if (end - at < 16) break;
    for (let i: usize = 0; i < 16; i += 4) store<u32>(to + i, load<u32>(at + i) ^ load<u32>(keystream + i));
    to += 16;
  }
  for (let i: usize = 0; at + i < end; i++) store<u8>(to + i, load<u8>(at + i) ^ load<u8>(keystream + i));
}

/**
 * Counter mode: `dst` = `src` xor the keystream of `counterBlock`, inc32(counterBlock), ... (SP 800-38D §6.5,
 * GCTR).
 *
 * @param counterBlock16  first counter block, not modified; its last 4 bytes count, big-endian, modulo 2^32
 * @param src, len        any length in bytes; `dst` may be `src`, else they must not overlap
 */
export function aes128Ctr(schedule: usize, counterBlock16: usize, src: usize, len: u32, dst: usize): void {
  if (ASC_FEATURE_SIMD) {
    bitsliceCtr(schedule, counterBlock16, src, len, dst);
  } else {
    tableCtr(schedule, counterBlock16, src, len, dst);
  }
}
