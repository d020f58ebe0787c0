import { be32 } from '../core/bytes';
import { quicSalt } from '../crypto/quic-salts';
import { varint, varintBytes } from './varint';

/**
 * Long header of a QUIC packet (RFC 9000 §17.2; the same in the drafts since 22 and in version 2, RFC 9369 §3.2):
 *
 *     Header Form (1) = 1, Fixed Bit (1), Long Packet Type (2), Type-Specific Bits (4), Version (32),
 *     DCID Length (8), DCID (0..160), SCID Length (8), SCID (0..160),
 *     Initial: Token Length (i), Token (..);  Initial, 0-RTT, Handshake: Length (i), Packet Number (8..32), Payload
 *
 * Results stand in the variables below until the next call; addresses lead into the packet. The Fixed Bit is not looked
 * at: it may be 0 (RFC 9287).
 */

/** Packet types as version 1 numbers them. */
export const TYPE_INITIAL: u32 = 0;
export const TYPE_RETRY: u32 = 3;
/** Longest connection id of the versions that are known (RFC 9000 §17.2). */
export const MAX_ID: u32 = 20;

const VERSION_2: u32 = 0x6b3343cf;
const VERSION_2_DRAFT: u32 = 0x709a50c4;

export let packetType: u32 = 0;
export let version: u32 = 0;
export let dcid: usize = 0;
export let dcidLength: u32 = 0;
export let scid: usize = 0;
export let scidLength: u32 = 0;
/** Bytes before the packet number. */
export let numberOffset: u32 = 0;
/** Bytes of the packet, as it declares; 0 when nothing can follow it in the datagram. */
export let packetLength: u32 = 0;

/** What `readLongHeader` found. */
export const HEADER_NONE: i32 = 0;
export const HEADER_OK: i32 = 1;
/** A long header of a version without known keys. */
export const HEADER_UNKNOWN_VERSION: i32 = 2;
/** A packet of a known version whose lengths lead out of the datagram. */
export const HEADER_BROKEN: i32 = 3;

/** Read the header of the packet at `p`, of which and of what follows it `n` bytes are there. */
export function readLongHeader(p: usize, n: u32): i32 {
  if (n < 7) return HEADER_NONE;
  const first: u32 = load<u8>(p);
  if ((first & 0x80) == 0) return HEADER_NONE;
  version = be32(p + 1);
  // Version Negotiation (RFC 9000 §17.2.1)
  if (version == 0) return HEADER_NONE;
  if (quicSalt(version) < 0) return HEADER_UNKNOWN_VERSION;
  packetType = (first >> 4) & 3;
  // RFC 9369 §3.2: Initial = 1, 0-RTT = 2, Handshake = 3, Retry = 0
  if (version == VERSION_2 || version == VERSION_2_DRAFT) packetType = (packetType + 3) & 3;
  packetLength = 0;
  dcid = p + 6;
  dcidLength = load<u8>(p, 5);
  if (dcidLength > MAX_ID || dcidLength + 7 > n) return HEADER_BROKEN;
  scid = dcid + dcidLength + 1;
  scidLength = load<u8>(dcid + dcidLength);
  const at: u32 = dcidLength + scidLength + 7;
  if (scidLength > MAX_ID || at > n) return HEADER_BROKEN;
  if (packetType == TYPE_RETRY) return HEADER_OK;
  return readLengths(p, at, n);
}

/** Token and Length. */
function readLengths(p: usize, at: u32, n: u32): i32 {
  if (packetType == TYPE_INITIAL) {
    if (at + 1 > n || at + varintBytes(p + at) > n) return HEADER_BROKEN;
    const token = varint(p + at);
    at += varintBytes(p + at);
    if (token > n - at) return HEADER_BROKEN;
    at += <u32>token;
  }
  if (at + 1 > n || at + varintBytes(p + at) > n) return HEADER_BROKEN;
  const rest = varint(p + at);
  at += varintBytes(p + at);
  if (rest > n - at) return HEADER_BROKEN;
  numberOffset = at;
  packetLength = at + <u32>rest;
  return HEADER_OK;
}
