import stringWidth from 'fast-string-width';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { nextSteps } from '../../src/cli/show-summary.js';
import { cli } from '../support/cli.js';
import { temporaryFolder } from '../support/core-rows.js';

const folder = temporaryFolder();
afterAll(() => folder.remove());
afterEach(() => vi.unstubAllEnvs());

const CURL = 'fixtures/captures/curl-7.88-openssl-3.0.pcap';

async function summary(width: number, ...captures: string[]): Promise<string> {
  vi.stubEnv('COLUMNS', String(width));
  return (await cli('analyze', ...captures)).stdout;
}

describe('the summary of tlsfp analyze', () => {
  test('what capinfos and tshark say of this capture', async () => {
    const text = await summary(100, CURL);
    for (const words of [
      /pcap, 139 packets, 25\.1 kB\n/,
      /^2026-11-21 00:06:50 to 00:06:51 UTC {2}\(1\.2 s, /m,
      /^ClientHellos +7 +TLS 1\.3 6, TLS 1\.2 1$/m,
      /^cipher +AES128_GCM \(1\.3\) 6, ECDHE_ECDSA_AES128_GCM 1$/m,
      /^ALPN +h2 1, none or encrypted 6$/m,
      /^readiness +post-quantum offered 0 %, chosen 0 %; ECH 0 %$/m,
      /^t13d3112h2_e8f1e7e78f70_b26ce05bbdd6 {2}curl 7\.88 .* 3 +2 {2}alpha\.example \(\+1\)$/m,
    ]) {
      expect(text).toMatch(words);
    }
  });

  test.each([80, 100, 120])(
    'fits %i columns and a screen, fingerprints whole, no spaces at the end',
    async (width) => {
      const text = await summary(width, 'fixtures/captures');
      const lines = text.trimEnd().split('\n');
      expect(lines.filter((line) => stringWidth(line) > width)).toEqual([]);
      expect(lines.filter((line) => / $/.test(line))).toEqual([]);
      expect(lines.length).toBeLessThanOrEqual(30);
      expect(
        lines.filter((line) => /^[tqd]\d\d[di]\w{6}_[0-9a-f]{12}_[0-9a-f]{12} /.test(line)),
      ).toHaveLength(12);
    },
  );

  test('colours only when wanted', async () => {
    expect(await summary(100, CURL)).not.toContain('\u001b[');
    vi.stubEnv('FORCE_COLOR', '1');
    expect(await summary(100, CURL)).toContain('\u001b[');
    vi.stubEnv('NO_COLOR', '1');
    expect(await summary(100, CURL)).not.toContain('\u001b[');
  });

  test('captures that cannot be read are an error, not an empty line', async () => {
    const empty = folder.write('empty.pcap', '');
    const alone = await cli('analyze', empty);
    expect(alone).toMatchObject({ code: 3, stdout: '' });
    expect(alone.stderr).toContain('it is empty');
    const both = await cli('analyze', empty, CURL);
    expect(both.code).toBe(3);
    expect(both.stdout).toMatch(/^1 capture \(1 more could not be read\) {2}pcap, 139 packets/);
  });

  test('a capture without packets', async () => {
    // pcap, little-endian, version 2.4, snap length 65535, Ethernet; no record.
    const header = Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex');
    const text = await summary(100, folder.write('none.pcap', header));
    expect(text).toContain('not a single packet in it');
  });
});

describe('what to type next', () => {
  test('names with spaces are quoted', () => {
    expect(nextSteps({ captures: ["it's one.pcap"], db: undefined })[0]).toBe(
      `next  tlsfp query 'it'\\''s one.pcap' "FROM fingerprints"`,
    );
  });

  test('the database when there is one; few words for many captures and for standard input', () => {
    expect(nextSteps({ captures: ['a', 'b'], db: 'x.duckdb' })[1]).toBe(
      '      tlsfp report x.duckdb --out report.html',
    );
    for (const captures of [['-'], ['a', 'b']])
      expect(nextSteps({ captures, db: undefined })).toHaveLength(1);
  });
});
