/**
 * What a live ring costs and what it carries.
 *
 *     npm run bench -- live
 *     npm run build && node dist/dev/bench/live.js [cost | rate] [RUNS]
 *
 * Our own cost per packet is taken by filling a ring and reading it, without a peer; the rate against `dpdk-testpmd`
 * (where it is installed) with the peer on one core and this thread on the other.
 */
import { PerformanceObserver } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { Core } from '../../core/core.js';
import { type Libc, loadLibc } from '../../live/libc.js';
import { type MemifConnection, type MemifLayout, memifLayout } from '../../live/memif-connection.js';
import { MemifCopy } from '../../live/memif-copy.js';
import { mapRegion, sealedMemory } from '../../live/region.js';
import { type MemifSpec, parseRing } from '../../live/spec.js';
import { LIVE_PACKETS, type LiveKind } from './live-packets.js';
import { benchLiveRate } from './live-rate.js';
import { describeMachine } from './machine.js';

const BATCH = 256;
const ROUNDS = 20_000;
const WARM_UP = 4000;

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

function ownCost(libc: Libc, kind: LiveKind, options: string): number[] {
  const packets = LIVE_PACKETS[kind]();
  const ring = new FilledRing(libc, parseRing(`memif:/x?${options}`) as MemifSpec, packets);
  const times = new Float64Array(ROUNDS);
  for (let i = 0; i < WARM_UP; i++) times[i] = ring.time();
  for (let i = 0; i < ROUNDS; i++) times[i] = ring.time();
  ring.close();
  return quantiles([...times], 0.05, 0.5, 0.95);
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 50));

/** Collections of garbage while a ring is read without being timed, and the packets read. */
async function collectionsOf(libc: Libc): Promise<{ count: number; packets: number }> {
  const packets = LIVE_PACKETS['TCP data, 600 B']();
  const ring = new FilledRing(libc, parseRing('memif:/x') as MemifSpec, packets);
  for (let i = 0; i < WARM_UP; i++) ring.turn();
  let count = 0;
  const observer = new PerformanceObserver((list) => {
    count += list.getEntries().length;
  });
  await pause();
  observer.observe({ entryTypes: ['gc'] });
  for (let i = 0; i < 10 * ROUNDS; i++) ring.turn();
  await pause();
  observer.disconnect();
  ring.close();
  return { count, packets: 10 * ROUNDS * BATCH };
}

const cells = (values: readonly number[]) => values.map((v) => v.toFixed(1)).join(' | ');

async function benchCost(libc: Libc): Promise<string> {
  const lines = [
    '| packets | in place: p5 | p50 | p95 | copied: p5 | p50 | p95 | copied / in place |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
  ];
  for (const kind of Object.keys(LIVE_PACKETS) as LiveKind[]) {
    const mapped = ownCost(libc, kind, 'ring-size=1024');
    const copied = ownCost(libc, kind, 'ring-size=1024&copy=1');
    lines.push(`| ${kind} | ${cells(mapped)} | ${cells(copied)} | ${(copied[1]! / mapped[1]!).toFixed(1)} |`);
  }
  const { count, packets } = await collectionsOf(libc);
  return [
    `## Own cost of a live packet, ns: full ring, decode, flow lookup; of ${ROUNDS} batches of ${BATCH}`,
    '',
    ...lines,
    '',
    `Collections of garbage while ${(packets / 1e6).toFixed(1)} million packets were read: ${count}`,
  ].join('\n');
}

/** Our own cost, the rate against a sender, or both, as Markdown. */
export async function benchLive(part: 'cost' | 'rate' | 'both' = 'both', runs = 3): Promise<string> {
  const libc = await loadLibc();
  const cost = part === 'rate' ? [] : [await benchCost(libc)];
  const rate = part === 'cost' ? [] : [await benchLiveRate(libc, runs)];
  return [...cost, ...rate].join('\n\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , part = 'both', runs = '3'] = process.argv;
  const command = ['node dist/dev/bench/live.js', ...process.argv.slice(2)].join(' ');
  console.log(`# Live rings\n\n${describeMachine(command)}\n`);
  console.log(await benchLive(part === 'cost' || part === 'rate' ? part : 'both', Number(runs)));
}
