import { be16, be24 } from '../core/bytes';
import { count } from '../core/control';
import { COUNT_DTLS_RECORDS } from '../generated/codes';
import { CONTENT_HANDSHAKE } from '../tls/wire';
import { beginDatagram, fragment, noteEncrypted } from './handshake';

/**
 * Records of DTLS in a datagram (RFC 6347 §4.1; RFC 9147 §4):
 *
 *     struct {
 *         ContentType type;  ProtocolVersion version;  uint16 epoch;  uint48 sequence_number;  uint16 length;
 *         opaque fragment[length];
 *     } DTLSPlaintext;
 *
 * Of these, handshake records of epoch 0 are read: everything else, the unified headers of version 1.3 and records with
 * connection ids (RFC 9146) included, is encrypted.
 */
export const DTLS_RECORD_HEADER: u32 = 13;

/**
 * Handshake fragment (RFC 6347 §4.2.2):
 *
 *     struct {
 *         HandshakeType msg_type;  uint24 length;  uint16 message_seq;  uint24 fragment_offset;  uint24 fragment_length;
 *         ...
 *     } Handshake;
 */
export const DTLS_HANDSHAKE_HEADER: u32 = 12;

/** 1.0 is feff, 1.2 and (on the wire) 1.3 fefd; 0100 is what OpenSSL sent before RFC 4347 was out. */
@inline function isVersion(v: u32): bool {
  return v == 0xfeff || v == 0xfefd || v == 0xfefc || v == 0x0100;
}

/** Whether 25 bytes at `p` begin with a handshake record of epoch 0, its lengths in order. */
@inline export function beginsDtls(p: usize): bool {
  return load<u8>(p) == CONTENT_HANDSHAKE && isVersion(be16(p + 1)) && be16(p + 3) == 0 && fragmentFits(p);
}

/** Whether the first fragment of the record lies inside the record, and the record holds no more than it may. */
function fragmentFits(record: usize): bool {
  const length = be16(record + 11);
  const p = record + DTLS_RECORD_HEADER;
  const total = be24(p + 1);
  const bytes = be24(p + 9);
  return (
    length >= DTLS_HANDSHAKE_HEADER &&
    length <= 16384 + 2048 &&
    bytes <= length - DTLS_HANDSHAKE_HEADER &&
    be24(p + 6) + bytes <= total &&
    (bytes != 0 || total == 0)
  );
}

/** A datagram of `length` bytes, `captured` of them at `p`, for which `beginsDtls` is true. */
export function dtlsDatagram(hash: u32, p: usize, captured: u32, length: u32): void {
  beginDatagram(hash);
  let at: u32 = 0;
  while (at + DTLS_RECORD_HEADER <= captured) {
    const record = p + at;
    const bytes = be16(record + 11);
    if (!isVersion(be16(record + 1)) || bytes > length - at - DTLS_RECORD_HEADER) return;
    at += DTLS_RECORD_HEADER;
    if (load<u8>(record) == CONTENT_HANDSHAKE && be16(record + 3) == 0) {
      count(COUNT_DTLS_RECORDS);
      if (!fragments(p + at, min(bytes, captured - at), bytes, be16(record + 1))) return;
    } else noteEncrypted();
    at += bytes;
  }
}

/** The fragments of a record of `length` bytes, `captured` of them at `p`. False when they do not parse. */
function fragments(p: usize, captured: u32, length: u32, recordVersion: u32): bool {
  let at: u32 = 0;
  while (at + DTLS_HANDSHAKE_HEADER <= captured) {
    const header = p + at;
    const total = be24(header + 1);
    const offset = be24(header + 6);
    const bytes = be24(header + 9);
    at += DTLS_HANDSHAKE_HEADER;
    if (bytes > length - at || offset + bytes > total || (bytes == 0 && total != 0)) return false;
    fragment(load<u8>(header), total, be16(header + 4), offset, p + at, min(bytes, captured - at), bytes, recordVersion);
    at += bytes;
  }
  return at == length;
}
