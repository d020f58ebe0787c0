import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { cli } from '../support/cli.js';
import { temporaryFolder } from '../support/core-rows.js';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const PCAPNG = 'fixtures/captures/chromium-156-tls.pcapng';

describe('tlsfp info', () => {
  test('says what capinfos says', async () => {
    const { stdout, code } = await cli('info', PCAPNG);
    expect(code).toBe(0);
    // Values of `capinfos` 4.0 for this file.
    for (const words of [
      'pcapng 1.0, little-endian',
      'Dumpcap (Wireshark) 4.0.17',
      'client0, ETHERNET, snap length 262,144, 10^-9 s, 83 packets, filter "port 443"',
      '40f53aa74ccb7649320b84dc7463be01171be2cbd466774c9ac145885c8aa325',
      '20,678 on the wire, 249.1 on average',
      '2026-11-20 23:54:45.036472283 UTC\n',
      '2026-11-20 23:54:47.602394867 UTC\n',
      '4 ClientHellos (TLS 4), 4 ServerHellos',
    ]) {
      expect(stdout).toContain(words);
    }
  });

  test('JSON: one object per line', async () => {
    const { stdout } = await cli('info', PCAPNG, 'fixtures/captures/openssl-3.0.pcap', '--json');
    const [first, second, ...rest] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rest).toEqual([]);
    expect(first).toMatchObject({
      packets: 83,
      first_ts: '2026-11-20T23:54:45.036472283Z',
      interfaces: [
        {
          name: 'client0',
          link_type: 'ETHERNET',
          ticks_per_second: 1e9,
          packets: 83,
          statistics: { received: 83 },
        },
      ],
    });
    const bytes = readFileSync('fixtures/captures/openssl-3.0.pcap');
    expect(second.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(second).toMatchObject({ packets: 85, bytes: 14276, tls_client_hellos: 6 });
  });

  test('times in another zone', async () => {
    const { stdout } = await cli('info', PCAPNG, '--tz', 'Asia/Kolkata', '--no-hash');
    expect(stdout).toContain('2026-11-21 05:24:45.036472283 UTC+5:30\n');
    expect(stdout).not.toContain('SHA-256');
    const summary = await cli('analyze', PCAPNG, '--tz', 'Asia/Kolkata');
    expect(summary.stdout).toContain('2026-11-21 05:24:45 to 05:24:47 UTC+5:30  (');
    const wrong = await cli('info', PCAPNG, '--tz', 'Mars');
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).toContain('there is no time zone Mars');
  });

  test('a broken capture: what is there, why, and exit code 3; the next one is told of too', async () => {
    const empty = folder.write('empty.pcap', '');
    const { code, stdout, stderr } = await cli('info', empty, PCAPNG);
    expect(code).toBe(3);
    expect(stderr).toContain('it is empty');
    expect(stdout).toContain('83 packets');
  });
});
