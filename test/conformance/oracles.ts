import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { Fields } from './corpus.js';
import { flowOf, type Hello } from './hello.js';

/** Known ways in which other tools leave the text of a fingerprint; a value that differs by one of them alone is equal. */
export const ORACLE_RULES = {
  'ndpi-ja4-head':
    'nDPI builds the first part of JA4 in its own way: SNI letter, second ALPN character, version of DTLS 1.3',
  'ndpi-empty-hash': 'nDPI hashes an empty list to `e3b0c44298fc`; the JA4 text: `000000000000`',
  'foxio-alpn-99':
    'FoxIO’s tools give `99` for an ALPN that is not ASCII; the JA4 text: outer digits of its hex form',
  'suricata-no-signature-algorithms':
    'Suricata hashes a hello without signature algorithms differently from JA4’s text (no `_`)',
} as const;

export type OracleRule = keyof typeof ORACLE_RULES;

/** Fields of a recorded row that are compared when they are given. */
export const RECORDED = ['ja3', 'ja4', 'ja4r', 'ja3s', 'sni', 'alpn'] as const;
export type RecordedField = (typeof RECORDED)[number];

/** What became of one recorded row. */
export interface Check {
  readonly row: Fields;
  readonly flow: string;
  /** Empty: ours agrees. `missing`: none of ours stands on its connection. */
  readonly differs: readonly (RecordedField | 'missing' | 'count')[];
  /** Rules without which it would differ. */
  readonly rules: readonly OracleRule[];
  readonly nearest: Hello | null;
}

const md5 = (text: string): string => (text === '' ? '' : createHash('md5').update(text).digest('hex'));

/** nDPI abbreviates IPv6 addresses to what is not always one: its ports alone name the flow. */
function candidates(row: Fields, own: readonly Hello[]): Hello[] {
  const kind = own.filter((one) => one.kind === row.kind);
  if (row.src === '') return kind;
  const odd = row.oracle === 'ndpi-result' && (row.src!.includes(':') || row.dst!.includes(':'));
  if (odd || !(isIPv6(row.src!) || /^[\d.]+$/.test(row.src!))) {
    const ports = [row.sport, row.dport].sort().join(' ');
    return kind.filter((one) => portsOf(one.flow) === ports);
  }
  const flow = flowOf(row.src!, row.sport!, row.dst!, row.dport!);
  return kind.filter((one) => one.flow === flow);
}

function portsOf(flow: string): string {
  return flow
    .split(' - ')
    .map((end) => end.split(' ')[1])
    .sort()
    .join(' ');
}

function sameButFor(a: string, b: string, positions: readonly number[]): boolean {
  return a.length === b.length && [...a].every((char, i) => char === b[i] || positions.includes(i));
}

/** The rules by which a recorded JA4 is equal to ours, or null when it is not. */
function ja4Rules(oracle: string, recorded: string, ours: string): OracleRule[] | null {
  if (recorded === ours) return [];
  const [head = '', ciphers, rest] = recorded.split('_');
  const [ourHead = '', ourCiphers, ourRest] = ours.split('_');
  if (oracle === 'ndpi-result') {
    const bare = (part: string | undefined) => part?.replace('e3b0c44298fc', '000000000000');
    // Positions: 0 transport, 1-2 version, 3 SNI, 4-7 counts, 8-9 ALPN.
    const free = ourHead.startsWith('d') ? [1, 2, 3, 9] : [3, 9];
    if (bare(ciphers) !== ourCiphers || bare(rest) !== ourRest || !sameButFor(head, ourHead, free))
      return null;
    const rules: OracleRule[] = head === ourHead ? [] : ['ndpi-ja4-head'];
    return ciphers === ourCiphers && rest === ourRest ? rules : [...rules, 'ndpi-empty-hash'];
  }
  if (oracle.startsWith('foxio') && ciphers === ourCiphers && rest === ourRest) {
    return head.endsWith('99') && sameButFor(head, ourHead, [8, 9]) ? ['foxio-alpn-99'] : null;
  }
  if (oracle === 'suricata-verify' && head === ourHead && ciphers === ourCiphers) {
    return ['suricata-no-signature-algorithms'];
  }
  return null;
}

function compare(row: Fields, hello: Hello): { differs: RecordedField[]; rules: OracleRule[] } {
  const wanted = {
    ja3: row.ja3 || md5(row.ja3_full!),
    ja4: row.ja4!,
    ja4r: row.ja4_r!,
    ja3s: row.ja3s || md5(row.ja3s_full!),
    sni: row.sni!,
    alpn: row.alpn!,
  };
  const rules: OracleRule[] = [];
  const differs = RECORDED.filter((field) => {
    if (wanted[field] === '' || wanted[field] === hello[field]) return false;
    if (field === 'sni') return wanted.sni.toLowerCase() !== hello.sni.toLowerCase();
    if (field === 'alpn') return hello.alpn.split(',')[0] !== wanted.alpn;
    const excuse = field.startsWith('ja4') ? ja4Rules(row.oracle!, wanted[field], hello[field]) : null;
    if (excuse) rules.push(...excuse);
    return !excuse;
  });
  return { differs, rules };
}

/** Compare what another project recorded with our hellos: one of those on its connection must have all its values. */
export function checkRecorded(row: Fields, own: readonly Hello[]): Check {
  const flow = flowOf(row.src!, row.sport!, row.dst!, row.dport!);
  const there = candidates(row, own);
  const results = there.map((hello) => ({ hello, ...compare(row, hello) }));
  const equal = results.filter((one) => one.differs.length === 0);
  const best = [...results].sort((a, b) => a.differs.length - b.differs.length)[0];
  if (!best) return { row, flow, differs: ['missing'], rules: [], nearest: null };
  const short = row.count !== '' && equal.length > 0 && equal.length < Number(row.count);
  return {
    row,
    flow,
    differs: short ? ['count'] : best.differs,
    rules: best.rules,
    nearest: best.hello,
  };
}
