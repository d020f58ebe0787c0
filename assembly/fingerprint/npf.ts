import { be16 } from '../core/bytes';
import { rowProtocol } from '../flow/context';
import { PROTOCOL_DTLS, PROTOCOL_QUIC } from '../generated/codes';
import { isGrease } from '../tls/grease';
import * as hello from '../tls/parse';
import { sortExtensions, sortNumbers } from './npf-sort';
import { begin, full, lengthFrom, MAX_TEXT, put, putDegreased, putHex, putHex8, putHex16, putWord } from './npf-text';
import { nextTransportId, transportIdBytes, transportIdKey } from './transport-ids';

/**
 * Network Protocol Fingerprint (cisco/mercury doc/npf.md; where that leaves room, what mercury prints):
 *
 *     tls/1/(version)(ciphers)[(extension)*]    dtls/1/...    quic/(QUIC version)(version)(ciphers)[(extension)*]
 *     tls_server/(version)(cipher)((extension)*)    dtls_server/...
 *
 * Bytes in hex. An extension stands with type, length and value when its type is one of a fixed set, else with its type
 * alone. Those of a client are sorted by type, length and value; of QUIC transport parameters stand the sorted ids. GREASE
 * is 0a0a in ciphers, extension types, supported_groups and supported_versions, and 1b among the parameter ids.
 */

/** An extension takes at least `(0000)`, a transport parameter `(00)`: with more of them there is no fingerprint. */
const MAX_EXTENSIONS: u32 = MAX_TEXT / 6;
const MAX_IDS: u32 = MAX_TEXT / 4;

/** Fingerprint of the hello that was parsed last, client or server; length 0: none. */
export const NPF: usize = memory.data(8192, 16);
export let npfLength: u32 = 0;
/**
 * The same with GREASE taken out of signature_algorithms and both lengths made to fit: what the connections of a client
 * that puts another value there each time have in common.
 */
export const NPF_DEGREASED: usize = memory.data(8192, 16);
export let npfDegreasedLength: u32 = 0;

const KEYS: usize = memory.data(8192 * 2, 16);
const SPARE: usize = memory.data(8192 * 2, 16);
const IDS: usize = memory.data(8192 * 2, 16);

const OPEN: u32 = 0x28;
const CLOSE: u32 = 0x29;
const OPEN_SORTED: u32 = 0x5b;
const CLOSE_SORTED: u32 = 0x5d;

/**
 * Extension types below 64 that stand with their value, one bit each: max_fragment_length, status_request, client_authz,
 * server_authz, cert_type, supported_groups, ec_point_formats, signature_algorithms, heartbeat, ALPN, status_request_v2,
 * token_binding, compress_certificate, record_size_limit, supported_versions, psk_key_exchange_modes,
 * signature_algorithms_cert.
 */
export const FIXED: u64 =
  (1 << 1) | (1 << 5) | (31 << 7) | (1 << 13) | (7 << 15) | (1 << 24) | (3 << 27) | (1 << 43) | (1 << 45) | (1 << 50);
/** And token binding before RFC 8472. */
const FIXED_HIGH: u32 = 0x5500;

@inline export function isFixed(type: u32): bool {
  return type < 64 ? ((FIXED >> type) & 1) != 0 : type == FIXED_HIGH;
}

/** quic_transport_parameters (RFC 9001 §8.2), and its code point in the drafts. */
@inline export function isTransportParameters(type: u32): bool {
  return type == 0x39 || type == 0xffa5;
}

/** Of a client's extension types this format takes every 0x?a?a for GREASE, not only those of two equal bytes. */
@inline function normalType(type: u32): u32 {
  return (type & 0x0f0f) == 0x0a0a ? 0x0a0a : type;
}

/** How many of `n` extensions are there with all their bytes: of the last one some can be missing. */
export function wholeExtensions(table: usize, n: u32): u32 {
  if (n == 0) return 0;
  const last = table + ((n - 1) << 3);
  return be16(<usize>load<u32>(last) - 2) == load<u32>(last, 4) ? n : n - 1;
}

/** GREASE values in a signature_algorithms whose lengths agree; of any other 0. */
function greaseSignatures(data: usize, n: u32): u32 {
  if (n < 2 || (n & 1) != 0 || be16(data) + 2 != n) return 0;
  let count: u32 = 0;
  for (let i: u32 = 2; i < n; i += 2) count += u32(isGrease(be16(data + i)));
  return count;
}

function putSignatures(data: usize, n: u32): void {
  const bytes = greaseSignatures(data, n) << 1;
  putHex16(n - bytes);
  if (bytes == 0) return putHex(data, n);
  putHex16(be16(data) - bytes);
  for (let i: u32 = 2; i < n; i += 2) {
    if (!isGrease(be16(data + i))) putHex(data + i, 2);
  }
}

/** `((type)[(id)*])` */
function putTransportIds(type: u32, data: usize, n: u32): void {
  let count: u32 = 0;
  const end = data + n;
  for (let at = nextTransportId(data, end); at != 0; at = nextTransportId(at, end)) {
    // Beyond these it does not fit anyway.
    if (count <= MAX_IDS) store<u64>(IDS + (count++ << 3), transportIdKey);
  }
  const ids = sortNumbers(IDS, SPARE, count);
  put(OPEN);
  put(OPEN);
  putHex16(type);
  put(CLOSE);
  put(OPEN_SORTED);
  for (let i: u32 = 0; i < count; i++) {
    const id = load<u64>(ids + (i << 3));
    put(OPEN);
    for (let j: u32 = 0; j < transportIdBytes(id); j++) putHex8(<u32>(id >> (56 - (<u64>j << 3))) & 0xff);
    put(CLOSE);
  }
  put(CLOSE_SORTED);
  put(CLOSE);
}

/** `n` bytes at `data`; `versionsSkip` bytes stand before the list of supported_versions. */
function putExtension(type: u32, data: usize, n: u32, versionsSkip: u32, degrease: bool): void {
  put(OPEN);
  putHex16(type);
  if (type == 0x0d && degrease) putSignatures(data, n);
  else if (isFixed(type)) {
    putHex16(n);
    if (type == 0x0a) putDegreased(data, n, 2);
    else if (type == 0x2b) putDegreased(data, n, versionsSkip);
    else putHex(data, n);
  }
  put(CLOSE);
}

/** Sort keys of `n` extensions of the client; returns where they lie. */
function sortedKeys(n: u32): usize {
  for (let i: u32 = 0; i < n; i++) {
    const entry = hello.EXTENSION_DATA + (i << 3);
    const type = normalType(be16(<usize>load<u32>(entry) - 4));
    store<u64>(KEYS + (i << 3), (<u64>type << 48) | (<u64>load<u32>(entry, 4) << 32) | i);
  }
  return sortExtensions(KEYS, SPARE, n, hello.EXTENSION_DATA);
}

function putPrefix(protocol: u32, quicVersion: u32): void {
  if (protocol != PROTOCOL_QUIC) {
    putWord(protocol == PROTOCOL_DTLS ? 0x2f312f736c7464 : 0x2f312f736c74); // "dtls/1/", "tls/1/"
    return;
  }
  putWord(0x282f63697571); // "quic/("
  putHex16(quicVersion >> 16);
  putHex16(quicVersion & 0xffff);
  put(CLOSE);
}

/** Extensions of the client in the order of `keys`. */
function putExtensions(keys: usize, n: u32, degrease: bool): void {
  put(OPEN_SORTED);
  for (let i: u32 = 0; i < n && !full; i++) {
    const key = load<u64>(keys + (i << 3));
    const entry = hello.EXTENSION_DATA + ((<usize>key & 0xffff) << 3);
    const type = <u32>(key >> 48);
    const data = <usize>load<u32>(entry);
    const bytes = load<u32>(entry, 4);
    if (isTransportParameters(type)) putTransportIds(type, data, bytes);
    else putExtension(type, data, bytes, 1, degrease);
  }
  put(CLOSE_SORTED);
}

function writeClient(text: usize, protocol: u32, quicVersion: u32, keys: usize, n: u32, degrease: bool): u32 {
  begin(text);
  putPrefix(protocol, quicVersion);
  put(OPEN);
  putHex16(hello.legacyVersion);
  put(CLOSE);
  put(OPEN);
  for (let i: u32 = 0; i < hello.cipherCount && !full; i++) putHex16(load<u16>(hello.CIPHERS + (i << 1)));
  put(CLOSE);
  putExtensions(keys, n, degrease);
  return lengthFrom(text);
}

/** Whether a signature_algorithms of the client holds GREASE. */
function hasGreaseSignatures(): bool {
  for (let i: u32 = 0; i < hello.signatureCount; i++) {
    if (load<u16>(hello.SIGNATURES + (i << 1)) == 0x0a0a) return true;
  }
  return false;
}

/** Both fingerprints of the ClientHello that was parsed last. */
export function computeNpf(protocol: u32, quicVersion: i64): void {
  npfLength = 0;
  npfDegreasedLength = 0;
  const n = wholeExtensions(hello.EXTENSION_DATA, hello.extensionCount);
  if (n > MAX_EXTENSIONS) return;
  const keys = sortedKeys(n);
  npfLength = writeClient(NPF, protocol, <u32>quicVersion, keys, n, false);
  if (hasGreaseSignatures() || npfLength == 0) {
    npfDegreasedLength = writeClient(NPF_DEGREASED, protocol, <u32>quicVersion, keys, n, true);
  } else {
    memory.copy(NPF_DEGREASED, NPF, npfLength);
    npfDegreasedLength = npfLength;
  }
}

/**
 * Fingerprint of a ServerHello, at `NPF`: extensions in wire order.
 *
 * @param table of its `n` extensions: u32 address and u32 length of the data, the type 4 bytes before the address
 * @returns its length; 0 for QUIC, of whose servers the specification knows none, and when it is too long
 */
export function computeServerNpf(version: u32, cipher: u32, table: usize, n: u32): u32 {
  if (rowProtocol == PROTOCOL_QUIC) return 0;
  begin(NPF);
  if (rowProtocol == PROTOCOL_DTLS) put(0x64);
  putWord(0x767265735f736c74); // "tls_serv"
  putWord(0x2f7265); // "er/"
  put(OPEN);
  putHex16(version);
  put(CLOSE);
  put(OPEN);
  putHex16(cipher);
  put(CLOSE);
  put(OPEN);
  n = wholeExtensions(table, n);
  for (let i: u32 = 0; i < n && !full; i++) {
    const data = <usize>load<u32>(table + (i << 3));
    const type = be16(data - 4);
    putExtension(isGrease(type) ? 0x0a0a : type, data, load<u32>(table + (i << 3), 4), 0, false);
  }
  put(CLOSE);
  return lengthFrom(NPF);
}
