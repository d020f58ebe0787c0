/** Unaligned big-endian loads (network byte order). The caller has checked the bounds. */

@inline export function be16(p: usize): u32 {
  return bswap<u16>(load<u16>(p));
}
@inline export function be24(p: usize): u32 {
  return (<u32>load<u8>(p) << 16) | be16(p + 1);
}
@inline export function be32(p: usize): u32 {
  return bswap<u32>(load<u32>(p));
}
@inline export function be64(p: usize): u64 {
  return bswap<u64>(load<u64>(p));
}
@inline export function le16(p: usize): u32 {
  return load<u16>(p);
}

/** Round up to a multiple of `to`, a power of two. */
@inline export function alignUp(n: u32, to: u32): u32 {
  return (n + to - 1) & ~(to - 1);
}

/** Smallest power of two that is at least `n` (n >= 1). */
@inline export function nextPowerOfTwo(n: u32): u32 {
  return n <= 1 ? 1 : 1 << (32 - clz<u32>(n - 1));
}

/**
 * Copy a short run of bytes in place: memory.copy is a call into the engine, which costs more than a few hundred bytes
 * do. Wide: up to 15 bytes behind the `n` are read and written too, so both sides need that much slack.
 */
@inline export function copyShort(to: usize, from: usize, n: u32): void {
  if (n > 512) {
    memory.copy(to, from, n);
    return;
  }
  if (ASC_FEATURE_SIMD) {
    for (let i: u32 = 0; i < n; i += 16) v128.store(to + i, v128.load(from + i));
  } else {
    for (let i: u32 = 0; i < n; i += 8) store<u64>(to + i, load<u64>(from + i));
  }
}

/** Write u32 `bytes` and so many from `from`; answers the place behind. As `copyShort`. */
@inline export function putRun(to: usize, from: usize, bytes: u32): usize {
  store<u32>(to, bytes);
  copyShort(to + 4, from, bytes);
  return to + 4 + bytes;
}

/** Copy a run that `putRun` wrote to `to`; answers its bytes. */
@inline export function takeRun(from: usize, to: usize): u32 {
  const bytes = load<u32>(from);
  copyShort(to, from + 4, bytes);
  return bytes;
}

/** Set `bytes`, a multiple of 16, to zero; for the same reason. */
@inline export function clearShort(to: usize, bytes: u32): void {
  if (ASC_FEATURE_SIMD) {
    for (let i: u32 = 0; i < bytes; i += 16) v128.store(to + i, i64x2.splat(0));
  } else {
    for (let i: u32 = 0; i < bytes; i += 8) store<u64>(to + i, 0);
  }
}

/** Whether `n` bytes at `a` and `b` are the same; up to 7 bytes behind them may be read. */
export function sameBytes(a: usize, b: usize, n: u32): bool {
  let i: u32 = 0;
  if (ASC_FEATURE_SIMD) {
    for (; i + 16 <= n; i += 16) {
      if (v128.any_true(v128.xor(v128.load(a + i), v128.load(b + i)))) return false;
    }
  }
  for (; i + 8 <= n; i += 8) {
    if (load<u64>(a + i) != load<u64>(b + i)) return false;
  }
  if (i == n) return true;
  return ((load<u64>(a + i) ^ load<u64>(b + i)) << (<u64>(64 - ((n - i) << 3)))) == 0;
}

const K0: u64 = 0x9e3779b97f4a7c15;
const K1: u64 = 0xc2b2ae3d27d4eb4f;
const K2: u64 = 0x165667b19e3779f9;

/** Final mixing of a 64-bit hash (the finaliser of MurmurHash3). */
@inline export function mix64(h: u64): u64 {
  h = (h ^ (h >> 33)) * 0xff51afd7ed558ccd;
  h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53;
  return h ^ (h >> 33);
}

/**
 * Fast 64-bit hash of `n` bytes for in-memory tables: not stable across versions, not against adversaries. Up to 7 bytes
 * behind them may be read.
 */
export function hashBytes(p: usize, n: u32): u64 {
  let h0: u64 = K0 ^ n;
  let h1: u64 = K1;
  let i: u32 = 0;
  for (; i + 16 <= n; i += 16) {
    h0 = rotl<u64>((h0 ^ load<u64>(p + i)) * K1, 29);
    h1 = rotl<u64>((h1 ^ load<u64>(p + i, 8)) * K2, 31);
  }
  if (i + 8 <= n) {
    h0 = rotl<u64>((h0 ^ load<u64>(p + i)) * K1, 29);
    i += 8;
  }
  const tail = i < n ? load<u64>(p + i) << <u64>(64 - ((n - i) << 3)) : 0;
  return mix64(h0 ^ rotl<u64>(h1, 17) ^ (tail * K2));
}
