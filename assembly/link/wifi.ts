import { COUNT_MALFORMED_PACKETS, COUNT_NOT_IP_PACKETS } from '../generated/codes';
import { alignUp, be16, be32, le16 } from '../core/bytes';
import { count } from '../core/control';
import { tunnelDepth, tunnelLength, tunnelRestore } from '../core/packet';
import { isSnap, llc } from './llc';

/** Bits of the first two bytes, the frame control field (IEEE 802.11 §9.2.4.1). */
const TYPE_AND_VERSION: u32 = 0x0f;
const DATA: u32 = 0x08;
const SUBTYPE_NO_DATA: u32 = 0x40;
const SUBTYPE_QOS: u32 = 0x80;
const TO_AND_FROM_DS: u32 = 0x03;
const PROTECTED: u32 = 0x40;
const ORDER: u32 = 0x80;

/** Three addresses, and the fourth. */
const HEADER: u32 = 24;
const ADDRESS: u32 = 6;
/** QoS control: bit 7 of its first byte says that several MSDUs follow. */
const QOS: u32 = 2;
const AGGREGATE: u32 = 0x80;
const HT_CONTROL: u32 = 4;

/** An IEEE 802.11 frame (§9.2.3): of unencrypted data frames the payload is walked. */
export function wifi(p: usize, n: u32): void {
  if (n < 2) {
    count(COUNT_MALFORMED_PACKETS);
    return;
  }
  dataFrame(load<u8>(p), load<u8>(p, 1), 22, p, n);
}

/** A frame whose 16-bit fields may have their bytes swapped, as they have in the CAPWAP of one vendor. */
export function wifiEitherOrder(p: usize, n: u32): void {
  // Frames of data to or from a distribution system have one of the lowest bits set in the second byte.
  const first: u32 = n >= 2 ? load<u8>(p) & TYPE_AND_VERSION : DATA;
  const second: u32 = n >= 2 ? load<u8>(p, 1) & TYPE_AND_VERSION : 0;
  if (first != DATA && second == DATA) dataFrame(load<u8>(p, 1), load<u8>(p), 23, p, n);
  else wifi(p, n);
}

/**
 * A frame with the two bytes of its frame control, and the place of the lower byte of its sequence control.
 */
function dataFrame(control: u32, flags: u32, sequence: usize, p: usize, n: u32): void {
  if ((control & TYPE_AND_VERSION) != DATA || (control & SUBTYPE_NO_DATA) != 0 || (flags & PROTECTED) != 0) {
    count(COUNT_NOT_IP_PACKETS);
    return;
  }
  const addresses = HEADER + ((flags & TO_AND_FROM_DS) == TO_AND_FROM_DS ? ADDRESS : 0);
  const qos = (control & SUBTYPE_QOS) != 0;
  const header = addresses + (qos ? QOS + (flags & ORDER ? HT_CONTROL : 0) : 0);
  if (header > n) {
    count(COUNT_MALFORMED_PACKETS);
    return;
  }
  // The low four bits of sequence control number the fragments: only the first begins with a header.
  if ((load<u8>(p + sequence) & 0x0f) != 0) count(COUNT_NOT_IP_PACKETS);
  else if (qos && (load<u8>(p + addresses) & AGGREGATE) != 0) aggregate(p + header, n - header);
  else msdu(p, header, n);
}

/** The payload behind a header, which some adapters pad to a multiple of 4. */
function msdu(p: usize, header: u32, n: u32): void {
  const padded = alignUp(header, 4);
  if (padded < n && isSnap(p + padded, n - padded) && !isSnap(p + header, n - header)) header = padded;
  if (n > header) llc(p + header, n - header);
  else count(COUNT_NOT_IP_PACKETS);
}

/** Several MSDUs: each two addresses, a length, LLC and payload, padded to a multiple of 4 (§9.3.2.2.2). */
function aggregate(p: usize, n: u32): void {
  const length = tunnelLength;
  const depth = tunnelDepth;
  let at: u32 = 0;
  while (at + 14 <= n) {
    const bytes = min(be16(p + at + 12), n - at - 14);
    tunnelRestore(length, depth);
    llc(p + at + 14, bytes);
    at += alignUp(14 + bytes, 4);
  }
}

/** Radiotap (radiotap.org): version 0, padding, length of the header in little-endian order. */
export function radiotap(p: usize, n: u32): void {
  behind(p, n, n >= 8 ? le16(p + 2) : 0, 8);
}

/** The AVS header: magic and length in network order. */
const AVS_MAGIC: u32 = 0x80211000;
export function avs(p: usize, n: u32): void {
  behind(p, n, n >= 8 ? be32(p + 4) : 0, 8);
}

/**
 * The Prism header: message code and length in the order of the capturing host, taken as little-endian; or
 * AVS.
 */
export function prism(p: usize, n: u32): void {
  if (n >= 8 && (be32(p) & 0xfffff000) == AVS_MAGIC) avs(p, n);
  else behind(p, n, n >= 8 ? load<u32>(p, 4) : 0, 8);
}

/** A frame behind a header whose length has been read. */
function behind(p: usize, n: u32, header: u32, least: u32): void {
  if (header < least || header > n) count(COUNT_MALFORMED_PACKETS);
  else wifi(p + header, n - header);
}
