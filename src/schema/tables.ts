import { COUNTERS, type CounterName } from './codes.js';
import type { ColumnSpec, RowOf, TableSpec } from './column.js';

/** Columns that say when, where and on which connection a message was seen. */
const WHERE = [
  { name: 'capture', type: 'utf8', nullable: false, origin: 'host', meaning: 'the capture, as given' },
  {
    name: 'capture_id',
    type: 'u32',
    nullable: false,
    origin: 'fact',
    internal: true,
    meaning: 'row of `captures` in this database',
  },
  {
    name: 'packet',
    type: 'u64',
    nullable: false,
    origin: 'fact',
    meaning: '1-based number of the packet that completed the message (file order)',
  },
  {
    name: 'first_packet',
    type: 'u64',
    nullable: false,
    origin: 'fact',
    meaning: '1-based number of the packet that began the message',
  },
  { name: 'ts', type: 'ts', nullable: false, origin: 'fact', meaning: 'time of `packet`, UTC, nanoseconds' },
  { name: 'protocol', type: 'utf8', nullable: false, origin: 'fact', meaning: '`tls`, `dtls` or `quic`' },
  {
    name: 'app',
    type: 'utf8',
    nullable: true,
    origin: 'fact',
    meaning:
      'what came before TLS on the connection: smtp, imap, pop3, ftp, ldap, xmpp, irc, postgres, mysql, rdp, http-connect, socks4, socks5, openvpn; null if nothing did',
  },
  {
    name: 'src_ip',
    type: 'utf8',
    nullable: false,
    origin: 'fact',
    meaning: 'address of the sender, canonical text',
    source: 'RFC 5952 for IPv6',
  },
  { name: 'dst_ip', type: 'utf8', nullable: false, origin: 'fact', meaning: 'address of the receiver' },
  { name: 'src_port', type: 'u16', nullable: false, origin: 'fact', meaning: 'port of the sender' },
  { name: 'dst_port', type: 'u16', nullable: false, origin: 'fact', meaning: 'port of the receiver' },
  {
    name: 'flow_id',
    type: 'u64',
    nullable: false,
    origin: 'fact',
    meaning:
      'joins the tables; the same for both directions of one connection, derived from its ends and its first packet time',
  },
  {
    name: 'community_id',
    type: 'utf8',
    nullable: false,
    origin: 'fact',
    meaning: 'Community ID v1 (seed 0), to correlate with Zeek, Suricata, Arkime',
    source: 'Community ID flow hashing, version 1',
  },
  {
    name: 'tunnel',
    type: 'utf8',
    nullable: true,
    origin: 'fact',
    meaning: 'encapsulation walked, outermost first, e.g. `vlan:10/mpls/vxlan:5`; null if none',
  },
] as const satisfies readonly ColumnSpec[];

/** Columns that say how a handshake message was carried and how well it was seen. */
const CARRIAGE = [
  {
    name: 'record_version',
    type: 'u16',
    nullable: true,
    origin: 'fact',
    meaning: 'version of the (D)TLS record that began the message; null for QUIC',
    source: 'RFC 8446 §5.1',
  },
  {
    name: 'quic_version',
    type: 'u32',
    nullable: true,
    origin: 'fact',
    meaning: 'version field of the QUIC long header; null unless quic',
    source: 'RFC 9000 §17.2',
  },
  {
    name: 'session_id_length',
    type: 'u8',
    nullable: true,
    origin: 'fact',
    meaning: 'bytes of legacy_session_id; null if it was not captured',
    source: 'RFC 8446 §4.1.2',
  },
  {
    name: 'hello_bytes',
    type: 'u32',
    nullable: false,
    origin: 'fact',
    meaning: 'length of the handshake message with its 4-byte header, bytes, as it declares itself',
  },
  {
    name: 'captured_bytes',
    type: 'u32',
    nullable: false,
    origin: 'fact',
    meaning: 'bytes of the message that were seen without a gap from its start',
  },
  { name: 'packets', type: 'u16', nullable: false, origin: 'fact', meaning: 'packets that carried it' },
  {
    name: 'attempt',
    type: 'u8',
    nullable: false,
    origin: 'fact',
    meaning: '1; 2 = after a HelloRetryRequest or HelloVerifyRequest',
  },
  {
    name: 'complete',
    type: 'bool',
    nullable: false,
    origin: 'fact',
    meaning: 'false: only a prefix was captured; fingerprints are null, lists as far as seen',
  },
  {
    name: 'anomalies',
    type: 'list<utf8>',
    nullable: false,
    origin: 'fact',
    meaning: 'names from the anomaly list, empty if none',
  },
] as const satisfies readonly ColumnSpec[];

const list16 = <const N extends string>(name: N, meaning: string, source: string) =>
  ({ name, type: 'list<u16>', nullable: false, origin: 'content', meaning, source }) as const;
const list8 = <const N extends string>(name: N, meaning: string, source: string) =>
  ({ name, type: 'list<u8>', nullable: false, origin: 'content', meaning, source }) as const;
const flag = <const N extends string>(name: N, meaning: string, source: string) =>
  ({ name, type: 'bool', nullable: false, origin: 'content', meaning, source }) as const;
const print = <const N extends string>(name: N, meaning: string, source: string) =>
  ({ name, type: 'utf8', nullable: true, origin: 'content', meaning, source }) as const;

/** One row per ClientHello seen. */
export const CLIENT_HELLOS = {
  name: 'client_hellos',
  meaning: 'one row per ClientHello seen',
  columns: [
    ...WHERE,
    {
      name: 'sni',
      type: 'utf8',
      nullable: true,
      origin: 'fact',
      meaning:
        'first host_name of server_name; null if absent; bytes that are not valid UTF-8 are written \\xHH',
      source: 'RFC 6066 §3',
    },
    ...CARRIAGE,
    {
      name: 'client_random',
      type: 'binary',
      nullable: true,
      origin: 'fact',
      meaning: '32 bytes; null if not captured, or an SSLv2 challenge of another length',
      source: 'RFC 8446 §4.1.2',
    },
    {
      name: 'ech_config_id',
      type: 'u8',
      nullable: true,
      origin: 'fact',
      meaning: 'config_id of an outer encrypted_client_hello',
      source: 'RFC 9849 §5',
    },
    {
      name: 'ech_payload_length',
      type: 'u16',
      nullable: true,
      origin: 'fact',
      meaning: 'bytes of the payload of an outer encrypted_client_hello',
      source: 'RFC 9849 §5',
    },
    {
      name: 'content_id',
      type: 'u64',
      nullable: false,
      origin: 'fact',
      meaning:
        'first 8 bytes (big-endian) of MD5 over the normalised content: equal for hellos that differ only in randomness, names and keys, in every file and run',
    },
    {
      name: 'legacy_version',
      type: 'u16',
      nullable: false,
      origin: 'content',
      meaning: 'ClientHello.legacy_version',
      source: 'RFC 8446 §4.1.2',
    },
    {
      name: 'version',
      type: 'u16',
      nullable: false,
      origin: 'content',
      meaning: 'highest version offered that is not GREASE (JA4 rule; lowest number for DTLS)',
      source: 'JA4.md',
    },
    list16('cipher_suites', 'wire order; every GREASE value as 0x0a0a', 'RFC 8446 §4.1.2, RFC 8701'),
    list16(
      'extensions',
      'extension types, wire order; every GREASE value as 0x0a0a',
      'RFC 8446 §4.2, RFC 8701',
    ),
    list16('supported_groups', 'wire order, GREASE as 0x0a0a', 'RFC 8446 §4.2.7'),
    list16('signature_algorithms', 'wire order, GREASE as 0x0a0a', 'RFC 8446 §4.2.3'),
    list16('supported_versions', 'wire order, GREASE as 0x0a0a', 'RFC 8446 §4.2.1'),
    list16('key_share_groups', 'groups with a key share, wire order, GREASE as 0x0a0a', 'RFC 8446 §4.2.8'),
    list16('cert_compression', 'compress_certificate algorithms, wire order', 'RFC 8879 §3'),
    list8('ec_point_formats', 'wire order', 'RFC 8422 §5.1.2'),
    list8('psk_modes', 'psk_key_exchange_modes, wire order', 'RFC 8446 §4.2.9'),
    list8('compression_methods', 'wire order', 'RFC 8446 §4.1.2'),
    {
      name: 'alpn',
      type: 'list<utf8>',
      nullable: false,
      origin: 'content',
      meaning: 'protocols offered, in order; bytes that are not valid UTF-8 are written \\xHH',
      source: 'RFC 7301 §3.1',
    },
    {
      name: 'quic_transport_parameters',
      type: 'list<u64>',
      nullable: false,
      origin: 'content',
      meaning: 'parameter ids, wire order; every GREASE id as 27',
      source: 'RFC 9000 §18',
    },
    flag('grease', 'a GREASE value stands in any of its lists', 'RFC 8701'),
    flag('ech', 'encrypted_client_hello (0xfe0d) is there', 'RFC 9849 §5'),
    flag('psk', 'pre_shared_key is there', 'RFC 8446 §4.2.11'),
    flag('early_data', 'early_data is there', 'RFC 8446 §4.2.10'),
    print('ja3', 'MD5 of `ja3_text`, lower hex', 'JA3 README'),
    print('ja3n', 'JA3 with its extensions sorted by number, MD5', 'JA3N'),
    print('ja3_text', 'version, ciphers, extensions, groups, point formats in decimal', 'JA3 README'),
    print('ja4', 'JA4', 'JA4.md'),
    print('ja4_r', 'JA4, sorted lists in clear', 'JA4.md'),
    print('ja4_o', 'JA4, wire order, hashed', 'JA4.md'),
    print('ja4_ro', 'JA4, wire order, in clear', 'JA4.md'),
    print('npf', 'Network Protocol Fingerprint, `tls/1/`, `dtls/1/` or `quic/`', 'mercury npf.md'),
    print(
      'npf_degreased',
      '`npf` with GREASE removed from signature_algorithms too, stable where a client rotates it',
      'tlsfp',
    ),
  ],
} as const satisfies TableSpec;

/** One row per ServerHello (HelloRetryRequest included) seen; the sender of the row is the server. */
export const SERVER_HELLOS = {
  name: 'server_hellos',
  meaning: 'one row per ServerHello or HelloRetryRequest seen; src is the server',
  columns: [
    ...WHERE,
    ...CARRIAGE,
    {
      name: 'server_random',
      type: 'binary',
      nullable: true,
      origin: 'fact',
      meaning: '32 bytes; null if not captured',
      source: 'RFC 8446 §4.1.3',
    },
    {
      name: 'legacy_version',
      type: 'u16',
      nullable: true,
      origin: 'fact',
      meaning: 'ServerHello.legacy_version',
      source: 'RFC 8446 §4.1.3',
    },
    {
      name: 'version',
      type: 'u16',
      nullable: true,
      origin: 'fact',
      meaning: 'version chosen: supported_versions if there, else legacy_version',
      source: 'RFC 8446 §4.2.1',
    },
    {
      name: 'cipher_suite',
      type: 'u16',
      nullable: true,
      origin: 'fact',
      meaning: 'suite chosen',
      source: 'RFC 8446 §4.1.3',
    },
    {
      name: 'compression_method',
      type: 'u8',
      nullable: true,
      origin: 'fact',
      meaning: 'compression chosen',
      source: 'RFC 5246 §7.4.1.3',
    },
    {
      name: 'alpn',
      type: 'utf8',
      nullable: true,
      origin: 'fact',
      meaning: 'protocol chosen; null when absent or encrypted (TLS 1.3)',
      source: 'RFC 7301 §3.1',
    },
    {
      name: 'extensions',
      type: 'list<u16>',
      nullable: false,
      origin: 'fact',
      meaning: 'extension types, wire order',
      source: 'RFC 8446 §4.2',
    },
    {
      name: 'selected_group',
      type: 'u16',
      nullable: true,
      origin: 'fact',
      meaning: 'group of the key share chosen (or asked for by a HelloRetryRequest)',
      source: 'RFC 8446 §4.2.8',
    },
    {
      name: 'is_retry',
      type: 'bool',
      nullable: false,
      origin: 'fact',
      meaning: 'true for a HelloRetryRequest',
      source: 'RFC 8446 §4.1.3',
    },
    {
      name: 'session_resumed',
      type: 'bool',
      nullable: true,
      origin: 'fact',
      meaning:
        'TLS 1.3: pre_shared_key chosen; before: the session id of the client came back; null where that cannot be told',
      source: 'RFC 8446 §2.2, RFC 5246 §7.4.1.3',
    },
    {
      name: 'ja3s',
      type: 'utf8',
      nullable: true,
      origin: 'fact',
      meaning: 'MD5 of `ja3s_text`, lower hex',
      source: 'JA3 README',
    },
    {
      name: 'ja3s_text',
      type: 'utf8',
      nullable: true,
      origin: 'fact',
      meaning: 'version, cipher, extensions in decimal, wire order',
      source: 'JA3 README',
    },
    {
      name: 'npf',
      type: 'utf8',
      nullable: true,
      origin: 'fact',
      meaning: 'Network Protocol Fingerprint, `tls_server/`',
      source: 'mercury npf.md',
    },
  ],
} as const satisfies TableSpec;

/** One row per certificate of a chain sent in clear (TLS 1.2 and older). */
export const CERTIFICATES = {
  name: 'certificates',
  meaning: 'one row per certificate of a chain that a server sent in clear (TLS 1.2, DTLS 1.2 and older)',
  columns: [
    WHERE[0],
    WHERE[1],
    WHERE[2],
    WHERE[4],
    WHERE[11],
    { name: 'position', type: 'u8', nullable: false, origin: 'fact', meaning: '0 = the leaf' },
    {
      name: 'der',
      type: 'binary',
      nullable: false,
      origin: 'fact',
      internal: true,
      meaning: 'the certificate as sent',
      source: 'RFC 5280 §4.1',
    },
    {
      name: 'sha256',
      type: 'utf8',
      nullable: false,
      origin: 'host',
      meaning: 'SHA-256 of the DER, lower hex',
    },
    { name: 'sha1', type: 'utf8', nullable: false, origin: 'host', meaning: 'SHA-1 of the DER, lower hex' },
    {
      name: 'subject',
      type: 'utf8',
      nullable: true,
      origin: 'host',
      meaning: 'distinguished name',
      source: 'RFC 4514',
    },
    {
      name: 'issuer',
      type: 'utf8',
      nullable: true,
      origin: 'host',
      meaning: 'distinguished name',
      source: 'RFC 4514',
    },
    { name: 'serial', type: 'utf8', nullable: true, origin: 'host', meaning: 'serial number, lower hex' },
    { name: 'not_before', type: 'ts', nullable: true, origin: 'host', meaning: 'start of validity, UTC' },
    { name: 'not_after', type: 'ts', nullable: true, origin: 'host', meaning: 'end of validity, UTC' },
    {
      name: 'san',
      type: 'list<utf8>',
      nullable: false,
      origin: 'host',
      meaning: 'subjectAltName entries, e.g. `DNS:example.com`',
      source: 'RFC 5280 §4.2.1.6',
    },
    { name: 'key_type', type: 'utf8', nullable: true, origin: 'host', meaning: 'rsa, ec, ed25519, ...' },
    {
      name: 'key_bits',
      type: 'u32',
      nullable: true,
      origin: 'host',
      meaning: 'size of the public key, bits',
    },
    {
      name: 'signature_algorithm',
      type: 'utf8',
      nullable: true,
      origin: 'host',
      meaning: 'name of the algorithm of the signature',
    },
  ],
} as const satisfies TableSpec;

/** One row of `client_hellos`. */
export type ClientHelloRow = RowOf<typeof CLIENT_HELLOS>;
/** One row of `server_hellos`. */
export type ServerHelloRow = RowOf<typeof SERVER_HELLOS>;
/** One row of `certificates`. */
export type CertificateRow = RowOf<typeof CERTIFICATES>;

/** Tables whose rows the core fills, in the order of its batch descriptors. */
export const CORE_TABLES = [CLIENT_HELLOS, SERVER_HELLOS, CERTIFICATES] as const;

/** Tables of handshake messages as users see them. */
export const PUBLIC_TABLES = [CLIENT_HELLOS, SERVER_HELLOS, CERTIFICATES] as const;

const captureColumn = (
  name: string,
  type: ColumnSpec['type'],
  nullable: boolean,
  meaning: string,
): ColumnSpec => ({
  name,
  type,
  nullable,
  origin: 'host',
  meaning,
});

/** One row per capture read: what it was, what was in it, what was lost and why. */
export const CAPTURES: TableSpec = {
  name: 'captures',
  meaning: 'one row per capture read; the counters say what was seen, lost and skipped',
  columns: [
    { ...captureColumn('capture_id', 'u32', false, 'row number in this database'), internal: true },
    captureColumn('path', 'utf8', false, 'the capture, as given'),
    captureColumn('size', 'u64', true, 'bytes of the file; null for standard input'),
    captureColumn('mtime', 'ts', true, 'time of its last change'),
    captureColumn('format', 'utf8', true, 'pcap, pcapng, or the kind of ring'),
    captureColumn('compression', 'utf8', true, 'gzip, zstd, lz4, xz, bzip2; null if none'),
    captureColumn('link_types', 'list<utf8>', false, 'LINKTYPE names of its interfaces'),
    captureColumn('first_ts', 'ts', true, 'time of the earliest packet'),
    captureColumn('last_ts', 'ts', true, 'time of the latest packet'),
    ...COUNTERS.map((c) => captureColumn(c.name, 'u64', false, c.meaning)),
    captureColumn('error', 'utf8', true, 'why it could not be read whole; null if it was'),
    captureColumn('analyzed_at', 'ts', false, 'when it was read'),
    captureColumn('tlsfp_version', 'utf8', false, 'version of tlsfp that read it'),
  ],
};

/** One row of `captures`. */
export type CaptureRow = {
  path: string;
  size: bigint | null;
  mtime: bigint | null;
  format: string | null;
  compression: string | null;
  link_types: string[];
  first_ts: bigint | null;
  last_ts: bigint | null;
  error: string | null;
  analyzed_at: bigint;
  tlsfp_version: string;
} & { [K in CounterName]: bigint };
