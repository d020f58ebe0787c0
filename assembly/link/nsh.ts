import { COUNT_MALFORMED_PACKETS, COUNT_NOT_IP_PACKETS } from '../generated/codes';
import { be16 } from '../core/bytes';
import { count } from '../core/control';
import { TUNNEL_NSH } from '../core/tunnel-names';
import { ipv4, ipv6 } from '../net/ip';
import { enter, ethernet } from './ethernet';
import { mpls } from './mpls';

/** Next protocols of NSH (RFC 8300 §2.2) and of VXLAN-GPE, which share their numbers. */
const NEXT_IPV4: u32 = 1;
const NEXT_IPV6: u32 = 2;
const NEXT_ETHERNET: u32 = 3;
const NEXT_NSH: u32 = 4;
const NEXT_MPLS: u32 = 5;

/**
 * Network Service Header (RFC 8300 §2.2): its length in 4-byte words stands in the low six bits of the
 * second byte.
 */
export function nsh(p: usize, n: u32): void {
  const bytes: u32 = n >= 8 ? (be16(p) & 0x3f) << 2 : 0;
  if (bytes < 8 || bytes > n) {
    count(COUNT_MALFORMED_PACKETS);
    return;
  }
  if (enter(TUNNEL_NSH, -1)) nextProtocol(load<u8>(p, 3), p + bytes, n - bytes);
}

/** The payload of NSH or VXLAN-GPE. */
export function nextProtocol(next: u32, p: usize, n: u32): void {
  switch (next) {
    case NEXT_IPV4:
      ipv4(p, n);
      break;
    case NEXT_IPV6:
      ipv6(p, n);
      break;
    case NEXT_ETHERNET:
      ethernet(p, n);
      break;
    case NEXT_NSH:
      nsh(p, n);
      break;
    case NEXT_MPLS:
      mpls(p, n);
      break;
    default:
      count(COUNT_NOT_IP_PACKETS);
  }
}
