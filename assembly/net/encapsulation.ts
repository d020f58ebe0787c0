import { be16 } from '../core/bytes';
import { count } from '../core/control';
import * as packet from '../core/packet';
import {
  TUNNEL_AH,
  TUNNEL_ETHERIP,
  TUNNEL_FOUR_IN_SIX,
  TUNNEL_IPIP,
  TUNNEL_SIX_IN_FOUR,
  TUNNEL_SIX_IN_SIX,
} from '../core/tunnel-names';
import { COUNT_MALFORMED_PACKETS } from '../generated/codes';
import { enter, ethernet } from '../link/ethernet';
import { mpls } from '../link/mpls';
import { l2tpSession } from '../transport/l2tp';
import { transport } from '../transport/transport';
import { gre } from './gre';
import { ipv4, ipv6 } from './ip';

/** IP protocol numbers (IANA) of what carries packets in turn. */
const IPV4: u32 = 4;
const IPV6: u32 = 41;
const GRE: u32 = 47;
const AUTHENTICATION: u32 = 51;
const IPIP: u32 = 94;
const ETHERIP: u32 = 97;
const L2TPV3: u32 = 115;
const MPLS_IN_IP: u32 = 137;
const ETHERNET: u32 = 143;

/**
 * An IP payload that is neither TCP nor UDP: `captured` bytes of `length`; what carries nothing is let go.
 */
export function encapsulated(protocol: u32, p: usize, captured: u32, length: u32): void {
  switch (protocol) {
    case IPV4:
    case IPIP:
      if (enter(packet.ipVersion == 4 ? TUNNEL_IPIP : TUNNEL_FOUR_IN_SIX, -1)) ipv4(p, captured);
      break;
    case IPV6:
      if (enter(packet.ipVersion == 4 ? TUNNEL_SIX_IN_FOUR : TUNNEL_SIX_IN_SIX, -1)) ipv6(p, captured);
      break;
    case GRE:
      gre(p, captured);
      break;
    case AUTHENTICATION:
      authentication(p, captured, length);
      break;
    case ETHERIP:
      // Version 3, then 12 bits of zero (RFC 3378 §3).
      if (captured < 2 || be16(p) != 0x3000) count(COUNT_MALFORMED_PACKETS);
      else if (enter(TUNNEL_ETHERIP, -1)) ethernet(p + 2, captured - 2);
      break;
    case L2TPV3:
      // RFC 3931 §4.1.1.
      l2tpSession(p, captured);
      break;
    case MPLS_IN_IP:
      mpls(p, captured);
      break;
    case ETHERNET:
      if (enter(TUNNEL_ETHERIP, -1)) ethernet(p, captured);
      break;
    default:
      break;
  }
}

/**
 * Authentication Header (RFC 4302 §2): next header, length in 4-byte words less two. Nothing is encrypted.
 */
function authentication(p: usize, captured: u32, length: u32): void {
  const bytes: u32 = captured >= 2 ? (<u32>load<u8>(p, 1) + 2) << 2 : 8;
  if (bytes > captured) count(COUNT_MALFORMED_PACKETS);
  else if (enter(TUNNEL_AH, -1)) transport(load<u8>(p), p + bytes, captured - bytes, length - bytes);
}
