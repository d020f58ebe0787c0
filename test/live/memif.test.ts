import { randomBytes } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Libc } from '../../src/live/libc.js';
import { coreRows, temporaryFolder } from '../support/core-rows.js';
import { fixturePath, frames } from './support/fixtures.js';
import { LiveCli } from './support/live-cli.js';
import type { MemifPeer } from './support/memif-peer.js';
import { disconnect, MemifServer, type ServerOptions } from './support/memif-server.js';
import { libcOrNull } from './support/requirements.js';

const NAME = 'curl-7.88-openssl-3.0.pcap';
const COLUMNS = ['--format', 'ndjson', '--columns', 'packet,sni,ja4,src_port'];

const libc = (await libcOrNull('memif client')) as Libc;

let folder: ReturnType<typeof temporaryFolder>;
let socket: string;
const closing: (() => void)[] = [];

beforeEach(() => {
  folder = temporaryFolder();
  socket = join(folder.path, 'memif.sock');
});
afterEach(() => {
  for (const close of closing.splice(0)) close();
  folder.remove();
});

function serve(options: ServerOptions = {}): MemifServer {
  const server = new MemifServer(libc, socket, options);
  closing.push(() => server.close());
  return server;
}

function listen(ring: string, ...args: string[]): LiveCli {
  const cli = new LiveCli([ring, ...args]);
  closing.push(() => cli.child.kill('SIGKILL'));
  return cli;
}

/** Send all packets, waiting for room like `io retry`. */
async function sendAll(peer: MemifPeer, packets: readonly Uint8Array[]): Promise<void> {
  for (const packet of packets) {
    while (!peer.send(packet)) await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

async function expected(name = NAME): Promise<unknown[]> {
  const { clientHellos } = await coreRows(fixturePath(name));
  return clientHellos.map((row) => ({
    packet: Number(row.packet),
    sni: row.sni,
    ja4: row.ja4,
    src_port: row.src_port,
  }));
}

describe.skipIf(libc === null)('memif client against a server of the test', () => {
  test.each([
    ['read in place', ''],
    ['copied', '&copy=1'],
  ])('rows are those of the file, packets %s', async (how, option) => {
    const server = serve();
    const cli = listen(`memif:${socket}?ring-size=16&buffer-size=65536${option}`, ...COLUMNS);
    const client = await server.client();
    expect(client.peers.map((p) => p.cookie)).toEqual([0x3e31f20]);
    await sendAll(client.peers[0]!, frames(NAME));
    const rows = await expected();
    await cli.until('all rows', (c) => c.rows.length === rows.length);
    expect(await cli.end('SIGTERM')).toBe(0);
    expect(cli.rows).toEqual(rows);
    expect(cli.stderr).toContain(`attached to fake server, 1 ring of 16; packets are ${how}`);
    expect(cli.stderr).toMatch(new RegExp(`${frames(NAME).length} packets .* ${rows.length} ClientHellos`));
  });

  test('the abstract namespace, an id, a secret', async () => {
    const name = `tlsfp-test-${process.pid}`;
    const server = new MemifServer(libc, name, { id: 7, secret: 'sesame' }, true);
    closing.push(() => server.close());
    const cli = listen(`memif:@${name}?id=7&secret=sesame`, ...COLUMNS);
    const client = await server.client();
    expect(client).toMatchObject({ id: 7, secret: 'sesame', name: 'tlsfp' });
    await cli.until('attaching', (c) => c.stderr.includes('attached'));
    expect(await cli.end('SIGINT')).toBe(0);
    expect(cli.stderr).not.toContain('sesame');
  });

  test('several rings, with interrupts when it sleeps', async () => {
    const server = serve({ queues: 3 });
    const cli = listen(`memif:${socket}?rings=3&ring-size=64&buffer-size=16384`, ...COLUMNS);
    const client = await server.client();
    expect(client.peers).toHaveLength(3);
    const rows = await expected();
    for (const [i, frame] of frames(NAME).entries()) {
      const ring = i % 3;
      await sendAll(client.peers[ring]!, [frame]);
      if (!client.peers[ring]!.masked) client.interrupt(ring);
      // In order over the rings: the next is sent when this one was taken.
      while (client.peers[ring]!.free < 64) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await cli.until('all rows', (c) => c.rows.length === rows.length);
    expect(await cli.end('SIGTERM')).toBe(0);
    expect(cli.rows).toEqual(rows);
  });

  test('a server with fewer queues is read with fewer rings', async () => {
    const server = serve({ queues: 2 });
    const cli = listen(`memif:${socket}?rings=4`, ...COLUMNS);
    const client = await server.client();
    expect(client.peers).toHaveLength(2);
    await cli.until('attaching', (c) => c.stderr.includes('2 rings of 1024'));
    expect(await cli.end('SIGTERM')).toBe(0);
    expect(server.refused).toEqual(['Invalid ring index', 'Invalid ring index']);
  });

  test('the server comes late, dies, comes back: rows of all its lives', async () => {
    const cli = listen(`memif:${socket}?buffer-size=65536`, ...COLUMNS);
    await cli.until('the first word', (c) => c.stderr.includes('nobody listens there yet; waiting'));
    let rows: unknown[] = [];
    // Two captures: the packets of one, sent twice, would be retransmissions.
    for (const name of [NAME, 'go-1.24.pcap']) {
      const server = new MemifServer(libc, socket);
      const client = await server.client();
      await sendAll(client.peers[0]!, frames(name));
      // Gone at once: what is in the ring is read all the same.
      client.close();
      server.close();
      rows = [...rows, ...(await expected(name))];
      await cli.until('the rows of this life', (c) => c.rows.length === rows.length);
    }
    await cli.until('the end of the peer', (c) => c.stderr.split('the peer is gone').length === 3);
    expect(await cli.end('SIGTERM')).toBe(0);
    const ja4 = (list: unknown[]) => list.map((r) => (r as { ja4: string }).ja4);
    expect(ja4(cli.rows)).toEqual(ja4(rows));
  });

  test.each([
    ['', 'Secret required'],
    ['&secret=wrong', 'Incorrect secret'],
  ])('secret "%s": %s, exit code 3', async (option, reason) => {
    const server = serve({ secret: 'sesame' });
    const cli = listen(`memif:${socket}?id=0${option}`, ...COLUMNS);
    void server.client().catch(() => {});
    expect(await cli.end()).toBe(3);
    expect(cli.stderr.trim()).toBe(
      `tlsfp: memif:${socket}?id=0${option && '&secret=***'}: refused by the server: ${reason}; add secret=... to the ring`,
    );
  });

  test('an id that the server does not know yet is waited for', async () => {
    const server = serve({ id: 3 });
    const cli = listen(`memif:${socket}?id=4`, ...COLUMNS, '--duration', '2s');
    void server.client().catch(() => {});
    expect(await cli.end()).toBe(0);
    expect(cli.stderr).toContain('refused by the server: ID not found; waiting');
    expect(cli.stderr.split('ID not found')).toHaveLength(2);
    expect(server.refused.length).toBeGreaterThan(1);
  });

  test('a server that speaks another version', async () => {
    const server = serve({ versions: [0x0300, 0x0300] });
    const cli = listen(`memif:${socket}`, ...COLUMNS);
    void server.client().catch(() => {});
    expect(await cli.end()).toBe(3);
    expect(cli.stderr).toContain('the server speaks memif 3 to 3, not 2');
  });

  test.each([
    ['too short', randomBytes(17)],
    ['of an unknown type', Buffer.alloc(128, 0xee)],
    ['too long', randomBytes(200)],
  ])('a greeting %s is no memif', async (_what, greeting) => {
    const server = serve({ greeting });
    const cli = listen(`memif:${socket}`, ...COLUMNS, '--duration', '1s');
    void server.client().catch(() => {});
    expect(await cli.end()).toBe(0);
    expect(cli.stderr).toContain('the server sent what is no memif message in its place; waiting');
  });

  test.each([
    ['garbage', randomBytes(128).fill(0xff, 0, 2), 'the peer sent what is no memif message in its place'],
    ['DISCONNECT', disconnect('going\u001b[31m away'), 'the peer disconnected: going?[31m away'],
  ])('%s while packets flow ends the connection, and it is made again', async (_what, bytes, words) => {
    const server = serve();
    const cli = listen(`memif:${socket}`, ...COLUMNS);
    const client = await server.client();
    await cli.until('attaching', (c) => c.stderr.includes('attached'));
    client.say(bytes);
    const again = await server.client();
    expect(again.peers).toHaveLength(1);
    await cli.until('attaching again', (c) => c.stderr.split('attached').length === 3);
    expect(cli.stderr).toContain(words);
    expect(await cli.end('SIGTERM')).toBe(0);
  });

  test('a socket without permission', async () => {
    const server = serve();
    chmodSync(socket, 0o600);
    chmodSync(folder.path, 0o755);
    const command = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--clear-groups'] : null;
    if (command === null) return;
    const cli = new LiveCli([`memif:${socket}`, ...COLUMNS], { command });
    closing.push(() => cli.child.kill('SIGKILL'));
    expect(await cli.end()).toBe(3);
    expect(cli.stderr).toMatch(
      /cannot connect: permission denied; run as a user who may write to the socket/,
    );
    expect(server.refused).toEqual([]);
  });

  test('the peer cannot shrink or grow the shared memory', async () => {
    const server = serve();
    const cli = listen(`memif:${socket}`, ...COLUMNS);
    const client = await server.client();
    await cli.until('attaching', (c) => c.stderr.includes('attached'));
    const EPERM = 1;
    expect(libc.call.ftruncate(client.regionFd, 0)).toBe(-1);
    expect(libc.errno).toBe(EPERM);
    expect(libc.call.ftruncate(client.regionFd, client.regionLength * 2)).toBe(-1);
    expect(libc.errno).toBe(EPERM);
    expect(await cli.end('SIGTERM')).toBe(0);
  });

  test('hostile writes all over the shared memory: no row, no crash, and then it works', async () => {
    const server = serve();
    const cli = listen(`memif:${socket}?ring-size=64&buffer-size=65536&rings=2`, ...COLUMNS);
    const client = await server.client();
    await cli.until('attaching', (c) => c.stderr.includes('attached'));
    const noise = randomBytes(4096);
    for (let i = 0; i < 3000; i++) {
      client.region[(i * 7919) % 8192] = noise[i % 4096]!;
      client.region.set(
        noise.subarray(i % 4000, (i % 4000) + 64),
        (i * 104_729) % (client.regionLength - 64),
      );
      client.peers[i % 2]!.tail = client.peers[i % 2]!.tail + (noise[i % 4096]! % 80);
      if (i % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    client.close();
    const again = await server.client();
    await sendAll(again.peers[0]!, frames(NAME));
    const rows = await expected();
    await cli.until('all rows', (c) => c.rows.length >= rows.length);
    expect(await cli.end('SIGTERM')).toBe(0);
    const facts = (list: unknown[]) => list.map((r) => ({ ...(r as object), packet: 0 }));
    expect(facts(cli.rows)).toEqual(facts(rows));
  });

  test('an idle ring is left to interrupts', async () => {
    const server = serve();
    const cli = listen(`memif:${socket}`, ...COLUMNS);
    const client = await server.client();
    await cli.until('sleep', () => !client.peers[0]!.masked);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(client.peers[0]!.masked).toBe(false);
    expect(await cli.end('SIGTERM')).toBe(0);
  });

  test('--count ends after so many ClientHellos', async () => {
    const server = serve();
    const cli = listen(`memif:${socket}?buffer-size=65536`, ...COLUMNS, '--count', '2');
    const client = await server.client();
    await sendAll(client.peers[0]!, frames(NAME));
    expect(await cli.end()).toBe(0);
    expect(cli.rows).toEqual((await expected()).slice(0, 2));
  });
});
