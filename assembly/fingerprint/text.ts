import { HEX_DIGITS } from '../crypto/hex';
import { GREASE } from '../tls/grease';

/** Writers of fingerprint text. Each takes the place to write at and returns the place behind; up to 15 bytes behind that may be overwritten. */

/** "00" to "99", two characters each. */
const PAIRS: usize = memory.data(200, 16);
/** "00" to "ff", two characters each. */
const HEX_PAIRS: usize = memory.data(512, 16);
/**
 * Decimal text of every u16 with a `-` behind it in the lower bytes of a u64, its length in the highest byte; 0: not
 * asked for yet. Code points are few and repeat themselves, so what is used of this stays in the cache.
 */
const DECIMALS: usize = memory.data(65536 * 8, 16);
/** The entry of a value that is left out: nothing is written. */
const OMITTED: u64 = 0x2d;
/** For each set of lanes of 8, the swizzle that moves these to the front. */
const PACKING: usize = memory.data(256 * 16, 16);

const DASH: u32 = 0x2d;

/** Build the tables. Once, before anything is written. */
export function textInit(): void {
  for (let i: u32 = 0; i < 100; i++) store<u16>(PAIRS + (i << 1), (0x30 + i / 10) | ((0x30 + (i % 10)) << 8));
  for (let i: u32 = 0; i < 256; i++) store<u16>(HEX_PAIRS + (i << 1), digit(i >> 4) | (digit(i & 15) << 8));
  store<u64>(DECIMALS + (GREASE << 3), OMITTED);
  if (ASC_FEATURE_SIMD) {
    for (let set: u32 = 0; set < 256; set++) {
      let to = PACKING + (set << 4);
      for (let lane: u32 = 0; lane < 8; lane++) {
        if ((set & (1 << lane)) == 0) continue;
        store<u16>(to, (lane << 1) | (((lane << 1) + 1) << 8));
        to += 2;
      }
    }
  }
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
  store<u16>(to, load<u16>(HEX_PAIRS + (v << 1)));
  return to + 2;
}

/** Four hex digits. */
@inline export function writeHex16(to: usize, v: u32): usize {
  store<u16>(to, load<u16>(HEX_PAIRS + ((v >> 8) << 1)));
  store<u16>(to, load<u16>(HEX_PAIRS + ((v & 0xff) << 1)), 2);
  return to + 4;
}

@inline export function writeByte(to: usize, c: u32): usize {
  store<u8>(to, c);
  return to + 1;
}

/** Fill the entry of a value in `DECIMALS`. */
function decimalEntry(v: u32): u64 {
  const entry = DECIMALS + (v << 3);
  const end = writeByte(writeDecimal(entry, v), DASH);
  store<u8>(entry, <u32>(end - entry), 7);
  return load<u64>(entry);
}

/** A value of a list and a `-` behind it. */
@inline function writeListed(to: usize, v: u32): usize {
  let text = load<u64>(DECIMALS + (v << 3));
  if (text == 0) text = decimalEntry(v);
  store<u64>(to, text);
  return to + <usize>(text >> 56);
}

/** `n` u16 values in decimal with `-` between. */
export function writeDecimalList(to: usize, list: usize, n: u32): usize {
  for (let i: u32 = 0; i < n; i++) {
    const v: u32 = load<u16>(list + (i << 1));
    to = v == GREASE ? writeByte(writeDecimal(to, v), DASH) : writeListed(to, v);
  }
  return n ? to - 1 : to;
}

/** `n` u16 values, GREASE (0x0a0a) left out, in decimal with `-` between. */
export function writeDecimalsWithoutGrease(to: usize, list: usize, n: u32): usize {
  const start = to;
  for (let i: u32 = 0; i < n; i++) to = writeListed(to, load<u16>(list + (i << 1)));
  return to == start ? to : to - 1;
}

/** `n` u8 values in decimal with `-` between. */
export function writeDecimalBytes(to: usize, list: usize, n: u32): usize {
  for (let i: u32 = 0; i < n; i++) to = writeListed(to, load<u8>(list + i));
  return n ? to - 1 : to;
}

/**
 * Where the characters of four values come from in their digits, low byte first: `hhhh,hhhh,hhhh,h` and `hhh,`. 0x80 leaves
 * room for a comma. From memory, since the engine builds constants of shuffles anew at every use.
 */
const HEX_FRONT: usize = memory.data<u8>([2, 3, 0, 1, 0x80, 6, 7, 4, 5, 0x80, 10, 11, 8, 9, 0x80, 14], 16);
const HEX_BACK: usize = memory.data<u8>([15, 12, 13, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 16);
const COMMAS_FRONT: usize = memory.data<u8>([0, 0, 0, 0, 0x2c, 0, 0, 0, 0, 0x2c, 0, 0, 0, 0, 0x2c, 0], 16);

/** The digits of four values with a `,` behind each: 20 characters. */
@inline function writeHexFour(to: usize, digits: v128): void {
  v128.store(to, v128.or(i8x16.swizzle(digits, v128.load(HEX_FRONT)), v128.load(COMMAS_FRONT)));
  store<u32>(to, i32x4.extract_lane(i8x16.swizzle(digits, v128.load(HEX_BACK)), 0) | 0x2c000000, 16);
}

/** Eight u16 values as hex with a `,` behind each: 40 characters. */
@inline function writeHexEight(to: usize, list: usize): void {
  const low = i8x16.splat(0x0f);
  const bytes = v128.load(list);
  const digits = v128.load(HEX_DIGITS);
  const first = i8x16.swizzle(digits, v128.and(i16x8.shr_u(bytes, 4), low));
  const second = i8x16.swizzle(digits, v128.and(bytes, low));
  writeHexFour(to, i8x16.shuffle(first, second, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
  writeHexFour(to + 20, i8x16.shuffle(first, second, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31));
}

/** `n` u16 values as four hex digits each with `,` between. */
export function writeHexList(to: usize, list: usize, n: u32): usize {
  if (ASC_FEATURE_SIMD) {
    for (let i: u32 = 0; i < n; i += 8) writeHexEight(to + i * 5, list + (i << 1));
  } else {
    for (let i: u32 = 0; i < n; i++) {
      writeHex16(to + i * 5, load<u16>(list + (i << 1)));
      store<u8>(to + i * 5 + 4, 0x2c);
    }
  }
  return n ? to + n * 5 - 1 : to;
}

/**
 * Of the first `there` (at most 8) values of a vector, write those whose lanes are not `dropped`; answers the place behind
 * them. Most vectors lose nothing, and need no moving of lanes.
 */
@inline function writeKept(to: usize, v: v128, dropped: v128, there: u32): usize {
  if (!v128.any_true(dropped)) {
    v128.store(to, v);
    return to + (there << 1);
  }
  const set = ~i16x8.bitmask(dropped) & ((1 << there) - 1);
  v128.store(to, i8x16.swizzle(v, v128.load(PACKING + (set << 4))));
  return to + (popcnt<u32>(set) << 1);
}

/**
 * Copy a list of u16 without GREASE (0x0a0a after normalising), and without server_name (0) and ALPN (16) if `names`; up to
 * 16 bytes behind both lists may be touched. Returns how many are left.
 */
@inline function without(from: usize, n: u32, to: usize, names: bool): u32 {
  const start = to;
  const end = from + (n << 1);
  if (ASC_FEATURE_SIMD) {
    for (; from < end; from += 16) {
      const v = v128.load(from);
      let dropped = i16x8.eq(v, i16x8.splat(<i16>GREASE));
      if (names) dropped = v128.or(dropped, v128.or(i16x8.eq(v, i16x8.splat(0)), i16x8.eq(v, i16x8.splat(16))));
      to = writeKept(to, v, dropped, min<u32>(<u32>(end - from) >> 1, 8));
    }
  } else {
    for (; from < end; from += 2) {
      const v: u32 = load<u16>(from);
      store<u16>(to, v);
      let stays = u32(v != GREASE);
      if (names) stays &= u32(v != 0) & u32(v != 16);
      to += <usize>stays << 1;
    }
  }
  return <u32>(to - start) >> 1;
}

/** Copy a list of u16 without GREASE; see `without`. */
export function withoutGrease(from: usize, n: u32, to: usize): u32 {
  return without(from, n, to, false);
}

/** Copy a list of extension types without GREASE, server_name (0) and ALPN (16). */
export function withoutNames(from: usize, n: u32, to: usize): u32 {
  return without(from, n, to, true);
}
