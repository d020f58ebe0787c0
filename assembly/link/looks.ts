import { be16 } from '../core/bytes';
import {
  ETHERTYPE_ARP,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ETHERTYPE_MPLS,
  ETHERTYPE_NSH,
  ETHERTYPE_PPPOE_SESSION,
  ETHERTYPE_QINQ,
  ETHERTYPE_TRANSPARENT_BRIDGING,
  ETHERTYPE_VLAN,
} from './ethernet';

/** Guesses where the headers before do not say what follows. They read, and change nothing. */

/** Whether `n` captured bytes begin with an IPv4 or IPv6 header whose lengths make sense. */
export function looksIp(p: usize, n: u32): bool {
  if (n < 20) return false;
  const first: u32 = load<u8>(p);
  if (first >> 4 == 6) return n >= 40;
  const header = (first & 15) << 2;
  return first >> 4 == 4 && header >= 20 && be16(p + 2) >= header;
}

/** Whether `n` captured bytes are an IP packet beyond doubt: a right header checksum, or a length that fits. */
export function surelyIp(p: usize, n: u32): bool {
  if (!looksIp(p, n)) return false;
  if (load<u8>(p) >> 4 == 6) return be16(p + 4) + 40 <= n;
  const header: u32 = (<u32>load<u8>(p) & 15) << 2;
  if (header > n) return false;
  let sum: u32 = 0;
  for (let i: u32 = 0; i < header; i += 2) sum += be16(p + i);
  // The one's complement sum over the header with its checksum is all ones (RFC 1071 §1).
  return (sum & 0xffff) + (sum >> 16) == 0xffff;
}

/** Whether `n` captured bytes begin with an Ethernet header of a type that is carried in tunnels. */
export function looksEthernet(p: usize, n: u32): bool {
  if (n < 14) return false;
  switch (be16(p + 12)) {
    case ETHERTYPE_IPV4:
    case ETHERTYPE_IPV6:
      return looksIp(p + 14, n - 14);
    case ETHERTYPE_ARP:
    case ETHERTYPE_VLAN:
    case ETHERTYPE_QINQ:
    case ETHERTYPE_MPLS:
    case ETHERTYPE_PPPOE_SESSION:
      return true;
    default:
      return false;
  }
}

/** Whether an EtherType is one of those that overlay networks carry. */
export function carriesPackets(type: u32): bool {
  switch (type) {
    case ETHERTYPE_IPV4:
    case ETHERTYPE_IPV6:
    case ETHERTYPE_TRANSPARENT_BRIDGING:
    case ETHERTYPE_VLAN:
    case ETHERTYPE_MPLS:
    case ETHERTYPE_NSH:
      return true;
    default:
      return false;
  }
}
