import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { labelOf } from '../../src/labels/label.js';
import { LABELS } from '../../src/labels/labels.js';
import type { Libc } from '../../src/live/libc.js';
import { coreRows, temporaryFolder } from '../support/core-rows.js';
import { fixturePath, frames } from './support/fixtures.js';
import { LiveCli } from './support/live-cli.js';
import { type Client, MemifServer } from './support/memif-server.js';
import { libcOrNull } from './support/requirements.js';

const NAME = 'curl-7.88-openssl-3.0.pcap';
const libc = (await libcOrNull('outputs of live runs')) as Libc;

let folder: ReturnType<typeof temporaryFolder>;
const closing: (() => void)[] = [];

beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => {
  for (const close of closing.splice(0)) close();
  folder.remove();
});

/** A run that is attached to a server of the test. */
async function attached(...args: string[]): Promise<{ cli: LiveCli; client: Client }> {
  const socket = join(folder.path, 'memif.sock');
  const server = new MemifServer(libc, socket);
  const cli = new LiveCli([`memif:${socket}?buffer-size=65536`, ...args]);
  closing.push(
    () => server.close(),
    () => cli.child.kill('SIGKILL'),
  );
  const client = await server.client();
  await cli.until('attaching', (c) => c.stderr.includes('attached'));
  return { cli, client };
}

async function sendAll(client: Client, packets: readonly Uint8Array[]): Promise<void> {
  for (const packet of packets) {
    while (!client.peers[0]!.send(packet)) await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** ClientHellos in one packet each, of as many connections. */
function hellos(count: number, first = 0): Uint8Array[] {
  const hello = frames(NAME).find((f) => f[23] === 6 && f[14 + 20 + 32] === 22 && f[14 + 20 + 32 + 5] === 1)!;
  return Array.from({ length: count }, (_, i) => {
    const frame = Uint8Array.from(hello);
    // Source address and port; checksums are not looked at.
    new DataView(frame.buffer).setUint32(26, 0x0a000000 + ((first + i) >>> 8), false);
    new DataView(frame.buffer).setUint16(34, 1024 + ((first + i) & 0xff), false);
    return frame;
  });
}

async function query(path: string, sql: string): Promise<unknown[]> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJS();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe.skipIf(libc === null)('outputs of a live run', () => {
  test('a line for each hello, with the name of the client', async () => {
    const { cli, client } = await attached();
    const { clientHellos } = await coreRows(fixturePath(NAME));
    await sendAll(client, frames(NAME));
    await cli.until('all lines', (c) => c.stdout.split('\n').length > clientHellos.length);
    expect(await cli.end('SIGINT')).toBe(0);
    const lines = cli.stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(clientHellos.length);
    for (const [i, hello] of clientHellos.entries()) {
      const line = lines[i]!;
      expect(line).toMatch(/^\d\d:\d\d:\d\d\.\d{3} {2}/);
      const ends = [hello.src_ip, hello.dst_ip].map((a) => (a.includes(':') ? `[${a}]` : a));
      expect(line).toContain(`  ${ends[0]}:${hello.src_port} -> ${ends[1]}:${hello.dst_port}  tls 1.`);
      expect(line).toContain(`  ${hello.sni ?? '-'}  ${hello.ja4}`);
      expect(line.endsWith(`  ${labelOf(LABELS, 'ja4', hello.ja4)}`)).toBe(true);
    }
  });

  test('killed: what was flushed is in the database, with one row for the capture', async () => {
    const db = join(folder.path, 'live.duckdb');
    const { cli, client } = await attached('--db', db, '--flush', '50ms');
    const { clientHellos, serverHellos } = await coreRows(fixturePath(NAME));
    const packets = frames(NAME);
    await sendAll(client, packets.slice(0, 40));
    await pause(200);
    await sendAll(client, packets.slice(40));
    await cli.until('all lines', (c) => c.stdout.split('\n').length > clientHellos.length);
    await pause(1000);
    expect(await cli.end('SIGKILL')).toBe('SIGKILL');
    const rows = await query(db, 'SELECT packet, ja4 FROM client_hellos ORDER BY packet');
    expect(rows).toEqual(clientHellos.map(({ packet, ja4 }) => ({ packet, ja4 })));
    const captures = await query(
      db,
      'SELECT format, packets, client_hellos, server_hellos, error FROM captures',
    );
    expect(captures).toEqual([
      {
        format: 'memif',
        packets: BigInt(packets.length),
        client_hellos: BigInt(clientHellos.length),
        server_hellos: BigInt(serverHellos.length),
        error: null,
      },
    ]);
  });

  test('a second run is a further capture in the same database', async () => {
    const db = join(folder.path, 'live.duckdb');
    for (const first of [0, 1000]) {
      const { cli, client } = await attached('--db', db, '--quiet', '--count', '10');
      await sendAll(client, hellos(20, first));
      expect(await cli.end()).toBe(0);
      expect(cli.stdout).toBe('');
      for (const close of closing.splice(0)) close();
    }
    expect(await query(db, 'SELECT count(*)::INTEGER AS n FROM client_hellos GROUP BY capture')).toEqual([
      { n: 20 },
    ]);
    expect(await query(db, 'SELECT path FROM captures')).toHaveLength(2);
  });

  test('Parquet files follow each other by time and appear whole; together they have every row', async () => {
    const out = join(folder.path, 'rows', 'tls.parquet');
    const { cli, client } = await attached('--out', out, '--rotate', '1s', '--flush', '100ms', '--quiet');
    for (let i = 0; i < 4; i++) {
      await sendAll(client, hellos(50, 50 * i));
      await pause(700);
    }
    expect(await cli.end('SIGTERM')).toBe(0);
    const files = readdirSync(join(folder.path, 'rows'));
    expect(files.length).toBeGreaterThan(1);
    expect(files.filter((f) => !/^tls-\d{8}T\d{6}Z(-\d+)?\.parquet$/.test(f))).toEqual([]);
    const all = join(folder.path, 'rows', '*.parquet');
    const [counts] = await query(
      ':memory:',
      `SELECT count(*)::INTEGER AS n, count(DISTINCT (src_ip, src_port))::INTEGER AS ends FROM '${all}'`,
    );
    expect(counts).toEqual({ n: 200, ends: 200 });
  });

  test('NDJSON files by size', async () => {
    const out = join(folder.path, 'tls.ndjson');
    const options = [
      '--out',
      out,
      '--rotate',
      '20kB',
      '--flush',
      '50ms',
      '--quiet',
      '--columns',
      'src_ip,src_port,ja4',
    ];
    const { cli, client } = await attached(...options);
    for (let i = 0; i < 4; i++) {
      await sendAll(client, hellos(250, 250 * i));
      await pause(300);
    }
    expect(await cli.end('SIGTERM')).toBe(0);
    const files = readdirSync(folder.path).filter((f) => f.endsWith('.ndjson'));
    expect(files.length).toBeGreaterThan(2);
    const lines = files.flatMap((f) => readFileSync(join(folder.path, f), 'utf8').trimEnd().split('\n'));
    expect(new Set(lines).size).toBe(1000);
  });

  test('a killed run leaves its rows, and the next run makes a Parquet file of them', async () => {
    const out = join(folder.path, 'rows', 'tls.parquet');
    mkdirSync(join(folder.path, 'rows'));
    const first = await attached('--out', out, '--flush', '50ms', '--quiet', '--rotate', '1h');
    await sendAll(first.client, hellos(30));
    await pause(1500);
    await first.cli.end('SIGKILL');
    for (const close of closing.splice(0)) close();
    expect(readdirSync(join(folder.path, 'rows')).some((f) => f.endsWith('.parquet'))).toBe(false);
    const second = await attached('--out', out, '--quiet', '--rotate', '1h');
    await sendAll(second.client, hellos(5, 500));
    await pause(200);
    expect(await second.cli.end('SIGTERM')).toBe(0);
    const files = readdirSync(join(folder.path, 'rows'));
    expect(files).toHaveLength(2);
    const [counts] = await query(
      ':memory:',
      `SELECT count(*)::INTEGER AS n FROM '${join(folder.path, 'rows', '*.parquet')}'`,
    );
    expect(counts).toEqual({ n: 35 });
  });

  test('--out without --rotate is one file, there at the end', async () => {
    const out = join(folder.path, 'tls.csv');
    const { cli, client } = await attached('--out', out, '--quiet', '--columns', 'src_port,ja4');
    await sendAll(client, hellos(3));
    await pause(300);
    expect(existsSync(out)).toBe(false);
    expect(await cli.end('SIGTERM')).toBe(0);
    expect(readFileSync(out, 'utf8').split('\n')).toHaveLength(5);
  });

  test('an output that stands still: the ring goes on, rows that do not fit are dropped and counted', async () => {
    const { cli, client } = await attached('--format', 'ndjson', '--limit', 'batch_rows=64');
    cli.child.stdout!.pause();
    for (let i = 0; i < 60; i++) {
      await sendAll(client, hellos(250, 250 * i));
      await pause(5);
    }
    const peer = client.peers[0]!;
    for (let i = 0; i < 500 && peer.free < 1024; i++) await pause(10);
    expect(peer.free).toBe(1024);
    cli.child.kill('SIGTERM');
    cli.child.stdout!.resume();
    expect(await cli.end()).toBe(0);
    const [, seen] = /(\d+) ClientHellos/.exec(cli.stderr)!;
    const [, dropped] = /(\d+) rows dropped/.exec(cli.stderr)!;
    expect(Number(seen)).toBe(15_000);
    expect(Number(dropped)).toBeGreaterThan(0);
    expect(cli.rows).toHaveLength(15_000 - Number(dropped));
  });

  test('the same Ctrl-C twice, as npx and timeout send it, is no reason to leave things undone', async () => {
    const out = join(folder.path, 'tls.ndjson');
    const { cli, client } = await attached('--out', out, '--quiet', '--columns', 'src_port');
    await sendAll(client, hellos(3));
    await pause(200);
    cli.child.kill('SIGINT');
    cli.child.kill('SIGTERM');
    expect(await cli.end('SIGINT')).toBe(0);
    expect(readFileSync(out, 'utf8').trimEnd().split('\n')).toHaveLength(3);
  });

  test('a reader that goes away ends the run', async () => {
    const { cli, client } = await attached('--format', 'ndjson');
    cli.child.stdout!.destroy();
    for (let i = 0; i < 200 && cli.child.exitCode === null; i++) {
      for (const hello of hellos(5, 5 * i)) client.peers[0]!.send(hello);
      await pause(20);
    }
    expect(await cli.end()).toBe(0);
  });

  test('--stats on standard error, --metrics as OpenMetrics text', async () => {
    const { cli, client } = await attached('--stats', '--metrics', ':0', '--format', 'ndjson');
    await sendAll(client, hellos(100));
    await cli.until('a line', (c) =>
      /hello\/s · no drops · flows \d+\/65536 · queue 0 · lag p50 .* ms/.test(c.stderr),
    );
    const url = /metrics at (http:\/\/127\.0\.0\.1:\d+\/metrics)/.exec(cli.stderr)![1]!;
    await cli.until('all rows', (c) => c.rows.length === 100);
    await pause(100);
    const response = await fetch(url);
    expect(response.headers.get('content-type')).toMatch(/^application\/openmetrics-text; version=1\.0\.0/);
    const text = await response.text();
    expect(text.endsWith('# EOF\n')).toBe(true);
    expect(text).toContain('# TYPE tlsfp_client_hellos counter\n');
    expect(text).toMatch(/^tlsfp_client_hellos_total\{ring="memif:.*"\} 100$/m);
    expect(text).toMatch(/^tlsfp_packets_total\{ring="memif:.*"\} 100$/m);
    expect(text).toMatch(/^tlsfp_rows_total\{ring="memif:.*"\} 100$/m);
    expect(text).toMatch(/^tlsfp_dropped_rows_total\{ring="memif:.*"\} 0$/m);
    expect(text).toMatch(/^tlsfp_lag_seconds\{ring="memif:.*",quantile="0.99"\} \d/m);
    expect((await fetch(url.replace('/metrics', '/'))).status).toBe(404);
    expect(await cli.end('SIGTERM')).toBe(0);
  });

  test('without koffi: what to install, exit code 3', async () => {
    const hook = `export async function resolve(name, context, next) {
      if (name === 'koffi') throw Object.assign(new Error('not found'), { code: 'ERR_MODULE_NOT_FOUND' });
      return next(name, context);
    }`;
    const url = JSON.stringify(`data:text/javascript,${encodeURIComponent(hook)}`);
    const register = `import { register } from 'node:module'; register(${url});`;
    const preload = folder.write('hook.mjs', register);
    const cli = new LiveCli(['memif:@x'], { env: { NODE_OPTIONS: `--import ${preload}` } });
    expect(await cli.end()).toBe(3);
    expect(cli.stderr).toBe(
      'tlsfp: live rings need the package koffi, which is not installed; npm install koffi (it brings its own binary; nothing is compiled)\n',
    );
  });
});
