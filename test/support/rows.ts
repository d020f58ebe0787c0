import { COUNTERS } from '../../src/schema/codes.js';
import type { CaptureRow } from '../../src/schema/tables.js';
import type { Row } from './batches.js';

const TEXTS = [
  '',
  'h2',
  'example.com',
  'exactly12byt',
  'thirteenbytes',
  'bücher.example',
  '日本語.例え.テスト',
  'a\u0000b',
  'q"uo,te\n\\',
];

/** Numbers that look random and are the same on each run (mulberry32). */
export function randomNumbers(seed: number): (below: number) => number {
  let a = seed;
  return (below) => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

function u64(next: (below: number) => number): bigint {
  return (BigInt(next(0xffffffff)) << 32n) | BigInt(next(0xffffffff));
}

interface Lists {
  readonly cipher_suites: number[];
  readonly extensions: number[];
  readonly supported_groups: number[];
  readonly signature_algorithms: number[];
  readonly ec_point_formats: number[];
}

const real = (values: readonly number[]) => values.filter((v) => v !== 0x0a0a);

function ja3Text(l: Lists): string {
  const lists = [real(l.cipher_suites), real(l.extensions), real(l.supported_groups), l.ec_point_formats];
  return ['771', ...lists.map((values) => values.join('-'))].join(',');
}

function ja4Text(ja4: string, l: Lists, sorted: boolean): string {
  const hex = (values: readonly number[]) => values.map((v) => v.toString(16).padStart(4, '0')).join(',');
  const ascending = (values: number[]) => (sorted ? values.toSorted((a, b) => a - b) : values);
  const extensions = real(l.extensions).filter((v) => !sorted || (v !== 0 && v !== 16));
  const signatures = real(l.signature_algorithms);
  const tail = extensions.length > 0 && signatures.length > 0 ? `_${hex(signatures)}` : '';
  return `${ja4.slice(0, 11)}${hex(ascending(real(l.cipher_suites)))}_${hex(ascending(extensions))}${tail}`;
}

/** What belongs to a hello content, a function of its number: the same id always has the same content. */
export function helloContent(id: number): Row {
  const next = randomNumbers(id * 7919 + 1);
  const list = (max: number, below: number) => Array.from({ length: next(max + 1) }, () => next(below));
  const maybe = <T>(value: T): T | null => (next(11) === 0 ? null : value);
  // Some code points again and again: GREASE, and the extensions that JA4 leaves out.
  const codes = (max: number) => list(max, 65536).map((v) => (v % 7 === 0 ? [0x0a0a, 0, 16][v % 3]! : v));
  const lists = {
    cipher_suites: codes(20),
    extensions: codes(20),
    supported_groups: codes(9),
    signature_algorithms: codes(14),
    ec_point_formats: list(3, 256),
  };
  const ja3 = maybe(`ja3-${id}`.padEnd(32, 'f'));
  const ja4 = maybe(`t13d${id}h2_8daaf6152771_02713d6af862`);
  const npf = maybe(`tls/1/(0303)(${id})`);
  return {
    ...lists,
    content_id: 0x8000000000000000n + BigInt(id) * 0x1_0000_0001n,
    legacy_version: 0x0303,
    version: 0x0304,
    supported_versions: list(3, 65536),
    key_share_groups: list(2, 65536),
    cert_compression: list(1, 4),
    psk_modes: list(2, 256),
    compression_methods: list(2, 256),
    alpn: Array.from({ length: next(4) }, () => TEXTS[next(TEXTS.length)]!),
    quic_transport_parameters: Array.from({ length: next(3) }, () => u64(next)),
    grease: next(2) === 1,
    ech: next(2) === 1,
    psk: next(2) === 1,
    early_data: next(2) === 1,
    ja3,
    ja3n: maybe(`ja3n-${id}`.padEnd(32, 'e')),
    ja3_text: ja3 && ja3Text(lists),
    ja4,
    ja4_r: ja4 && ja4Text(ja4, lists, true),
    ja4_o: maybe(`t13d${id}h2_o`),
    ja4_ro: ja4 && ja4Text(ja4, lists, false),
    npf,
    npf_degreased: npf !== null && id % 2 === 0 ? npf : `tls/1/(0303)(${id})[]`,
  };
}

/** Rows of client_hellos with nulls, empty lists, text of all lengths and scripts, and large numbers. */
export function clientHellos(
  count: number,
  options: { seed?: number; contents?: number; first?: number } = {},
): Row[] {
  const next = randomNumbers(options.seed ?? 1);
  const maybe = <T>(value: T): T | null => (next(11) === 0 ? null : value);
  return Array.from({ length: count }, (_, i) => ({
    ...helloContent(next(options.contents ?? 50)),
    capture_id: 1,
    packet: BigInt((options.first ?? 1) + 3 * i),
    first_packet: BigInt((options.first ?? 1) + 3 * i),
    ts: 1_700_000_000_123_456_789n + BigInt(i) * 1_000_003n,
    protocol: ['tls', 'dtls', 'quic'][next(3)]!,
    app: maybe('smtp'),
    src_ip: next(2) ? `10.0.${next(256)}.${next(256)}` : `2001:db8::${next(65535).toString(16)}:1`,
    dst_ip: '192.0.2.1',
    src_port: next(65536),
    dst_port: 443,
    flow_id: 0xffffffff00000000n + BigInt(i),
    community_id: '1:wCb3OG7yAFWelaUydu0D+125CLM=',
    tunnel: maybe('vlan:10/mpls/vxlan:5'),
    sni: maybe(TEXTS[next(TEXTS.length)]!),
    record_version: maybe(0x0301),
    quic_version: maybe(0xff00001d),
    session_id_length: maybe(32),
    hello_bytes: next(2 ** 24),
    captured_bytes: next(2 ** 24),
    packets: next(4),
    attempt: 1,
    complete: next(5) > 0,
    anomalies: next(4) === 0 ? ['retransmitted', 'snaplen_cut'].slice(next(2)) : [],
    client_random: maybe(Uint8Array.from({ length: next(3) === 0 ? 16 : 32 }, () => next(256))),
    ech_config_id: maybe(next(256)),
    ech_payload_length: maybe(next(65536)),
  }));
}

/** A row of server_hellos for each third packet, answering `clientHellos` of the same length. */
export function serverHellos(count: number, options: { first?: number } = {}): Row[] {
  return Array.from({ length: count }, (_, i) => ({
    capture_id: 1,
    packet: BigInt((options.first ?? 1) + 3 * i + 1),
    first_packet: BigInt((options.first ?? 1) + 3 * i + 1),
    ts: 1_700_000_000_123_456_789n + BigInt(i) * 1_000_003n + 25_000n,
    protocol: 'tls',
    src_ip: '192.0.2.1',
    dst_ip: '10.0.0.1',
    src_port: 443,
    dst_port: 50000 + (i % 1000),
    flow_id: 0xffffffff00000000n + BigInt(i),
    community_id: '1:wCb3OG7yAFWelaUydu0D+125CLM=',
    hello_bytes: 90,
    captured_bytes: 90,
    packets: 1,
    attempt: 1,
    complete: true,
    legacy_version: 0x0303,
    version: 0x0303,
    cipher_suite: 0xc02f,
    extensions: [65281, 11],
    ja3s_text: '771,49199,65281-11',
    is_retry: false,
    ja3s: 'b'.repeat(32),
  }));
}

/** A row of `captures` with all counters zero but those given. */
export function captureRow(path: string, values: Partial<CaptureRow> = {}): CaptureRow {
  return {
    path,
    size: 1234n,
    mtime: 1_700_000_000_000_000_000n,
    format: 'pcap',
    compression: null,
    link_types: ['ETHERNET'],
    first_ts: null,
    last_ts: null,
    error: null,
    analyzed_at: 1_750_000_000_000_000_000n,
    tlsfp_version: '0.1.0',
    ...Object.fromEntries(COUNTERS.map((c) => [c.name, 0n])),
    ...values,
  } as CaptureRow;
}
