/** What every GREASE value is written as: which of the 16 it was says nothing (RFC 8701). */
export const GREASE: u32 = 0x0a0a;

/** Whether a code point is one of the 16 GREASE values 0x0a0a, 0x1a1a, ... 0xfafa (RFC 8701 §2). */
@inline export function isGrease(v: u32): bool {
  return (v & 0x0f0f) == 0x0a0a && v >> 8 == (v & 0xff);
}

/** Whether a QUIC transport parameter id is reserved for greasing: 31 * N + 27 (RFC 9000 §18.1). */
@inline export function isGreaseTransportParameter(id: u64): bool {
  return id % 31 == 27;
}

/** Set by `normalise16` when a GREASE value was among the values. */
export let sawGrease: bool = false;

@inline export function clearSawGrease(): void {
  sawGrease = false;
}

@inline export function noteGrease(): void {
  sawGrease = true;
}

/**
 * Copy `n` big-endian 16-bit code points to host order, every GREASE value as 0x0a0a. Up to 15 bytes behind them may be
 * read.
 *
 * @param to room for `n` values, rounded up to a multiple of 8
 */
export function normalise16(from: usize, n: u32, to: usize): void {
  let i: u32 = 0;
  if (ASC_FEATURE_SIMD) {
    const swap = i8x16(1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
    const low = i16x8.splat(0x0f0f);
    const grease = i16x8.splat(0x0a0a);
    let any = i16x8.splat(0);
    for (; i < n; i += 8) {
      const raw = v128.load(from + (i << 1));
      const v = i8x16.swizzle(raw, swap);
      // Lanes behind the list say nothing.
      const rest = i16x8.lt_u(i16x8(0, 1, 2, 3, 4, 5, 6, 7), i16x8.splat(<i16>min<u32>(n - i, 8)));
      const is = v128.and(rest, v128.and(i16x8.eq(v128.and(raw, low), grease), i16x8.eq(v, raw)));
      any = v128.or(any, is);
      v128.store(to + (i << 1), v128.bitselect(grease, v, is));
    }
    if (v128.any_true(any)) sawGrease = true;
    return;
  }
  for (; i < n; i++) {
    let v: u32 = bswap<u16>(load<u16>(from + (i << 1)));
    if (isGrease(v)) {
      v = GREASE;
      sawGrease = true;
    }
    store<u16>(to + (i << 1), v);
  }
}
