import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Anonymizer, communityId } from '../../src/anonymize/anonymizer.js';
import { cli } from '../support/cli.js';
import { coreRows, temporaryFolder } from '../support/core-rows.js';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const KEY = 'correct horse battery staple';
const CAPTURES = ['fixtures/captures/openssl-3.0.pcap', 'fixtures/captures/openssl-3.0-resumed-tls12.pcap'];

// biome-ignore lint/suspicious/noExplicitAny: JSON, of which only what is asserted matters
type Row = Record<string, any>;

async function rows(path: string, ...args: string[]): Promise<Row[]> {
  const { stdout, code } = await cli('analyze', path, '--format', 'ndjson', ...args);
  expect(code).toBe(0);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** For each distinct value the other one; fails when that is not one-to-one. */
function mapping(before: readonly unknown[], after: readonly unknown[]): Map<unknown, unknown> {
  const there = new Map<unknown, unknown>();
  const back = new Map<unknown, unknown>();
  before.forEach((value, i) => {
    expect(there.get(value) ?? after[i]).toBe(after[i]);
    expect(back.get(after[i]) ?? value).toBe(value);
    there.set(value, after[i]);
    back.set(after[i], value);
  });
  return there;
}

describe('analyze --anonymize', () => {
  test.each(CAPTURES)('%s: pseudonyms one-to-one, everything else as it was', async (path) => {
    const before = await rows(path);
    const after = await rows(path, '--anonymize', KEY);
    const column = (list: Row[], name: string) => list.map((row) => row[name]);
    for (const name of ['src_ip', 'dst_ip', 'sni', 'flow_id', 'community_id']) {
      mapping(column(before, name), column(after, name));
    }
    after.forEach((row, i) => {
      const { src_ip, dst_ip, src_port, dst_port } = row;
      expect(src_ip).not.toBe(before[i]!.src_ip);
      expect(row.client_random).toBeNull();
      const ends = { src: src_ip, dst: dst_ip, srcPort: src_port, dstPort: dst_port, protocol: 6 };
      expect(row.community_id).toBe(communityId(ends));
      if (before[i]!.sni !== null) expect(row.sni).toMatch(/^sni-[0-9a-f]{32}$/);
      const changed = ['src_ip', 'dst_ip', 'sni', 'flow_id', 'community_id', 'client_random'];
      const rest = (r: Row) => Object.entries(r).filter(([name]) => !changed.includes(name));
      expect(rest(row)).toEqual(rest(before[i]!));
    });
  });

  test('nothing of the original is in the database, and its tables still join', async () => {
    const db = join(folder.path, 'anonymous.duckdb');
    const [path] = CAPTURES;
    await cli('analyze', ...CAPTURES, '--db', db, '--anonymize', KEY, '--quiet');
    const ask = async (sql: string) => JSON.parse((await cli('query', db, sql, '--format', 'ndjson')).stdout);
    const answered = await ask('SELECT count(*) AS n, count(server_packet) AS answered FROM handshakes');
    expect(answered.answered).toBe(answered.n);
    expect(await ask('SELECT count(*) AS n FROM certificates')).toEqual({ n: 0 });
    expect(await ask('SELECT count(server_random) AS n FROM server_hellos')).toEqual({ n: 0 });
    const bytes = readFileSync(db);
    const { clientHellos } = await coreRows(path!);
    for (const row of clientHellos) {
      expect(bytes.includes(row.client_random!)).toBe(false);
      expect(bytes.includes(row.community_id)).toBe(false);
    }
    expect(bytes.includes('alpha.example')).toBe(false);
    expect(bytes.includes('192.0.2.2')).toBe(false);
  });

  test('only some columns: the Community ID needs the addresses all the same', async () => {
    const [path] = CAPTURES;
    const some = await rows(path!, '--anonymize', KEY, '--columns', 'community_id,sni');
    const all = await rows(path!, '--anonymize', KEY);
    expect(some).toEqual(all.map(({ community_id, sni }) => ({ community_id, sni })));
  });

  test('keys: from a file or the environment; short and missing ones are refused', async () => {
    const [path] = CAPTURES;
    const key = folder.write('key', `${KEY}\n`);
    process.env.TLSFP_TEST_KEY = KEY;
    const columns = ['--columns', 'src_ip'];
    const expected = await rows(path!, '--anonymize', KEY, ...columns);
    expect(await rows(path!, '--anonymize', `file:${key}`, ...columns)).toEqual(expected);
    expect(await rows(path!, '--anonymize', 'env:TLSFP_TEST_KEY', ...columns)).toEqual(expected);
    expect(await rows(path!, '--anonymize', `${KEY}!`, ...columns)).not.toEqual(expected);
    for (const bad of ['short', 'env:TLSFP_NOT_SET', `file:${key}.not`]) {
      const { code, stderr } = await cli('analyze', path!, '--anonymize', bad);
      expect(code).toBe(2);
      expect(stderr).toContain('--anonymize');
    }
  });
});

describe('Anonymizer', () => {
  const anonymizer = new Anonymizer(KEY);

  test('addresses of one network stay in one network', () => {
    const first = (address: string) => anonymizer.address(address).split('.').slice(0, 3).join('.');
    expect(first('198.51.100.1')).toBe(first('198.51.100.200'));
    expect(first('198.51.100.1')).not.toBe(first('198.51.101.1'));
  });

  test('names: case does not count', () => {
    expect(anonymizer.name('Example.COM')).toBe(anonymizer.name('example.com'));
    expect(anonymizer.name('example.com')).not.toBe(anonymizer.name('example.org'));
  });
});

test('Community ID: vectors of its specification', () => {
  // corelight/community-id-spec, baseline for tcp.pcap and udp.pcap, seed 0.
  const tcp = { src: '128.232.110.120', dst: '66.35.250.204', srcPort: 34855, dstPort: 80, protocol: 6 };
  expect(communityId(tcp)).toBe('1:LQU9qZlK+B5F3KDmev6m5PMibrg=');
  const back = { src: tcp.dst, dst: tcp.src, srcPort: 80, dstPort: 34855, protocol: 6 };
  expect(communityId(back)).toBe('1:LQU9qZlK+B5F3KDmev6m5PMibrg=');
});
