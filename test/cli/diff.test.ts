import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { cli } from '../support/cli.js';
import { temporaryFolder } from '../support/core-rows.js';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const fixture = (name: string) => join('fixtures/captures', name);
const OLD = fixture('node-20.20.2.pcap');
const NEW = fixture('node-24.21.0.pcap');

// biome-ignore lint/suspicious/noExplicitAny: JSON, of which only what is asserted matters
type Finding = Record<string, any>;
const findings = async (...args: string[]): Promise<Finding[]> =>
  (await cli('diff', ...args, '--format', 'ndjson')).stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('tlsfp diff', () => {
  test('a client that got another TLS library: drift, list by list', async () => {
    const all = await findings(OLD, NEW);
    const drifts = all.filter((f) => f.finding === 'drift');
    expect(drifts).toHaveLength(4);
    // Node 24 comes with OpenSSL 3.5, which offers ML-KEM and ML-DSA (OpenSSL 3.5 release notes).
    const drift = drifts.find((f) => f.old.ja4.startsWith('t13d5911h2'))!;
    const texts = drift.changes.map((c: Finding) => c.text);
    expect(texts).toContain('key_shares +11ec');
    expect(texts.find((t: string) => t.startsWith('sigalgs'))).toMatch(/\+0905,0906,0904/);
    expect(drift.clients).toEqual([{ host: '192.0.2.2', sni: 'alpha.example' }]);
    expect(all.filter((f) => f.finding === 'new')).toHaveLength(4);
    expect(all.filter((f) => f.finding === 'vanished')).toHaveLength(4);
  });

  test('for a person: the same in words, with names of code points', async () => {
    const { stdout, code } = await cli('diff', OLD, NEW, '--by', 'sni');
    expect(code).toBe(0);
    expect(stdout).toContain('    key_shares +11ec (X25519MLKEM768)\n');
    expect(stdout).toContain('192.0.2.2 to alpha.example');
    expect(stdout).toMatch(/by sni \(2\)\nalpha\.example\n {2}- t1/);
    expect(stdout).toMatch(/latency +p50 /);
  });

  test('the same client over another protocol is no drift', async () => {
    // Chromium asks for alpha.example in both, once over QUIC, once over TLS.
    const other = await findings(fixture('chromium-156-quic.pcap'), fixture('chromium-156-tls.pcapng'));
    expect(other.filter((f) => f.finding === 'drift')).toEqual([]);
  });

  test('exit code 1 when asked for and different; shuffled extensions are no difference', async () => {
    const copy = join(folder.path, 'copy.pcapng');
    copyFileSync(fixture('chromium-156-tls.pcapng'), copy);
    const same = await cli('diff', fixture('chromium-156-tls.pcapng'), copy, '--exit-code');
    expect(same.code).toBe(0);
    expect(same.stdout).toContain('1 kind (1 JA4)');
    expect(same.stdout).toContain('the same fingerprints on both sides');
    expect((await cli('diff', OLD, NEW, '--exit-code')).code).toBe(1);
    expect((await cli('diff', OLD, NEW)).code).toBe(0);
  });

  test('a database against a capture', async () => {
    const db = join(folder.path, 'old.duckdb');
    await cli('analyze', OLD, '--db', db, '--quiet');
    const all = await findings(db, OLD);
    expect(all.filter((f) => f.finding !== 'latency')).toEqual([]);
  });

  test('faults: a side that is not there, one that is broken, an unknown option value', async () => {
    const missing = await cli('diff', OLD, join(folder.path, 'none.pcap'));
    expect(missing).toMatchObject({ code: 3, stdout: '' });
    expect(missing.stderr).toMatch(/none\.pcap: no such file/);
    const empty = await cli('diff', OLD, folder.write('empty.pcap', ''));
    expect(empty.code).toBe(3);
    expect(empty.stderr).toContain('it is empty');
    expect((await cli('diff', OLD, NEW, '--by', 'colour')).code).toBe(2);
  });
});
