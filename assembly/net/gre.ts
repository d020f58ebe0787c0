import { be16, be32 } from '../core/bytes';
import { count } from '../core/control';
import { TUNNEL_ERSPAN, TUNNEL_GRE, TUNNEL_PPP } from '../core/tunnel-names';
import { COUNT_MALFORMED_PACKETS, COUNT_NOT_IP_PACKETS } from '../generated/codes';
import { enter, ethernet, etherPayload } from '../link/ethernet';
import { ppp } from '../link/ppp';
import { wifi } from '../link/wifi';
import { ip } from './ip';

/** Flags of the first two bytes (RFC 2784 §2.1, RFC 2890 §2, RFC 1701, RFC 2637 §4.1). */
const CHECKSUM: u32 = 0x8000;
const ROUTING: u32 = 0x4000;
const KEY: u32 = 0x2000;
const SEQUENCE: u32 = 0x1000;
const ACKNOWLEDGMENT: u32 = 0x0080;
const VERSION: u32 = 0x0007;

/** Protocols that are no EtherTypes, or carry more than their EtherType says. */
const PPP_PAYLOAD: u32 = 0x880b;
const WCCP: u32 = 0x883e;
const ERSPAN: u32 = 0x88be;
const ERSPAN_III: u32 = 0x22eb;
/** 0x8200, 0x8210, ... 0x83f0: IEEE 802.11 frames of Aruba's access points. */
const ARUBA: u32 = 0x8200;
const ARUBA_MASK: u32 = 0xfe0f;

/**
 * Bytes of the GRE header of `n` captured bytes, the routing field of RFC 1701 with it; above `n` when cut.
 */
function headerBytes(flags: u32, p: usize, n: u32): u32 {
  let bytes: u32 = 4;
  if (flags & (CHECKSUM | ROUTING)) bytes += 4;
  if (flags & KEY) bytes += 4;
  if (flags & SEQUENCE) bytes += 4;
  if ((flags & VERSION) == 1 && (flags & ACKNOWLEDGMENT) != 0) bytes += 4;
  if ((flags & ROUTING) == 0) return bytes;
  // Source route entries: family, offset, length; an empty one ends the list.
  while (bytes + 4 <= n) {
    const family = be16(p + bytes);
    const length: u32 = load<u8>(p + bytes, 3);
    bytes += 4 + length;
    if (family == 0 && length == 0) return bytes;
  }
  return n + 1;
}

/** Generic Routing Encapsulation, versions 0 and 1 (the enhanced one of PPTP). */
export function gre(p: usize, n: u32): void {
  const flags = n >= 4 ? be16(p) : 0;
  const version = flags & VERSION;
  const header = headerBytes(flags, p, n);
  if (header > n || version > 1) {
    count(COUNT_MALFORMED_PACKETS);
    return;
  }
  let key: i64 = -1;
  if (flags & KEY) {
    const at = p + (flags & (CHECKSUM | ROUTING) ? 8 : 4);
    // In PPTP the upper half is the length of the payload, the lower the call.
    key = version == 1 ? be16(at + 2) : be32(at);
  }
  if (enter(TUNNEL_GRE, key)) grePayload(be16(p + 2), flags, p + header, n - header);
}

function grePayload(protocol: u32, flags: u32, p: usize, n: u32): void {
  switch (protocol) {
    case PPP_PAYLOAD:
      // An acknowledgment alone carries nothing.
      if (n > 0 && enter(TUNNEL_PPP, -1)) ppp(p, n);
      break;
    case ERSPAN:
      if (flags & SEQUENCE) erspan(p, n);
      else if (enter(TUNNEL_ERSPAN, -1)) ethernet(p, n);
      break;
    case ERSPAN_III:
      erspan(p, n);
      break;
    case WCCP:
      // Version 2 puts a redirect header of 4 bytes before the packet.
      if (n > 4 && load<u8>(p) >> 4 != 4) ip(p + 4, n - 4);
      else ip(p, n);
      break;
    default:
      if ((protocol & ARUBA_MASK) == ARUBA) wifi(p, n);
      // What would be a length on Ethernet is no length here: 0 is a keep-alive.
      else if (protocol < 0x0600) count(COUNT_NOT_IP_PACKETS);
      else etherPayload(protocol, p, n);
  }
}

/**
 * ERSPAN types II and III (draft-foschiano-erspan): version in the first four bits (1 or 2), session in the
 * low ten bits of the second 16; type III has 4 more bytes, the last bit of which announces a subheader of
 * 8.
 */
function erspan(p: usize, n: u32): void {
  const version: u32 = n >= 8 ? load<u8>(p) >> 4 : 0;
  let header: u32 = 8;
  if (version == 2) header = n >= 12 && (load<u8>(p, 11) & 1) != 0 ? 20 : 12;
  if (version == 0 || version > 2 || header > n) {
    count(COUNT_MALFORMED_PACKETS);
    return;
  }
  if (enter(TUNNEL_ERSPAN, be16(p + 2) & 0x3ff)) ethernet(p + header, n - header);
}
