/** Writers of fingerprint text. Each takes the place to write at and returns the place behind. */

/** "00" to "99", two characters each. */
const PAIRS: usize = memory.data(200, 16);

/** Build the tables. Once, before anything is written. */
export function textInit(): void {
  for (let i: u32 = 0; i < 100; i++) store<u16>(PAIRS + (i << 1), (0x30 + i / 10) | ((0x30 + (i % 10)) << 8));
}

/** A number below 2^16 in decimal; most of them are code points of four or five digits. */
export function writeDecimal(to: usize, v: u32): usize {
  if (v >= 1000) {
    if (v >= 10000) {
      store<u8>(to++, 0x30 + v / 10000);
      v %= 10000;
    }
    store<u16>(to, load<u16>(PAIRS + ((v / 100) << 1)));
    store<u16>(to, load<u16>(PAIRS + ((v % 100) << 1)), 2);
    return to + 4;
  }
  if (v >= 100) {
    store<u8>(to, 0x30 + v / 100);
    store<u16>(to, load<u16>(PAIRS + ((v % 100) << 1)), 1);
    return to + 3;
  }
  if (v >= 10) {
    store<u16>(to, load<u16>(PAIRS + (v << 1)));
    return to + 2;
  }
  store<u8>(to, 0x30 + v);
  return to + 1;
}

/** Lower-case hex digit of a nibble. */
@inline function digit(n: u32): u32 {
  return n + (n > 9 ? 0x57 : 0x30);
}

/** Two hex digits. */
@inline export function writeHex8(to: usize, v: u32): usize {
  store<u16>(to, digit(v >> 4) | (digit(v & 15) << 8));
  return to + 2;
}

/** Four hex digits. */
@inline export function writeHex16(to: usize, v: u32): usize {
  store<u32>(to, digit(v >> 12) | (digit((v >> 8) & 15) << 8) | (digit((v >> 4) & 15) << 16) | (digit(v & 15) << 24));
  return to + 4;
}

@inline export function writeByte(to: usize, c: u32): usize {
  store<u8>(to, c);
  return to + 1;
}

/** `n` u16 values in decimal with `-` between. */
export function writeDecimalList(to: usize, list: usize, n: u32): usize {
  for (let i: u32 = 0; i < n; i++) {
    if (i) to = writeByte(to, 0x2d);
    to = writeDecimal(to, load<u16>(list + (i << 1)));
  }
  return to;
}

/** `n` u16 values as four hex digits each with `,` between. */
export function writeHexList(to: usize, list: usize, n: u32): usize {
  for (let i: u32 = 0; i < n; i++) {
    store<u8>(to + 4, 0x2c);
    writeHex16(to, load<u16>(list + (i << 1)));
    to += 5;
  }
  return n ? to - 1 : to;
}

/** Copy a list of u16 without GREASE (0x0a0a after normalising). Returns how many are left. */
export function withoutGrease(from: usize, n: u32, to: usize): u32 {
  let kept: u32 = 0;
  for (let i: u32 = 0; i < n; i++) {
    const v: u32 = load<u16>(from + (i << 1));
    store<u16>(to + (kept << 1), v);
    kept += u32(v != 0x0a0a);
  }
  return kept;
}
