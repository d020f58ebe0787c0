import { createHash } from 'node:crypto';
import type { Fields } from './corpus.js';

/** The 16 reserved values (RFC 8701 §2), as four hex digits. */
const GREASE = /^([0-9a-f]a)\1$/;

const VERSIONS: Readonly<Record<string, string>> = {
  '0304': '13',
  '0303': '12',
  '0302': '11',
  '0301': '10',
  '0300': 's3',
  '0002': 's2',
  feff: 'd1',
  fefd: 'd2',
  fefc: 'd3',
};

const listOf = (field: string): string[] =>
  field === '' ? [] : field.split(',').filter((value) => !GREASE.test(value));
const hash = (text: string): string =>
  text === '' ? '0'.repeat(12) : createHash('sha256').update(text).digest('hex').slice(0, 12);
const count = (list: readonly string[]): string => String(Math.min(list.length, 99)).padStart(2, '0');

/** DTLS numbers run backwards: the newest version offered has the lowest (RFC 9147 §5.1). */
function version(row: Fields): string {
  const offered = listOf(row.supported_versions!).sort();
  const newest = row.layer === 'dtls' ? offered[0] : offered.at(-1);
  return VERSIONS[newest ?? row.version!] ?? '00';
}

/** First and last character of the first protocol offered; else the outer digits of its hex form. */
function alpn(field: string): string {
  const first = field.split(',')[0]!;
  if (first === '') return '00';
  const bytes = Buffer.from(first.replace(/^hex:/, ''), first.startsWith('hex:') ? 'hex' : 'utf8');
  const ends = String.fromCharCode(bytes[0]!, bytes.at(-1)!);
  if (/^[0-9A-Za-z]{2}$/.test(ends)) return ends;
  const hex = bytes.toString('hex');
  return hex[0]! + hex.at(-1)!;
}

/**
 * JA4 by its text (FoxIO `technical_details/JA4.md`) from the lists that tshark prints for a hello: what tshark's own
 * value is checked with. It shares no code with the product.
 */
export function ja4OfLists(row: Fields): string {
  const ciphers = listOf(row.ciphers!).sort();
  const extensions = listOf(row.extensions!);
  const hashed = extensions.filter((type) => type !== '0000' && type !== '0010').sort();
  const algorithms = listOf(row.sig_algs!);
  const transport = row.quic_version ? 'q' : row.layer === 'dtls' ? 'd' : 't';
  const name = extensions.includes('0000') ? 'd' : 'i';
  const tail = algorithms.length > 0 && hashed.length > 0 ? `_${algorithms.join(',')}` : '';
  const head = transport + version(row) + name + count(ciphers) + count(extensions) + alpn(row.alpn!);
  return `${head}_${hash(ciphers.join(','))}_${hash(hashed.join(',') + tail)}`;
}

/** Whether the signature algorithms that tshark lists hold a GREASE value. */
export function greaseInSignatureAlgorithms(row: Fields): boolean {
  return row.sig_algs!.split(',').some((value) => GREASE.test(value));
}
