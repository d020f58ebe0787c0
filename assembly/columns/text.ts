/** Text that came off the wire, made safe: valid UTF-8 without control characters, the rest as \xHH. */

const HEX: usize = memory.data<u8>([
  0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66,
]);

/**
 * Whether all `n` bytes are printable ASCII other than the backslash: then the text can be taken as it is. Up to 15 bytes
 * behind them may be read.
 */
export function isPlain(p: usize, n: u32): bool {
  if (ASC_FEATURE_SIMD) {
    for (let i: u32 = 0; i < n; i += 16) {
      const v = v128.load(p + i);
      const low = i8x16.lt_s(v, i8x16.splat(0x20));
      const odd = v128.or(i8x16.eq(v, i8x16.splat(0x7f)), i8x16.eq(v, i8x16.splat(0x5c)));
      const there: u32 = n - i < 16 ? (1 << (n - i)) - 1 : 0xffff;
      if (i8x16.bitmask(v128.or(low, odd)) & there) return false;
    }
  } else {
    for (let i: u32 = 0; i < n; i++) {
      const c: u32 = load<u8>(p + i);
      if (c < 0x20 || c > 0x7e || c == 0x5c) return false;
    }
  }
  return true;
}

@inline function isContinuation(c: u32): bool {
  return (c & 0xc0) == 0x80;
}

/**
 * Bytes of the well-formed UTF-8 character at `p` (Unicode 15, table 3-7), or 0 when there is none or it is a C0 or C1
 * control character.
 */
function characterBytes(p: usize, n: u32): u32 {
  const c: u32 = load<u8>(p);
  if (c < 0x80) return u32(c >= 0x20 && c != 0x7f);
  if (c < 0xc2 || c > 0xf4 || n < 2) return 0;
  const second: u32 = load<u8>(p, 1);
  if (!isContinuation(second)) return 0;
  if (c < 0xe0) return c == 0xc2 && second < 0xa0 ? 0 : 2;
  if (n < 3 || !isContinuation(load<u8>(p, 2))) return 0;
  if (c < 0xf0) {
    const overlong = c == 0xe0 && second < 0xa0;
    const surrogate = c == 0xed && second > 0x9f;
    return overlong || surrogate ? 0 : 3;
  }
  if (n < 4 || !isContinuation(load<u8>(p, 3))) return 0;
  return (c == 0xf0 && second < 0x90) || (c == 0xf4 && second > 0x8f) ? 0 : 4;
}

/** True when `escapeText` had to write an escape the last time. */
export let escaped: bool = false;

/**
 * Write `n` bytes at `from` as safe text. What is not valid UTF-8, control characters and the backslash itself become
 * \xHH, so that the original bytes can always be told.
 *
 * @param to room for `4 * n` bytes
 * @returns bytes written
 */
export function escapeText(from: usize, n: u32, to: usize): u32 {
  const start = to;
  escaped = false;
  let i: u32 = 0;
  while (i < n) {
    const bytes = load<u8>(from + i) == 0x5c ? 0 : characterBytes(from + i, n - i);
    if (bytes) {
      memory.copy(to, from + i, bytes);
      to += bytes;
      i += bytes;
      continue;
    }
    const c: u32 = load<u8>(from + i);
    store<u16>(to, 0x785c);
    store<u8>(to, load<u8>(HEX + (c >> 4)), 2);
    store<u8>(to, load<u8>(HEX + (c & 15)), 3);
    to += 4;
    i++;
    escaped = true;
  }
  return <u32>(to - start);
}
