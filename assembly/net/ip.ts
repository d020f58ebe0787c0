import { be16 } from '../core/bytes';
import { count } from '../core/control';
import * as packet from '../core/packet';
import { TUNNEL_AH } from '../core/tunnel-names';
import { COUNT_MALFORMED_PACKETS } from '../generated/codes';
import { enter, nest } from '../link/ethernet';
import { transport } from '../transport/transport';
import {
  completed,
  completedBytes,
  completedPayload,
  completedProtocol,
  fragment,
  fragmentRelease,
} from './fragment';

/** An IP packet of either version, told by its first four bits. */
export function ip(p: usize, n: u32): void {
  if (n == 0) {
    count(COUNT_MALFORMED_PACKETS);
    return;
  }
  const version = load<u8>(p) >> 4;
  if (version == 4) ipv4(p, n);
  else if (version == 6) ipv6(p, n);
  else count(COUNT_MALFORMED_PACKETS);
}

/** An IPv4 packet (RFC 791 §3.1) of `n` captured bytes. */
export function ipv4(p: usize, n: u32): void {
  const header: u32 = n >= 20 ? (load<u8>(p) & 15) << 2 : 0;
  if (header < 20 || header > n || load<u8>(p) >> 4 != 4) {
    count(COUNT_MALFORMED_PACKETS);
    return;
  }
  // A total length of 0 is what segmentation offload leaves: then the frame says how long it is.
  let total = be16(p + 2);
  if (total < header) {
    if (total != 0) {
      count(COUNT_MALFORMED_PACKETS);
      return;
    }
    total = n;
  }
  packet.setAddresses(4, 0, load<u32>(p, 12), 0, load<u32>(p, 16));
  const captured = min(n, total) - header;
  const fragmentation = be16(p + 6);
  if (fragmentation & 0x3fff) {
    ipv4Fragment(p, fragmentation, p + header, captured, total - header);
    return;
  }
  transport(load<u8>(p, 9), p + header, captured, total - header);
}

/** Flags and offset of RFC 791 §3.1: more fragments; offset in units of 8 bytes. */
function ipv4Fragment(p: usize, flags: u32, payload: usize, captured: u32, length: u32): void {
  const more = (flags & 0x2000) != 0;
  const offset = (flags & 0x1fff) << 3;
  if (fragment(load<u16>(p, 4), load<u8>(p, 9), offset, more, payload, captured, length)) walkCompleted(4);
}

/** The fragment header of RFC 8200 §4.5 at `p`: next header, reserved, offset and flag, identification. */
function ipv6Fragment(p: usize, captured: u32, length: u32): void {
  const field = be16(p + 2);
  const more = (field & 1) != 0;
  if (fragment(load<u32>(p, 4), load<u8>(p), field & 0xfff8, more, p + 8, captured - 8, length - 8)) {
    walkCompleted(6);
  }
}

/** Go on with the datagram that a fragment completed. */
function walkCompleted(version: u32): void {
  const buffer = completed;
  const before = packet.fragmented;
  // Fragments within reassembled fragments count as nesting, so that they end.
  if (!before || nest()) {
    packet.setFragmented(true);
    if (version == 4) transport(completedProtocol, completedPayload(), completedBytes, completedBytes);
    else ipv6Payload(completedProtocol, completedPayload(), completedBytes, completedBytes);
    packet.setFragmented(before);
  }
  fragmentRelease(buffer);
}

/** Extension headers walked at most (RFC 8200 §4 names seven kinds). */
const MAX_EXTENSION_HEADERS: u32 = 16;
const HOP_BY_HOP: u32 = 0;
const ROUTING: u32 = 43;
const FRAGMENT: u32 = 44;
const AUTHENTICATION: u32 = 51;
const DESTINATION_OPTIONS: u32 = 60;
const MOBILITY: u32 = 135;
const HIP: u32 = 139;
const SHIM6: u32 = 140;

/** An IPv6 packet (RFC 8200 §3) of `n` captured bytes. */
export function ipv6(p: usize, n: u32): void {
  if (n < 40 || load<u8>(p) >> 4 != 6) {
    count(COUNT_MALFORMED_PACKETS);
    return;
  }
  packet.setAddresses(6, load<u64>(p, 8), load<u64>(p, 16), load<u64>(p, 24), load<u64>(p, 32));
  const declared = be16(p + 4);
  // Payload length 0 without a jumbo option is offload's again.
  const length = declared == 0 ? n - 40 : declared;
  ipv6Payload(load<u8>(p, 6), p + 40, min(n - 40, length), length);
}

/** Walk the extension headers to the transport header. */
export function ipv6Payload(next: u32, p: usize, captured: u32, length: u32): void {
  for (let i: u32 = 0; i < MAX_EXTENSION_HEADERS; i++) {
    let bytes: u32 = 0;
    switch (next) {
      case HOP_BY_HOP:
      case ROUTING:
      case DESTINATION_OPTIONS:
      case MOBILITY:
      case HIP:
      case SHIM6:
        bytes = captured >= 8 ? (<u32>load<u8>(p, 1) + 1) << 3 : 9;
        break;
      case FRAGMENT:
        if (captured >= 8 && (be16(p + 2) & 0xfff9) != 0) {
          ipv6Fragment(p, captured, length);
          return;
        }
        bytes = 8;
        break;
      case AUTHENTICATION:
        bytes = captured >= 8 ? (<u32>load<u8>(p, 1) + 2) << 2 : 9;
        if (!enter(TUNNEL_AH, -1)) return;
        break;
      default:
        transport(next, p, captured, length);
        return;
    }
    if (bytes > captured) {
      count(COUNT_MALFORMED_PACKETS);
      return;
    }
    next = load<u8>(p);
    p += bytes;
    captured -= bytes;
    length -= bytes;
  }
  count(COUNT_MALFORMED_PACKETS);
}
