import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { Core } from '../../core/core.js';
import { Clock } from '../../live/clock.js';
import type { Libc } from '../../live/libc.js';
import { MemifRing } from '../../live/memif.js';
import { type MemifSpec, parseRing } from '../../live/spec.js';
import { pcap } from '../forge/index.js';
import { LIVE_PACKETS, type LiveKind } from './live-packets.js';
import { output } from './machine.js';
import { Spread } from './spread.js';

/** What was seen of one run against a sender. */
interface RateResult {
  readonly packets: number;
  readonly bytes: number;
  readonly seconds: number;
  /** Share of this thread's turns that found packets to read, by time. */
  readonly busy: number;
  /** Processor time that this process and the sender got, of the time that passed: the machine may be shared. */
  readonly ownShare: number;
  readonly senderShare: number;
  /** Best 100 ms, packets a second. */
  readonly best: number;
  readonly resyncs: number;
  readonly malformed: number;
  /** Heap in use before and after, bytes. */
  readonly heap: readonly [number, number];
  readonly collections: number;
  readonly longestPause: number;
}

const PMD = 'dpdk-testpmd';

function startSender(folder: string, capture: string) {
  const memif = `net_memif0,role=server,socket=${folder}/m.sock,socket-abstract=no,rsize=10,bsize=2048`;
  const eal = '-l 0,1 --main-lcore 0 --no-huge -m 256 --no-shconf --no-pci --no-telemetry'.split(' ');
  const options =
    '-i --no-flush-rx --forward-mode=io --nb-cores=1 --total-num-mbufs=8192 --no-lsc-interrupt'.split(' ');
  const child = spawn('stdbuf', [
    '-oL',
    PMD,
    ...eal,
    `--file-prefix=bench${process.pid}`,
    `--vdev=${memif}`,
    `--vdev=net_pcap0,rx_pcap=${capture},infinite_rx=1`,
    '--',
    ...options,
  ]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  return { child, output: () => output };
}

/** Keep this thread on some cores: the sender has core 1 to itself then. What is started inherits it. */
function pin(list: string): void {
  execFileSync('taskset', ['-cp', list, `${process.pid}`], { stdio: 'pipe' });
}

const turn = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Processor time of a process so far, s. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  // utime and stime in units of 10 ms (USER_HZ).
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Read a ring for so long, in this thread, as the loop of a live run does, without its sleeping. */
function read(
  core: Core,
  ring: MemifRing,
  seconds: number,
  sender: number,
): Omit<RateResult, 'collections' | 'longestPause'> {
  const start = performance.now();
  const own = process.cpuUsage();
  const other = cpuSeconds(sender);
  const before = { packets: core.counter('packets'), bytes: core.counter('bytes') };
  const heap = getHeapStatistics().used_heap_size;
  const end = start + seconds * 1000;
  let busy = 0;
  let best = 0;
  let mark = start;
  let marked = before.packets;
  for (let now = start; now < end; ) {
    const packets = ring.poll();
    if (core.ringFull) core.resetBatches();
    const after = performance.now();
    if (packets > 0) busy += after - now;
    now = after;
    if (now - mark >= 100) {
      const seen = core.counter('packets');
      best = Math.max(best, (seen - marked) / (now - mark));
      [mark, marked] = [now, seen];
    }
  }
  const elapsed = (performance.now() - start) / 1000;
  const packets = core.counter('packets') - before.packets;
  return {
    packets,
    bytes: core.counter('bytes') - before.bytes,
    seconds: elapsed,
    busy: busy / 1000 / elapsed,
    best: best * 1000,
    resyncs: core.counter('ring_resyncs'),
    malformed: core.counter('ring_malformed'),
    ownShare: (process.cpuUsage(own).user + process.cpuUsage(own).system) / 1e6 / elapsed,
    senderShare: (cpuSeconds(sender) - other) / elapsed,
    heap: [heap, getHeapStatistics().used_heap_size],
  };
}

async function rate(
  libc: Libc,
  kind: LiveKind,
  options: string,
  seconds: number,
): Promise<RateResult & { dropped: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'tlsfp-bench-'));
  const capture = join(folder, 'feed.pcap');
  const packets = LIVE_PACKETS[kind]().map((data) => ({ time: 0n, data }));
  writeFileSync(capture, pcap(packets));
  const sender = startSender(folder, capture);
  const core = new Core({ layout: 'wide' });
  core.begin(1);
  let up = false;
  const spec = parseRing(`memif:${folder}/m.sock?${options}`) as MemifSpec;
  const ring = new MemifRing(core, libc, spec, new Clock(), (message) => {
    up ||= message.startsWith('attached');
  });
  const pauses: number[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) pauses.push(entry.duration);
  });
  try {
    for (let i = 0; i < 600 && !up; i++) {
      ring.service();
      await turn(50);
    }
    sender.child.stdin.write('set fwd io retry\nset burst tx delay 1 retry 1000000\nstart\n');
    await turn(300);
    const pid = sender.child.pid!;
    pin('0');
    read(core, ring, 1, pid);
    observer.observe({ entryTypes: ['gc'] });
    const result = read(core, ring, seconds, pid);
    await turn(20);
    observer.disconnect();
    sender.child.stdin.write('stop\nshow port stats all\n');
    for (let i = 0; i < 30 && !/Accumulated/.test(sender.output()); i++) {
      ring.poll();
      await turn(10);
    }
    const dropped = /TX-dropped: (\d+)/.exec(
      sender.output().slice(sender.output().indexOf('Accumulated')),
    )?.[1];
    return {
      ...result,
      collections: pauses.length,
      longestPause: Math.max(0, ...pauses),
      dropped: dropped ?? 'not known',
    };
  } finally {
    pin(`0-${cpus().length - 1}`);
    ring.quiesce();
    ring.close();
    sender.child.stdin.end('quit\n');
    await new Promise((resolve) => sender.child.once('close', resolve));
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What is measured: packets, options of the ring, seconds of a run. */
const RUNS = [
  ['TCP data, 64 B', 'ring-size=1024', 2],
  ['TCP data, 600 B', 'ring-size=1024', 10],
  ['TCP data, 600 B', 'ring-size=1024&copy=1', 2],
  ['TCP data, 1514 B', 'ring-size=1024', 2],
] as const satisfies readonly (readonly [LiveKind, string, number])[];

const HEAD = [
  '| packets | read | Mpacket/s | Gbit/s | dropped, overruns, malformed | sender got | we got | of it with packets | that is, ns a packet | longest collection, ms |',
  '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
];

/** The rate against a sender on the other core that waits for room: what passes is what both together can do. */
export async function benchLiveRate(libc: Libc, runs: number): Promise<string> {
  if (output('sh', '-c', `command -v ${PMD}`) === null) {
    return `*** NOT MEASURED: the rate against DPDK: ${PMD} is not installed ***`;
  }
  const lines = [...HEAD];
  for (const [kind, options, seconds] of RUNS) {
    const results: Awaited<ReturnType<typeof rate>>[] = [];
    for (let run = 0; run < runs; run++) results.push(await rate(libc, kind, options, seconds));
    lines.push(tableLine(kind, options, seconds, results));
  }
  return `## Against dpdk-testpmd (\`--no-huge\`, \`io retry\`), ${runs} runs: median (least-most)\n\n${lines.join('\n')}`;
}

function tableLine(
  kind: LiveKind,
  options: string,
  seconds: number,
  results: readonly Awaited<ReturnType<typeof rate>>[],
): string {
  const spread = (value: (r: (typeof results)[number]) => number, digits: number) => {
    const values = new Spread();
    for (const result of results) values.add(value(result));
    return values.text(digits);
  };
  const losses = results.map((r) => `${r.dropped}, ${r.resyncs}, ${r.malformed}`);
  return `| ${[
    `${kind}, ${seconds} s`,
    options.includes('copy') ? 'copied' : 'in place',
    spread((r) => r.packets / r.seconds / 1e6, 2),
    spread((r) => (8 * r.bytes) / r.seconds / 1e9, 1),
    [...new Set(losses)].join('; '),
    `${spread((r) => 100 * r.senderShare, 0)} %`,
    `${spread((r) => 100 * r.ownShare, 0)} %`,
    `${spread((r) => 100 * r.busy, 0)} %`,
    spread((r) => (1e9 * r.busy * r.seconds) / r.packets, 0),
    spread((r) => r.longestPause, 2),
  ].join(' | ')} |`;
}
