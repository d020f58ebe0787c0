import { clearShort, copyShort } from '../core/bytes';
import { count } from '../core/control';
import {
  contentAdd,
  contentId,
  contentIsLarge,
  contentLookup,
  contentTexts,
  keyLookup,
  setFingerprintsOnly,
} from '../fingerprint/content';
import { computeJa3, JA3_LENGTH, JA3_TEXT, JA3N, ja3TextLength } from '../fingerprint/ja3';
import { ja3Flush, ja3Hash, ja3Waits } from '../fingerprint/ja3-lanes';
import {
  computeJa4,
  JA4,
  JA4_LENGTH,
  JA4_O,
  JA4_R,
  JA4_RO,
  ja4Anomalies,
  ja4HasOriginal,
  ja4RLength,
  ja4RoLength,
  offeredVersion,
  setWantsOriginal,
} from '../fingerprint/ja4';
import { keyProtocol, keyVersion, recallKey, writeKey } from '../fingerprint/key';
import { computeNpf, NPF, NPF_DEGREASED, npfDegreasedLength, npfLength } from '../fingerprint/npf';
import * as row from '../flow/context';
import {
  ANOMALY_SNI_NOT_UTF8,
  COUNT_CLIENT_HELLOS,
  COUNT_TLS_CLIENT_HELLOS,
  PROTOCOL_DTLS,
} from '../generated/codes';
import {
  CH_ANOMALIES,
  CH_CLIENT_RANDOM,
  CH_CONTENT_ID,
  CH_ECH_CONFIG_ID,
  CH_ECH_PAYLOAD_LENGTH,
  CH_SNI,
  GROUP_CLIENT_HELLOS,
  GROUP_HELLO_CONTENTS,
  HC_ALPN,
  HC_CERT_COMPRESSION,
  HC_CIPHER_SUITES,
  HC_COMPRESSION_METHODS,
  HC_CONTENT_ID,
  HC_EARLY_DATA,
  HC_EC_POINT_FORMATS,
  HC_ECH,
  HC_EXTENSIONS,
  HC_FINGERPRINT_KEY,
  HC_GREASE,
  HC_JA3,
  HC_JA3_TEXT,
  HC_JA3N,
  HC_JA4,
  HC_JA4_O,
  HC_JA4_R,
  HC_JA4_RO,
  HC_KEY_SHARE_GROUPS,
  HC_LEGACY_VERSION,
  HC_NPF,
  HC_NPF_DEGREASED,
  HC_PSK,
  HC_PSK_MODES,
  HC_QUIC_TRANSPORT_PARAMETERS,
  HC_SIGNATURE_ALGORITHMS,
  HC_SUPPORTED_GROUPS,
  HC_SUPPORTED_VERSIONS,
  HC_VERSION,
} from '../generated/layout';
import * as hello from '../tls/parse';
import {
  addText,
  batchNoteWanted,
  commitRow,
  endTextList,
  keepBytes,
  nextBytes,
  noteRows,
  putBool,
  putBytes,
  putList,
  putNull,
  putU8,
  putU16,
  putU64,
  rowsOf,
  wanted,
} from './batch';
import { countIncomplete, putCarriage, putWhere } from './common';
import { escaped, escapeText, isPlain } from './text';

/** True: `hello_contents` gets a row for every hello; false: only for contents not seen lately. */
export let wide: bool = false;
export function setWide(value: bool): void {
  wide = value;
}

/** Which fingerprints the host wants; noted when a capture begins. */
let wantsJa3: bool = true;
let wantsJa4: bool = true;
let wantsNpf: bool = true;
/** Whether anything is wanted that comes from the content as a whole: without, it is not looked up. */
let wantsContent: bool = true;

/** Note what the host wants. What is remembered of contents lacks what was not wanted: it has to be forgotten then. */
export function noteProjection(): void {
  batchNoteWanted();
  wantsJa3 = wanted(HC_JA3) || wanted(HC_JA3N) || wanted(HC_JA3_TEXT);
  wantsJa4 = wanted(HC_JA4) || wanted(HC_JA4_R) || wanted(HC_JA4_O) || wanted(HC_JA4_RO);
  wantsNpf = wanted(HC_NPF) || wanted(HC_NPF_DEGREASED);
  setWantsOriginal(wanted(HC_JA4_O) || wanted(HC_JA4_RO));
  const wantsId = wanted(HC_CONTENT_ID) || wanted(CH_CONTENT_ID);
  wantsContent = !wide || wantsId || wantsJa3 || wantsJa4 || wantsNpf;
  setFingerprintsOnly(wide && !wantsId && !wantsNpf);
  hello.readFingerprintedOnly(!wantsBeyondFingerprints());
}

/** Columns that come from extensions beside those that JA3, JA4 and the name are made of, one bit each. */
const BEYOND_FINGERPRINTS: u64 =
  ((<u64>1) << CH_ANOMALIES) |
  ((<u64>1) << CH_CONTENT_ID) |
  ((<u64>1) << CH_ECH_CONFIG_ID) |
  ((<u64>1) << CH_ECH_PAYLOAD_LENGTH) |
  ((<u64>1) << HC_CERT_COMPRESSION) |
  ((<u64>1) << HC_CONTENT_ID) |
  ((<u64>1) << HC_EARLY_DATA) |
  ((<u64>1) << HC_ECH) |
  ((<u64>1) << HC_GREASE) |
  ((<u64>1) << HC_KEY_SHARE_GROUPS) |
  ((<u64>1) << HC_NPF) |
  ((<u64>1) << HC_NPF_DEGREASED) |
  ((<u64>1) << HC_PSK) |
  ((<u64>1) << HC_PSK_MODES) |
  ((<u64>1) << HC_QUIC_TRANSPORT_PARAMETERS);

function wantsBeyondFingerprints(): bool {
  for (let set = BEYOND_FINGERPRINTS; set != 0; set &= set - 1) {
    if (wanted(<u32>ctz<u64>(set))) return true;
  }
  return false;
}

/** The texts of a content, in column order, as they are kept with it. */
const TEXT_COUNT: u32 = 9;
const TEXT_LENGTHS: usize = memory.data(64, 16);
const TEXT_ADDRESSES: usize = memory.data(64, 16);
const SAFE: usize = memory.data(4 * 65536, 16);

/**
 * Write the row of the ClientHello that was parsed last, with the context of `flow/context`.
 *
 * @param declared bytes of the message as declared, header included
 * @param captured bytes of it that are there
 * @param fingerprints false for hellos that have none: SSL 2.0, or too little of them seen
 */
export function putClientHello(declared: u32, captured: u32, complete: bool, fingerprints: bool): void {
  const at = rowsOf(GROUP_CLIENT_HELLOS);
  const version = offeredVersion(row.rowProtocol == PROTOCOL_DTLS);
  let anomalies = hello.anomalies | ja4Anomalies;
  putContent(version, complete && fingerprints);
  putWhere(at, 0);
  anomalies |= putSni(at);
  putCarriage(at, 0, hello.sessionIdLength, declared, captured, complete, anomalies);
  if (hello.clientRandom) putBytes(CH_CLIENT_RANDOM, at, hello.clientRandom, 32);
  else putNull(CH_CLIENT_RANDOM, at);
  if (hello.echConfigId >= 0) putU8(CH_ECH_CONFIG_ID, at, hello.echConfigId);
  else putNull(CH_ECH_CONFIG_ID, at);
  if (hello.echPayloadLength >= 0) putU16(CH_ECH_PAYLOAD_LENGTH, at, hello.echPayloadLength);
  else putNull(CH_ECH_PAYLOAD_LENGTH, at);
  putU64(CH_CONTENT_ID, at, contentId);
  commitRow(GROUP_CLIENT_HELLOS);
  noteRows(GROUP_CLIENT_HELLOS);
  count(COUNT_CLIENT_HELLOS);
  count(COUNT_TLS_CLIENT_HELLOS + row.rowProtocol);
  if (!complete) countIncomplete(row.rowAnomalies | anomalies);
}

function putSni(at: u32): u32 {
  if (hello.sniLength < 0) {
    putNull(CH_SNI, at);
    return 0;
  }
  if (isPlain(hello.sni, hello.sniLength)) {
    putBytes(CH_SNI, at, hello.sni, hello.sniLength);
    return 0;
  }
  const n = escapeText(hello.sni, hello.sniLength, SAFE);
  putBytes(CH_SNI, at, SAFE, n);
  return escaped ? ANOMALY_SNI_NOT_UTF8 : 0;
}

/** Find or make the content. */
function putContent(version: u32, fingerprints: bool): void {
  if (!wantsContent) {
    putContentRow(version, fingerprints);
    return;
  }
  const seen = contentLookup(row.rowProtocol, row.rowQuicVersion, version, fingerprints);
  if (seen && !wide) return;
  putLookedUp(seen, row.rowProtocol, version, fingerprints);
}

/** Write the row of the content looked up last, which was `seen` lately or whose hello was parsed last. */
function putLookedUp(seen: bool, protocol: u32, version: u32, fingerprints: bool): void {
  if (seen) {
    if (ja3Waits(firstText(contentTexts))) ja3Flush();
    recallTexts(contentTexts);
    putContentRow(version, fingerprints);
    return;
  }
  computeTexts(protocol, version, fingerprints);
  const kept = keepTexts();
  const ja3 = nextBytes(HC_JA3);
  putContentRow(version, fingerprints);
  if (!fingerprints || !wanted(HC_JA3)) return;
  ja3Hash(JA3_TEXT, ja3TextLength, ja3, kept);
  if (contentIsLarge) ja3Flush();
}

/**
 * Write the fingerprints that come from a key of `length` bytes, 0 for none, as a row of hello_contents of which nothing else
 * is wanted.
 */
export function putKeyedRow(key: usize, length: u32): void {
  if (length == 0) {
    clearTexts();
    putContentRow(0, false);
    return;
  }
  const seen = keyLookup(key, length);
  if (!seen) recallKey(key);
  putLookedUp(seen, keyProtocol(key), keyVersion(key), true);
}

/** Write the key of the hello that was parsed last. */
function putKey(at: u32, version: u32): void {
  const length = writeKey(nextBytes(HC_FINGERPRINT_KEY), row.rowProtocol, version, true);
  keepBytes(HC_FINGERPRINT_KEY, at, length);
}

function setText(i: u32, address: usize, length: u32): void {
  store<u32>(TEXT_ADDRESSES + (i << 2), <u32>address);
  store<u32>(TEXT_LENGTHS + (i << 2), length);
}

function clearTexts(): void {
  clearShort(TEXT_LENGTHS, 48);
}

function computeTexts(protocol: u32, version: u32, fingerprints: bool): void {
  clearTexts();
  if (!fingerprints) return;
  if (wantsJa3) computeJa3(wanted(HC_JA3N));
  if (wantsJa4) computeJa4(protocol, version);
  if (wantsNpf) computeNpf(protocol, row.rowQuicVersion);
  if (wantsJa3) {
    // The digits come later; what stands there until then is of no account.
    if (wanted(HC_JA3)) setText(0, JA3_TEXT, JA3_LENGTH);
    if (wanted(HC_JA3N)) setText(1, JA3N, 32);
    if (wanted(HC_JA3_TEXT)) setText(2, JA3_TEXT, ja3TextLength);
  }
  if (wantsJa4) {
    setText(3, JA4, JA4_LENGTH);
    if (wanted(HC_JA4_R)) setText(4, JA4_R, ja4RLength);
    if (ja4HasOriginal) setText(5, JA4_O, JA4_LENGTH);
    if (ja4HasOriginal) setText(6, JA4_RO, ja4RoLength);
  }
  if (!wantsNpf) return;
  setText(7, NPF, npfLength);
  setText(8, NPF_DEGREASED, npfDegreasedLength);
}

/**
 * Put the content into the cache; in the wide layout with its texts, since every hello writes them.
 *
 * @returns where the first of them is kept, 0: not at all
 */
function keepTexts(): usize {
  if (!wide) {
    contentAdd(0);
    return 0;
  }
  let bytes = TEXT_COUNT << 2;
  for (let i: u32 = 0; i < TEXT_COUNT; i++) bytes += load<u32>(TEXT_LENGTHS + (i << 2));
  const kept = contentAdd(bytes);
  if (!kept) return 0;
  copyShort(kept, TEXT_LENGTHS, TEXT_COUNT << 2);
  let to = firstText(kept);
  for (let i: u32 = 0; i < TEXT_COUNT; i++) {
    const length = load<u32>(TEXT_LENGTHS + (i << 2));
    copyShort(to, <usize>load<u32>(TEXT_ADDRESSES + (i << 2)), length);
    to += length;
  }
  return firstText(kept);
}

/** The first of the texts kept, JA3 if that is wanted; their lengths stand before them. */
@inline function firstText(kept: usize): usize {
  return kept + (TEXT_COUNT << 2);
}

function recallTexts(kept: usize): void {
  copyShort(TEXT_LENGTHS, kept, TEXT_COUNT << 2);
  let from = firstText(kept);
  for (let i: u32 = 0; i < TEXT_COUNT; i++) {
    store<u32>(TEXT_ADDRESSES + (i << 2), <u32>from);
    from += load<u32>(TEXT_LENGTHS + (i << 2));
  }
}

function putText(column: u32, at: u32, i: u32): void {
  const length = load<u32>(TEXT_LENGTHS + (i << 2));
  if (length) putBytes(column, at, <usize>load<u32>(TEXT_ADDRESSES + (i << 2)), length);
  else putNull(column, at);
}

function putContentRow(version: u32, fingerprints: bool): void {
  const at = rowsOf(GROUP_HELLO_CONTENTS);
  putU64(HC_CONTENT_ID, at, contentId);
  putU16(HC_LEGACY_VERSION, at, hello.legacyVersion);
  putU16(HC_VERSION, at, version);
  putList(HC_CIPHER_SUITES, at, hello.CIPHERS, hello.cipherCount, 1);
  putList(HC_EXTENSIONS, at, hello.EXTENSIONS, hello.extensionCount, 1);
  putList(HC_SUPPORTED_GROUPS, at, hello.GROUPS, hello.groupCount, 1);
  putList(HC_SIGNATURE_ALGORITHMS, at, hello.SIGNATURES, hello.signatureCount, 1);
  putList(HC_SUPPORTED_VERSIONS, at, hello.VERSIONS, hello.versionCount, 1);
  putList(HC_KEY_SHARE_GROUPS, at, hello.KEY_SHARES, hello.keyShareCount, 1);
  putList(HC_CERT_COMPRESSION, at, hello.CERT_COMPRESSION, hello.certCompressionCount, 1);
  putList(HC_EC_POINT_FORMATS, at, hello.pointFormats, hello.pointFormatCount, 0);
  putList(HC_PSK_MODES, at, hello.pskModes, hello.pskModeCount, 0);
  putList(HC_COMPRESSION_METHODS, at, hello.compression, hello.compressionCount, 0);
  if (wanted(HC_ALPN)) putAlpn(at);
  putList(HC_QUIC_TRANSPORT_PARAMETERS, at, hello.PARAMETERS, hello.parameterCount, 3);
  putBool(HC_GREASE, at, hello.hasGrease);
  putBool(HC_ECH, at, hello.hasEch);
  putBool(HC_PSK, at, hello.hasPsk);
  putBool(HC_EARLY_DATA, at, hello.hasEarlyData);
  putText(HC_JA3, at, 0);
  putText(HC_JA3N, at, 1);
  putText(HC_JA3_TEXT, at, 2);
  putText(HC_JA4, at, 3);
  putText(HC_JA4_R, at, 4);
  putText(HC_JA4_O, at, 5);
  putText(HC_JA4_RO, at, 6);
  putText(HC_NPF, at, 7);
  putText(HC_NPF_DEGREASED, at, 8);
  if (!fingerprints) putNull(HC_FINGERPRINT_KEY, at);
  else if (wanted(HC_FINGERPRINT_KEY)) putKey(at, version);
  commitRow(GROUP_HELLO_CONTENTS);
  noteRows(GROUP_HELLO_CONTENTS);
}

function putAlpn(at: u32): void {
  let i: u32 = 0;
  while (i < hello.alpnBytes) {
    const length = min<u32>(load<u8>(hello.alpn + i), hello.alpnBytes - i - 1);
    const name = hello.alpn + i + 1;
    if (isPlain(name, length)) addText(HC_ALPN, name, length);
    else addText(HC_ALPN, SAFE, escapeText(name, length, SAFE));
    i += 1 + length;
  }
  endTextList(HC_ALPN, at);
}
