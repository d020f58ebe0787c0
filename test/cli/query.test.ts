import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import { tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { divideWords } from '../../src/cli/query-main.js';
import { cli } from '../support/cli.js';
import { temporaryFolder } from '../support/core-rows.js';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const CURL = 'fixtures/captures/curl-7.88-openssl-3.0.pcap';
const DATABASE = `${folder.path}/tls.duckdb`;
beforeAll(async () => {
  expect((await cli('analyze', CURL, '--db', DATABASE, '--quiet')).code).toBe(0);
});

describe('tlsfp query', () => {
  test('SQL over a database, a capture, captures by function, Parquet: the same answer', async () => {
    const sql = 'SELECT ja4, count(*) AS n FROM client_hellos GROUP BY ja4 ORDER BY n DESC, ja4';
    const parquet = `${folder.path}/hellos.parquet`;
    expect((await cli('query', CURL, 'FROM client_hellos', '--out', parquet)).code).toBe(0);
    const answers = [
      await cli('query', DATABASE, sql, '--format', 'csv'),
      await cli('query', CURL, sql, '--format', 'csv'),
      await cli('query', sql.replace('client_hellos', `client_hellos('${CURL}')`), '--format', 'csv'),
      await cli('query', parquet, sql, '--format', 'csv'),
    ];
    // The five kinds of hello that PROVENANCE.md names, the first three times.
    for (const { code, stdout, stderr } of answers) {
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout.split('\n').slice(0, 2)).toEqual(['ja4,n', 't13d3112h2_e8f1e7e78f70_b26ce05bbdd6,3']);
      expect(stdout.trimEnd().split('\n')).toHaveLength(6);
    }
  });

  test('the four questions of a newcomer, one command each', async () => {
    const talks = await cli('query', CURL, 'who-talks-to', '--param', 'sni=beta.example');
    expect(talks.stdout).toMatch(/^2001:db8::2 .* beta\.example /m);
    const fresh = await cli('query', DATABASE, 'new-fingerprints');
    expect(fresh.stdout.trimEnd().split('\n')).toHaveLength(2 + 5);
    const old = await cli('query', 'fixtures/captures/openssl-3.0-old-versions.pcap', 'old-versions');
    expect(old.stdout).toMatch(/TLS 1\.0 +true/);
    const against = await cli('query', CURL, 'new-against', '--param', `against=${DATABASE}`);
    expect(against.stdout.trimEnd().split('\n')).toHaveLength(2);
  });

  test('formats, by name of the file too', async () => {
    const sql = 'SELECT 1 AS a, ? AS b'.replace('?', "'x'");
    expect((await cli('query', DATABASE, sql, '--format', 'ndjson')).stdout).toBe('{"a":1,"b":"x"}\n');
    expect((await cli('query', DATABASE, sql)).stdout).toBe('a  b\n─  ─\n1  x\n');
    const arrow = `${folder.path}/a.arrow`;
    await cli('query', DATABASE, sql, '--out', arrow);
    expect(tableFromIPC(readFileSync(arrow)).toArray().map(String)).toEqual(['{"a": 1, "b": "x"}']);
  });

  test('--list: all questions, or the SQL of one', async () => {
    const { stdout } = await cli('query', '--list');
    expect(stdout).toMatch(/^top-clients \[top=20\]$/m);
    expect((await cli('query', '--list', 'beacons')).stdout).toContain('stddev_pop(gap)');
    const wrong = await cli('query', '--list', 'beacon');
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).toBe('tlsfp: there is no question beacon; did you mean beacons?\n');
  });

  test('SQL from standard input, a capture from standard input', () => {
    const run = (input: string | Buffer, ...args: string[]) =>
      spawnSync(process.execPath, ['dist/cli/main.js', 'query', ...args], { input, encoding: 'utf8' });
    expect(run('SELECT 40 + 2 AS n', DATABASE, '-', '--format', 'csv').stdout).toBe('n\n42\n');
    const count = 'SELECT count(*) AS n FROM client_hellos';
    expect(run(readFileSync(CURL), '-', count, '--format', 'csv').stdout).toBe('n\n7\n');
    const both = run('', '-', '-');
    expect([both.status, both.stderr]).toEqual([2, expect.stringContaining('cannot be both')]);
    const neither = run('', DATABASE);
    expect([neither.status, neither.stderr]).toEqual([2, expect.stringContaining('tlsfp query --list')]);
  });

  test('a database stays as it is without --write', async () => {
    const refused = await cli('query', DATABASE, 'CREATE TABLE mine (a INT)');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('add --write');
    expect((await cli('query', DATABASE, 'CREATE TABLE mine AS SELECT 5 AS a', '--write')).code).toBe(0);
    expect((await cli('query', DATABASE, 'FROM mine', '--format', 'csv')).stdout).toBe('a\n5\n');
    await cli('query', DATABASE, 'DROP TABLE mine', '--write');
    expect((await cli('query', CURL, 'SELECT 1', '--write')).code).toBe(2);
  });

  test('a plan is drawn, not escaped', async () => {
    const { stdout } = await cli('query', DATABASE, 'EXPLAIN SELECT 1');
    expect(stdout).toMatch(/^┌─+┐\n│.*│\n/);
  });

  test('parameters of SQL', async () => {
    const sql = 'SELECT count(*) AS n FROM client_hellos WHERE sni = $name';
    const { stdout } = await cli('query', CURL, sql, '--param', 'name=beta.example', '--format', 'csv');
    expect(stdout).toBe('n\n1\n');
    expect((await cli('query', CURL, sql)).stderr).toContain('add --param name=');
  });
});

describe('faults', () => {
  test('SQL: the place, and what was meant', async () => {
    const column = await cli('query', DATABASE, 'SELECT ja4, snii\nFROM client_hellos');
    expect(column).toMatchObject({ code: 2, stdout: '' });
    expect(column.stderr).toMatch(/^tlsfp: Binder Error: .*"sni"/);
    expect(column.stderr).toContain('\nLINE 1: SELECT ja4, snii\n                    ^\n');
    const table = await cli('query', CURL, 'FROM client_hello');
    expect(table.stderr).toContain('Did you mean "client_hellos"?');
    const syntax = await cli('query', DATABASE, 'SELEC 1');
    expect(syntax.stderr).toBe(
      'tlsfp: Parser Error: syntax error at or near "SELEC"\n\nLINE 1: SELEC 1\n        ^\n',
    );
  });

  test('sources: missing, no capture, no database of tlsfp, another schema, broken', async () => {
    const expectFault = async (path: string, words: RegExp, code = 3) => {
      const { code: got, stdout, stderr } = await cli('query', path, 'FROM client_hellos');
      expect([got, stdout], path).toEqual([code, '']);
      expect(stderr, path).toMatch(words);
      expect(stderr.trimEnd().split('\n'), path).toHaveLength(1);
    };
    await expectFault(`${folder.path}/none.pcap`, /none\.pcap: no such file/);
    await expectFault(folder.write('empty.pcap', ''), /it is empty/);
    await expectFault(folder.write('text.duckdb', 'not one'), /neither a DuckDB database nor a capture/);
    await expectFault(folder.write('broken.duckdb', `12345678DUCK${'x'.repeat(20_000)}`), /broken\.duckdb: /);
    await expectFault(folder.write('broken.parquet', 'PAR1 and no more'), /broken\.parquet: /);
    const foreign = `${folder.path}/foreign.duckdb`;
    await makeDatabase(foreign, 'CREATE TABLE t (a INT)');
    await expectFault(foreign, /foreign\.duckdb: a DuckDB database, but not one of tlsfp/);
    const old = `${folder.path}/old.duckdb`;
    await makeDatabase(old, 'CREATE TABLE tlsfp_meta AS SELECT 0::UINTEGER AS schema_version');
    await expectFault(old, /schema version 0.*analyze the captures again/);
    await expectFault(folder.path, /no capture|neither|Parquet|not/);
  });

  test('a capture without packets has its tables, empty; one that breaks off has its rows, and exit code 3', async () => {
    const bytes = readFileSync(CURL);
    const none = folder.write('none.pcap', bytes.subarray(0, 24));
    for (const sql of ['SELECT count(*) AS n FROM client_hellos', 'SELECT count(*) AS n FROM handshakes']) {
      expect(await cli('query', none, sql, '--format', 'csv')).toEqual({
        code: 0,
        stdout: 'n\n0\n',
        stderr: '',
      });
    }
    const cut = folder.write('cut.pcap', bytes.subarray(0, 10_000));
    const broken = await cli(
      'query',
      cut,
      'SELECT count(*) > 0 AS some FROM client_hellos',
      '--format',
      'csv',
    );
    expect(broken).toMatchObject({ code: 3, stdout: 'some\ntrue\n' });
    expect(broken.stderr).toContain('ends inside a record');
  });

  test('Parquet: a table that is not in it does not exist', async () => {
    const parquet = `${folder.path}/servers.parquet`;
    await cli('query', CURL, 'FROM server_hellos', '--out', parquet);
    expect(
      (await cli('query', parquet, 'SELECT count(*) AS n FROM server_hellos', '--format', 'csv')).stdout,
    ).toBe('n\n7\n');
    const { code, stderr } = await cli('query', parquet, 'FROM client_hellos');
    expect(code).toBe(2);
    expect(stderr).toContain('of these Parquet files there are rows, server_hellos');
  });

  test('a reader that goes away is no fault', () => {
    const command = `${process.execPath} dist/cli/main.js query fixtures/captures "FROM client_hellos" --format ndjson | head -1`;
    const { stdout, stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', command], { encoding: 'utf8' });
    expect(stdout.split('\n')).toHaveLength(2);
    expect(stderr).toBe('');
  });
});

async function makeDatabase(path: string, sql: string): Promise<void> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  await connection.run(sql);
  connection.closeSync();
  instance.closeSync();
}

test('words: sources, then the question', () => {
  const sources = ['a.pcap', 'b.pcap'];
  expect(divideWords([])).toEqual({ sources: [], question: undefined });
  expect(divideWords(['a.pcap'])).toEqual({ sources: ['a.pcap'], question: undefined });
  expect(divideWords(['from x'])).toEqual({ sources: [], question: 'from x' });
  expect(divideWords([...sources, 'SELECT 1'])).toEqual({ sources, question: 'SELECT 1' });
  expect(divideWords([...sources, 'top-clients'])).toEqual({ sources, question: 'top-clients' });
  expect(divideWords(['-', '-'])).toEqual({ sources: ['-'], question: '-' });
  expect(divideWords(['a.pcap', CURL])).toEqual({ sources: ['a.pcap', CURL], question: undefined });
  expect(divideWords(['a.pcap', '*.pcap'])).toEqual({ sources: ['a.pcap', '*.pcap'], question: undefined });
  expect(() => divideWords(['a.pcap', 'top-client'])).toThrow(/did you mean top-clients/);
  expect(() => divideWords(['top-clients'])).toThrow(/tlsfp query FILE top-clients/);
});
