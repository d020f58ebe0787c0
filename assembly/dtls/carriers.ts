import { be16, be32 } from '../core/bytes';
import { beginsDtls, DTLS_HANDSHAKE_HEADER, DTLS_RECORD_HEADER } from './records';

/** Protocols over UDP that carry DTLS behind a header of their own: TURN and CAPWAP. */

const SMALLEST: u32 = DTLS_RECORD_HEADER + DTLS_HANDSHAKE_HEADER;
/** RFC 8489 §5: message header with a fixed value at its bytes 4 to 7, then attributes. */
const STUN_HEADER: u32 = 20;
const MAGIC_COOKIE: u32 = 0x2112a442;
/** RFC 8656 §17, §18 */
const SEND_INDICATION: u32 = 0x0016;
const DATA_INDICATION: u32 = 0x0017;
const DATA: u32 = 0x0013;

/**
 * Bytes before the DTLS record that the payload of a UDP datagram carries, `captured` (at least 25) of it at `p`;
 * 0 when there is none.
 */
export function carriedDtls(p: usize, captured: u32): u32 {
  const first: u32 = load<u8>(p);
  // ChannelData (RFC 8656 §12.4): channel number 0x4000 to 0x7fff, length.
  const channel = first >= 0x40;
  // CAPWAP (RFC 5415 §4.2): version 0, type 1, three reserved bytes.
  const capwap = first == 1 && be32(p) == 0x01000000;
  if (channel || capwap) {
    return captured >= 4 + SMALLEST && beginsDtls(p + 4) ? 4 : 0;
  }
  return first == 0 && be32(p + 4) == MAGIC_COOKIE ? inIndication(p, captured) : 0;
}

/** The DATA attribute of a Send or Data indication. */
function inIndication(p: usize, captured: u32): u32 {
  const method = be16(p);
  if (method != SEND_INDICATION && method != DATA_INDICATION) return 0;
  let at = STUN_HEADER;
  while (at + 4 + SMALLEST <= captured) {
    if (be16(p + at) == DATA) return beginsDtls(p + at + 4) ? at + 4 : 0;
    // Attributes are padded to a multiple of 4 bytes (RFC 8489 §14).
    at += 4 + ((be16(p + at + 2) + 3) & ~3);
  }
  return 0;
}
