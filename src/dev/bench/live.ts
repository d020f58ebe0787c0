/**
 * What a live ring costs and what it carries.
 *
 *     npm run build && node dist/dev/bench/live.js [cost | rate]
 *
 * Our own cost per packet is taken by filling a ring and reading it, without a peer; the rate against `dpdk-testpmd`
 * (where it is installed) with the peer on one core and this thread on the other. Written to docs/bench/ by hand.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { PerformanceObserver } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { getHeapStatistics } from 'node:v8';
import { Core } from '../../core/core.js';
import { Clock } from '../../live/clock.js';
import { type Libc, loadLibc } from '../../live/libc.js';
import { MemifRing } from '../../live/memif.js';
import { type MemifConnection, type MemifLayout, memifLayout } from '../../live/memif-connection.js';
import { MemifCopy } from '../../live/memif-copy.js';
import { mapRegion, sealedMemory } from '../../live/region.js';
import { type MemifSpec, parseRing } from '../../live/spec.js';
import { scaled } from '../../live/status.js';
import { ethernet, pcap, tcpPacket, udpPacket } from '../forge/index.js';

const BATCH = 256;
const ROUNDS = 20_000;
const WARM_UP = 4000;

/** Kinds of packets, a thousand connections of each. */
const KINDS: Record<string, (connection: number) => Uint8Array> = {
  'TCP data, 64 B': (i) => tcpData(i, 64),
  'TCP data, 600 B': (i) => tcpData(i, 600),
  'TCP data, 1514 B': (i) => tcpData(i, 1514),
  'QUIC 1-RTT, 1242 B': (i) => {
    const payload = new Uint8Array(1200).fill(0x5a);
    payload[0] = 0x41;
    return ethernet(udpPacket(client(i), SERVER, payload));
  },
};

const SERVER = { address: '192.0.2.1', port: 443 };
const client = (i: number) => ({ address: `10.1.${i >> 8}.${i & 255}`, port: 1024 + i });

/** A segment of application data in the middle of a connection. */
function tcpData(i: number, frameBytes: number): Uint8Array {
  const payload = new Uint8Array(frameBytes - 54).fill(0x5a);
  payload.set([0x17, 3, 3, 4, 0]);
  return ethernet(tcpPacket({ source: SERVER, destination: client(i), sequence: 1_000_000 }, payload));
}

/** Quantiles of numbers. */
function quantiles(values: number[], ...at: number[]): number[] {
  const sorted = values.sort((a, b) => a - b);
  return at.map((q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!);
}

/** A ring filled with packets of one kind, and how often it likes to be read. */
class FilledRing {
  readonly #poll: (budget: number) => number;
  readonly #view: DataView;
  readonly #layout: MemifLayout;
  readonly #lengths: readonly number[];
  readonly #close: () => void;
  #tail = 0;

  constructor(libc: Libc, spec: MemifSpec, packets: readonly Uint8Array[]) {
    const core = new Core({ layout: 'wide' });
    core.begin(1);
    const layout = memifLayout(spec, 1);
    const fd = sealedMemory(libc, layout.length);
    const region = mapRegion(libc, core.memory, fd, layout.length, spec.copy);
    libc.call.close(fd);
    const shared = region.outside ?? core.memory.subarray(region.at, region.at + region.length);
    this.#layout = layout;
    this.#close = () => region.release();
    this.#view = new DataView(shared.buffer, shared.byteOffset, shared.length);
    const { ringSize: slots, bufferSize: bytes, cacheLine } = spec;
    const at = region.at + layout.rings[0]!;
    const buffers = region.at + layout.buffers[0]!;
    core.attachRing(0, { kind: 'memif', at, buffers, slots, bytes, cacheLine, region: region.at });
    core.controlRing(0, 'offer');
    this.#lengths = Array.from({ length: slots }, (_, slot) => {
      const packet = packets[slot % packets.length]!;
      shared.set(packet, layout.buffers[0]! + slot * bytes);
      return packet.length;
    });
    if (region.outside) {
      const connection = { region, layout } as MemifConnection;
      const copy = new MemifCopy(core, 0, spec, connection);
      copy.publish(true);
      this.#poll = (budget) => copy.poll(budget, NOW);
    } else this.#poll = (budget) => core.pollRing(0, budget, NOW);
  }

  /** Nanoseconds per packet of one batch. What the peer does is not timed. */
  time(): number {
    this.#fill();
    const start = performance.now();
    this.#read();
    return ((performance.now() - start) * 1e6) / BATCH;
  }

  /** One batch, not timed. */
  turn(): void {
    this.#fill();
    this.#read();
  }

  #read(): void {
    const read = this.#poll(BATCH);
    if (read !== BATCH) throw new Error(`read ${read} packets of ${BATCH}`);
  }

  #fill(): void {
    const ring = this.#layout.rings[0]!;
    for (let i = 0; i < BATCH; i++) {
      const slot = (this.#tail + i) & (this.#lengths.length - 1);
      this.#view.setUint32(ring + 128 + 16 * slot + 4, this.#lengths[slot]!, true);
    }
    this.#tail = (this.#tail + BATCH) & 0xffff;
    this.#view.setUint16(ring + 64, this.#tail, true);
  }

  close(): void {
    this.#close();
  }
}

const NOW = 1_800_000_000_000;

function ownCost(libc: Libc, kind: string, options: string): number[] {
  const packets = Array.from({ length: 1000 }, (_, i) => KINDS[kind]!(i));
  const ring = new FilledRing(libc, parseRing(`memif:/x?${options}`) as MemifSpec, packets);
  const times = new Float64Array(ROUNDS);
  for (let i = 0; i < WARM_UP; i++) times[i] = ring.time();
  for (let i = 0; i < ROUNDS; i++) times[i] = ring.time();
  ring.close();
  return quantiles([...times], 0.05, 0.5, 0.95);
}

/** Collections of garbage while a ring is read without being timed, and the packets read. */
async function collectionsOf(libc: Libc): Promise<{ count: number; packets: number }> {
  const packets = Array.from({ length: 1000 }, (_, i) => tcpData(i, 600));
  const ring = new FilledRing(libc, parseRing('memif:/x') as MemifSpec, packets);
  for (let i = 0; i < WARM_UP; i++) ring.turn();
  let count = 0;
  const observer = new PerformanceObserver((list) => {
    count += list.getEntries().length;
  });
  await turn(50);
  observer.observe({ entryTypes: ['gc'] });
  for (let i = 0; i < 10 * ROUNDS; i++) ring.turn();
  await turn(50);
  observer.disconnect();
  ring.close();
  return { count, packets: 10 * ROUNDS * BATCH };
}

const ns = (values: readonly number[]) => values.map((v) => v.toFixed(1).padStart(8)).join('');

async function benchCost(libc: Libc): Promise<void> {
  console.log(
    '\nOwn cost per packet, ring full, through decode and flow lookup (ns; p5, p50, p95 of batches of 256)',
  );
  for (const kind of Object.keys(KINDS)) {
    const mapped = ownCost(libc, kind, 'ring-size=1024');
    const copied = ownCost(libc, kind, 'ring-size=1024&copy=1');
    const factor = (copied[1]! / mapped[1]!).toFixed(1);
    console.log(
      `  ${kind.padEnd(20)} in place${ns(mapped)}   copied${ns(copied)}   copied / in place ${factor}`,
    );
  }
  const { count, packets } = await collectionsOf(libc);
  console.log(`  collections of garbage while ${scaled(packets)}packets were read: ${count}`);
}

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

function has(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

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
  kind: string,
  options: string,
  seconds: number,
): Promise<RateResult & { dropped: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'tlsfp-bench-'));
  const capture = join(folder, 'feed.pcap');
  const packets = Array.from({ length: 1000 }, (_, i) => ({ time: 0n, data: KINDS[kind]!(i) }));
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

async function benchRate(libc: Libc): Promise<void> {
  if (!has(PMD)) {
    console.log(`\n*** NOT MEASURED: the rate against DPDK: ${PMD} is not installed ***`);
    return;
  }
  console.log('\nAgainst dpdk-testpmd (--no-huge), which waits for room instead of dropping');
  for (const [kind, options, seconds] of [
    ['TCP data, 64 B', 'ring-size=1024', 3],
    ['TCP data, 600 B', 'ring-size=1024', 10],
    ['TCP data, 600 B', 'ring-size=1024&copy=1', 3],
    ['TCP data, 1514 B', 'ring-size=1024', 3],
  ] as const) {
    const r = await rate(libc, kind, options, seconds);
    const full = (share: number) => (8 * r.bytes) / r.seconds / share;
    console.log(
      `  ${kind}${options.includes('copy') ? ', copied' : ''}, ${options.match(/\d+/)![0]} slots, ${r.seconds.toFixed(1)} s`,
    );
    const words = [
      `${scaled(r.packets / r.seconds)}packet/s, ${scaled((8 * r.bytes) / r.seconds)}bit/s; best 100 ms ${scaled(r.best)}packet/s`,
      `dropped by the sender ${r.dropped}, ring overruns ${r.resyncs}, malformed slots ${r.malformed}`,
      `processor: sender ${percent(r.senderShare)}, this thread ${percent(r.ownShare)}, packets found in ${percent(r.busy)} of its time`,
      `for a whole core each: sender ${scaled(full(r.senderShare))}bit/s, this thread ${scaled(full(r.ownShare * r.busy))}bit/s`,
      `heap ${(r.heap[0] / 1e6).toFixed(1)} -> ${(r.heap[1] / 1e6).toFixed(1)} MB, ${r.collections} collections, longest ${r.longestPause.toFixed(2)} ms`,
    ];
    for (const line of words) console.log(`      ${line}`);
  }
}

const percent = (share: number) => `${(100 * share).toFixed(0)} %`;

function heading(): string {
  const commit = (() => {
    try {
      return execFileSync('git', ['describe', '--always', '--dirty'], {
        encoding: 'utf8',
        stdio: 'pipe',
      }).trim();
    } catch {
      return 'not known';
    }
  })();
  const processors = cpus();
  return [
    `date     ${new Date().toISOString()}`,
    `commit   ${commit}`,
    `machine  ${processors[0]?.model ?? '?'}, ${processors.length} cores, Linux ${release()}, Node ${process.version}`,
  ].join('\n');
}

/** Measure, and print: our own cost, the rate against a sender, or both. */
export async function benchLive(part: 'cost' | 'rate' | 'both' = 'both'): Promise<void> {
  const libc = await loadLibc();
  console.log(heading());
  if (part !== 'rate') await benchCost(libc);
  if (part !== 'cost') await benchRate(libc);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const part = process.argv[2];
  await benchLive(part === 'cost' || part === 'rate' ? part : 'both');
}
