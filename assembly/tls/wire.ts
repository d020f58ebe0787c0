import { be16, be24 } from '../core/bytes';

/** Bytes of a TLSPlaintext header (RFC 8446 §5.1). */
export const RECORD_HEADER: u32 = 5;
/** Longest fragment a record may carry: 2^14 + 2048 (RFC 5246 §6.2.3). */
export const MAX_FRAGMENT: u32 = 16384 + 2048;

export const CONTENT_CHANGE_CIPHER_SPEC: u32 = 20;
export const CONTENT_ALERT: u32 = 21;
export const CONTENT_HANDSHAKE: u32 = 22;
export const CONTENT_APPLICATION_DATA: u32 = 23;

/** Level and description of an alert (RFC 5246 §7.2). */
export const ALERT_WARNING: u32 = 1;
export const ALERT_CLOSE_NOTIFY: u32 = 0;

export const HANDSHAKE_CLIENT_HELLO: u32 = 1;
export const HANDSHAKE_SERVER_HELLO: u32 = 2;
export const HANDSHAKE_HELLO_VERIFY_REQUEST: u32 = 3;
export const HANDSHAKE_HELLO_RETRY_REQUEST: u32 = 6;
export const HANDSHAKE_CERTIFICATE: u32 = 11;
export const HANDSHAKE_SERVER_HELLO_DONE: u32 = 14;

/** Whether a record header can stand here: `n` bytes (n >= 1) at `p`, as far as they go. */
export function isRecordHeader(p: usize, n: u32): bool {
  const type: u32 = load<u8>(p);
  if (type < CONTENT_CHANGE_CIPHER_SPEC || type > 24) return false;
  if (n >= 2 && load<u8>(p, 1) != 3) return false;
  if (n >= 3 && load<u8>(p, 2) > 4) return false;
  return n < 5 || be16(p + 3) <= MAX_FRAGMENT;
}

/**
 * Quick test for the first bytes of a record that begins a ClientHello or ServerHello: 8 bytes at `p` are read.
 */
@inline export function mayBeginHello(p: usize): bool {
  const v = load<u64>(p) & 0x0000ff000000ffff;
  return v == 0x0000010000000316 || v == 0x0000020000000316;
}

/**
 * Strict test that `n` bytes (n >= 6) at `p` begin a record with a ClientHello or ServerHello, for use where no
 * earlier bytes of the connection vouch for it: an encrypted handshake record also begins 16 03 03.
 */
export function beginsHello(p: usize, n: u32): bool {
  if (n < 6 || !mayBeginHello(p) || !isRecordHeader(p, n)) return false;
  const length = be16(p + 3);
  // A record that ends before the version shows too little: then another has to follow in the segment.
  if (length < 6) return length && n >= length + 2 * RECORD_HEADER && continues(p + RECORD_HEADER + length);
  if (n >= 9) {
    const message = be24(p + 6);
    if (message < 38 || message > 0x20000) return false;
    // A record that ends inside the message is full in practice; one that is short must at least show the version.
    if (length < message + 4 && length < 32 && n < 11) return false;
  }
  if (n >= 11 && (load<u8>(p, 9) != 3 || load<u8>(p, 10) > 4)) return false;
  return n < 44 || length < 39 || load<u8>(p, 43) <= 32;
}

function continues(p: usize): bool {
  return load<u8>(p) == CONTENT_HANDSHAKE && isRecordHeader(p, RECORD_HEADER);
}

/** Fewer bytes than `beginsHello` needs, as far as they go: for the very first bytes seen of a connection. */
export function beginsHandshakeRecord(p: usize, n: u32): bool {
  return n > 0 && n < 6 && load<u8>(p) == CONTENT_HANDSHAKE && isRecordHeader(p, n);
}

/**
 * Whether a second ClientHello begins here, at once or behind the change_cipher_spec record that precedes it after a
 * HelloRetryRequest (RFC 8446 §D.4): the length of what comes before it, or -1.
 */
export function secondHello(p: usize, n: u32): i32 {
  const before: u32 = n >= 12 && load<u8>(p) == CONTENT_CHANGE_CIPHER_SPEC && be16(p + 3) == 1 ? 6 : 0;
  const q = p + before;
  if (n < before + 6 || load<u8>(q, 5) != HANDSHAKE_CLIENT_HELLO || !beginsHello(q, n - before)) return -1;
  return <i32>before;
}

/**
 * Whether an SSL 2.0 compatible CLIENT-HELLO begins here (RFC 5246 §E.2, draft-hickman-netscape-ssl-00 §2.5):
 * two-byte header, all lengths consistent.
 */
export function beginsSslV2Hello(p: usize, n: u32): bool {
  if (n < 11 || (load<u8>(p) & 0x80) == 0 || load<u8>(p, 2) != 1) return false;
  if (!isSslV2Version(be16(p + 3))) return false;
  const ciphers = be16(p + 5);
  const challenge = be16(p + 9);
  if (ciphers == 0 || ciphers % 3 != 0 || challenge < 16 || challenge > 32) return false;
  return 9 + ciphers + be16(p + 7) + challenge == (be16(p) & 0x7fff);
}

@inline function isSslV2Version(version: u32): bool {
  return version == 0x0002 || (version >= 0x0300 && version <= 0x0304);
}

/** Whether the bytes may begin such a hello, as far as they go: fewer than the 11 that tell. */
export function mayBeginSslV2Hello(p: usize, n: u32): bool {
  if (n == 0 || n >= 11 || (load<u8>(p) & 0x80) == 0) return false;
  return (n < 3 || load<u8>(p, 2) == 1) && (n < 5 || isSslV2Version(be16(p + 3)));
}

/** Bytes of an SSL 2.0 hello, its record header included. */
@inline export function sslV2Length(p: usize): u32 {
  return 2 + (be16(p) & 0x7fff);
}
