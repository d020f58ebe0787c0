import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/core-rows.js';

const CURL = 'fixtures/captures/curl-7.88-openssl-3.0.pcap';
const OPENSSL = 'fixtures/captures/openssl-3.0.pcap';
const folder = temporaryFolder();
afterAll(() => folder.remove());

/** Run the program as a user does. */
function tlsfp(args: readonly string[], input?: Uint8Array) {
  const run = spawnSync(process.execPath, ['dist/cli/main.js', ...args], { input, maxBuffer: 1 << 26 });
  return { code: run.status, out: run.stdout.toString(), err: run.stderr.toString() };
}

describe('tlsfp analyze', () => {
  it('prints a summary with the client, by its label', () => {
    const { code, out, err } = tlsfp(['analyze', CURL]);
    expect(code).toBe(0);
    expect(err).toBe('');
    expect(out).toMatch(/ClientHellos\s+7/);
    expect(out).toMatch(/t13d3112h2_e8f1e7e78f70_b26ce05bbdd6\s+curl 7\.88 \/ OpenSSL 3\.0/);
  });

  it('reads standard input, packed or not', () => {
    const bytes = readFileSync(CURL);
    const args = ['analyze', '-', '--format', 'csv', '--columns', 'packet,ja4'];
    const plain = tlsfp(args, bytes);
    expect(plain.code).toBe(0);
    expect(plain.out.split('\n')[1]).toBe('4,t13d3112h2_e8f1e7e78f70_b26ce05bbdd6');
    expect(tlsfp(args, gzipSync(bytes)).out).toBe(plain.out);
  });

  it('gives rows of standard input while the capture goes on', async () => {
    const child = spawn(process.execPath, ['dist/cli/main.js', 'analyze', '-', '--format', 'ndjson']);
    const first = new Promise<string>((resolve) =>
      child.stdout.once('data', (data: Buffer) => resolve(data.toString())),
    );
    child.stdin.write(readFileSync(CURL).subarray(0, 8000));
    expect(JSON.parse((await first).split('\n')[0]!)).toMatchObject({ packet: 4, sni: 'alpha.example' });
    child.stdin.end();
    await new Promise((resolve) => child.once('close', resolve));
  });

  it('runs SQL over the result', () => {
    const sql = 'SELECT ja4, count(*) AS n FROM client_hellos GROUP BY ja4 ORDER BY n DESC, ja4 LIMIT 1';
    const { code, out } = tlsfp(['analyze', CURL, '--sql', sql, '--format', 'ndjson']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({ ja4: 't13d3112h2_e8f1e7e78f70_b26ce05bbdd6', n: 3 });
  });

  it('keeps a database, and replaces the rows of a capture that is analyzed again', () => {
    const db = `${folder.path}/kept.duckdb`;
    for (let i = 0; i < 2; i++) expect(tlsfp(['analyze', CURL, OPENSSL, '--db', db, '--quiet']).code).toBe(0);
    const count = 'SELECT count(*) AS hellos, count(DISTINCT capture) AS captures FROM client_hellos';
    const { out } = tlsfp(['query', db, count, '--format', 'ndjson']);
    const expected = tlsfp(['analyze', CURL, OPENSSL, '--sql', count, '--format', 'ndjson']).out;
    expect(out).toBe(expected);
    expect(JSON.parse(out).captures).toBe(2);
  });

  it.each(['csv', 'arrow', 'parquet'])('writes %s that DuckDB or Arrow reads back', async (format) => {
    const path = `${folder.path}/rows.${format}`;
    expect(tlsfp(['analyze', CURL, '--out', path]).code).toBe(0);
    if (format === 'arrow') {
      const { tableFromIPC } = await import('apache-arrow');
      expect(tableFromIPC(readFileSync(path)).numRows).toBe(7);
      return;
    }
    const sql = `SELECT count(*) AS n, count(DISTINCT ja4) AS d FROM '${path}'`;
    const { out } = tlsfp(['analyze', CURL, '--sql', sql, '--format', 'ndjson']);
    expect(JSON.parse(out)).toEqual({ n: 7, d: 5 });
  });
});

describe('bad input gets one line and the exit code of the contract', () => {
  const cut = folder.write('cut.pcap', readFileSync(CURL).subarray(0, 5000));
  const empty = folder.write('empty.pcap', '');
  const text = folder.write('notes.txt', 'These are notes about captures, and no capture.\n');

  it.each([
    ['a missing file', ['analyze', `${folder.path}/missing.pcap`], 3, /missing\.pcap: no such file/],
    ['an empty file', ['analyze', empty], 3, /empty\.pcap: .*empty/],
    ['a text file', ['analyze', text], 3, /notes\.txt: .*text/],
    ['a cut capture', ['analyze', cut], 3, /cut\.pcap: .*byte 4814, packet 28/],
    ['an unknown option', ['analyze', CURL, '--fromat', 'csv'], 2, /fromat/],
    ['an unknown column', ['analyze', CURL, '--format', 'csv', '--columns', 'ja44'], 2, /ja44/],
    ['an unknown limit', ['analyze', CURL, '--limit', 'max_flow=3'], 2, /max_flow/],
    ['a limit out of range', ['analyze', CURL, '--limit', 'max_flows=3'], 3, /max_flows/],
    ['no capture', ['analyze'], 2, /capture/],
    ['no command', [], 2, /tlsfp/],
  ])('%s', (_name, args, code, line) => {
    const run = tlsfp(args);
    expect(run.code).toBe(code);
    expect(run.err).toMatch(line);
    expect(run.err.trimEnd().split('\n')).toHaveLength(1);
    expect(run.err).not.toMatch(/^\s+at /m);
  });

  it('a link type that is not decoded', () => {
    const bytes = readFileSync(CURL);
    bytes.writeUInt32LE(147, 20);
    const { code, err } = tlsfp(['analyze', folder.write('odd.pcap', bytes)]);
    expect(code).toBe(3);
    expect(err).toMatch(/odd\.pcap: 139 of 139 packets have a link type that is not decoded.*147/);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });

  it.runIf(existsSync('/dev/full'))('a full disk', () => {
    for (const more of ['', '--format csv', '--format ndjson']) {
      const command = `"${process.execPath}" dist/cli/main.js analyze ${CURL} ${more} > /dev/full`;
      const run = spawnSync('bash', ['-c', command]);
      expect(run.status).toBe(4);
      expect(run.stderr.toString()).toMatch(/^tlsfp: .*no space left.*\n$/);
    }
  });

  it('keeps what was readable before the cut', () => {
    const { out } = tlsfp(['analyze', cut, '--format', 'csv', '--columns', 'packet']);
    expect(out).toBe('packet\n4\n26\n');
  });

  it('goes on with the other captures', () => {
    const { code, out } = tlsfp(['analyze', empty, CURL, '--format', 'csv', '--columns', 'packet']);
    expect(code).toBe(3);
    expect(out.trimEnd().split('\n')).toHaveLength(8);
  });

  it('ends quietly when the reader of a pipe goes away', () => {
    const command = `"${process.execPath}" dist/cli/main.js analyze fixtures/captures --format ndjson; echo "code $?" >&2`;
    const out = execFileSync('bash', [
      '-c',
      `{ ${command}; } 2> "${folder.path}/err" | head -n 1`,
    ]).toString();
    expect(JSON.parse(out)).toHaveProperty('ja4');
    expect(readFileSync(`${folder.path}/err`, 'utf8')).toBe('code 0\n');
  });
});
