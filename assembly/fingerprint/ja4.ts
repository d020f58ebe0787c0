import { be16, copyShort } from '../core/bytes';
import { sort16 } from '../core/sort';
import { ANOMALY_ALPN_GREASE, ANOMALY_NO_VERSION_OFFERED, PROTOCOL_DTLS, PROTOCOL_QUIC } from '../generated/codes';
import { isGrease } from '../tls/grease';
import * as hello from '../tls/parse';
import { sha256Hex12, sha256Hex12Memo } from './memo';
import { withoutGrease, withoutNames, writeByte, writeHexList } from './text';

/**
 * JA4 of a TLS client (FoxIO technical_details/JA4.md): `a_b_c` and its forms.
 *
 * - a: protocol, version, SNI, number of ciphers and extensions, first ALPN
 * - b: SHA-256 of the ciphers; c: SHA-256 of the extensions (and signature algorithms); 12 hex digits each
 * - JA4: lists sorted, SNI and ALPN left out of c; JA4_o: wire order, nothing left out but GREASE
 * - JA4_r, JA4_ro: the lists in clear
 */
const TEXT_BYTES: i32 = 5 * (32768 + 16384 + 32768) + 64;
export const JA4: usize = memory.data(40, 16);
export const JA4_O: usize = memory.data(40, 16);
export const JA4_R: usize = memory.data(TEXT_BYTES, 16);
export const JA4_RO: usize = memory.data(TEXT_BYTES, 16);
/** JA4 and JA4_o are always so long. */
export const JA4_LENGTH: u32 = 36;
export let ja4RLength: u32 = 0;
export let ja4RoLength: u32 = 0;
/** Anomalies of the hello that `offeredVersion` looked at last (`ANOMALY_...` bits). */
export let ja4Anomalies: u32 = 0;

const LIST: usize = memory.data(65536 + 16, 16);
const UNDERSCORE: u32 = 0x5f;
/** Twelve zeros, which stand for the hash of an empty list. */
const ZEROS: usize = memory.data<u8>([0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0, 0, 0, 0]);

/**
 * Highest version offered (JA4.md): the highest value of supported_versions that is not GREASE, else legacy_version.
 * DTLS numbers run backwards (RFC 6347 §4.1): there the lowest number is the highest version.
 */
export function offeredVersion(dtls: bool): u32 {
  ja4Anomalies = isAlpnGrease() ? ANOMALY_ALPN_GREASE : 0;
  if (!hello.hasVersions) return hello.legacyVersion;
  let best: i32 = -1;
  for (let i: u32 = 0; i < hello.versionCount; i++) {
    const v: i32 = load<u16>(hello.VERSIONS + (i << 1));
    if (isGrease(v)) continue;
    const better = best < 0 || (dtls && v >= 0xfe00 ? v < best || best < 0xfe00 : v > best && !(dtls && best >= 0xfe00));
    if (better) best = v;
  }
  if (best >= 0) return best;
  ja4Anomalies |= ANOMALY_NO_VERSION_OFFERED;
  return hello.legacyVersion;
}

/** Two characters of a version; drafts and everything unknown are `00`. */
function versionText(v: u32): u32 {
  switch (v) {
    case 0x0304:
      return 0x3331;
    case 0x0303:
      return 0x3231;
    case 0x0302:
      return 0x3131;
    case 0x0301:
      return 0x3031;
    case 0x0300:
      return 0x3373;
    case 0x0002:
      return 0x3273;
    case 0xfeff:
      return 0x3164;
    case 0xfefd:
      return 0x3264;
    case 0xfefc:
      return 0x3364;
    default:
      return 0x3030;
  }
}

@inline function isAlphanumeric(c: u32): bool {
  return (c >= 0x30 && c <= 0x39) || ((c | 0x20) >= 0x61 && (c | 0x20) <= 0x7a);
}

@inline function hexDigit(n: u32): u32 {
  return n + (n > 9 ? 0x57 : 0x30);
}

/** Whether the first ALPN value is a GREASE value (RFC 8701 §3.1: two bytes). */
function isAlpnGrease(): bool {
  return hello.alpnBytes >= 3 && load<u8>(hello.alpn) == 2 && isGrease(be16(hello.alpn + 1));
}

/** First and last character of the first ALPN value, or digits of its hex form where these are not alphanumeric. */
export function alpnText(): u32 {
  if (hello.alpnBytes < 2) return 0x3030;
  const length = min<u32>(load<u8>(hello.alpn), hello.alpnBytes - 1);
  if (length == 0) return 0x3030;
  const first: u32 = load<u8>(hello.alpn, 1);
  const last: u32 = load<u8>(hello.alpn + length);
  if (isAlphanumeric(first) && isAlphanumeric(last)) return first | (last << 8);
  return hexDigit(first >> 4) | (hexDigit(last & 15) << 8);
}

function writeCount(to: usize, n: u32): usize {
  const shown = min<u32>(n, 99);
  store<u16>(to, (0x30 + shown / 10) | ((0x30 + (shown % 10)) << 8));
  return to + 2;
}

/**
 * SHA-256 of a list in clear, cut to 12 digits; zeros for an empty one. 16 bytes at `to` are written.
 *
 * @param fresh the list has hardly been seen before: it is not worth remembering
 */
function hashPart(to: usize, from: usize, end: usize, fresh: bool): void {
  const n = <u32>(end - from);
  if (n == 0) copyShort(to, ZEROS, 12);
  else if (fresh) sha256Hex12(from, n, to);
  else sha256Hex12Memo(from, n, to);
}

/** Signature algorithms behind the extensions: `_` and the list, nothing when there are none. */
function writeSignatures(to: usize): usize {
  const n = withoutGrease(hello.SIGNATURES, hello.signatureCount, LIST);
  if (!n) return to;
  to = writeByte(to, UNDERSCORE);
  return writeHexList(to, LIST, n);
}

/** Whether JA4_o and JA4_ro are computed too. */
export let ja4HasOriginal: bool = true;
export function setWantsOriginal(value: bool): void {
  ja4HasOriginal = value;
}

/** Compute the forms for the hello that was parsed last. */
export function computeJa4(protocol: u32, version: u32): void {
  const ciphers = withoutGrease(hello.CIPHERS, hello.cipherCount, LIST);
  sort16(LIST, ciphers);
  const list = JA4_R + 11;
  let to = writeHexList(list, LIST, ciphers);
  const ciphersEnd = to;
  to = writeByte(to, UNDERSCORE);
  const rest = to;
  const extensions = withoutGrease(hello.EXTENSIONS, hello.extensionCount, LIST);
  const sorted = withoutNames(hello.EXTENSIONS, hello.extensionCount, LIST);
  sort16(LIST, sorted);
  to = writeHexList(to, LIST, sorted);
  if (sorted) to = writeSignatures(to);
  ja4RLength = <u32>(to - JA4_R);
  writeHead(JA4_R, protocol, version, ciphers, extensions);
  copyHead(JA4);
  hashPart(JA4 + 11, list, ciphersEnd, false);
  writeByte(JA4 + 23, UNDERSCORE);
  hashPart(JA4 + 24, rest, to, false);
  if (ja4HasOriginal) computeOriginal();
}

/** JA4_ro and JA4_o: wire order, SNI and ALPN kept. */
function computeOriginal(): void {
  const list = JA4_RO + 11;
  let to = writeHexList(list, LIST, withoutGrease(hello.CIPHERS, hello.cipherCount, LIST));
  const ciphersEnd = to;
  to = writeByte(to, UNDERSCORE);
  const rest = to;
  const extensions = withoutGrease(hello.EXTENSIONS, hello.extensionCount, LIST);
  to = writeHexList(to, LIST, extensions);
  if (extensions) to = writeSignatures(to);
  ja4RoLength = <u32>(to - JA4_RO);
  copyHead(JA4_RO);
  copyHead(JA4_O);
  hashPart(JA4_O + 11, list, ciphersEnd, false);
  writeByte(JA4_O + 23, UNDERSCORE);
  // Who shuffles its extensions makes a new list each time; of others the whole content is known already.
  hashPart(JA4_O + 24, rest, to, true);
}

/** `a` and the underscore behind it, 11 bytes, from JA4_R. */
function copyHead(to: usize): void {
  store<u64>(to, load<u64>(JA4_R));
  store<u32>(to, load<u32>(JA4_R, 7), 7);
}

/** `a` and the underscore behind it: 11 bytes. */
function writeHead(to: usize, protocol: u32, version: u32, ciphers: u32, extensions: u32): void {
  store<u8>(to, protocol == PROTOCOL_QUIC ? 0x71 : protocol == PROTOCOL_DTLS ? 0x64 : 0x74);
  store<u16>(to, versionText(version), 1);
  store<u8>(to, hello.hasSni ? 0x64 : 0x69, 3);
  writeCount(to + 4, ciphers);
  writeCount(to + 6, extensions);
  store<u16>(to, alpnText(), 8);
  store<u8>(to, UNDERSCORE, 10);
}
