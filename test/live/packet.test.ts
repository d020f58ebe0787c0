import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { coreRows, temporaryFolder } from '../support/core-rows.js';
import { fixturePath, frames } from './support/fixtures.js';
import { LiveCli } from './support/live-cli.js';
import { lacks, lacksNamespaces, libcOrNull } from './support/requirements.js';

const WHAT = 'AF_PACKET rings with real clients';
const skipped =
  lacks(WHAT, 'curl', 'openssl', 'tcpdump', 'setpriv', 'python3') ||
  lacksNamespaces(WHAT) ||
  (await libcOrNull(WHAT)) === null;

/** Two namespaces with a cable between them: clients on one side; servers and tlsfp on the other. */
const HERE = `tlsfp-a-${process.pid}`;
const THERE = `tlsfp-b-${process.pid}`;
const COLUMNS = ['--format', 'ndjson', '--columns', 'sni,ja4,ja3,src_ip,dst_port,src_port,tunnel,anomalies'];

let folder: ReturnType<typeof temporaryFolder>;
const running: ChildProcess[] = [];

const run = (command: string, ...args: string[]) => execFileSync(command, args, { stdio: 'pipe' });
const ip = (...args: string[]) => run('ip', ...args);
const inside = (namespace: string, ...command: string[]) => ['ip', 'netns', 'exec', namespace, ...command];

function makeCable(): void {
  ip('-n', HERE, 'link', 'add', 'tap0', 'type', 'veth', 'peer', 'name', 'cli0', 'netns', THERE);
  ip('-n', HERE, 'addr', 'add', '10.77.0.1/24', 'dev', 'tap0');
  ip('-n', THERE, 'addr', 'add', '10.77.0.2/24', 'dev', 'cli0');
  ip('-n', HERE, 'link', 'set', 'tap0', 'up');
  ip('-n', THERE, 'link', 'set', 'cli0', 'up');
}

/** Puts frames (hexadecimal, one per line) on the cable, as they are. */
const SENDER = `
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(('cli0', 0))
for line in sys.stdin:
    s.send(bytes.fromhex(line))
`;

function sendFrames(list: readonly Uint8Array[]): void {
  const [command, ...args] = inside(THERE, 'python3', '-c', SENDER);
  const input = list.map((frame) => Buffer.from(frame).toString('hex')).join('\n');
  execFileSync(command!, args, { input, stdio: 'pipe' });
}

/** A frame with an IEEE 802.1Q tag put in. */
function tagged(frame: Uint8Array, vlan: number): Uint8Array {
  return Buffer.concat([
    frame.subarray(0, 12),
    Buffer.from([0x81, 0, vlan >> 8, vlan & 255]),
    frame.subarray(12),
  ]);
}

async function startServer(port: number): Promise<void> {
  const certificate = ['-cert', join(folder.path, 'cert.pem'), '-key', join(folder.path, 'key.pem')];
  const [command, ...args] = inside(
    HERE,
    'openssl',
    's_server',
    '-accept',
    `${port}`,
    ...certificate,
    '-www',
  );
  const child = spawn(command!, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  running.push(child);
  await once(child.stdout!, 'data');
}

function curl(port: number, name: string, address = '10.77.0.1', ...more: string[]): void {
  const resolve = ['--resolve', `${name}:${port}:${address}`];
  const [command, ...args] = inside(
    THERE,
    'curl',
    '-sk',
    '--retry',
    '3',
    '--retry-connrefused',
    ...resolve,
    ...more,
  );
  execFileSync(command!, [...args, `https://${name}:${port}/`], { stdio: 'pipe', timeout: 20_000 });
}

function openssl(port: number, name: string): void {
  const connect = ['-connect', `10.77.0.1:${port}`, '-servername', name];
  const [command, ...args] = inside(THERE, 'openssl', 's_client', ...connect);
  execFileSync(command!, args, { input: 'Q\n', stdio: 'pipe', timeout: 20_000 });
}

function listen(ring: string, ...args: string[]): LiveCli {
  const cli = new LiveCli([ring, ...args], { command: inside(HERE) });
  running.push(cli.child);
  return cli;
}

const listening = (cli: LiveCli) => cli.until('the ring', (c) => c.stderr.includes('listening'));
const names = (cli: LiveCli) => cli.rows.map((row) => row.sni);

describe.skipIf(skipped)('AF_PACKET ring', () => {
  beforeAll(async () => {
    folder = temporaryFolder();
    ip('netns', 'add', HERE);
    ip('netns', 'add', THERE);
    ip('-n', HERE, 'link', 'set', 'lo', 'up');
    makeCable();
    const pair = ['-keyout', join(folder.path, 'key.pem'), '-out', join(folder.path, 'cert.pem')];
    run(
      'openssl',
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      ...pair,
      '-subj',
      '/CN=test',
      '-days',
      '2',
    );
    await startServer(4433);
    await startServer(4434);
  });
  afterEach(() => {
    for (const child of running.splice(2)) child.kill('SIGKILL');
  });
  afterAll(() => {
    for (const child of running) child.kill('SIGKILL');
    ip('netns', 'del', HERE);
    ip('netns', 'del', THERE);
    folder.remove();
  });

  test.each([
    ['read in place', ''],
    ['copied', '?copy=1'],
  ])('curl and openssl: the rows that tcpdump and the offline run give, packets %s', async (how, option) => {
    const file = join(folder.path, 'dump.pcap');
    const [command, ...args] = inside(HERE, 'tcpdump', '-i', 'tap0', '--immediate-mode', '-U', '-w', file);
    const dump = spawn(command!, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    running.push(dump);
    await once(dump.stderr!, 'data');
    const cli = listen(`packet:tap0${option}`, ...COLUMNS);
    await listening(cli);
    curl(4433, 'curl.example');
    openssl(4433, 'openssl.example');
    curl(4434, 'old.example', '10.77.0.1', '--tls-max', '1.2');
    await cli.until('all rows', (c) => c.rows.length === 3);
    expect(await cli.end('SIGTERM')).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    dump.kill('SIGTERM');
    await once(dump, 'close');
    const { clientHellos } = await coreRows(file);
    const expected = clientHellos.map(({ sni, ja4, ja3, src_ip, dst_port, src_port, tunnel, anomalies }) => ({
      sni,
      ja4,
      ja3,
      src_ip,
      dst_port,
      src_port,
      tunnel,
      anomalies,
    }));
    expect(cli.rows).toEqual(expected);
    expect(names(cli)).toEqual(['curl.example', 'openssl.example', 'old.example']);
    expect(cli.stderr).toContain(`packets are ${how}`);
    expect(cli.stderr).toContain('no drops');
  });

  test('the tag of a VLAN that the kernel takes out stands in the tunnel column', async () => {
    const cli = listen('packet:tap0', ...COLUMNS);
    await listening(cli);
    const name = 'curl-7.88-openssl-3.0.pcap';
    const short = frames(name).filter((frame) => frame.length <= 1500);
    sendFrames(short.map((frame) => tagged(frame, 10)));
    await cli.until('rows', (c) => c.rows.length > 0);
    expect(await cli.end('SIGTERM')).toBe(0);
    const { clientHellos } = await coreRows(fixturePath(name));
    expect(cli.rows.map((r) => r.ja4)).toEqual(clientHellos.map((r) => r.ja4));
    expect(new Set(cli.rows.map((r) => r.tunnel))).toEqual(new Set(['vlan:10']));
  });

  test('--filter', async () => {
    const cli = listen('packet:tap0', ...COLUMNS, '--filter', 'tcp port 4434');
    await listening(cli);
    curl(4433, 'out.example');
    curl(4434, 'in.example');
    await cli.until('the row', (c) => c.rows.length === 1);
    expect(await cli.end('SIGTERM')).toBe(0);
    expect(names(cli)).toEqual(['in.example']);
  });

  test('a filter that is none', async () => {
    const cli = listen('packet:tap0', ...COLUMNS, '--filter', 'tcp prot 443');
    expect(await cli.end()).toBe(2);
    expect(cli.stderr).toMatch(/^tlsfp: --filter: .*syntax error.*; see man pcap-filter\n$/);
  });

  test('several workers share the connections: each hello once', async () => {
    const cli = listen('packet:tap0', ...COLUMNS, '--jobs', '2');
    await cli.until('both rings', (c) => c.stderr.split('listening').length === 3);
    const expected = Array.from({ length: 12 }, (_, i) => `host${i}.example`);
    for (const name of expected) curl(4433, name);
    await cli.until('all rows', (c) => c.rows.length === expected.length);
    expect(await cli.end('SIGTERM')).toBe(0);
    expect(names(cli).sort()).toEqual([...expected].sort());
  });

  test('on the loopback each hello is there once', async () => {
    const cli = listen('packet:lo', ...COLUMNS);
    await listening(cli);
    const [command, ...args] = inside(HERE, 'curl', '-sk', 'https://localhost:4433/');
    execFileSync(command!, args, { stdio: 'pipe' });
    await cli.until('the row', (c) => c.rows.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await cli.end('SIGTERM')).toBe(0);
    expect(names(cli)).toEqual(['localhost']);
  });

  test('the interface goes down, comes up, goes away, comes back', async () => {
    const cli = listen('packet:tap0', ...COLUMNS);
    await listening(cli);
    ip('-n', HERE, 'link', 'set', 'tap0', 'down');
    await cli.until('word of that', (c) =>
      c.stderr.includes('packet:tap0: the interface is down; waiting for it'),
    );
    ip('-n', HERE, 'link', 'set', 'tap0', 'up');
    await cli.until('word of that', (c) => c.stderr.includes('the interface is up again'));
    curl(4433, 'up.example');
    await cli.until('the row', (c) => c.rows.length === 1);
    ip('-n', HERE, 'link', 'del', 'tap0');
    await cli.until('word of that', (c) =>
      c.stderr.includes('the interface is gone; waiting for it to come back'),
    );
    makeCable();
    await cli.until('the second ring', (c) => c.stderr.split('listening').length === 3);
    curl(4433, 'back.example');
    await cli.until('the row', (c) => c.rows.length === 2);
    expect(await cli.end('SIGTERM')).toBe(0);
    expect(names(cli)).toEqual(['up.example', 'back.example']);
  });

  test('without the right to capture', async () => {
    const command = inside(HERE, 'setpriv', '--reuid=65534', '--clear-groups');
    const cli = new LiveCli(['packet:tap0', ...COLUMNS], { command });
    expect(await cli.end()).toBe(3);
    expect(cli.stderr).toMatch(
      /^tlsfp: packet:tap0: not permitted to capture; run as root, or give node the right/,
    );
  });

  test('an interface that is not there', async () => {
    const cli = listen('packet:nope0', ...COLUMNS);
    expect(await cli.end()).toBe(3);
    expect(cli.stderr).toBe('tlsfp: packet:nope0: there is no such interface; see `ip link`\n');
  });
});
