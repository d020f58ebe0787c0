import { be16, hashBytes, takeRun } from '../core/bytes';
import {
  ANOMALY_DUPLICATE_EXTENSION,
  ANOMALY_MALFORMED,
  ANOMALY_ODD_LENGTH,
  ANOMALY_SSLV2,
  ANOMALY_TRAILING_BYTES,
} from '../generated/codes';
import {
  clearExtensions,
  DRAFT_TRANSPORT_PARAMETERS,
  ECH,
  FINGERPRINTED,
  LIST_BYTES,
  noteAnomalies,
  READ,
  readExtension,
  recallExtensions,
} from './extensions';
import { clearSawGrease, GREASE, isGrease, normalise16, noteGrease, sawGrease } from './grease';

export {
  alpn,
  alpnBytes,
  anomalies,
  CERT_COMPRESSION,
  certCompressionCount,
  echConfigId,
  echPayloadLength,
  GROUPS,
  groupCount,
  hasEarlyData,
  hasEch,
  hasPsk,
  hasSni,
  hasVersions,
  KEY_SHARES,
  keyShareCount,
  PARAMETERS,
  parameterCount,
  pointFormatCount,
  pointFormats,
  pskModeCount,
  pskModes,
  SIGNATURES,
  signatureCount,
  sni,
  sniLength,
  VERSIONS,
  versionCount,
} from './extensions';

/**
 * Body of a ClientHello taken apart (RFC 8446 §4.1.2; RFC 5246 §7.4.1.2; RFC 6347 §4.2.1 for DTLS):
 *
 *     struct {
 *         ProtocolVersion legacy_version;  Random random;  opaque legacy_session_id<0..32>;
 *         [DTLS: opaque cookie<0..2^8-1>;]
 *         CipherSuite cipher_suites<2..2^16-2>;  opaque legacy_compression_methods<1..2^8-1>;
 *         Extension extensions<8..2^16-1>;
 *     } ClientHello;
 *
 * Results stand in the variables below, and those of `tls/extensions`, until the next call. Lists are host order, GREASE as
 * 0x0a0a; pointers lead into the message.
 */

export const CIPHERS: usize = memory.data(LIST_BYTES, 16);
export const EXTENSIONS: usize = memory.data(LIST_BYTES, 16);
/** Per extension u32 address and u32 length of its data. */
export const EXTENSION_DATA: usize = memory.data(16384 * 8, 16);

export let legacyVersion: u32 = 0;
export let clientRandom: usize = 0;
export let sessionIdLength: i32 = -1;
/** 32-bit hash of a session id that is not empty; 0: none. */
export let clientSessionHash: u32 = 0;
export let cipherCount: u32 = 0;
/** True once the cipher suites were there in full. */
export let hasCiphers: bool = false;
export let compression: usize = 0;
export let compressionCount: u32 = 0;
export let extensionCount: u32 = 0;
export let hasGrease: bool = false;

/** Extension types below 64 that were seen, one bit each, and for each its place among the extensions, u16 (64: spare). */
export let lowExtensions: u64 = 0;
export const LOW_PLACES: usize = memory.data(65 * 2, 16);
/** Places of the others, u16. */
const HIGH_PLACES: usize = memory.data(16384 * 2, 16);
/** True when an extension of a higher type was seen that a fingerprint shows the data of. */
export let hasHighData: bool = false;

/** One bit per extension type from 64 on seen. */
const SEEN: usize = memory.data(8192, 16);

function clear(): void {
  clearExtensions();
  clearSawGrease();
  clientRandom = 0;
  sessionIdLength = -1;
  clientSessionHash = 0;
  cipherCount = 0;
  hasCiphers = false;
  compressionCount = 0;
  extensionCount = 0;
  lowExtensions = 0;
  hasHighData = false;
}

/**
 * Make a hello the one that was parsed last of which these are known and no more.
 *
 * @param named whether it has a server_name
 * @param names one name of two bytes as ALPN
 * @param runs (`putRun`) ciphers, extensions, groups, signature algorithms, point formats
 */
export function recallHello(version: u32, named: bool, names: usize, runs: usize): void {
  legacyVersion = version;
  const ciphers = takeRun(runs, CIPHERS);
  cipherCount = ciphers >> 1;
  runs += 4 + ciphers;
  const extensions = takeRun(runs, EXTENSIONS);
  extensionCount = extensions >> 1;
  recallExtensions(named, names, runs + 4 + extensions);
}

/** 32-bit hash of a session id, never 0. */
@inline export function sessionHash(p: usize, n: u32): u32 {
  return <u32>hashBytes(p, n) | 1;
}

/**
 * Take a ClientHello body apart.
 *
 * @param p first byte after the handshake header
 * @param n bytes that are there
 * @param whole true when these are all bytes of the message: then a length that overruns is an anomaly
 * @param dtls true when a cookie follows the session id
 */
export function parseClientHello(p: usize, n: u32, whole: bool, dtls: bool): void {
  clear();
  const end = p + n;
  if (n < 2) {
    legacyVersion = 0;
    return short(whole);
  }
  legacyVersion = be16(p);
  if (n < 35) return short(whole);
  clientRandom = p + 2;
  sessionIdLength = load<u8>(p, 34);
  let at = p + 35 + sessionIdLength;
  if (at > end) return short(whole);
  if (sessionIdLength) clientSessionHash = sessionHash(p + 35, sessionIdLength);
  if (dtls) {
    if (at + 1 > end) return short(whole);
    at += 1 + <usize>load<u8>(at);
  }
  if (at + 2 > end) return short(whole);
  const cipherBytes = be16(at);
  at += 2;
  const present = min(cipherBytes, <u32>(end - at));
  if (present & 1 && present == cipherBytes) noteAnomalies(ANOMALY_ODD_LENGTH);
  cipherCount = present >> 1;
  normalise16(at, cipherCount, CIPHERS);
  if (present < cipherBytes) return short(whole);
  hasCiphers = true;
  at += cipherBytes;
  if (at + 1 > end) return short(whole);
  compression = at + 1;
  compressionCount = min<u32>(load<u8>(at), <u32>(end - at - 1));
  at += 1 + <usize>load<u8>(at);
  if (at > end) return short(whole);
  // TLS 1.0 and SSL 3.0 hellos may end here.
  if (at < end) parseExtensions(at, end, whole);
  hasGrease = sawGrease;
}

function short(whole: bool): void {
  if (whole) noteAnomalies(ANOMALY_MALFORMED);
  hasGrease = sawGrease;
}

function parseExtensions(at: usize, end: usize, whole: bool): void {
  if (at + 2 > end) return short(whole);
  const declared = at + 2 + be16(at);
  at += 2;
  if (declared > end && whole) noteAnomalies(ANOMALY_MALFORMED);
  if (declared < end && whole) noteAnomalies(ANOMALY_TRAILING_BYTES);
  const stop = min(declared, end);
  let low: u64 = 0;
  let twice: u64 = 0;
  let n: u32 = 0;
  let high: u32 = 0;
  let cut: u32 = NO_TYPE;
  // Clients shuffle their extensions: a branch on the type could not be foreseen.
  while (at + 4 <= stop) {
    const header = load<u32>(at);
    const type = ((header & 0xff) << 8) | ((header >> 8) & 0xff);
    const length = ((header >> 8) & 0xff00) | (header >> 24);
    at += 4;
    store<u16>(EXTENSIONS + (n << 1), type);
    store<u64>(EXTENSION_DATA + (n << 3), <u64>at | (<u64>length << 32));
    const isLow = u32(type < 64);
    const bit = <u64>isLow << type;
    twice |= low & bit;
    low |= bit;
    store<u16>(LOW_PLACES + (min<u32>(type, 64) << 1), n);
    store<u16>(HIGH_PLACES + (high << 1), n);
    high += 1 - isLow;
    n++;
    at += length;
    if (at <= stop) continue;
    store<u32>(EXTENSION_DATA + (n << 3) - 4, length - <u32>(at - stop));
    cut = type;
    at = stop;
    break;
  }
  extensionCount = n;
  if (whole && (at < stop || cut != NO_TYPE)) noteAnomalies(ANOMALY_MALFORMED);
  lowExtensions = low;
  if (twice) placeFirst();
  if (high) readHighExtensions(high, whole || cut == NO_TYPE ? NO_TYPE : n - 1);
  readLowExtensions(low & reading, whole ? NO_TYPE : cut);
}

/** An extension below 64 stands twice: of these the first counts, but as in JA3 the last of groups and point formats. */
function placeFirst(): void {
  noteAnomalies(ANOMALY_DUPLICATE_EXTENSION);
  for (let i = extensionCount; i-- > 0; ) {
    const type: u32 = load<u16>(EXTENSIONS + (i << 1));
    if (type < 64 && type != 10 && type != 11) store<u16>(LOW_PLACES + (type << 1), i);
  }
}

/** Read the `n` extensions from type 64 on; of the one at place `cut` a part is missing that the capture cut off. */
function readHighExtensions(n: u32, cut: u32): void {
  for (let j: u32 = 0; j < n; j++) {
    const i: u32 = load<u16>(HIGH_PLACES + (j << 1));
    const type: u32 = load<u16>(EXTENSIONS + (i << 1));
    if (isGrease(type)) {
      store<u16>(EXTENSIONS + (i << 1), GREASE);
      noteGrease();
    } else highExtension(type, i, i != cut);
  }
  for (let j: u32 = 0; j < n; j++) {
    const type: u32 = load<u16>(EXTENSIONS + (<usize>load<u16>(HIGH_PLACES + (j << 1)) << 1));
    store<u32>(seenWord(type), 0);
  }
}

const NO_TYPE: u32 = 0xffffffff;
let reading: u64 = READ;

/**
 * Leave extensions below 64 alone that neither JA3, JA4 nor the server name come from: for a host that wants nothing else
 * of them, anomalies and GREASE included.
 */
export function readFingerprintedOnly(value: bool): void {
  reading = value ? FINGERPRINTED : READ;
}

/**
 * Read the extensions of a set of types below 64 by rising type: as clients shuffle them, in the order of the wire every
 * one would be a branch that the processor cannot foresee. What the capture cuts off of `cut` is no fault of the sender.
 */
function readLowExtensions(set: u64, cut: u32): void {
  for (; set != 0; set &= set - 1) {
    const type = <u32>ctz<u64>(set);
    const at = EXTENSION_DATA + (<usize>load<u16>(LOW_PLACES + (type << 1)) << 3);
    // Of an extension that is cut only the part that is there is read; its list may be short.
    readExtension(type, <usize>load<u32>(at), load<u32>(at, 4), type != cut);
  }
}

/** The extension at place `i`, of type 64 or above; `faults` says whether what is wrong inside is the sender's doing. */
@inline function highExtension(type: u32, i: u32, faults: bool): void {
  if (type == 0x5500 || type == DRAFT_TRANSPORT_PARAMETERS) hasHighData = true;
  if (noteDuplicate(type)) return;
  if (type != ECH && type != DRAFT_TRANSPORT_PARAMETERS) return;
  const at = EXTENSION_DATA + (i << 3);
  readExtension(type, <usize>load<u32>(at), load<u32>(at, 4), faults);
}

@inline function seenWord(type: u32): usize {
  return SEEN + ((type >> 3) & ~3);
}

/** Note an extension type; returns whether it has been there before. */
@inline function noteDuplicate(type: u32): bool {
  const word = seenWord(type);
  const bit: u32 = 1 << (type & 31);
  const seen = load<u32>(word);
  store<u32>(word, seen | bit);
  if ((seen & bit) == 0) return false;
  noteAnomalies(ANOMALY_DUPLICATE_EXTENSION);
  return true;
}

/**
 * Take an SSL 2.0 compatible CLIENT-HELLO apart (RFC 5246 §E.2): u16 record length, u8 type, u16 version, u16 lengths of
 * cipher specs, session id and challenge, then these. The challenge, when it has 32 bytes, stands as the random.
 */
export function parseSslV2ClientHello(p: usize, n: u32): void {
  clear();
  noteAnomalies(ANOMALY_SSLV2);
  legacyVersion = be16(p + 3);
  const specs = be16(p + 5);
  const session = be16(p + 7);
  const challenge = be16(p + 9);
  sessionIdLength = min<u32>(session, 255);
  let at: u32 = 11;
  for (; at + 3 <= min(n, 11 + specs); at += 3) {
    if (load<u8>(p + at)) continue;
    normalise16(p + at + 1, 1, CIPHERS + (cipherCount << 1));
    cipherCount++;
  }
  hasGrease = sawGrease;
  const random = specs + session + 11;
  if (challenge == 32 && random + 32 <= n) clientRandom = p + random;
}
