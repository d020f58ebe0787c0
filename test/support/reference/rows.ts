import { createHash } from 'node:crypto';
import { degrease, isGrease, ja3, ja3s, ja4, offeredVersion } from './fingerprint.js';
import {
  alpnNames,
  type ClientHello,
  firstExtension,
  hostName,
  keyShareGroups,
  lastExtension,
  outerEch,
  type ServerHello,
  transportParameterId,
  transportParameterIds,
  vector8,
  vector16,
} from './hello.js';
import { npf, serverNpf } from './npf.js';
import { hex, list16 } from './reader.js';

/** Where and how a handshake message was seen; the sender is `src`. */
export interface Sighting {
  packet: number;
  first_packet: number;
  packets: number;
  ts: bigint | null;
  protocol: 'tls' | 'dtls' | 'quic';
  src_ip: string;
  dst_ip: string;
  src_port: number;
  dst_port: number;
  community_id: string;
  tunnel: string | null;
  record_version: number | null;
  quic_version: number | null;
  hello_bytes: number;
}

/** A row of `client_hellos`: the columns that do not depend on how the core is built. Blobs are hexadecimal. */
export interface ReferenceClientHello extends Sighting {
  attempt: number;
  sni: string | null;
  alpn: string[];
  legacy_version: number;
  version: number;
  cipher_suites: number[];
  extensions: number[];
  supported_groups: number[];
  signature_algorithms: number[];
  supported_versions: number[];
  key_share_groups: number[];
  cert_compression: number[];
  ec_point_formats: number[];
  psk_modes: number[];
  compression_methods: number[];
  client_random: string;
  session_id_length: number;
  grease: boolean;
  ech: boolean;
  psk: boolean;
  early_data: boolean;
  ech_config_id: number | null;
  ech_payload_length: number | null;
  quic_transport_parameters: bigint[];
  ja3: string;
  ja3n: string;
  ja3_text: string;
  ja4: string;
  ja4_r: string;
  ja4_o: string;
  ja4_ro: string;
  npf: string;
}

/** A row of `server_hellos`. */
export interface ReferenceServerHello extends Sighting {
  server_random: string;
  compression_method: number | null;
  legacy_version: number;
  version: number;
  cipher_suite: number;
  alpn: string | null;
  extensions: number[];
  selected_group: number | null;
  is_retry: boolean;
  ja3s: string;
  ja3s_text: string;
  /** Null for QUIC, for which there is no such form. */
  npf: string | null;
}

/** The row of a ClientHello. */
export function clientHelloRow(hello: ClientHello, at: Sighting, attempt: number): ReferenceClientHello {
  const { extensions } = hello;
  const has = (type: number): boolean => extensions.some((one) => one.type === type);
  const list = (type: number, width: 1 | 2): number[] => vector16(firstExtension(extensions, type), width);
  const types = extensions.map((one) => one.type);
  const groups = vector16(lastExtension(extensions, 10), 2);
  const keyShares = keyShareGroups(firstExtension(extensions, 51));
  const versions = list(43, 1);
  const schemes = list(13, 2);
  const name = hostName(firstExtension(extensions, 0));
  const ech = outerEch(firstExtension(extensions, 0xfe0d));
  const parameters = firstExtension(extensions, 57) ?? firstExtension(extensions, 0xffa5);
  const parameterIds = transportParameterIds(parameters).map(transportParameterId);
  const { text, hash } = ja3(hello);
  return {
    ...at,
    attempt,
    sni: name ? escaped(name) : null,
    alpn: alpnNames(firstExtension(extensions, 16)).map(escaped),
    legacy_version: hello.legacyVersion,
    version: offeredVersion(hello, at.protocol === 'dtls'),
    cipher_suites: degrease(hello.ciphers),
    extensions: degrease(types),
    supported_groups: degrease(groups),
    signature_algorithms: degrease(schemes),
    supported_versions: degrease(versions),
    key_share_groups: degrease(keyShares),
    cert_compression: list(27, 1),
    ec_point_formats: vector8(lastExtension(extensions, 11)),
    psk_modes: vector8(firstExtension(extensions, 45)),
    compression_methods: hello.compression,
    client_random: hex(hello.random),
    session_id_length: hello.sessionId.length,
    grease:
      parameterIds.includes(27n) ||
      [hello.ciphers, types, groups, keyShares, versions, schemes].some((values) => values.some(isGrease)),
    ech: has(0xfe0d),
    psk: has(41),
    early_data: has(42),
    ech_config_id: ech?.configId ?? null,
    ech_payload_length: ech?.payloadLength ?? null,
    quic_transport_parameters: parameterIds,
    ja3: hash,
    ja3n: ja3(hello, true).hash,
    ja3_text: text,
    ...ja4(hello, at.protocol === 'quic' ? 'q' : at.protocol === 'dtls' ? 'd' : 't'),
    npf: npf(hello, at.protocol, at.quic_version ?? 0),
  };
}

const RETRY_RANDOM = 'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c';

/** Whether a ServerHello is a HelloRetryRequest (RFC 8446 §4.1.3). */
export function isRetry(hello: ServerHello): boolean {
  return hex(hello.random) === RETRY_RANDOM;
}

/** The row of a ServerHello. */
export function serverHelloRow(hello: ServerHello, at: Sighting): ReferenceServerHello {
  const { extensions } = hello;
  // The drafts of TLS 1.3 up to 22 had key_share as type 40.
  const keyShare = firstExtension(extensions, 51) ?? firstExtension(extensions, 40);
  const version = firstExtension(extensions, 43);
  const protocol = alpnNames(firstExtension(extensions, 16))[0];
  const { text, hash } = ja3s(hello);
  return {
    ...at,
    server_random: hex(hello.random),
    compression_method: hello.compression,
    legacy_version: hello.legacyVersion,
    version: list16(version)[0] ?? hello.legacyVersion,
    cipher_suite: hello.cipher,
    alpn: protocol ? escaped(protocol) : null,
    extensions: extensions.map((one) => one.type),
    selected_group: list16(keyShare)[0] ?? null,
    is_retry: isRetry(hello),
    ja3s: hash,
    ja3s_text: text,
    npf: at.protocol === 'quic' ? null : serverNpf(hello, at.protocol),
  };
}

/** Community ID version 1 with seed 0: the ends in ascending order, SHA-1, base64. */
export function communityId(
  protocol: number,
  a: { address: Uint8Array; port: number },
  b: { address: Uint8Array; port: number },
): string {
  const order = Buffer.compare(a.address, b.address) || a.port - b.port;
  const [low, high] = order <= 0 ? [a, b] : [b, a];
  const ports = Buffer.from([low.port >>> 8, low.port & 255, high.port >>> 8, high.port & 255]);
  const input = Buffer.concat([
    Buffer.alloc(2),
    low.address,
    high.address,
    Buffer.from([protocol, 0]),
    ports,
  ]);
  return `1:${createHash('sha1').update(input).digest('base64')}`;
}

/** UTF-8 text; bytes that are not valid UTF-8 or control characters as \xHH. */
function escaped(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; ) {
    const length = validLength(bytes, i);
    if (length === 0) text += `\\x${bytes[i]!.toString(16).padStart(2, '0')}`;
    else text += Buffer.from(bytes.subarray(i, i + length)).toString('utf8');
    i += Math.max(1, length);
  }
  return text;
}

/** Bytes of the valid UTF-8 character at `at`; 0 if there is none or it is a control character. */
function validLength(bytes: Uint8Array, at: number): number {
  for (const length of [1, 2, 3, 4]) {
    const text = Buffer.from(bytes.subarray(at, at + length)).toString('utf8');
    if (text.length > 0 && !text.includes('\ufffd') && [...text].length === 1) {
      return text < ' ' || text === '\x7f' ? 0 : length;
    }
  }
  return 0;
}
