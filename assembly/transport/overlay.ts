import { be16, be24, be32 } from '../core/bytes';
import { TUNNEL_GENEVE, TUNNEL_LISP, TUNNEL_VXLAN } from '../core/tunnel-names';
import { enter, ethernet, etherPayload } from '../link/ethernet';
import { carriesPackets, looksEthernet, looksIp } from '../link/looks';
import { mpls } from '../link/mpls';
import { nextProtocol } from '../link/nsh';
import { gre } from '../net/gre';
import { ip } from '../net/ip';

/**
 * Overlay networks over UDP. Each function answers false, with nothing changed, when `n` captured bytes at
 * `p` are not its header.
 */

const VXLAN_HEADER: u32 = 8;
/** The network identifier is valid (RFC 7348 §5). */
const VXLAN_IDENTIFIER: u32 = 0x08;
/** A group policy stands in the reserved bytes (draft-smith-vxlan-group-policy). */
const VXLAN_GROUP_POLICY: u32 = 0x80;

/** VXLAN: flags, 24 reserved bits, 24 bits of network identifier, 8 reserved, then an Ethernet frame. */
export function vxlan(p: usize, n: u32): bool {
  if (n < VXLAN_HEADER + 14 || load<u8>(p, 7) != 0) return false;
  const flags: u32 = load<u8>(p);
  const plain = flags == VXLAN_IDENTIFIER && be24(p + 1) == 0;
  if (!plain && flags != (VXLAN_IDENTIFIER | VXLAN_GROUP_POLICY)) return false;
  if (enter(TUNNEL_VXLAN, be24(p + 4))) ethernet(p + VXLAN_HEADER, n - VXLAN_HEADER);
  return true;
}

/** A next protocol is given. */
const GPE_PROTOCOL: u32 = 0x04;
const GPE_ETHERNET: u32 = 3;

/**
 * VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe §3): as VXLAN, with a next protocol in the last reserved byte of the
 * first word.
 */
export function vxlanGpe(p: usize, n: u32): bool {
  if (n <= VXLAN_HEADER || be16(p + 1) != 0 || load<u8>(p, 7) != 0) return false;
  const flags: u32 = load<u8>(p);
  if ((flags & ~GPE_PROTOCOL) != VXLAN_IDENTIFIER) return false;
  const next = flags & GPE_PROTOCOL ? <u32>load<u8>(p, 3) : GPE_ETHERNET;
  if (enter(TUNNEL_VXLAN, be24(p + 4))) nextProtocol(next, p + VXLAN_HEADER, n - VXLAN_HEADER);
  return true;
}

/**
 * Geneve (RFC 8926 §3.4): version 0 and length of the options, flags, EtherType, network identifier,
 * options.
 */
export function geneve(p: usize, n: u32): bool {
  if (n < 8) return false;
  const header: u32 = 8 + ((<u32>load<u8>(p) & 0x3f) << 2);
  const reserved = (load<u8>(p) >> 6) | (load<u8>(p, 1) & 0x3f) | load<u8>(p, 7);
  const type = be16(p + 2);
  if (reserved != 0 || header > n || !carriesPackets(type)) return false;
  if (enter(TUNNEL_GENEVE, be24(p + 4))) etherPayload(type, p + header, n - header);
  return true;
}

/** Reserved flag and encryption of the payload. */
const LISP_UNUSABLE: u32 = 0x07;

/**
 * LISP data (RFC 9300 §5): flags and nonce, instance and locator bits, then an IP packet that fills the
 * datagram.
 */
export function lisp(p: usize, n: u32, length: u32): bool {
  if (n < 8 || (load<u8>(p) & LISP_UNUSABLE) != 0 || !looksIp(p + 8, n - 8)) return false;
  const inner = load<u8>(p, 8) >> 4 == 4 ? be16(p + 10) : be16(p + 12) + 40;
  if (inner != length - 8) return false;
  if (enter(TUNNEL_LISP, -1)) ip(p + 8, n - 8);
  return true;
}

/** Label stack entries looked at before a datagram is taken for MPLS. */
const MAX_LABELS: u32 = 8;

/** MPLS in UDP (RFC 7510): a label stack that ends, with a packet or frame behind it. */
export function mplsInUdp(p: usize, n: u32): bool {
  let at: u32 = 4;
  while (at < n && at <= MAX_LABELS << 2 && (load<u8>(p + at - 2) & 1) == 0) at += 4;
  if (at >= n || at > MAX_LABELS << 2) return false;
  if (!looksIp(p + at, n - at) && !looksEthernet(p + at, n - at)) return false;
  mpls(p, n);
  return true;
}

/** Bits of a GRE header that are zero in UDP: routing, reserved ones, version (RFC 8086 §3). */
const GRE_UNUSED: u32 = 0x4fff;

/** GRE in UDP (RFC 8086). */
export function greInUdp(p: usize, n: u32): bool {
  if (n < 8 || (be32(p) >> 16 & GRE_UNUSED) != 0 || !carriesPackets(be16(p + 2))) return false;
  gre(p, n);
  return true;
}
