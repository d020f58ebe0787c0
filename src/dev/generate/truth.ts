import { createHash } from 'node:crypto';
import type { ClientHelloSpec } from '../forge/hello.js';

/** What must be found of one ClientHello: a line of the truth file. */
export interface TruthRow {
  protocol: 'tls' | 'quic';
  src_ip: string;
  src_port: number;
  dst_ip: string;
  dst_port: number;
  sni: string | null;
  ja3: string;
  ja4: string;
  /** Lowest and highest number of the packets that carry it, and how many they are (1-based, capture order). */
  first_packet: number;
  packet: number;
  packets: number;
  attempt: number;
}

/** SNI, JA3 and JA4 of a hello, from what it was built of: no parser is involved. */
export function fingerprints(
  spec: ClientHelloSpec,
  transport: 't' | 'q',
): Pick<TruthRow, 'sni' | 'ja3' | 'ja4'> {
  const data = (type: number): Uint8Array | undefined =>
    spec.extensions?.find((one) => one.type === type)?.data;
  const types = withoutGrease((spec.extensions ?? []).map((one) => one.type));
  const ciphers = withoutGrease(spec.ciphers);
  const groups = withoutGrease(words(data(10), 2));
  const formats = [...(data(11)?.subarray(1) ?? [])];
  const version = spec.legacyVersion ?? 0x0303;
  const ja3 = [[version], ciphers, types, groups, formats].map((list) => list.join('-')).join(',');

  const schemes = withoutGrease(words(data(13), 2)).map(hex4);
  const rest = types.filter((type) => type !== 0 && type !== 16).map(hex4);
  const parts = [rest.sort().join(','), ...(schemes.length > 0 ? [schemes.join(',')] : [])];
  const newest = Math.max(...withoutGrease(words(data(43), 1)), data(43) ? 0 : version);
  const versionName = { 772: '13', 771: '12', 770: '11', 769: '10' }[newest] ?? '00';
  const name = data(0);
  const a = [transport, versionName, name ? 'd' : 'i', two(ciphers), two(types), alpnMark(data(16))].join('');
  const b = truncatedSha256(ciphers.map(hex4).sort().join(','));
  const c = truncatedSha256(rest.length === 0 ? '' : parts.join('_'));
  return {
    sni: name ? Buffer.from(name.subarray(5)).toString() : null,
    ja3: createHash('md5').update(ja3).digest('hex'),
    ja4: `${a}_${b}_${c}`,
  };
}

function words(data: Uint8Array | undefined, skip: number): number[] {
  const values: number[] = [];
  for (let i = skip; data && i + 1 < data.length; i += 2) values.push((data[i]! << 8) | data[i + 1]!);
  return values;
}

function withoutGrease(values: readonly number[]): number[] {
  return values.filter((value) => !((value & 0x0f0f) === 0x0a0a && value >>> 8 === (value & 0xff)));
}

const HEX4 = Array.from({ length: 65536 }, (_, value) => value.toString(16).padStart(4, '0'));

function hex4(value: number): string {
  return HEX4[value]!;
}

function two(list: readonly number[]): string {
  return String(Math.min(99, list.length)).padStart(2, '0');
}

/** First and last character of the first protocol; the profiles offer only letters and digits at both ends. */
function alpnMark(data: Uint8Array | undefined): string {
  if (!data) return '00';
  const name = Buffer.from(data.subarray(3, 3 + data[2]!)).toString('latin1');
  return name.at(0)! + name.at(-1)!;
}

const known = new Map<string, string>();

/** The first 12 digits of SHA-256; few distinct texts occur, so they are kept. */
function truncatedSha256(text: string): string {
  if (text === '') return '000000000000';
  let hash = known.get(text);
  if (hash === undefined) {
    hash = createHash('sha256').update(text).digest('hex').slice(0, 12);
    known.set(text, hash);
  }
  return hash;
}
