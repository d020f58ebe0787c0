import { be16 } from '../core/bytes';
import { count } from '../core/control';
import { carriedDtls } from '../dtls/carriers';
import { giveUpMessages } from '../dtls/handshake';
import { beginsDtls, dtlsDatagram } from '../dtls/records';
import { COUNT_QUIC_UNKNOWN_VERSION } from '../generated/codes';
import { FLOW_IS_QUIC, quicDatagram } from '../quic/connection';
import { giveUpHellos } from '../quic/handshake';
import { mayBeOpenvpn, openvpnPacket } from '../starttls/openvpn';
import { CONTENT_HANDSHAKE } from '../tls/wire';
import { FLOW_FLAGS, flowSetDone } from './table';

/** A DTLS record header with a handshake header; no QUIC Initial is shorter. */
const MIN_DATAGRAM: u32 = 25;
/** The first packet of OpenVPN. */
const MIN_OPENVPN: u32 = 14;
const UDP: u32 = 17;
/** `Q0`, how the version of Google's old QUIC begins. */
const GOOGLE_VERSION: u32 = 0x5130;

/**
 * Whether a datagram is one of the many that nothing here begins in: QUIC behind the handshake (RFC 9000 §17.3.1), told by
 * the first two bits, unless DTLS stands behind the header of a TURN channel or it is Google's old QUIC. Asked before
 * anything else is done, of a payload of any length: what it reads behind that does no harm.
 */
@inline export function beginsNothing(payload: usize): bool {
  return load<u8>(payload) >> 6 == 1 && load<u8>(payload, 4) != CONTENT_HANDSHAKE && be16(payload + 9) != GOOGLE_VERSION;
}

/**
 * A UDP datagram of the packet being walked: found by its first bytes, on any port.
 *
 * @param hash of its ends (`flowHash`)
 * @param payload `captured` bytes of `length`
 */
export function udpDatagram(hash: u32, payload: usize, captured: u32, length: u32): void {
  if (captured < MIN_OPENVPN) return;
  const first: u32 = load<u8>(payload);
  if (mayBeOpenvpn(first) && openvpnPacket(hash, UDP, payload, captured, length)) return;
  if (captured < MIN_DATAGRAM) return;
  if (first & 0x80) {
    quicDatagram(hash, payload, captured, length);
    return;
  }
  if (beginsDtls(payload)) {
    dtlsDatagram(hash, payload, captured, length);
    return;
  }
  const skip = carriedDtls(payload, captured);
  if (skip) dtlsDatagram(hash, payload + skip, captured - skip, length - skip);
  else if (beginsOldGoogleQuic(payload)) count(COUNT_QUIC_UNKNOWN_VERSION);
}

/**
 * Google QUIC up to Q043 (draft-tsvwg-quic-protocol-02 §6.1): public flags with VERSION and an 8-byte connection id,
 * the id, then the version as text.
 */
@inline function beginsOldGoogleQuic(p: usize): bool {
  return (load<u8>(p) & 0x09) == 0x09 && be16(p + 9) == GOOGLE_VERSION && load<u8>(p, 11) - 0x30 < 10 && load<u8>(p, 12) - 0x30 < 10;
}

/** Give up what a datagram flow (DTLS, QUIC) has not completed, for `reason`, and release its memory. */
export function releaseDatagramFlow(flow: usize, reason: u32): void {
  if (load<u32>(flow, FLOW_FLAGS) == FLOW_IS_QUIC) giveUpHellos(flow, reason);
  else giveUpMessages(flow, reason);
  flowSetDone(flow);
}
