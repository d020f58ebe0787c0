import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { parseQuestion, questions, sqlWithValues } from '../../src/query/questions.js';
import type { QuerySession } from '../../src/query/session.js';
import type { Row } from '../support/batches.js';
import { certificateDer } from '../support/certificates.js';
import { temporaryFolder } from '../support/core-rows.js';
import { answer, ask, DAY, hello, KNOWN_JA4, type Known, SECOND, START, sessionOf } from './support.js';

const folder = temporaryFolder();
afterAll(() => folder.remove());
const sessions: QuerySession[] = [];
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.close();
});

async function open(known: Known): Promise<QuerySession> {
  const session = await sessionOf(known);
  sessions.push(session);
  return session;
}

const times = (count: number, make: (i: number) => Row) => Array.from({ length: count }, (_, i) => make(i));
const [A, B, C] = ['t13d01', 't13d02', 't13d03'].map((a) => `${a}00h2_aaaaaaaaaaaa_bbbbbbbbbbbb`);
const pick = (rows: Record<string, unknown>[], ...names: string[]) =>
  rows.map((row) => names.map((name) => row[name]));

describe('named questions answer from data whose answer is known', () => {
  test('top-clients', async () => {
    const session = await open({
      hellos: [
        ...times(3, (i) => hello({ ja4: KNOWN_JA4, src_ip: `10.0.0.${i % 2}`, sni: `${i}.example` })),
        hello({ ja4: A! }),
        hello({ ja4: A!, complete: false }),
      ],
    });
    expect(pick(await ask(session, 'top-clients'), 'ja4', 'label', 'hellos', 'hosts', 'snis')).toEqual([
      [KNOWN_JA4, 'curl 8', 3n, 2n, 3n],
      [A, null, 1n, 1n, 1n],
    ]);
    expect(await ask(session, 'top-clients', { top: '1' })).toHaveLength(1);
  });

  test('new-fingerprints: by default what came in the last day; since a time that is given', async () => {
    const session = await open({
      hellos: [
        hello({ ja4: A!, ts: START }),
        hello({ ja4: A!, ts: START + 3n * DAY }),
        hello({ ja4: B!, ts: START + 2n * DAY - SECOND }),
        hello({ ja4: C!, ts: START + 2n * DAY }),
      ],
    });
    expect(pick(await ask(session, 'new-fingerprints'), 'ja4')).toEqual([[C]]);
    expect(pick(await ask(session, 'new-fingerprints', { since: '2026-01-02' }), 'ja4')).toEqual([[B], [C]]);
  });

  test('new-against: another database, or captures', async () => {
    const path = join(folder.path, 'old.duckdb');
    await (await sessionOf({ hellos: [hello({ ja4: A! }), hello({ ja4: KNOWN_JA4 })] }, path)).close();
    const session = await open({ hellos: [hello({ ja4: A! }), hello({ ja4: B!, src_ip: '10.0.0.9' })] });
    const rows = await ask(session, 'new-against', { against: path });
    expect(pick(rows, 'ja4', 'hosts', 'hellos')).toEqual([[B, ['10.0.0.9'], 1n]]);
    const capture = 'fixtures/captures/curl-7.88-openssl-3.0.pcap';
    expect(pick(await ask(session, 'new-against', { against: capture }), 'ja4')).toEqual([[A], [B]]);
    await expect(ask(session, 'new-against', { against: 'nowhere.pcap' })).rejects.toThrow(/no such file/);
  });

  test('rare-fingerprints', async () => {
    const session = await open({
      hellos: [
        ...times(99, () => hello({ ja4: A! })),
        hello({ ja4: B!, sni: 'odd.example' }),
        hello({ ja4: B!, src_ip: '10.0.0.2' }),
      ],
    });
    const rows = await ask(session, 'rare-fingerprints');
    expect(pick(rows, 'src_ip', 'ja4', 'hellos', 'of_host', 'share', 'top_sni')).toEqual([
      ['10.0.0.1', B, 1n, 100n, 0.01, 'odd.example'],
    ]);
    expect(await ask(session, 'rare-fingerprints', { share: '0.001' })).toEqual([]);
  });

  test('many-fingerprints', async () => {
    const session = await open({
      hellos: [...times(5, (i) => hello({ ja4: `t13d0${i}` })), hello({ src_ip: '10.0.0.2' })],
    });
    expect(pick(await ask(session, 'many-fingerprints'), 'src_ip', 'fingerprints')).toEqual([
      ['10.0.0.1', 5n],
    ]);
    expect(await ask(session, 'many-fingerprints', { least: '1' })).toHaveLength(2);
  });

  test('sni-without-alpn', async () => {
    const session = await open({
      hellos: [
        hello({ ja4: A!, alpn: [] }),
        hello({ ja4: A!, alpn: [], sni: null }),
        hello({ ja4: A!, alpn: [], app: 'smtp' }),
        hello({ ja4: B! }),
      ],
    });
    expect(pick(await ask(session, 'sni-without-alpn'), 'ja4', 'sni', 'hellos')).toEqual([
      [A, 'www.example.com', 1n],
    ]);
  });

  test('alpn-latency: percentiles of 0 to 1000 microseconds', async () => {
    const hellos = times(1001, () => hello({ alpn: ['h2', 'http/1.1'] }));
    const old = hello({ alpn: ['http/1.1'], version: 0x0303 });
    const session = await open({
      hellos: [...hellos, old, hello({ alpn: ['h3'] })],
      answers: [
        ...hellos.map((to, i) => answer(to, i)),
        answer(old, 70, { version: 0x0303, alpn: 'http/1.1' }),
      ],
    });
    expect(await ask(session, 'alpn-latency')).toEqual([
      {
        offered: 'h2,http/1.1',
        chosen: null,
        handshakes: 1001n,
        p50_us: 500,
        p95_us: 950,
        p99_us: 990,
        p999_us: 999,
      },
      {
        offered: 'http/1.1',
        chosen: 'http/1.1',
        handshakes: 1n,
        p50_us: 70,
        p95_us: 70,
        p99_us: 70,
        p999_us: 70,
      },
    ]);
  });

  test('old-versions', async () => {
    const session = await open({
      hellos: [
        hello(),
        hello({ src_ip: '10.0.0.2', version: 0x0301, supported_versions: [] }),
        hello({ src_ip: '10.0.0.3', supported_versions: [0x0304, 0x0303, 0x0302] }),
        hello({ src_ip: '10.0.0.4', protocol: 'dtls', version: 0xfeff, supported_versions: [] }),
      ],
    });
    expect(pick(await ask(session, 'old-versions'), 'src_ip', 'best', 'nothing_newer')).toEqual([
      ['10.0.0.2', 'TLS 1.0', true],
      ['10.0.0.4', 'DTLS 1.0', true],
      ['10.0.0.3', 'TLS 1.3', false],
    ]);
  });

  test('post-quantum', async () => {
    const full = hello({ ja4: A!, supported_groups: [4588, 29], key_share_groups: [4588, 29] });
    const refused = hello({ ja4: A!, supported_groups: [4588, 29], key_share_groups: [4588, 29] });
    const offering = hello({ ja4: B!, supported_groups: [29, 25497] });
    const session = await open({
      hellos: [full, refused, offering, hello({ ja4: C! })],
      answers: [answer(full, 10, { selected_group: 4588 }), answer(refused, 10)],
    });
    const rows = await ask(session, 'post-quantum');
    expect(pick(rows, 'ja4', 'offered', 'key_share', 'chosen', 'answered', 'chosen_group')).toEqual([
      [C, false, false, 0n, 0n, null],
      [A, true, true, 1n, 2n, 'X25519MLKEM768'],
      [B, true, false, 0n, 0n, null],
    ]);
  });

  test('ech-grease', async () => {
    const session = await open({
      hellos: [
        hello({ ja4: A!, ech: true, grease: true }),
        ...times(3, () => hello({ ja4: B!, grease: true })),
        hello({ ja4: C!, protocol: 'quic' }),
      ],
    });
    const rows = await ask(session, 'ech-grease');
    expect(pick(rows, 'protocol', 'ja4', 'hellos', 'ech_percent', 'grease_percent')).toEqual([
      ['quic', '(all)', 1n, 0, 0],
      ['quic', C, 1n, 0, 0],
      ['tls', '(all)', 4n, 25, 100],
      ['tls', B, 3n, 0, 100],
      ['tls', A, 1n, 100, 100],
    ]);
  });

  test('unrelated-snis: by the last two labels', async () => {
    const names = ['a.one.example', 'b.one.example', 'two.example', 'three.test', 'Four.test.', 'five.org'];
    const session = await open({
      hellos: [
        ...names.map((sni) => hello({ ja4: A!, sni })),
        ...names.slice(0, 3).map((sni) => hello({ ja4: B!, sni })),
      ],
    });
    expect(pick(await ask(session, 'unrelated-snis'), 'ja4', 'domains', 'snis', 'some')).toEqual([
      [A, 5n, 6n, ['five.org', 'four.test', 'one.example', 'three.test', 'two.example']],
    ]);
  });

  test('host-drift', async () => {
    const session = await open({
      hellos: [
        hello({ ja4: A!, ts: START }),
        hello({ ja4: A!, ts: START + DAY }),
        hello({ ja4: B!, ts: START + 2n * DAY }),
        hello({ ja4: C!, ts: START, src_ip: '10.0.0.2' }),
      ],
    });
    expect(pick(await ask(session, 'host-drift', { host: '10.0.0.1' }), 'ja4', 'hellos', 'replaces')).toEqual(
      [
        [A, 2n, null],
        [B, 1n, A],
      ],
    );
  });

  test('beacons: a clock among people', async () => {
    const irregular = [0n, 1n, 2n, 60n, 61n, 300n, 301n, 900n, 901n, 902n, 2000n, 2001n];
    const session = await open({
      hellos: [
        ...times(12, (i) => hello({ ja4: A!, sni: 'c2.example', ts: START + BigInt(i) * 60n * SECOND })),
        ...irregular.map((at) => hello({ ja4: B!, ts: START + at * SECOND })),
        ...times(12, (i) =>
          hello({
            ja4: C!,
            sni: null,
            dst_ip: '198.51.100.7',
            ts: START + BigInt(i * (10 + (i % 2))) * SECOND,
          }),
        ),
      ],
    });
    const rows = await ask(session, 'beacons', { jitter: '0.05' });
    expect(pick(rows, 'target', 'connections', 'mean_gap_s', 'jitter')).toEqual([['c2.example', 12n, 60, 0]]);
    expect(pick(await ask(session, 'beacons', { jitter: '1' }), 'target')).toEqual([
      ['c2.example'],
      ['198.51.100.7'],
    ]);
  });

  test('hrr-by-group', async () => {
    const [one, two, three] = times(3, () => hello({ key_share_groups: [29] }));
    const again = { ...hello({ key_share_groups: [23], flow_id: one!.flow_id! }), attempt: 2 };
    const session = await open({
      hellos: [one!, two!, three!, again],
      answers: [
        answer(one!, 5, { is_retry: true, selected_group: 23 }),
        answer(again, 5, { selected_group: 23, attempt: 2 }),
        answer(two!, 5),
        answer(three!, 5),
      ],
    });
    const rows = await ask(session, 'hrr-by-group');
    expect(pick(rows, 'key_shares', 'wanted', 'retries', 'handshakes', 'retry_percent')).toEqual([
      ['x25519', 'secp256r1', 1n, 1n, 33.3],
      ['x25519', 'x25519', 0n, 2n, 0],
    ]);
  });

  test('incomplete', async () => {
    const cut = { complete: false, anomalies: ['snaplen_cut'], captured_bytes: 100, hello_bytes: 500 };
    const session = await open({
      hellos: [hello(), hello(cut), hello({ ...cut, captured_bytes: 200 }), hello({ complete: false })],
    });
    expect(pick(await ask(session, 'incomplete'), 'why', 'hellos', 'mean_captured_bytes')).toEqual([
      ['snaplen_cut', 2n, 150],
      ['', 1n, 0],
    ]);
  });

  test('certificates-expiring', async () => {
    const der = certificateDer('rsa');
    const session = await open({
      hellos: [],
      certificates: [
        { packet: 5n, ts: START, flow_id: 1n, position: 0, der },
        { packet: 5n, ts: START, flow_id: 1n, position: 1, der: certificateDer('ec') },
      ],
    });
    const [leaf] = await session.rows('SELECT sha256, not_after FROM certificates WHERE position = 0');
    const end = (leaf!.not_after as Date) ?? null;
    const daysBefore = (days: number) =>
      new Date(end.getTime() - days * 86_400_000).toISOString().slice(0, 19);
    const rows = await ask(session, 'certificates-expiring', { at: daysBefore(10), days: '30' });
    expect(pick(rows, 'sha256', 'days_left')).toEqual([[leaf!.sha256, 10n]]);
    expect(await ask(session, 'certificates-expiring', { at: daysBefore(10), days: '5' })).toEqual([]);
    const expired = await ask(session, 'certificates-expiring', { at: daysBefore(-3) });
    expect(pick(expired, 'days_left')).toEqual([[-3n]]);
  });

  test('who-talks-to: a name, a pattern, an address', async () => {
    const session = await open({
      hellos: [
        hello({ sni: 'api.example.com', src_ip: '10.0.0.3', dst_ip: '198.51.100.1' }),
        hello({ sni: 'www.example.org' }),
      ],
    });
    for (const sni of ['API.example.com', '%.example.com', '198.51.100.1']) {
      expect(pick(await ask(session, 'who-talks-to', { sni }), 'src_ip', 'sni')).toEqual([
        ['10.0.0.3', 'api.example.com'],
      ]);
    }
  });

  test('every question: none fails without rows, none is left out of these tests', async () => {
    const session = await open({ hellos: [] });
    const needed: Record<string, string> = {
      sni: 'x',
      host: 'x',
      against: 'fixtures/captures/curl-7.88-openssl-3.0.pcap',
    };
    for (const { name, meaning, parameters } of questions()) {
      expect(meaning.length, name).toBeGreaterThan(20);
      const values = parameters.filter((p) => p.fallback === null).map((p) => [p.name, needed[p.name]!]);
      expect(await ask(session, name, Object.fromEntries(values)), name).toEqual([]);
    }
    expect(questions().map((q) => q.name)).toHaveLength(17);
  });
});

describe('parameters', () => {
  test('one that is not known, missing, or not of its type', async () => {
    const session = await open({ hellos: [] });
    await expect(ask(session, 'top-clients', { tops: '1' })).rejects.toThrow(/no parameter tops; it has top/);
    await expect(ask(session, 'host-drift')).rejects.toThrow(/wants host.*--param host=/);
    await expect(ask(session, 'top-clients', { top: 'many' })).rejects.toThrow(
      /top wants a whole number, not many/,
    );
    await expect(ask(session, 'new-fingerprints', { since: 'soon' })).rejects.toThrow(/since wants a time/);
  });

  test('text stays text, whatever is in it', async () => {
    const session = await open({ hellos: [hello({ sni: "it's; --" })] });
    expect(await ask(session, 'who-talks-to', { sni: "it's; --" })).toHaveLength(1);
    expect(await ask(session, 'who-talks-to', { sni: "' OR 1=1 --" })).toEqual([]);
  });

  test('of SQL: filled in outside of strings, names and comments', () => {
    const sql = `SELECT $a, '$a', "$a" -- $a\n, $$ $a $$`;
    expect(sqlWithValues(sql, new Map([['a', "x'y"]]))).toBe(`SELECT 'x''y', '$a', "$a" -- $a\n, $$ $a $$`);
    expect(() => sqlWithValues('SELECT $a', new Map())).toThrow(/wants \$a/);
    expect(() => sqlWithValues('SELECT 1', new Map([['b', '']]))).toThrow(/has no \$b/);
  });

  test('the head of a file', () => {
    const text =
      '-- What it\n-- answers.\n-- @param top INTEGER = 5: how many\n-- @param name VARCHAR: whose\nSELECT 1\n';
    expect(parseQuestion('q', text)).toEqual({
      name: 'q',
      meaning: 'What it answers.',
      parameters: [
        { name: 'top', type: 'INTEGER', fallback: '5', meaning: 'how many' },
        { name: 'name', type: 'VARCHAR', fallback: null, meaning: 'whose' },
      ],
      sql: 'SELECT 1',
    });
    expect(() => parseQuestion('q', '-- x\n-- @param top\nSELECT 1')).toThrow(/q\.sql: @param top/);
  });
});
