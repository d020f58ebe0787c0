import { COUNT_MALFORMED_PACKETS, COUNT_NOT_IP_PACKETS, COUNT_TUNNEL_DEPTH_EXCEEDED } from '../generated/codes';
import { LIMIT_MAX_TUNNEL_DEPTH } from '../generated/layout';
import { be16 } from '../core/bytes';
import { count, limit } from '../core/control';
import { tunnelPush } from '../core/packet';
import { ipv4, ipv6 } from '../net/ip';

/** EtherTypes (IEEE 802 numbers). */
export const ETHERTYPE_IPV4: u32 = 0x0800;
export const ETHERTYPE_IPV6: u32 = 0x86dd;
export const ETHERTYPE_VLAN: u32 = 0x8100;
export const ETHERTYPE_QINQ: u32 = 0x88a8;
export const ETHERTYPE_QINQ_OLD: u32 = 0x9100;

/** "vlan", first character lowest. */
const NAME_VLAN: u64 = 0x6e616c76;

/** An Ethernet frame (IEEE 802.3 §3): two addresses, then an EtherType. */
export function ethernet(p: usize, n: u32): void {
  if (n < 14) {
    count(COUNT_MALFORMED_PACKETS);
    return;
  }
  etherPayload(be16(p + 12), p + 14, n - 14);
}

/** What follows an EtherType. */
export function etherPayload(type: u32, p: usize, n: u32): void {
  if (type == ETHERTYPE_IPV4) ipv4(p, n);
  else if (type == ETHERTYPE_IPV6) ipv6(p, n);
  else if (type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ || type == ETHERTYPE_QINQ_OLD) vlan(p, n);
  else count(COUNT_NOT_IP_PACKETS);
}

/** IEEE 802.1Q tag: 12 bits of VLAN id, then the next EtherType. */
function vlan(p: usize, n: u32): void {
  if (n < 4) {
    count(COUNT_MALFORMED_PACKETS);
    return;
  }
  if (enter(NAME_VLAN, be16(p) & 0xfff)) etherPayload(be16(p + 2), p + 4, n - 4);
}

/** Note an encapsulation; false (and counted) when the packet is nested too deep. */
export function enter(name: u64, id: i64): bool {
  if (tunnelPush(name, id, limit(LIMIT_MAX_TUNNEL_DEPTH))) return true;
  count(COUNT_TUNNEL_DEPTH_EXCEEDED);
  return false;
}
