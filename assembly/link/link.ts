import { COUNT_MALFORMED_PACKETS, COUNT_NOT_IP_PACKETS, COUNT_UNKNOWN_LINK_PACKETS } from '../generated/codes';
import { be16 } from '../core/bytes';
import { count } from '../core/control';
import { ip, ipv4, ipv6 } from '../net/ip';
import { etherPayload, ethernet } from './ethernet';

/** LINKTYPE values (https://www.tcpdump.org/linktypes.html). */
export const LINKTYPE_NULL: u32 = 0;
export const LINKTYPE_ETHERNET: u32 = 1;
export const LINKTYPE_RAW_BSD: u32 = 12;
export const LINKTYPE_RAW_OPENBSD: u32 = 14;
export const LINKTYPE_RAW: u32 = 101;
export const LINKTYPE_LOOP: u32 = 108;
export const LINKTYPE_LINUX_SLL: u32 = 113;
export const LINKTYPE_IPV4: u32 = 228;
export const LINKTYPE_IPV6: u32 = 229;
export const LINKTYPE_LINUX_SLL2: u32 = 276;

/** Walk a frame of `n` captured bytes at `p` down to its network layer. */
export function link(type: u32, p: usize, n: u32): void {
  switch (type) {
    case LINKTYPE_ETHERNET:
      ethernet(p, n);
      break;
    case LINKTYPE_RAW:
    case LINKTYPE_RAW_BSD:
    case LINKTYPE_RAW_OPENBSD:
      ip(p, n);
      break;
    case LINKTYPE_IPV4:
      ipv4(p, n);
      break;
    case LINKTYPE_IPV6:
      ipv6(p, n);
      break;
    case LINKTYPE_NULL:
    case LINKTYPE_LOOP:
      loopback(p, n);
      break;
    case LINKTYPE_LINUX_SLL:
      // Protocol at 14 of a 16-byte header.
      if (n < 16) count(COUNT_MALFORMED_PACKETS);
      else etherPayload(be16(p + 14), p + 16, n - 16);
      break;
    case LINKTYPE_LINUX_SLL2:
      // Protocol at 0 of a 20-byte header.
      if (n < 20) count(COUNT_MALFORMED_PACKETS);
      else etherPayload(be16(p), p + 20, n - 20);
      break;
    default:
      count(COUNT_UNKNOWN_LINK_PACKETS);
  }
}

/**
 * BSD loopback: a 4-byte address family, in the byte order of the machine that captured (NULL) or network order (LOOP).
 * 2 = IPv4; 24, 28, 30 and 10 = IPv6 on the various systems.
 */
function loopback(p: usize, n: u32): void {
  if (n < 4) {
    count(COUNT_MALFORMED_PACKETS);
    return;
  }
  const raw = load<u32>(p);
  const family = raw > 0xffff ? bswap<u32>(raw) : raw;
  if (family == 2) ipv4(p + 4, n - 4);
  else if (family == 24 || family == 28 || family == 30 || family == 10) ipv6(p + 4, n - 4);
  else count(COUNT_NOT_IP_PACKETS);
}
