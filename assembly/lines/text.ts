import { copyShort } from '../core/bytes';

/** Text as JSON strings (RFC 8259 §7) and CSV fields (RFC 4180 §2). Up to 15 bytes behind what is written may be overwritten. */

const QUOTE: u32 = 0x22;
const BACKSLASH: u32 = 0x5c;
const COMMA: u32 = 0x2c;
const LF: u32 = 0x0a;
const CR: u32 = 0x0d;

@inline function hexDigit(n: u32): u32 {
  return n + (n > 9 ? 0x57 : 0x30);
}

/** Where the first byte of `n` at `p` is that JSON escapes; `n` if there is none. */
function jsonPlain(p: usize, n: u32): u32 {
  let i: u32 = 0;
  if (ASC_FEATURE_SIMD) {
    for (; i < n; i += 16) {
      const v = v128.load(p + i);
      const odd = v128.or(i8x16.eq(v, i8x16.splat(0x22)), i8x16.eq(v, i8x16.splat(0x5c)));
      const set = i8x16.bitmask(v128.or(i8x16.lt_u(v, i8x16.splat(0x20)), odd));
      if (set) return min<u32>(n, i + ctz<u32>(set));
    }
    return n;
  }
  for (; i < n; i++) {
    const c: u32 = load<u8>(p + i);
    if (c < 0x20 || c == QUOTE || c == BACKSLASH) break;
  }
  return i;
}

/** The escape of a byte: short where JSON has one, else \u00XX in lower case. */
function writeEscape(to: usize, c: u32): usize {
  let short: u32 = 0;
  if (c == QUOTE || c == BACKSLASH) short = c;
  else if (c == 0x08) short = 0x62;
  else if (c == 0x09) short = 0x74;
  else if (c == 0x0a) short = 0x6e;
  else if (c == 0x0c) short = 0x66;
  else if (c == 0x0d) short = 0x72;
  store<u8>(to, BACKSLASH);
  if (short) {
    store<u8>(to, short, 1);
    return to + 2;
  }
  store<u32>(to, 0x303075 | (hexDigit(c >> 4) << 24), 1);
  store<u8>(to, hexDigit(c & 15), 5);
  return to + 6;
}

/** `n` bytes of UTF-8 as a JSON string: at most `6 * n + 2` bytes. */
export function writeJsonText(to: usize, p: usize, n: u32): usize {
  store<u8>(to++, QUOTE);
  while (n) {
    const plain = jsonPlain(p, n);
    copyShort(to, p, plain);
    to += plain;
    p += plain;
    n -= plain;
    if (n == 0) break;
    to = writeEscape(to, load<u8>(p));
    p++;
    n--;
  }
  store<u8>(to, QUOTE);
  return to + 1;
}

/** Whether a CSV field has to be quoted. */
function csvNeedsQuotes(p: usize, n: u32): bool {
  if (ASC_FEATURE_SIMD) {
    for (let i: u32 = 0; i < n; i += 16) {
      const v = v128.load(p + i);
      const marks = v128.or(i8x16.eq(v, i8x16.splat(0x22)), i8x16.eq(v, i8x16.splat(0x2c)));
      const ends = v128.or(i8x16.eq(v, i8x16.splat(0x0a)), i8x16.eq(v, i8x16.splat(0x0d)));
      const there: u32 = n - i < 16 ? (1 << (n - i)) - 1 : 0xffff;
      if (i8x16.bitmask(v128.or(marks, ends)) & there) return true;
    }
    return false;
  }
  for (let i: u32 = 0; i < n; i++) {
    const c: u32 = load<u8>(p + i);
    if (c == QUOTE || c == COMMA || c == LF || c == CR) return true;
  }
  return false;
}

/** `n` bytes as a CSV field, quoted where it must be, and when empty, as null is the bare nothing: at most `2 * n + 2` bytes. */
export function writeCsvText(to: usize, p: usize, n: u32): usize {
  if (n != 0 && !csvNeedsQuotes(p, n)) {
    copyShort(to, p, n);
    return to + n;
  }
  store<u8>(to++, QUOTE);
  for (let i: u32 = 0; i < n; i++) {
    const c: u32 = load<u8>(p + i);
    if (c == QUOTE) store<u8>(to++, QUOTE);
    store<u8>(to++, c);
  }
  store<u8>(to, QUOTE);
  return to + 1;
}
