import type { CoreRows } from '../support/core-rows.js';
import { canonicalIp } from './address.js';
import type { Fields } from './corpus.js';
import { greaseInSignatureAlgorithms, ja4OfLists } from './specification.js';

/** A hello as somebody saw it; null or an empty text for what that one does not give. */
export interface Hello {
  readonly kind: 'client' | 'server';
  /** Both ends of the connection without direction, or empty where there is no IP below. */
  readonly flow: string;
  readonly transport: string;
  /** Number of the packet that completed it. */
  readonly packet: number;
  /** Time of that packet, seconds since 1970 with nine decimals. */
  readonly time: string;
  readonly ja3: string;
  readonly ja4: string;
  readonly ja4r: string;
  readonly ja3s: string;
  readonly sni: string;
  /** Client: protocols offered; server: protocol chosen. Comma between them. */
  readonly alpn: string;
  readonly quicVersion: string;
  /** Lists of a client as four hex digits, GREASE as 0a0a, comma between; legacy version alone for a server. */
  readonly version: string;
  readonly versions: string;
  readonly groups: string;
  readonly formats: string;
  readonly algorithms: string;
  readonly retry: boolean;
  readonly complete: boolean;
  /** Protocols walked, as tshark names them; for our own what came before TLS. */
  readonly stack: string;
  /** Why the JA4 here is not the one that tshark printed. */
  readonly rule: TsharkRule | null;
}

/** Known faults of tshark 4.4; the JA4 of such a hello is made by the text of JA4 from the lists that tshark prints. */
export const TSHARK_RULES = {
  'dtls-0x0100':
    'tshark gives `s1` for the DTLS version 0x0100 of old OpenSSL; the JA4 text has no such version: `00`',
  'no-transport-letter':
    'tshark gives no letter for the transport when it does not know the carrier; the JA4 text: `t`',
  'grease-signature-algorithm': 'tshark keeps GREASE in signature algorithms; the JA4 text removes it',
} as const;

export type TsharkRule = keyof typeof TSHARK_RULES;

/** Ends of a flow without direction. */
export function flowOf(a: string, aPort: string | number, b: string, bPort: string | number): string {
  if (a === '' && b === '') return '';
  return [`${canonicalIp(a)} ${aPort}`, `${canonicalIp(b)} ${bPort}`].sort().join(' - ');
}

/** Our columns give each of the 16 GREASE values as 0x0a0a. */
function greaseAsOne(list: string): string {
  return list.replace(/([0-9a-f]a)\1/g, '0a0a');
}

function hexWord(value: number): string {
  return value.toString(16).padStart(4, '0');
}

function tsharkRule(row: Fields, ja4: string): TsharkRule | null {
  if (row.ja4 === ja4) return null;
  if (row.ja4!.startsWith('ds1')) return 'dtls-0x0100';
  if (ja4 === `t${row.ja4}`) return 'no-transport-letter';
  if (greaseInSignatureAlgorithms(row)) return 'grease-signature-algorithm';
  throw new Error(`tshark's JA4 ${row.ja4} is not that of its lists, ${ja4}: name the rule`);
}

function tsharkHello(row: Fields): Hello {
  const client = row.kind === 'client';
  const ja4 = client && row.layer !== 'sslv2' ? ja4OfLists(row) : '';
  return {
    kind: client ? 'client' : 'server',
    flow: flowOf(row.src!, row.sport!, row.dst!, row.dport!),
    transport: row.proto!,
    packet: Number(row.frame),
    time: row.ts!,
    ja3: row.ja3!,
    ja4,
    ja4r: ja4.split('_')[0]! + row.ja4_r!.replace(/^[^_]*/, ''),
    ja3s: row.ja3s!,
    sni: row.sni!,
    alpn: row.alpn!,
    quicVersion: row.quic_version!.replace(/^0x/, ''),
    version: row.version!,
    versions: client ? greaseAsOne(row.supported_versions!) : '',
    groups: client ? greaseAsOne(row.groups!) : '',
    formats: client ? row.ec_point_formats! : '',
    algorithms: client ? greaseAsOne(row.sig_algs!) : '',
    retry: row.hrr === '1',
    complete: true,
    stack: row.protocols!,
    rule: ja4 === '' ? null : tsharkRule(row, ja4),
  };
}

/** Text as the corpus writes it: that with a byte that is not printable ASCII, or a comma, as `hex:` and its bytes. */
function corpusText(text: string): string {
  const bytes = Buffer.concat(
    text
      .split(/(\\x[0-9a-fA-F]{2})/)
      .map((part) =>
        /^\\x[0-9a-fA-F]{2}$/.test(part) ? Buffer.from(part.slice(2), 'hex') : Buffer.from(part),
      ),
  );
  const plain = bytes.every((byte) => byte >= 0x20 && byte < 0x7f && byte !== 0x2c);
  return plain ? bytes.toString('latin1') : `hex:${bytes.toString('hex')}`;
}

function secondsOf(nanoseconds: bigint): string {
  const text = String(nanoseconds).padStart(10, '0');
  return `${text.slice(0, -9)}.${text.slice(-9)}`;
}

type OurRow = CoreRows['clientHellos'][number] | CoreRows['serverHellos'][number];

function common(
  row: OurRow,
): Pick<Hello, 'flow' | 'transport' | 'packet' | 'time' | 'quicVersion' | 'complete' | 'stack' | 'rule'> {
  return {
    flow: flowOf(row.src_ip, row.src_port, row.dst_ip, row.dst_port),
    transport: row.protocol === 'tls' ? 'tcp' : 'udp',
    packet: Number(row.packet),
    time: secondsOf(row.ts),
    quicVersion: row.quic_version === null ? '' : row.quic_version.toString(16).padStart(8, '0'),
    complete: row.complete,
    stack: row.app ?? '',
    rule: null,
  };
}

/** Our hellos in the form of the comparison. */
export function ourHellos(rows: CoreRows): Hello[] {
  const clients = rows.clientHellos.map(
    (row): Hello => ({
      ...common(row),
      kind: 'client',
      ja3: row.ja3 ?? '',
      ja4: row.ja4 ?? '',
      ja4r: row.ja4_r ?? '',
      ja3s: '',
      sni: corpusText(row.sni ?? ''),
      alpn: row.alpn.map(corpusText).join(','),
      version: hexWord(row.legacy_version),
      versions: row.supported_versions.map(hexWord).join(','),
      groups: row.supported_groups.map(hexWord).join(','),
      formats: row.ec_point_formats.join(','),
      algorithms: row.signature_algorithms.map(hexWord).join(','),
      retry: false,
    }),
  );
  const servers = rows.serverHellos.map(
    (row): Hello => ({
      ...common(row),
      kind: 'server',
      ja3: '',
      ja4: '',
      ja4r: '',
      ja3s: row.ja3s ?? '',
      sni: '',
      alpn: corpusText(row.alpn ?? ''),
      version: row.legacy_version === null ? '' : hexWord(row.legacy_version),
      versions: '',
      groups: '',
      formats: '',
      algorithms: '',
      retry: row.is_retry,
    }),
  );
  return [...clients, ...servers];
}

/** What tells two hellos of one flow apart. */
export function identity(hello: Hello): string {
  return [hello.kind, hello.flow, hello.ja3, hello.ja4, hello.ja3s, hello.sni, hello.retry].join('|');
}

/**
 * One of each: over UDP, tshark reports a hello again when its packets are sent again (and DTLS sends it a second time
 * with a cookie). Over TCP nothing is reported twice, so that equal hellos on one flow are two hellos.
 */
export function distinct(hellos: readonly Hello[]): Hello[] {
  const seen = new Set<string>();
  return hellos.filter((hello) => {
    if (hello.transport === 'tcp') return true;
    const key = identity(hello);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** The distinct hellos that tshark prints for a capture. */
export function tsharkHellos(rows: readonly Fields[]): Hello[] {
  return distinct(rows.map(tsharkHello));
}
