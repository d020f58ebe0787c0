import type { ClientHelloRow } from '../schema/tables.js';

/** GREASE as the tables write it (RFC 8701). */
const GREASE = 0x0a0a;

/** One list of a ClientHello that fingerprints are made of. */
export interface ListSpec {
  /** Short name, as it stands in baselines and messages. */
  readonly name: string;
  /** Column of `client_hellos`. */
  readonly column: keyof ClientHelloRow;
  /** Whether the order says something: browsers shuffle their extensions and transport parameters anew each time. */
  readonly ordered: boolean;
  /** Hexadecimal digits of an element; 0 for text. */
  readonly digits: 0 | 2 | 4;
}

/** The lists, in the order of messages about them. */
export const LISTS = [
  { name: 'ciphers', column: 'cipher_suites', ordered: true, digits: 4 },
  { name: 'extensions', column: 'extensions', ordered: false, digits: 4 },
  { name: 'groups', column: 'supported_groups', ordered: true, digits: 4 },
  { name: 'sigalgs', column: 'signature_algorithms', ordered: true, digits: 4 },
  { name: 'versions', column: 'supported_versions', ordered: true, digits: 4 },
  { name: 'key_shares', column: 'key_share_groups', ordered: true, digits: 4 },
  { name: 'alpn', column: 'alpn', ordered: true, digits: 0 },
  { name: 'point_formats', column: 'ec_point_formats', ordered: true, digits: 2 },
  { name: 'psk_modes', column: 'psk_modes', ordered: true, digits: 2 },
  { name: 'compression', column: 'compression_methods', ordered: true, digits: 2 },
  { name: 'cert_compression', column: 'cert_compression', ordered: true, digits: 4 },
  { name: 'quic_parameters', column: 'quic_transport_parameters', ordered: false, digits: 2 },
] as const satisfies readonly ListSpec[];

export type ListName = (typeof LISTS)[number]['name'];

/** The lists of a hello as texts: numbers in lower hex, unordered ones sorted. Equal texts, equal content. */
export type HelloLists = { readonly [K in ListName]: readonly string[] };

function elementText(spec: ListSpec, value: number | bigint | string): string {
  if (typeof value === 'string') return value;
  if (spec.digits === 4 && Number(value) === GREASE) return 'GREASE';
  // GREASE transport parameters are 27 + 31 n (RFC 9000 §18.1); the tables write all as 27.
  if (spec.name === 'quic_parameters' && BigInt(value) === 27n) return 'GREASE';
  return value.toString(16).padStart(spec.digits, '0');
}

/** The lists of a row of `client_hellos` (or of a query over its columns). */
export function listsOf(row: { readonly [K in (typeof LISTS)[number]['column']]: unknown }): HelloLists {
  const entries = LISTS.map((spec) => {
    const values = row[spec.column] as readonly (number | bigint | string)[];
    const texts = values.map((value) => elementText(spec, value));
    return [spec.name, spec.ordered ? texts : texts.sort(byValue)] as const;
  });
  return Object.fromEntries(entries) as unknown as HelloLists;
}

/** GREASE first, then by number: shorter hexadecimal numbers are smaller. */
function byValue(a: string, b: string): number {
  if (a === 'GREASE' || b === 'GREASE') return Number(b === 'GREASE') - Number(a === 'GREASE');
  return a.length - b.length || (a < b ? -1 : Number(a > b));
}
