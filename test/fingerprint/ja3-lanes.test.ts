import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Core } from '../../src/core/core.js';
import type { CoreBuild } from '../../src/core/load.js';
import * as forge from '../../src/dev/forge/index.js';
import { coreRows } from '../support/core-rows.js';

const BUILDS: readonly CoreBuild[] = ['simd', 'scalar'];
const md5 = (text: string) => createHash('md5').update(text).digest('hex');

/** A capture of one connection per number, whose hello has so many cipher suites. */
function capture(suites: readonly number[]): Uint8Array {
  const packets = suites.flatMap((count, i) => {
    const ciphers = Array.from({ length: count }, (_, c) => 0x2000 + c);
    const message = forge.clientHello({ ciphers, extensions: [forge.supportedGroups(29, 23 + (count % 7))] });
    const stream = new forge.TcpStream({
      client: { address: '192.0.2.10', port: 30_000 + i },
      server: { address: '198.51.100.7', port: 443 },
    });
    return stream.open().send('client', forge.handshakeRecords(message)).packets;
  });
  return forge.pcap(forge.wrapAll(packets, (packet) => forge.ethernet(packet)));
}

describe.each(BUILDS)('JA3 of hellos that follow each other (%s)', (build) => {
  const limits = { content_cache_bytes: 65_536 };

  it.each([1, 2, 3, 4, 5, 7, 8, 9, 61])('%s of them, all different', async (n) => {
    const { clientHellos } = await coreRows(capture(Array.from({ length: n }, (_, i) => i + 1)), {
      build,
      limits,
    });
    expect(clientHellos.length).toBe(n);
    for (const row of clientHellos) expect(row.ja3).toBe(md5(row.ja3_text!));
    expect(new Set(clientHellos.map((row) => row.ja3)).size).toBe(n);
  });

  it('texts of one to eleven blocks, and beyond what waits, among each other', async () => {
    const suites = [1, 130, 3, 12, 400, 14, 100, 2, 700, 30, 60, 5000, 9, 199, 200, 201, 11];
    const { clientHellos } = await coreRows(capture(suites), { build, limits });
    expect(clientHellos.map((row) => row.cipher_suites.length)).toEqual(suites);
    for (const row of clientHellos) expect(row.ja3).toBe(md5(row.ja3_text!));
  });

  it('the same hello again while its hash is still out', async () => {
    const suites = [5, 5, 6, 5, 6, 7, 7, 7, 8, 5, 9, 9, 10, 8];
    const { clientHellos } = await coreRows(capture(suites), { build, limits });
    for (const row of clientHellos) expect(row.ja3).toBe(md5(row.ja3_text!));
  });

  it('with nothing but the hash asked for', async () => {
    const suites = [5, 6, 5, 7, 300, 8, 8, 9, 6];
    const complete = await coreRows(capture(suites), { build, limits });
    const core = new Core({ build, limits, layout: 'wide' });
    core.project({ client_hellos: new Set(), hello_contents: new Set(['ja3']), server_hellos: new Set() });
    const { clientHellos } = await coreRows(capture(suites), { core });
    expect(clientHellos.map((row) => row.ja3)).toEqual(
      complete.clientHellos.map((row) => md5(row.ja3_text!)),
    );
  });
});
