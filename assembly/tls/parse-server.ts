import { be16, be64 } from '../core/bytes';
import { ANOMALY_BAD_EXTENSION, ANOMALY_MALFORMED, ANOMALY_TRAILING_BYTES } from '../generated/codes';
import { sessionHash } from './parse';

/**
 * Body of a ServerHello taken apart (RFC 8446 §4.1.3; RFC 5246 §7.4.1.3):
 *
 *     struct {
 *         ProtocolVersion legacy_version;  Random random;  opaque legacy_session_id_echo<0..32>;
 *         CipherSuite cipher_suite;  uint8 legacy_compression_method;  Extension extensions<6..2^16-1>;
 *     } ServerHello;
 *
 * The drafts of TLS 1.3 up to 21 (version 0x7f00 to 0x7f15; the first ones 0x0304) have neither session id nor compression;
 * their HelloRetryRequest is a message of its own. -1 stands for what was not captured or is not there.
 */
export const EXTENSIONS: usize = memory.data(32768 + 64, 16);
/** Per extension u32 address and u32 length of its data; the type is at 4 bytes before the address. */
export const EXTENSION_DATA: usize = memory.data(16384 * 8, 16);
export let extensionCount: u32 = 0;
export let legacyVersion: i32 = -1;
export let version: i32 = -1;
export let random: usize = 0;
export let sessionIdLength: i32 = -1;
export let cipherSuite: i32 = -1;
export let compression: i32 = -1;
export let alpn: usize = 0;
export let alpnLength: i32 = -1;
export let selectedGroup: i32 = -1;
export let isRetry: bool = false;
/** 1 resumed, 0 not, -1 cannot be told. */
export let resumed: i32 = -1;
export let anomalies: u32 = 0;

let hasPsk: bool = false;

function clear(): void {
  extensionCount = 0;
  legacyVersion = -1;
  version = -1;
  random = 0;
  sessionIdLength = -1;
  cipherSuite = -1;
  compression = -1;
  alpnLength = -1;
  selectedGroup = -1;
  isRetry = false;
  resumed = -1;
  anomalies = 0;
  hasPsk = false;
}

/** The random that marks a HelloRetryRequest: SHA-256 of "HelloRetryRequest" (RFC 8446 §4.1.3). */
function isRetryRandom(p: usize): bool {
  return (
    be64(p) == 0xcf21ad74e59a6111 &&
    be64(p + 8) == 0xbe1d8c021e65b891 &&
    be64(p + 16) == 0xc2a211167abb8c5e &&
    be64(p + 24) == 0x079e09e2c8a8339c
  );
}

/**
 * Whether the body of a ServerHello has the form of the early drafts. Those that gave their version as 0x0304 are told by the
 * length of the extensions, which stands two bytes further on in a ServerHello that should have said 0x0303.
 */
@inline function isEarlyDraft(p: usize, n: u32, whole: bool): bool {
  if (legacyVersion == 0x0304) return whole && n >= 38 && be16(p + 36) == n - 38;
  return legacyVersion >= 0x7f00 && legacyVersion <= 0x7f15;
}

/**
 * Take a ServerHello body apart.
 *
 * @param p first byte after the handshake header; `n` bytes are there
 * @param whole true when these are all bytes of the message
 * @param clientSession hash of the session id of the ClientHello it answers; 0: none or not seen
 */
export function parseServerHello(p: usize, n: u32, whole: bool, clientSession: u32): void {
  clear();
  const end = p + n;
  if (n < 2) return short(whole);
  legacyVersion = be16(p);
  version = legacyVersion;
  if (n < 34) return short(whole);
  random = p + 2;
  isRetry = isRetryRandom(random);
  let at = p + 34;
  let session: usize = 0;
  const isEarly = isEarlyDraft(p, n, whole);
  if (!isEarly) {
    if (at + 1 > end) return short(whole);
    sessionIdLength = load<u8>(at);
    session = at + 1;
    at += 1 + sessionIdLength;
  }
  if (at + 2 > end) return short(whole);
  cipherSuite = be16(at);
  at += 2;
  if (!isEarly) {
    if (at + 1 > end) return short(whole);
    compression = load<u8>(at);
    at += 1;
  }
  if (at < end) parseExtensions(at, end, whole);
  noteResumption(session, clientSession);
}

function noteResumption(session: usize, clientSession: u32): void {
  if (version >= 0x0304 && version < 0xfe00) {
    if (!isRetry) resumed = i32(hasPsk);
    return;
  }
  if (sessionIdLength <= 0) {
    resumed = sessionIdLength == 0 ? 0 : -1;
    return;
  }
  if (clientSession) resumed = i32(sessionHash(session, sessionIdLength) == clientSession);
}

/** A HelloRetryRequest of the early drafts: version, then (from draft 19) the cipher suite, then extensions. */
export function parseDraftRetry(p: usize, n: u32, whole: bool): void {
  clear();
  isRetry = true;
  if (n < 2) return short(whole);
  legacyVersion = be16(p);
  version = legacyVersion;
  let at = p + 2;
  if (legacyVersion >= 0x7f13) {
    if (n < 4) return short(whole);
    cipherSuite = be16(at);
    at += 2;
  }
  if (at < p + n) parseExtensions(at, p + n, whole);
}

function short(whole: bool): void {
  if (whole) anomalies |= ANOMALY_MALFORMED;
}

function parseExtensions(at: usize, end: usize, whole: bool): void {
  if (at + 2 > end) return short(whole);
  const declared = at + 2 + be16(at);
  at += 2;
  if (declared > end) short(whole);
  if (declared < end && whole) anomalies |= ANOMALY_TRAILING_BYTES;
  const stop = min(declared, end);
  while (at + 4 <= stop) {
    const type = be16(at);
    const length = be16(at + 2);
    at += 4;
    const data = min<u32>(length, <u32>(stop - at));
    store<u16>(EXTENSIONS + (extensionCount << 1), type);
    store<u32>(EXTENSION_DATA + (extensionCount << 3), <u32>at);
    store<u32>(EXTENSION_DATA + (extensionCount << 3), data, 4);
    extensionCount++;
    readExtension(type, at, data);
    if (data < length) return short(whole);
    at += length;
  }
  if (at < stop) short(whole);
}

function readExtension(type: u32, p: usize, n: u32): void {
  if (type == 43) {
    // RFC 8446 §4.2.1: selected_version
    if (n >= 2) version = be16(p);
    else anomalies |= ANOMALY_BAD_EXTENSION;
  } else if (type == 51 || type == 40) {
    // RFC 8446 §4.2.8 (40 until draft 22): group of the share, or selected_group
    if (n >= 2) selectedGroup = be16(p);
    else anomalies |= ANOMALY_BAD_EXTENSION;
  } else if (type == 41) {
    hasPsk = true;
  } else if (type == 16) {
    // RFC 7301 §3.2: a list of exactly one name
    if (n < 3 || load<u8>(p, 2) + 3 > n) {
      anomalies |= ANOMALY_BAD_EXTENSION;
      return;
    }
    alpn = p + 3;
    alpnLength = load<u8>(p, 2);
  }
}
