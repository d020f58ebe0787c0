import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { cli } from '../support/cli.js';
import { temporaryFolder } from '../support/core-rows.js';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const CHROMIUM = 'fixtures/captures/chromium-156-tls.pcapng';

describe('tlsfp explain', () => {
  test('a hello in two packets: every field with its bytes, GREASE marked', async () => {
    const { stdout, code } = await cli('explain', CHROMIUM, '--packet', '5');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^tls ClientHello, packets 4 to 5, 2012 bytes\n/);
    // Offsets and bytes as tshark shows them for this packet.
    expect(stdout).toMatch(/^0004 +legacy_version +TLS 1\.2 +03 03$/m);
    expect(stdout).toMatch(/^0049 +fafa +GREASE +fa fa$/m);
    expect(stdout).toMatch(/^01b2 +host_name +alpha\.example /m);
    expect(stdout).toMatch(/^ {2}extensions +51764-11-10-.* 2 GREASE left out$/m);
    expect(stdout).toMatch(
      /^ {2}b +8daaf6152771 +SHA-256, 12 digits, of the cipher suites sorted: 002f,0035,/m,
    );
    expect(stdout).toContain('without 0000 (server_name) and 0010 (application_layer_protocol_negotiation)');
  });

  test('the packet that began it will do; another is told with those that would', async () => {
    expect((await cli('explain', CHROMIUM, '--packet', '4')).stdout).toContain('packets 4 to 5');
    const { code, stderr } = await cli('explain', CHROMIUM, '--packet', '1');
    expect(code).toBe(2);
    expect(stderr).toMatch(/packet 1 carries no ClientHello; ClientHellos are at packets 5, /);
    expect((await cli('explain', CHROMIUM, '--packet', 'four')).code).toBe(2);
  });

  test('QUIC: the lists instead of the bytes, which are encrypted', async () => {
    const path = 'fixtures/captures/quic-go-0.60.pcap';
    const rows = await cli('analyze', path, '--format', 'ndjson', '--columns', 'packet');
    const { packet } = JSON.parse(rows.stdout.split('\n')[0]!);
    const { stdout } = await cli('explain', path, '--packet', String(packet));
    expect(stdout).toContain('its bytes are not shown: they are encrypted');
    expect(stdout).toMatch(/^ciphers +1301 1303 1302$|^ciphers +130/m);
    expect(stdout).toMatch(/^ {2}a: protocol +q +QUIC$/m);
  });

  test('from a database, as long as the capture is there', async () => {
    const db = join(folder.path, 'tls.duckdb');
    await cli('analyze', CHROMIUM, 'fixtures/captures/firefox-153-tls.pcapng', '--db', db, '--quiet');
    const json = await cli('explain', db, '--packet', '5', '--capture', CHROMIUM, '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ packet: 5, sni: 'alpha.example', protocol: 'tls' });
    const none = await cli('explain', db, '--packet', '5000');
    expect(none.code).toBe(2);
    expect(none.stderr).toContain('no capture of it has a ClientHello at packet 5000');
  });
});
