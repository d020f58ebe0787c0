import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { coreRows, temporaryFolder } from '../support/core-rows.js';
import { fixturePath } from './support/fixtures.js';
import { LiveCli } from './support/live-cli.js';
import { lacks, libcOrNull } from './support/requirements.js';

const WHAT = 'memif against DPDK (dpdk-testpmd)';
const skipped = lacks(WHAT, 'dpdk-testpmd', 'stdbuf') || (await libcOrNull(WHAT)) === null;

const COLUMNS = [
  'packet',
  'src_ip',
  'dst_port',
  'protocol',
  'sni',
  'ja3',
  'ja4',
  'ja4_r',
  'anomalies',
  'attempt',
];

let folder: ReturnType<typeof temporaryFolder>;
let testpmd: ChildProcess | null = null;

beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => {
  testpmd?.kill('SIGKILL');
  folder.remove();
});

/** testpmd as memif server, forwarding a capture to it at the word of `start`. */
function feeder(
  socket: string,
  capture: string,
): { start(): void; output(): string; quit(): Promise<unknown> } {
  const memif = `net_memif0,role=server,socket=${socket},socket-abstract=no,rsize=10,bsize=2048`;
  const eal = '-l 0,1 --main-lcore 0 --no-huge -m 256 --no-shconf --no-pci --no-telemetry'.split(' ');
  const options =
    '-i --no-flush-rx --forward-mode=io --nb-cores=1 --total-num-mbufs=8192 --no-lsc-interrupt'.split(' ');
  const child = spawn('stdbuf', [
    '-oL',
    'dpdk-testpmd',
    ...eal,
    `--file-prefix=tlsfp${process.pid}`,
    `--vdev=${memif}`,
    `--vdev=net_pcap0,rx_pcap=${capture}`,
    '--',
    ...options,
  ]);
  testpmd = child;
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  return {
    output: () => output,
    start: () => child.stdin.write('set fwd io retry\nset burst tx delay 1 retry 1000000\nstart\n'),
    quit: () => {
      child.stdin.end('stop\nquit\n');
      return child.exitCode === null ? once(child, 'close') : Promise.resolve();
    },
  };
}

describe.skipIf(skipped)('memif against DPDK', () => {
  test.each([
    ['utls-1.8-parrots.pcap', ''],
    ['chromium-156-quic.pcap', ''],
    ['gnutls-cli-3.7-dtls.pcap', ''],
    ['openssl-3.0.pcap', '&copy=1'],
  ])('%s gives the rows of the file%s', async (name, option) => {
    const socket = join(folder.path, 'dpdk.sock');
    const { clientHellos } = await coreRows(fixturePath(name));
    const pmd = feeder(socket, fixturePath(name));
    const cli = new LiveCli([
      `memif:${socket}?id=0${option}`,
      '--format',
      'ndjson',
      '--columns',
      COLUMNS.join(','),
    ]);
    await cli.until('attaching to DPDK', (c) => /attached to DPDK/.test(c.stderr));
    pmd.start();
    await cli.until('all rows', (c) => c.rows.length >= clientHellos.length);
    await pmd.quit();
    await cli.until('the end of the peer', (c) => c.stderr.includes('the peer is gone'));
    expect(await cli.end('SIGTERM')).toBe(0);
    const expected = clientHellos.map((row) =>
      Object.fromEntries(
        COLUMNS.map((c) => [c, c === 'packet' ? Number(row[c]) : row[c as keyof typeof row]]),
      ),
    );
    expect(cli.rows).toEqual(expected);
    expect(cli.stderr).toMatch(/ packets .* no drops/);
  });
});
