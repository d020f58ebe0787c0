import { writeByte, writeDecimal } from '../fingerprint/text';

/** Decimal text of every byte with a `.` behind it in the lower 4 bytes of a u64, its length in the upper. */
const DOTTED: usize = memory.data(256 * 8, 16);

/** Build the table. Once. */
export function ipTextInit(): void {
  for (let i: u32 = 0; i < 256; i++) {
    const entry = DOTTED + (i << 3);
    const end = writeByte(writeDecimal(entry, i), 0x2e);
    store<u32>(entry, <u32>(end - entry), 4);
  }
}

/** Longest text of an address: 39 characters of IPv6, or 45 with an embedded IPv4 address. */
export const IP_TEXT_BYTES: u32 = 48;

/** Dotted quad of a raw IPv4 address. */
function writeIpv4(to: usize, raw: u32): usize {
  for (let i: u32 = 0; i < 4; i++) {
    const text = load<u64>(DOTTED + (((raw >> (i << 3)) & 0xff) << 3));
    store<u32>(to, <u32>text);
    to += <usize>(text >> 32);
  }
  return to - 1;
}

@inline function group(hi: u64, lo: u64, i: u32): u32 {
  const half = i < 4 ? hi : lo;
  return bswap<u16>(<u16>(half >> ((i & 3) << 4)));
}

/** A 16-bit group in hex without leading zeros (RFC 5952 §4.1). */
function writeGroup(to: usize, v: u32): usize {
  let shift: i32 = v > 0xfff ? 12 : v > 0xff ? 8 : v > 0xf ? 4 : 0;
  for (; shift >= 0; shift -= 4) {
    const n = (v >> shift) & 15;
    to = writeByte(to, n + (n > 9 ? 0x57 : 0x30));
  }
  return to;
}

/** The longest run of two or more zero groups, the first of equals (RFC 5952 §4.2): `start << 8 | length`. */
function longestZeros(hi: u64, lo: u64): u32 {
  let best: u32 = 0;
  let start: u32 = 0;
  let length: u32 = 0;
  for (let i: u32 = 0; i < 8; i++) {
    if (group(hi, lo, i)) {
      length = 0;
      continue;
    }
    if (length == 0) start = i;
    length++;
    if (length >= 2 && length > (best & 0xff)) best = (start << 8) | length;
  }
  return best;
}

function writeIpv6(to: usize, hi: u64, lo: u64): usize {
  // IPv4-mapped addresses are written with a dotted quad (RFC 5952 §5).
  if (hi == 0 && <u32>lo == 0xffff0000) {
    store<u64>(to, 0x003a666666663a3a);
    return writeIpv4(to + 7, <u32>(lo >> 32));
  }
  const zeros = longestZeros(hi, lo);
  const from = zeros >> 8;
  const until = zeros ? from + (zeros & 0xff) : 0;
  for (let i: u32 = 0; i < 8; i++) {
    if (zeros && i == from) {
      to = writeByte(to, 0x3a);
      if (i == 0) to = writeByte(to, 0x3a);
      i = until - 1;
      continue;
    }
    to = writeGroup(to, group(hi, lo, i));
    if (i < 7) to = writeByte(to, 0x3a);
  }
  return to;
}

/** Write a raw address as canonical text; returns the bytes written. */
export function writeIp(to: usize, version: u32, hi: u64, lo: u64): u32 {
  return <u32>((version == 4 ? writeIpv4(to, <u32>lo) : writeIpv6(to, hi, lo)) - to);
}
