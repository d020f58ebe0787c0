import { COUNT_MALFORMED_PACKETS } from '../generated/codes';
import { be16, be24 } from '../core/bytes';
import { count } from '../core/control';
import { ip } from '../net/ip';

/**
 * What Juniper's routers put in front of a frame: 3 bytes of magic, flags, and extensions with their length of 2 bytes (tcpdump
 * print-juniper.c).
 */
const HEADER: u32 = 4;
const MAGIC: u32 = 0x4d4743;
/** The frame has lost its link header: 4 bytes of protocol stand in its place, then an IP packet. */
const NO_LINK_HEADER: u32 = 0x02;
const EXTENSIONS: u32 = 0x80;
const PROTOCOL: u32 = 4;

/**
 * Read the header of the frame of `n` bytes at `p`.
 *
 * @returns its length, or 0: nothing is left to be done, as it is malformed (and counted) or an IP packet (and walked)
 */
export function juniperHeader(p: usize, n: u32): u32 {
  if (n < HEADER || be24(p) != MAGIC) {
    count(COUNT_MALFORMED_PACKETS);
    return 0;
  }
  const flags: u32 = load<u8>(p, 3);
  let header = HEADER;
  if (flags & EXTENSIONS) header += n >= HEADER + 2 ? 2 + be16(p + HEADER) : n;
  if (flags & NO_LINK_HEADER) header += PROTOCOL;
  if (header > n) {
    count(COUNT_MALFORMED_PACKETS);
    return 0;
  }
  if ((flags & NO_LINK_HEADER) == 0) return header;
  ip(p + header, n - header);
  return 0;
}
