import { COUNT_MALFORMED_PACKETS, COUNT_NOT_IP_PACKETS } from '../generated/codes';
import { alignUp, le16 } from '../core/bytes';
import { count } from '../core/control';
import { ip } from '../net/ip';
import { nest } from './ethernet';
import { link } from './link';

/**
 * Headers that capturing software puts before a frame or packet. Integers are those of the capturing host.
 */

/**
 * Per-Packet Information (CACE): version, flags, length and link type in little-endian order, then fields.
 */
export function ppi(p: usize, n: u32): void {
  const header = n >= 8 ? le16(p + 2) : 0;
  if (header < 8 || header > n) count(COUNT_MALFORMED_PACKETS);
  else if (nest()) link(load<u32>(p, 4), p + header, n - header);
}

/**
 * Apple's PKTAP: length of the header, type (1 = a packet follows), link type, then more that is not needed.
 */
const PKTAP_PACKET: u32 = 1;
export function pktap(p: usize, n: u32): void {
  const header = n >= 12 ? load<u32>(p) : 0;
  if (header < 12 || header > n) count(COUNT_MALFORMED_PACKETS);
  else if (load<u32>(p, 4) != PKTAP_PACKET) count(COUNT_NOT_IP_PACKETS);
  else if (nest()) link(load<u32>(p, 8), p + header, n - header);
}

const NFLOG_HEADER: u32 = 4;
/** NFULA_PAYLOAD of linux/netfilter/nfnetlink_log.h. */
const NFLOG_PAYLOAD: u32 = 9;

/**
 * Linux netfilter log: family, version 0, resource, then attributes of length, type and value, padded to 4
 * bytes.
 */
export function nflog(p: usize, n: u32): void {
  if (n < NFLOG_HEADER + 4) {
    count(COUNT_MALFORMED_PACKETS);
    return;
  }
  // The first attribute is short: a length above 255 was written in the other byte order.
  const big = load<u8>(p + NFLOG_HEADER) == 0;
  let at = NFLOG_HEADER;
  while (at + 4 <= n) {
    const length = attributeField(p + at, big);
    if (length < 4 || length > n - at) {
      count(COUNT_MALFORMED_PACKETS);
      return;
    }
    if ((attributeField(p + at + 2, big) & 0x7fff) == NFLOG_PAYLOAD) {
      ip(p + at + 4, length - 4);
      return;
    }
    at += alignUp(length, 4);
  }
  count(COUNT_NOT_IP_PACKETS);
}

function attributeField(p: usize, big: bool): u32 {
  const value: u32 = load<u16>(p);
  return big ? bswap<u16>(<u16>value) : value;
}
