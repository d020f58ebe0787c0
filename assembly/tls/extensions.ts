import { be16, takeRun } from '../core/bytes';
import { ANOMALY_BAD_EXTENSION, ANOMALY_ODD_LENGTH, ANOMALY_SNI_SEVERAL_NAMES } from '../generated/codes';
import { varint, varintBytes } from '../quic/varint';
import { GREASE, isGrease, isGreaseTransportParameter, normalise16, noteGrease } from './grease';

/**
 * The extensions of a ClientHello that are read, one by one. What they say stands in the variables below until the next
 * hello; lists as in `tls/parse`, which walks over all of them.
 */

/** Elements of a u16 list: a vector of at most 2^16 - 1 bytes. */
export const LIST_BYTES: i32 = 65536 + 64;
export const GROUPS: usize = memory.data(LIST_BYTES, 16);
export const SIGNATURES: usize = memory.data(LIST_BYTES, 16);
export const VERSIONS: usize = memory.data(LIST_BYTES, 16);
export const KEY_SHARES: usize = memory.data(LIST_BYTES, 16);
export const CERT_COMPRESSION: usize = memory.data(LIST_BYTES, 16);
/** Transport parameter ids, u64, GREASE as 27. */
export const PARAMETERS: usize = memory.data(32768 * 8, 16);

export let groupCount: u32 = 0;
export let signatureCount: u32 = 0;
export let versionCount: u32 = 0;
export let hasVersions: bool = false;
export let keyShareCount: u32 = 0;
export let certCompressionCount: u32 = 0;
export let pointFormats: usize = 0;
export let pointFormatCount: u32 = 0;
export let pskModes: usize = 0;
export let pskModeCount: u32 = 0;
export let parameterCount: u32 = 0;
export let hasSni: bool = false;
export let sni: usize = 0;
export let sniLength: i32 = -1;
/** ProtocolNameList without its length: {u8 length, name}*. */
export let alpn: usize = 0;
export let alpnBytes: u32 = 0;
export let hasEch: bool = false;
export let echConfigId: i32 = -1;
export let echPayloadLength: i32 = -1;
export let hasPsk: bool = false;
export let hasEarlyData: bool = false;
export let anomalies: u32 = 0;

/** Forget what the last hello had. */
export function clearExtensions(): void {
  groupCount = 0;
  signatureCount = 0;
  versionCount = 0;
  hasVersions = false;
  keyShareCount = 0;
  certCompressionCount = 0;
  pointFormatCount = 0;
  pskModeCount = 0;
  parameterCount = 0;
  hasSni = false;
  sniLength = -1;
  alpnBytes = 0;
  hasEch = false;
  echConfigId = -1;
  echPayloadLength = -1;
  hasPsk = false;
  hasEarlyData = false;
  anomalies = 0;
}

/**
 * Make a hello the last one that has these and no other: `alpn` of one name of two bytes; at `runs` (`putRun`) groups, signature
 * algorithms and point formats.
 */
export function recallExtensions(named: bool, names: usize, runs: usize): void {
  clearExtensions();
  hasSni = named;
  alpn = names;
  alpnBytes = 3;
  const groups = takeRun(runs, GROUPS);
  groupCount = groups >> 1;
  runs += 4 + groups;
  const signatures = takeRun(runs, SIGNATURES);
  signatureCount = signatures >> 1;
  runs += 4 + signatures;
  pointFormatCount = load<u32>(runs);
  pointFormats = runs + 4;
}

/** Something is wrong with the hello. */
@inline export function noteAnomalies(bits: u32): void {
  anomalies |= bits;
}

/** Types below 64 that `readExtension` reads, one bit each. */
export const READ: u64 =
  (1 << 0) | (3 << 10) | (1 << 13) | (1 << 16) | (1 << 27) | (7 << 41) | (1 << 45) | (1 << 51) | (1 << 57);
/** Those of them that JA3, JA4 and the name are made of. */
export const FINGERPRINTED: u64 = (1 << 0) | (3 << 10) | (1 << 13) | (1 << 16) | (1 << 43);
/** The types from 64 on that `readExtension` reads. */
export const ECH: u32 = 0xfe0d;
export const DRAFT_TRANSPORT_PARAMETERS: u32 = 0xffa5;

@inline function bad(): void {
  anomalies |= ANOMALY_BAD_EXTENSION;
}

/** Bytes that are there of a vector behind a length of `lengthBytes` (1 or 2). */
function vectorBytes(p: usize, n: u32, lengthBytes: u32): u32 {
  if (n < lengthBytes) {
    bad();
    return 0;
  }
  const declared = lengthBytes == 1 ? <u32>load<u8>(p) : be16(p);
  if (declared + lengthBytes != n) bad();
  return min(declared, n - lengthBytes);
}

/** Its elements of two bytes, put at `to`; returns their number. */
function vector16(p: usize, n: u32, lengthBytes: u32, to: usize): u32 {
  const bytes = vectorBytes(p, n, lengthBytes);
  if (bytes & 1) anomalies |= ANOMALY_ODD_LENGTH;
  normalise16(p + lengthBytes, bytes >> 1, to);
  return bytes >> 1;
}

/** Read an extension of `n` bytes at `p`; `faults` says whether what is wrong inside is the sender's doing. */
export function readExtension(type: u32, p: usize, n: u32, faults: bool): void {
  const before = anomalies;
  readOne(type, p, n);
  if (!faults) anomalies = before;
}

function readOne(type: u32, p: usize, n: u32): void {
  switch (type) {
    case 0: // RFC 6066 §3
      readServerName(p, n);
      break;
    case 10: // RFC 8446 §4.2.7
      groupCount = vector16(p, n, 2, GROUPS);
      break;
    case 11: // RFC 8422 §5.1.2
      pointFormatCount = vectorBytes(p, n, 1);
      pointFormats = p + 1;
      break;
    case 13: // RFC 8446 §4.2.3
      signatureCount = vector16(p, n, 2, SIGNATURES);
      break;
    case 16: // RFC 7301 §3.1
      readAlpn(p, n);
      break;
    case 27: // RFC 8879 §3
      certCompressionCount = vector16(p, n, 1, CERT_COMPRESSION);
      break;
    case 41: // RFC 8446 §4.2.11
      hasPsk = true;
      break;
    case 42: // RFC 8446 §4.2.10
      hasEarlyData = true;
      break;
    case 43: // RFC 8446 §4.2.1
      hasVersions = true;
      versionCount = vector16(p, n, 1, VERSIONS);
      break;
    case 45: // RFC 8446 §4.2.9
      pskModeCount = vectorBytes(p, n, 1);
      pskModes = p + 1;
      break;
    case 51: // RFC 8446 §4.2.8
      readKeyShares(p, n);
      break;
    case 57: // RFC 9001 §8.2
    case DRAFT_TRANSPORT_PARAMETERS:
      readTransportParameters(p, n);
      break;
    case ECH: // RFC 9849 §5
      readEch(p, n);
      break;
    default:
  }
}

function readServerName(p: usize, n: u32): void {
  hasSni = true;
  // An empty server_name is what servers send; from clients it happens.
  if (n == 0) return;
  const end = p + 2 + vectorBytes(p, n, 2);
  let at = p + 2;
  while (at + 3 <= end) {
    const length = be16(at + 1);
    const bytes = min(length, <u32>(end - at - 3));
    if (bytes < length) bad();
    if (load<u8>(at) == 0) {
      if (sniLength >= 0) {
        anomalies |= ANOMALY_SNI_SEVERAL_NAMES;
        return;
      }
      sni = at + 3;
      sniLength = bytes;
    }
    at += 3 + bytes;
  }
}

function readAlpn(p: usize, n: u32): void {
  alpn = p + 2;
  alpnBytes = vectorBytes(p, n, 2);
}

function readKeyShares(p: usize, n: u32): void {
  keyShareCount = 0;
  const end = p + 2 + vectorBytes(p, n, 2);
  let at = p + 2;
  while (at + 4 <= end) {
    const group = be16(at);
    const grease = isGrease(group);
    if (grease) noteGrease();
    store<u16>(KEY_SHARES + (keyShareCount << 1), grease ? GREASE : group);
    keyShareCount++;
    at += 4 + be16(at + 2);
  }
  if (at != end) bad();
}

function readTransportParameters(p: usize, n: u32): void {
  parameterCount = 0;
  const end = p + n;
  let at = p;
  while (at < end) {
    if (at + varintBytes(at) > end) return bad();
    const id = varint(at);
    at += varintBytes(at);
    if (at >= end || at + varintBytes(at) > end) return bad();
    const length = varint(at);
    at += varintBytes(at);
    const grease = isGreaseTransportParameter(id);
    if (grease) noteGrease();
    store<u64>(PARAMETERS + (parameterCount << 3), grease ? 27 : id);
    parameterCount++;
    if (length > <u64>(end - at)) return bad();
    at += <usize>length;
  }
}

function readEch(p: usize, n: u32): void {
  hasEch = true;
  // ECHClientHello: type outer(0); HpkeSymmetricCipherSuite (4 bytes); config_id; enc<0..2^16-1>; payload<1..2^16-1>
  if (n < 1 || load<u8>(p) != 0) return;
  if (n < 8) return bad();
  echConfigId = load<u8>(p, 5);
  const enc = be16(p + 6);
  if (enc + 10 > n) return bad();
  echPayloadLength = be16(p + 8 + enc);
}
