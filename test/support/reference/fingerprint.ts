import { createHash } from 'node:crypto';
import {
  alpnNames,
  type ClientHello,
  firstExtension,
  lastExtension,
  type ServerHello,
  vector8,
  vector16,
} from './hello.js';
import { hex, hex4 } from './reader.js';

/** One of the sixteen reserved values 0x0a0a, 0x1a1a, ... 0xfafa (RFC 8701 §2). */
export function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >>> 8 === (value & 0xff);
}

/** GREASE replaced by 0x0a0a, as the columns have it. */
export function degrease(values: readonly number[]): number[] {
  return values.map((value) => (isGrease(value) ? 0x0a0a : value));
}

const withoutGrease = (values: readonly number[]): number[] => values.filter((value) => !isGrease(value));
const ascending = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
const sha256Start = (text: string): string =>
  text === '' ? '000000000000' : createHash('sha256').update(text).digest('hex').slice(0, 12);

/** JA3 (salesforce/ja3 README): text and MD5; `sorted` gives JA3N, with the extension types ascending. */
export function ja3(hello: ClientHello, sorted = false): { text: string; hash: string } {
  const types = withoutGrease(hello.extensions.map((one) => one.type));
  const fields = [
    [hello.legacyVersion],
    withoutGrease(hello.ciphers),
    sorted ? ascending(types) : types,
    withoutGrease(vector16(lastExtension(hello.extensions, 10), 2)),
    vector8(lastExtension(hello.extensions, 11)),
  ];
  const text = fields.map((field) => field.join('-')).join(',');
  return { text, hash: md5(text) };
}

/** JA3S: version, the cipher and the extension types as they stand, GREASE kept. */
export function ja3s(hello: ServerHello): { text: string; hash: string } {
  const types = hello.extensions.map((one) => one.type);
  const text = `${hello.legacyVersion},${hello.cipher},${types.join('-')}`;
  return { text, hash: md5(text) };
}

/** The version that JA4 takes: the newest offered in supported_versions, else legacy_version. */
export function offeredVersion(hello: ClientHello, dtls: boolean): number {
  const offered = withoutGrease(vector16(firstExtension(hello.extensions, 43), 1));
  // DTLS numbers are the one's complement of their meaning: the newest is the lowest (RFC 9147 §5.1).
  const datagram = offered.filter((version) => version >>> 8 === 0xfe);
  if (dtls && datagram.length > 0) return Math.min(...datagram);
  return offered.length > 0 ? Math.max(...offered) : hello.legacyVersion;
}

const VERSION_NAMES = new Map([
  [0x0304, '13'],
  [0x0303, '12'],
  [0x0302, '11'],
  [0x0301, '10'],
  [0x0300, 's3'],
  [0x0002, 's2'],
  [0xfeff, 'd1'],
  [0xfefd, 'd2'],
  [0xfefc, 'd3'],
]);

/** The two characters of JA4 that stand for the first ALPN value. */
export function alpnCharacters(first: Uint8Array | undefined): string {
  if (!first || first.length === 0) return '00';
  const ends = [first[0]!, first[first.length - 1]!];
  const text = String.fromCharCode(...ends);
  if (/^[0-9A-Za-z]{2}$/.test(text)) return text;
  const digits = hex(first);
  return digits[0]! + digits[digits.length - 1]!;
}

/** The four forms of JA4 of one hello (FoxIO JA4.md). */
export interface Ja4 {
  ja4: string;
  ja4_r: string;
  ja4_o: string;
  ja4_ro: string;
}

/** JA4; `transport` is q for QUIC, d for DTLS, t for TLS over TCP. */
export function ja4(hello: ClientHello, transport: 'q' | 'd' | 't'): Ja4 {
  const ciphers = withoutGrease(hello.ciphers);
  const types = withoutGrease(hello.extensions.map((one) => one.type));
  const schemes = withoutGrease(vector16(firstExtension(hello.extensions, 13), 2));
  const count = (list: readonly number[]): string => String(Math.min(list.length, 99)).padStart(2, '0');
  const a =
    transport +
    (VERSION_NAMES.get(offeredVersion(hello, transport === 'd')) ?? '00') +
    (types.includes(0) ? 'd' : 'i') +
    count(ciphers) +
    count(types) +
    alpnCharacters(alpnNames(firstExtension(hello.extensions, 16))[0]);

  const join = (list: readonly number[]): string => list.map(hex4).join(',');
  const tail = schemes.length > 0 ? `_${join(schemes)}` : '';
  const sortedCiphers = join(ascending(ciphers));
  const sortedTypes = join(ascending(types.filter((type) => type !== 0 && type !== 16)));
  const c = sortedTypes === '' ? '' : sortedTypes + tail;
  const cOriginal = types.length === 0 ? '' : join(types) + tail;
  return {
    ja4: `${a}_${sha256Start(sortedCiphers)}_${sha256Start(c)}`,
    ja4_r: `${a}_${sortedCiphers}_${sortedTypes}${tail}`,
    ja4_o: `${a}_${sha256Start(join(ciphers))}_${sha256Start(cOriginal)}`,
    ja4_ro: `${a}_${join(ciphers)}_${cOriginal}`,
  };
}
