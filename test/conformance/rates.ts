import type { Comparison } from './compare.js';
import type { Capture } from './corpus.js';
import type { Hello } from './hello.js';
import type { Pair } from './match.js';

/** Which hellos a rate is over. */
export type Scope = 'tcp-plain' | 'all';

/** Counts of the hellos of one kind. */
export interface Tally {
  expected: number;
  found: number;
  equalJa3: number;
  equalJa4: number;
  /** All fingerprints that the kind has are equal. */
  equal: number;
  missing: number;
  extra: number;
}

/** Captures that belong to another scope than plain TLS over TCP: what comes before TLS, and records in pieces. */
const NOT_PLAIN = /^(starttls-|http-connect|socks|openvpn|capwap|tunnel|record-fragmentation|ip-fragments)/;
/** Link, VLAN tags, IP, TCP and at once TLS. */
const PLAIN_STACK = /^(eth:ethertype:(vlan:ethertype:)*|sll:ethertype:|raw:|null:)?(ip|ipv6):tcp:tls/;

/** Whether a hello is in a scope; for our own, which have no protocol stack, the capture decides. */
export function inScope(scope: Scope, capture: Capture, hello: Hello): boolean {
  if (scope === 'all') return true;
  if (hello.transport !== 'tcp' || capture.tags.some((tag) => NOT_PLAIN.test(tag))) return false;
  return hello.stack === '' || PLAIN_STACK.test(hello.stack);
}

function add(tally: Tally, { expected, found, differs }: Pair): void {
  const differ = (field: string) => (differs as readonly string[]).includes(field);
  tally.expected++;
  if (!found) {
    tally.missing++;
    return;
  }
  tally.found++;
  if (!differ('ja3') && !differ('ja3s')) tally.equalJa3++;
  if (expected.kind === 'client' && !differ('ja4')) tally.equalJa4++;
  if (!differ('ja3') && !differ('ja3s') && !differ('ja4')) tally.equal++;
}

/** Count the hellos of a kind over the captures given, as far as they are in the scope. */
export function tally(comparisons: readonly Comparison[], kind: Hello['kind'], scope: Scope = 'all'): Tally {
  const sum = { expected: 0, found: 0, equalJa3: 0, equalJa4: 0, equal: 0, missing: 0, extra: 0 };
  for (const { capture, tshark } of comparisons) {
    const wanted = (hello: Hello) => hello.kind === kind && inScope(scope, capture, hello);
    for (const pair of tshark.pairs) if (wanted(pair.expected)) add(sum, pair);
    sum.extra += tshark.extra.filter(wanted).length;
  }
  return sum;
}

/** Percent of the expected hellos whose fingerprints are all equal; 100 where none is expected. */
export function rate({ equal, expected }: Tally): number {
  return expected === 0 ? 100 : (100 * equal) / expected;
}

/** Captures by tag, tags in alphabetical order. */
export function byTag(comparisons: readonly Comparison[]): [string, Comparison[]][] {
  const tags = [...new Set(comparisons.flatMap((one) => one.capture.tags))].sort();
  return tags.map((tag) => [tag, comparisons.filter((one) => one.capture.tags.includes(tag))]);
}

/** Recorded rows of one oracle. */
export interface OracleTally {
  oracle: string;
  rows: number;
  equal: number;
  /** Of the equal ones, those that are so by a rule. */
  byRule: number;
}

/** Recorded rows by oracle. */
export function byOracle(comparisons: readonly Comparison[]): OracleTally[] {
  const sums = new Map<string, OracleTally>();
  for (const { row, differs, rules } of comparisons.flatMap((one) => one.recorded)) {
    const oracle = row.oracle!;
    const sum = sums.get(oracle) ?? { oracle, rows: 0, equal: 0, byRule: 0 };
    sum.rows++;
    if (differs.length === 0) sum.equal++;
    if (differs.length === 0 && rules.length > 0) sum.byRule++;
    sums.set(oracle, sum);
  }
  return [...sums.values()].sort((a, b) => a.oracle.localeCompare(b.oracle));
}
