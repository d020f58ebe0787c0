/** Digests as text: lower-case hexadecimal and base64 (RFC 4648 §8 and §4). */

// ASCII "0123456789abcdef".
export const HEX_DIGITS: usize = memory.data<u8>([
  48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 97, 98, 99, 100, 101, 102,
]);

// ASCII "A-Za-z0-9+/".
const BASE64_DIGITS: usize = memory.data<u8>([
  65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90,
  97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115,
  116, 117, 118, 119, 120, 121, 122, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 43, 47,
]);

const PADDING: u8 = 61; // "="

/** Sixteen bytes to 32 digits: both nibbles of each byte look their digit up by one swizzle. */
@inline
function hexEncode16(src: usize, out: usize): void {
  const bytes = v128.load(src);
  const low = i8x16.splat(0x0f);
  const digits = v128.load(HEX_DIGITS);
  const first = i8x16.swizzle(digits, v128.and(i16x8.shr_u(bytes, 4), low));
  const second = i8x16.swizzle(digits, v128.and(bytes, low));
  v128.store(out, i8x16.shuffle(first, second, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
  const high = i8x16.shuffle(first, second, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  v128.store(out, high, 16);
}

/**
 * Write `len` bytes as `2 * len` lower-case digits; `out` must not overlap `src`. Exact: no byte beyond is
 * touched.
 */
export function hexEncode(src: usize, len: u32, out: usize): void {
  const end = src + <usize>len;
  let at = src;
  let to = out;
  if (ASC_FEATURE_SIMD) {
    for (; at + 16 <= end; at += 16) {
      hexEncode16(at, to);
      to += 32;
    }
  }
  for (; at < end; at++) {
    const byte = <usize>load<u8>(at);
    store<u8>(to, load<u8>(HEX_DIGITS + (byte >>> 4)));
    store<u8>(to, load<u8>(HEX_DIGITS + (byte & 15)), 1);
    to += 2;
  }
}

@inline
function base64Digit(value: u32): u8 {
  return load<u8>(BASE64_DIGITS + <usize>(value & 63));
}

/**
 * Write `len` bytes in base64 with padding; `out` must not overlap `src`.
 *
 * @returns characters written, always `4 * ceil(len / 3)`
 */
export function base64Encode(src: usize, len: u32, out: usize): u32 {
  let to = out;
  for (let i: u32 = 0; i < len; i += 3) {
    const at = src + <usize>i;
    const have = len - i;
    let group = (<u32>load<u8>(at)) << 16;
    if (have > 1) group |= (<u32>load<u8>(at, 1)) << 8;
    if (have > 2) group |= <u32>load<u8>(at, 2);
    store<u8>(to, base64Digit(group >>> 18));
    store<u8>(to, base64Digit(group >>> 12), 1);
    store<u8>(to, have > 1 ? base64Digit(group >>> 6) : PADDING, 2);
    store<u8>(to, have > 2 ? base64Digit(group) : PADDING, 3);
    to += 4;
  }
  return <u32>(to - out);
}
