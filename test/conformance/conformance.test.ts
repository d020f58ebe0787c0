import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { acceptedList, unaccepted } from './accepted.js';
import { APPS_OF_TAGS, TUNNELS_OF_TAGS, unnamed, untaggedApps } from './carriers.js';
import { type Comparison, compareCorpus, differencesOf } from './compare.js';
import { corpusIsThere, disagreements } from './corpus.js';
import { withBlock } from './document.js';
import { flowOf } from './hello.js';
import { samePacket } from './match.js';
import { rate, type Scope, tally } from './rates.js';
import { differenceLine, differencesForDocs, ratesForDocs, report } from './report.js';

const root = (path: string) => new URL(`../../${path}`, import.meta.url);
const DOCS = root('docs/conformance.md');
const floors = JSON.parse(readFileSync(new URL('./floors.json', import.meta.url), 'utf8')) as Record<
  Scope,
  Record<'client' | 'server', number>
>;

/** The documentation with the lists of accepted differences as they are in `accepted.json`. */
function documentedDifferences(text: string): string {
  const list = acceptedList();
  const right = withBlock(text, 'right', differencesForDocs(list, true));
  return withBlock(right, 'short', differencesForDocs(list, false));
}

const { complete } = acceptedList();

describe('accepted differences', () => {
  it('each have a reason that is explained', () => {
    const { reasons, differences } = acceptedList();
    expect(differences.map((one) => one.reason).filter((name) => !reasons[name])).toEqual([]);
  });

  it.skipIf(process.env.TLSFP_WRITE_CONFORMANCE)('stand in docs/conformance.md', () => {
    const text = readFileSync(DOCS, 'utf8');
    expect(text).toBe(documentedDifferences(text));
  });
});

describe.skipIf(!corpusIsThere())('the corpus', () => {
  let comparisons: Comparison[] = [];

  beforeAll(async () => {
    comparisons = await compareCorpus();
    const text = report(comparisons, acceptedList());
    mkdirSync(root('.bench'), { recursive: true });
    writeFileSync(root('.bench/conformance.txt'), text);
    process.stdout.write(`${text}\n`);
    if (process.env.TLSFP_WRITE_CONFORMANCE) {
      const docs = withBlock(readFileSync(DOCS, 'utf8'), 'rates', ratesForDocs(comparisons));
      writeFileSync(DOCS, documentedDifferences(docs));
    }
  }, 60_000);

  it.each([
    ['tcp-plain', 'client'],
    ['tcp-plain', 'server'],
    ['all', 'client'],
    ['all', 'server'],
  ] as const)('%s: fingerprints of %s hellos equal those of tshark', (scope, kind) => {
    const sum = tally(comparisons, kind, scope);
    expect(sum.expected).toBeGreaterThan(900);
    expect(rate(sum)).toBeGreaterThanOrEqual(floors[scope][kind]);
  });

  it.skipIf(!complete)('shows every difference on the list of accepted ones, and no others', () => {
    const { unknown, stale } = unaccepted(acceptedList(), comparisons.flatMap(differencesOf));
    expect(unknown.map(differenceLine)).toEqual([]);
    expect(stale).toEqual([]);
  });

  it('gives number and time of the packet that completed each hello', () => {
    const pairs = comparisons.flatMap(({ tshark }) => tshark.pairs);
    const wrong = pairs.filter((pair) => !samePacket(pair));
    expect(
      wrong.map(({ expected, found }) => `${expected.flow}: ${expected.packet} / ${found?.packet}`),
    ).toEqual([]);
    expect(pairs.filter(({ expected, found }) => found?.packet === expected.packet).length).toBeGreaterThan(
      3000,
    );
  });

  it.each(Object.entries(TUNNELS_OF_TAGS))('names what was walked below IP: %s', (tag, fits) => {
    expect(unnamed(comparisons, tag, ({ tunnels }) => [...tunnels].some((name) => fits.test(name)))).toEqual(
      [],
    );
  });

  it.skipIf(!complete).each(Object.entries(APPS_OF_TAGS))('names what came before TLS: %s', (tag, apps) => {
    expect(unnamed(comparisons, tag, (one) => apps.some((app) => one.apps.has(app)))).toEqual([]);
  });

  it.skipIf(!complete)('says of nothing else that something came before TLS', () => {
    // What tshark does not know without its usual port, has no tag for, or loses with lost segments.
    expect(untaggedApps(comparisons)).toEqual([
      'arkime--openvpn_synthetic.pcap: openvpn',
      'mercury--emix.pcap: openvpn',
      'mercury--openvpn_tcp_single.pcap: openvpn',
      'suricata--bug-2512-sample_10.62.112.41_62227.pcap: http-connect',
      'zeek--postgresql-psql-aws-ssl-require-15432.pcap: postgres',
      'zeek--tls-xmpp-dialback-starttls.pcap: xmpp',
    ]);
  });

  it.skipIf(!complete)('holds what other tools saw and tshark did not', () => {
    const own = new Map(comparisons.map((one) => [one.capture.file, one.tshark]));
    const unseen = disagreements().filter(
      (row) => row.type === 'presence' && !row[seenBy(row)]!.includes('tshark-4.4'),
    );
    expect(unseen.length).toBeGreaterThan(0);
    const explained = acceptedList().differences.filter(({ what }) => what.endsWith(':missing'));
    const missing = unseen.filter((row) => {
      const flow = flowOf(row.addr_a!, row.port_a!, row.addr_b!, row.port_b!);
      const here = (one: { flow: string; kind: string }) => one.flow === flow && one.kind === row.kind;
      return (
        !own.get(row.file!)!.extra.some(here) && !explained.some((one) => one.file === row.file && here(one))
      );
    });
    expect(missing.map((row) => Object.values(row).join(' '))).toEqual([]);
  });
});

/** Which of the two sides of a `presence` disagreement saw the hello. */
function seenBy(row: Readonly<Record<string, string>>): 'oracle_1' | 'oracle_2' {
  return row.value_1 === 'seen' ? 'oracle_1' : 'oracle_2';
}
