import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { QuerySession } from '../../src/query/session.js';
import { temporaryFolder } from '../support/core-rows.js';

// A thread unpacks compressed captures, and threads run compiled code: the build that `npm test` makes first.
const { openQuery } = (await import('../../dist/query/open.js')) as typeof import('../../src/query/open.js');
const { openDirect } = (await import(
  '../../dist/query/direct.js'
)) as typeof import('../../src/query/direct.js');

const folder = temporaryFolder();
const open: QuerySession[] = [];
afterEach(async () => {
  for (const session of open.splice(0)) await session.close();
});
afterAll(() => folder.remove());

async function functions(): Promise<QuerySession> {
  const session = await openQuery([]);
  open.push(session);
  return session;
}

const FIXTURES = 'fixtures/captures';
const CURL = `${FIXTURES}/curl-7.88-openssl-3.0.pcap`;
const BYTES = readFileSync(CURL);

describe('captures as table functions', () => {
  test('give the rows that loading gives', async () => {
    const loaded = await openQuery([FIXTURES]);
    open.push(loaded);
    for (const table of ['client_hellos', 'server_hellos', 'certificates', 'handshakes', 'fingerprints']) {
      const columns = table === 'fingerprints' ? '* EXCLUDE top_sni' : 'COLUMNS(*)::VARCHAR';
      const sum = (from: string) =>
        `SELECT count(*) AS rows, bit_xor(hash(t)) AS hash FROM (SELECT ${columns} FROM ${from}) t`;
      const [stored] = await loaded.rows(sum(table));
      const [read] = await loaded.rows(sum(`${table}('${FIXTURES}')`));
      expect(read, table).toEqual(stored);
      expect(Number(stored!.rows), table).toBeGreaterThan(40);
    }
    const captures = (from: string) => `SELECT * EXCLUDE analyzed_at FROM ${from} ORDER BY path`;
    const [stored, read] = [
      await loaded.rows(captures('captures')),
      await loaded.rows(captures(`captures('${FIXTURES}')`)),
    ];
    // Whether a content was in the cache depends on the order of work; one core reads all of them here.
    const facts = (rows: typeof read) => rows.map(({ contents, content_cache_hits, ...row }) => row);
    expect(facts(read)).toEqual(facts(stored));
  });

  test('any columns in any order, none at all, and joined with themselves', async () => {
    const session = await functions();
    const from = `client_hellos('${CURL}')`;
    expect(await session.rows(`SELECT count(*) AS n FROM ${from}`)).toEqual([{ n: 7n }]);
    const [row] = await session.rows(`SELECT ja4, capture, packet, alpn FROM ${from} ORDER BY packet`);
    // What tshark 4.0 says of the first ClientHello of this capture.
    expect(row).toEqual({
      ja4: 't13d3112h2_e8f1e7e78f70_b26ce05bbdd6',
      capture: CURL,
      packet: 4n,
      alpn: ['h2', 'http/1.1'],
    });
    const joined = `SELECT count(*) AS n FROM ${from} a JOIN ${from} b USING (packet)`;
    expect(await session.rows(joined)).toEqual([{ n: 7n }]);
    expect(await session.rows(`SELECT sni FROM ${from} LIMIT 2`)).toHaveLength(2);
  });

  test('patterns and folders, computed names, captures in compressed files', async () => {
    const session = await functions();
    const packed = folder.write('c.pcap.gz', gzipSync(BYTES));
    const count = async (argument: string) =>
      (await session.rows(`SELECT count(*) AS n FROM client_hellos(${argument})`))[0]!.n;
    expect(await count(`'${FIXTURES}/curl-7.88-*.pcap'`)).toBe(9n);
    expect(await count(`'${FIXTURES}/curl-7.88-' || 'openssl-3.0.pcap'`)).toBe(7n);
    expect(await count(`'${packed}'`)).toBe(7n);
    expect(session.errors).toEqual([]);
  });

  test('what cannot be read whole gives its rows and an error; what is not there is an error', async () => {
    const session = await functions();
    const cut = folder.write('cut.pcap', BYTES.subarray(0, 10_000));
    const cutPacked = folder.write('cut.pcap.gz', gzipSync(BYTES).subarray(0, 9_000));
    const whole = Number((await session.rows(`SELECT count(*) AS n FROM client_hellos('${CURL}')`))[0]!.n);
    for (const path of [cut, cutPacked]) {
      const [row] = await session.rows(`SELECT count(*) AS n FROM client_hellos('${path}')`);
      expect(Number(row!.n)).toBeGreaterThan(0);
      expect(Number(row!.n)).toBeLessThan(whole);
    }
    expect(session.errors.map((error) => error.path)).toEqual([cut, cutPacked]);
    await expect(session.rows("FROM client_hellos('nowhere.pcap')")).rejects.toThrow(
      /^nowhere\.pcap: no such file/,
    );
    await expect(session.rows("FROM client_hellos('-')")).rejects.toThrow(/standard input/);
  });

  test('several statements: each runs once, whenever its captures are found', async () => {
    const session = await functions();
    const out = `${folder.path}/out.csv`;
    const sql = `CREATE TABLE t (n BIGINT); INSERT INTO t SELECT count(*) FROM client_hellos('${CURL}');
      SELECT n, (SELECT count(*) FROM server_hellos('${FIXTURES}/curl-7.88-gnutls-3.7.pcap')) AS s FROM t`;
    expect(await session.run(sql, { format: 'csv', out })).toBe(1);
    expect(readFileSync(out, 'utf8')).toBe('n,s\n7,2\n');
  });
});

describe('one question without loading', () => {
  const direct = async (sql: string) => {
    const session = await openDirect([CURL], sql, () => {});
    if (session) open.push(session);
    return session;
  };

  test('is answered when it reads the captures once', async () => {
    const session = await direct('SELECT count(*) AS n FROM server_hellos');
    expect(await session!.rows('SELECT count(*) AS n FROM server_hellos')).toEqual([{ n: 7n }]);
  });

  test('and left to loading when it reads them twice, wants other tables, is several or is wrong', async () => {
    expect(await direct('SELECT * FROM client_hellos JOIN server_hellos USING (flow_id)')).toBeNull();
    expect(await direct('FROM handshakes')).toBeNull();
    expect(await direct('FROM labels')).toBeNull();
    expect(await direct('FROM client_hellos; FROM server_hellos')).toBeNull();
    expect(await direct('SELECT 1')).toBeNull();
    expect(await direct('FROM nothing')).toBeNull();
  });
});
