import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  CaptureParser,
  type InterfaceInfo,
  type PacketInfo,
  type SectionInfo,
} from '../../src/source/capture-blocks.js';
import { cli } from '../support/cli.js';
import { coreRows, temporaryFolder } from '../support/core-rows.js';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const fixture = (name: string) => join('fixtures/captures', name);
const OUT = join(folder.path, 'slice.pcapng');

function blocksOf(path: string) {
  const sections: SectionInfo[] = [];
  const interfaces: InterfaceInfo[] = [];
  const packets: PacketInfo[] = [];
  const parser = new CaptureParser({
    section: (s) => sections.push(s),
    interface: (i) => interfaces.push(i),
    packet: (p) => packets.push({ ...p, data: p.data.slice() }),
  });
  parser.push(readFileSync(path));
  return { sections, interfaces, packets };
}

async function hellosOf(path: string) {
  const { clientHellos, serverHellos } = await coreRows(path);
  return {
    clients: clientHellos.map((h) => ({
      ts: h.ts,
      src: h.src_ip,
      sni: h.sni,
      ja4: h.ja4,
      ja3: h.ja3,
      random: h.client_random,
    })),
    servers: serverHellos.map((h) => ({ ts: h.ts, ja3s: h.ja3s, random: h.server_random })),
  };
}

describe('tlsfp extract', () => {
  test.each([
    'chromium-156-tls.pcapng',
    'quic-go-0.60.pcap',
    'openssl-3.0-dtls-fragmented.pcapng',
    'starttls-smtp.pcap',
    'openssl-3.0-hrr.pcap',
    'utls-1.8-parrots.pcap',
  ])('the slice of %s gives the same hellos, from fewer packets', async (name) => {
    const { code } = await cli('extract', fixture(name), '--where', 'true', '--out', OUT, '--quiet');
    expect(code).toBe(0);
    expect(await hellosOf(OUT)).toEqual(await hellosOf(fixture(name)));
    expect(blocksOf(OUT).packets.length).toBeLessThan(blocksOf(fixture(name)).packets.length);
  });

  test('only what matches, with times and interfaces kept and comments that name it', async () => {
    const { stderr } = await cli(
      'extract',
      fixture('chromium-156-tls.pcapng'),
      fixture('openssl-3.0.pcap'),
      '--where',
      "sni = 'beta.example'",
      '--out',
      OUT,
    );
    expect(stderr).toBe(`2 handshakes, 5 packets written to ${OUT}\n`);
    const { sections, interfaces, packets } = blocksOf(OUT);
    expect(sections[0]!.comments[0]).toMatch(/handshakes where sni = 'beta\.example'$/);
    expect(interfaces).toMatchObject([
      { name: 'client0', filter: 'port 443', resolution: 9, linkType: 1 },
      { name: null, resolution: 6, linkType: 1 },
    ]);
    expect(packets.map((p) => [p.interface, p.comments.length])).toEqual([
      [0, 0],
      [0, 1],
      [0, 1],
      [1, 1],
      [1, 1],
    ]);
    expect(packets[1]!.comments[0]).toBe(
      'tlsfp: tls ClientHello sni=beta.example ja4=t13d1517h2_8daaf6152771_cb7bf5808d99 ja3=140e136626b097b63a5fca7092082c65',
    );
    // What tshark says of packet 1 of the slice: frame.time_epoch and the length.
    expect(packets[0]!.time).toBe(1795218887365560464n);
    expect(packets[0]!.data).toHaveLength(1514);
    expect((await hellosOf(OUT)).clients.map((c) => c.sni)).toEqual(['beta.example', 'beta.example']);
  });

  test('--flows: the whole connections', async () => {
    const name = fixture('openssl-3.0.pcap');
    await cli('extract', name, '--where', "sni = 'beta.example'", '--out', OUT, '--flows', '--quiet');
    const { clientHellos, state } = await coreRows(OUT);
    expect(clientHellos).toHaveLength(1);
    // The handshake of TCP is in it, so nothing is amiss any more.
    expect(clientHellos[0]!.anomalies).toEqual([]);
    expect(state.counters.flows).toBe(1n);
  });

  test('nothing matches: an empty capture', async () => {
    const { code, stderr } = await cli(
      'extract',
      fixture('openssl-3.0.pcap'),
      '--where',
      'false',
      '--out',
      OUT,
    );
    expect(code).toBe(0);
    expect(stderr).toContain('0 handshakes, 0 packets');
    expect(blocksOf(OUT).sections).toHaveLength(1);
  });

  test('faults are told before anything is written', async () => {
    const name = fixture('openssl-3.0.pcap');
    const wrong = await cli('extract', name, '--where', "sin = 'x'", '--out', join(folder.path, 'no.pcapng'));
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/^tlsfp: --where: Binder Error: .*"sin".*see docs\/schema\.md\n$/);
    const open = await cli('extract', name, '--where', "ja4 = 't13", '--out', join(folder.path, 'no.pcapng'));
    expect(open.code).toBe(2);
    expect(open.stderr).toContain('unterminated quoted string');
    const copy = folder.write('copy.pcap', readFileSync(name));
    const same = await cli('extract', copy, '--where', 'true', '--out', copy);
    expect(same.code).toBe(2);
    expect(readFileSync(copy)).toEqual(readFileSync(name));
    expect((await cli('extract', '-', '--where', 'true', '--out', OUT)).code).toBe(2);
  });
});
