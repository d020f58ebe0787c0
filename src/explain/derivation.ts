import { createHash } from 'node:crypto';
import { extensionName, versionName } from '../schema/names.js';
import type { ClientHelloRow } from '../schema/tables.js';

/** A piece of a fingerprint and how it came about. */
export interface Piece {
  readonly name: string;
  readonly value: string;
  readonly how: string;
}

/** A fingerprint taken to pieces. */
export interface Derivation {
  readonly name: 'JA3' | 'JA3N' | 'JA4' | 'NPF';
  readonly value: string;
  readonly pieces: readonly Piece[];
}

const GREASE = 0x0a0a;
const SERVER_NAME = 0;
const ALPN = 16;

const md5 = (text: string) => createHash('md5').update(text).digest('hex');
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 12);
const hex = (value: number) => value.toString(16).padStart(4, '0');
const numberOf = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;

function greaseNote(list: readonly number[]): string {
  const grease = list.filter((value) => value === GREASE).length;
  return grease === 0 ? '' : `, ${grease} GREASE left out`;
}

const kept = (list: readonly number[]) => list.filter((value) => value !== GREASE);

function ja3(row: ClientHelloRow): Derivation[] {
  if (row.ja3 === null || row.ja3_text === null) return [];
  const [version = '', ciphers = '', extensions = '', groups = '', formats = ''] = row.ja3_text.split(',');
  const sorted = extensions
    .split('-')
    .filter((part) => part !== '')
    .sort((a, b) => Number(a) - Number(b))
    .join('-');
  const common = [
    { name: 'version', value: version, how: `legacy_version, ${versionName(row.legacy_version)}` },
    { name: 'ciphers', value: ciphers, how: `wire order${greaseNote(row.cipher_suites)}` },
  ];
  const rest = [
    { name: 'groups', value: groups, how: `supported_groups, wire order${greaseNote(row.supported_groups)}` },
    { name: 'point formats', value: formats, how: 'ec_point_formats, wire order' },
  ];
  const exact = { name: 'extensions', value: extensions, how: `wire order${greaseNote(row.extensions)}` };
  const order = { name: 'extensions', value: sorted, how: 'sorted by number, for clients that shuffle them' };
  const text = (list: string) => [version, ciphers, list, groups, formats].join(',');
  const hash = (list: string) => ({ name: 'MD5', value: md5(text(list)), how: `of ${text(list)}` });
  const derivations: Derivation[] = [
    { name: 'JA3', value: row.ja3, pieces: [...common, exact, ...rest, hash(extensions)] },
  ];
  if (row.ja3n !== null) {
    derivations.push({ name: 'JA3N', value: row.ja3n, pieces: [...common, order, ...rest, hash(sorted)] });
  }
  return derivations;
}

const TRANSPORTS: Readonly<Record<string, string>> = { t: 'TLS over TCP', q: 'QUIC', d: 'DTLS' };

/** The ten characters of part a (JA4.md). */
function ja4a(row: ClientHelloRow, a: string): Piece[] {
  const fromList = row.supported_versions.length > 0 && !row.anomalies.includes('no_version_offered');
  const [protocol] = row.alpn;
  const ciphers = kept(row.cipher_suites).length;
  const extensions = kept(row.extensions).length;
  return [
    { name: 'a: protocol', value: a.slice(0, 1), how: TRANSPORTS[a[0]!] ?? 'unknown' },
    {
      name: 'a: version',
      value: a.slice(1, 3),
      how: `${versionName(row.version)}, ${fromList ? 'the highest in supported_versions' : 'legacy_version'}`,
    },
    {
      name: 'a: SNI',
      value: a.slice(3, 4),
      how: row.extensions.includes(SERVER_NAME) ? 'server_name is there (d)' : 'no server_name (i)',
    },
    {
      name: 'a: ciphers',
      value: a.slice(4, 6),
      how: `${numberOf(ciphers, 'cipher suite')}${greaseNote(row.cipher_suites)}`,
    },
    {
      name: 'a: extensions',
      value: a.slice(6, 8),
      how: `${numberOf(extensions, 'extension')}${greaseNote(row.extensions)}`,
    },
    {
      name: 'a: ALPN',
      value: a.slice(8),
      how: protocol === undefined ? 'no ALPN' : `first and last character of the first protocol, ${protocol}`,
    },
  ];
}

function ja4(row: ClientHelloRow): Derivation[] {
  if (row.ja4 === null || row.ja4_r === null) return [];
  const [a = '', ciphers = '', extensions = '', signatures] = row.ja4_r.split('_');
  const left = [SERVER_NAME, ALPN].filter((type) => row.extensions.includes(type));
  const omitted = left.map((type) => `${hex(type)} (${extensionName(type)})`);
  const list = signatures === undefined ? extensions : `${extensions}_${signatures}`;
  const hashed = (text: string) => (text === '' ? '000000000000' : sha256(text));
  const without = omitted.length > 0 ? `, without ${omitted.join(' and ')}` : '';
  return [
    {
      name: 'JA4',
      value: row.ja4,
      pieces: [
        ...ja4a(row, a),
        {
          name: 'b',
          value: hashed(ciphers),
          how: `SHA-256, 12 digits, of the cipher suites sorted: ${ciphers}`,
        },
        {
          name: 'c',
          value: extensions === '' ? '000000000000' : hashed(list),
          how: `SHA-256, 12 digits, of the extensions sorted${without}, then the signature algorithms in wire order${greaseNote(row.signature_algorithms)}: ${list}`,
        },
      ],
    },
  ];
}

/** Text between brackets of the top level: `(0303)(1301)[(000a)]` gives three. */
function topLevel(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '(' || text[at] === '[') {
      if (depth++ === 0) from = at;
    } else if ((text[at] === ')' || text[at] === ']') && --depth === 0) {
      parts.push(text.slice(from + 1, at));
    }
  }
  return parts;
}

const inFours = (digits: string) => digits.match(/.{1,4}/g)?.join(' ') ?? '';

function npfExtension(text: string): Piece {
  const [, digits = '', inside = ''] = /^\(?([0-9a-f]{4})\)?(.*)$/.exec(text) ?? [];
  const type = Number.parseInt(digits, 16);
  const name = type === GREASE ? 'GREASE' : extensionName(type);
  const how = inside === '' ? `${name}, the type alone` : `${name}, with length and data`;
  return { name: digits, value: inside, how };
}

function npf(row: ClientHelloRow): Derivation[] {
  if (row.npf === null) return [];
  const format = row.npf.slice(0, Math.max(0, row.npf.indexOf('(')));
  const parts = topLevel(row.npf);
  const quic =
    format === 'quic/'
      ? [{ name: 'QUIC version', value: parts.shift() ?? '', how: 'of the long header' }]
      : [];
  const [version = '', ciphers = '', extensions = ''] = parts;
  const pieces = [
    { name: 'format', value: format, how: 'protocol, and version of the format' },
    ...quic,
    { name: 'version', value: version, how: `legacy_version, ${versionName(Number.parseInt(version, 16))}` },
    { name: 'ciphers', value: inFours(ciphers), how: 'wire order, every GREASE as 0a0a' },
    ...topLevel(extensions).map(npfExtension),
  ];
  return [{ name: 'NPF', value: row.npf, pieces }];
}

/** The fingerprints of a ClientHello, taken to pieces; none for one that is not complete. */
export function derivations(row: ClientHelloRow): Derivation[] {
  return [...ja3(row), ...ja4(row), ...npf(row)];
}
