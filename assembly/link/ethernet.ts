import {
  COUNT_MALFORMED_PACKETS,
  COUNT_NOT_IP_PACKETS,
  COUNT_TUNNEL_DEPTH_EXCEEDED,
} from '../generated/codes';
import { LIMIT_MAX_TUNNEL_DEPTH } from '../generated/layout';
import { be16, be24 } from '../core/bytes';
import { count, limit } from '../core/control';
import { tunnelNest, tunnelPush } from '../core/packet';
import { TUNNEL_CMD, TUNNEL_PBB, TUNNEL_QINQ, TUNNEL_VLAN, TUNNEL_VNTAG } from '../core/tunnel-names';
import { ipv4, ipv6 } from '../net/ip';
import { ETHERNET_HEADER } from './ethernet-header';
import { llc } from './llc';
import { mpls } from './mpls';
import { nsh } from './nsh';
import { pppoe } from './ppp';

/** EtherTypes (IEEE 802 numbers). */
export const ETHERTYPE_IPV4: u32 = 0x0800;
export const ETHERTYPE_ARP: u32 = 0x0806;
export const ETHERTYPE_TRANSPARENT_BRIDGING: u32 = 0x6558;
export const ETHERTYPE_VLAN: u32 = 0x8100;
export const ETHERTYPE_IPV6: u32 = 0x86dd;
export const ETHERTYPE_MPLS: u32 = 0x8847;
export const ETHERTYPE_MPLS_MULTICAST: u32 = 0x8848;
export const ETHERTYPE_PPPOE_SESSION: u32 = 0x8864;
export const ETHERTYPE_QINQ: u32 = 0x88a8;
export const ETHERTYPE_PBB: u32 = 0x88e7;
export const ETHERTYPE_CMD: u32 = 0x8909;
export const ETHERTYPE_VNTAG: u32 = 0x8926;
export const ETHERTYPE_NSH: u32 = 0x894f;
export const ETHERTYPE_QINQ_OLD: u32 = 0x9100;
export const ETHERTYPE_QINQ_OLDER: u32 = 0x9200;
/** Below this the field is a length, and LLC follows (IEEE 802.3 §3.2.6). */
const MIN_ETHERTYPE: u32 = 0x0600;

/** An Ethernet frame (IEEE 802.3 §3): two addresses, then an EtherType. */
export function ethernet(p: usize, n: u32): void {
  if (n < ETHERNET_HEADER) {
    count(COUNT_MALFORMED_PACKETS);
    return;
  }
  etherPayload(be16(p + 12), p + ETHERNET_HEADER, n - ETHERNET_HEADER);
}

/** The Ethernet frame behind the first `header` bytes of what was captured. */
export function ethernetBehind(header: u32, p: usize, n: u32): void {
  if (n < header) count(COUNT_MALFORMED_PACKETS);
  else ethernet(p + header, n - header);
}

/** What follows an EtherType. */
export function etherPayload(type: u32, p: usize, n: u32): void {
  if (type == ETHERTYPE_IPV4) ipv4(p, n);
  else if (type == ETHERTYPE_IPV6) ipv6(p, n);
  else otherPayload(type, p, n);
}

function otherPayload(type: u32, p: usize, n: u32): void {
  if (type < MIN_ETHERTYPE) {
    // A length of 0 is what some drivers put before frames of their own.
    if (type == 0) count(COUNT_NOT_IP_PACKETS);
    else llc(p, min(n, type));
    return;
  }
  switch (type) {
    case ETHERTYPE_VLAN:
      tag(TUNNEL_VLAN, p, n);
      break;
    case ETHERTYPE_QINQ:
    case ETHERTYPE_QINQ_OLD:
    case ETHERTYPE_QINQ_OLDER:
      tag(TUNNEL_QINQ, p, n);
      break;
    case ETHERTYPE_MPLS:
    case ETHERTYPE_MPLS_MULTICAST:
      mpls(p, n);
      break;
    case ETHERTYPE_PPPOE_SESSION:
      pppoe(p, n);
      break;
    case ETHERTYPE_PBB:
      backbone(p, n);
      break;
    case ETHERTYPE_VNTAG:
      vnTag(p, n);
      break;
    case ETHERTYPE_CMD:
      ciscoMetadata(p, n);
      break;
    case ETHERTYPE_NSH:
      nsh(p, n);
      break;
    case ETHERTYPE_TRANSPARENT_BRIDGING:
      if (nest()) ethernet(p, n);
      break;
    default:
      count(COUNT_NOT_IP_PACKETS);
  }
}

/** IEEE 802.1Q and 802.1ad tags: 12 bits of VLAN id, then the next EtherType. */
function tag(name: u64, p: usize, n: u32): void {
  if (n < 4) count(COUNT_MALFORMED_PACKETS);
  else if (enter(name, be16(p) & 0xfff)) etherPayload(be16(p + 2), p + 4, n - 4);
}

/** IEEE 802.1ah: a byte of flags, 24 bits of service id, then the customer's whole frame. */
function backbone(p: usize, n: u32): void {
  if (n < 4) count(COUNT_MALFORMED_PACKETS);
  else if (enter(TUNNEL_PBB, be24(p + 1))) ethernet(p + 4, n - 4);
}

/** VN-Tag: 4 bytes of direction and interfaces, then the next EtherType. */
function vnTag(p: usize, n: u32): void {
  if (n < 6) count(COUNT_MALFORMED_PACKETS);
  else if (enter(TUNNEL_VNTAG, -1)) etherPayload(be16(p + 4), p + 6, n - 6);
}

/** Cisco metadata: version, number of 4-byte options, the options, then the next EtherType. */
function ciscoMetadata(p: usize, n: u32): void {
  const header: u32 = n >= 2 ? 4 + (<u32>load<u8>(p, 1) << 2) : 4;
  if (n < header) count(COUNT_MALFORMED_PACKETS);
  else if (enter(TUNNEL_CMD, -1)) etherPayload(be16(p + header - 2), p + header, n - header);
}

/** Note an encapsulation; false (and counted) when the packet is nested too deep. */
export function enter(name: u64, id: i64): bool {
  if (tunnelPush(name, id, limit(LIMIT_MAX_TUNNEL_DEPTH))) return true;
  count(COUNT_TUNNEL_DEPTH_EXCEEDED);
  return false;
}

/**
 * Note a frame within a frame that has no name in the tunnel text; false (and counted) when nested too deep.
 */
export function nest(): bool {
  if (tunnelNest(limit(LIMIT_MAX_TUNNEL_DEPTH))) return true;
  count(COUNT_TUNNEL_DEPTH_EXCEEDED);
  return false;
}
