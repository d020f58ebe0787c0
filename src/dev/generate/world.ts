import { SeededRandom } from '../forge/random.js';
import type { Endpoint } from '../forge/tcp.js';
import { LineSink, PcapSink } from './sink.js';
import type { TruthRow } from './truth.js';

/** 2026-01-01T00:00:00Z */
const START = 1_767_225_600;

const WORDS = [
  'api',
  'cdn',
  'img',
  'login',
  'mail',
  'static',
  'files',
  'telemetry',
  'update',
  'video',
  'www',
  'auth',
];
const SITES = ['example.com', 'example.net', 'example.org', 'corp.example', 'shop.example', 'cloud.example'];

/** What all flows of a capture share: the output, the random numbers, the hosts and names, and the truth. */
export class World {
  readonly random: SeededRandom;
  readonly sink: PcapSink;
  /** Mean microseconds between packets. */
  readonly gap: number;
  /** Bytes that mean nothing: payload of what is encrypted. */
  readonly noise: Uint8Array;
  readonly counts = { tls: 0, quic: 0, swapped: 0, repeated: 0, overlapping: 0, splitHellos: 0 };
  /** True once the capture is long enough: flows end soon, no new ones begin. */
  draining = false;
  readonly #truth: LineSink;
  #nextPort = 0;

  constructor(options: { seed: number; path: string; truthPath: string; gap: number }) {
    this.random = new SeededRandom(options.seed);
    this.sink = new PcapSink(options.path, START);
    this.#truth = new LineSink(options.truthPath);
    this.gap = options.gap;
    this.noise = this.random.bytes(1 << 20);
  }

  /** A client and a server that do not talk to each other yet; a part of them over IPv6. */
  ends(serverPort: number, ipv6Share = 0.15): { client: Endpoint; server: Endpoint } {
    const { random } = this;
    // Each client port is used once in 16,000 flows and the hosts change with it: no two flows share their ends. Ports
    // below 49152 belong to protocols, and some tools go by that.
    const number = this.#nextPort++;
    const port = 49152 + (number % 16000);
    const round = Math.floor(number / 16000);
    const host = random.below(4000);
    const site = random.below(8192);
    if (random.chance(ipv6Share)) {
      const client = { address: `2001:db8:1:${(round + 1).toString(16)}::${(host + 1).toString(16)}`, port };
      return { client, server: { address: `2001:db8:ffff::${(site + 1).toString(16)}`, port: serverPort } };
    }
    const client = { address: `10.${round & 255}.${host >>> 8}.${host & 255}`, port };
    return { client, server: { address: `198.18.${site >>> 8}.${site & 255}`, port: serverPort } };
  }

  /** A host name out of some ten thousand. */
  name(): string {
    const { random } = this;
    return `${random.pick(WORDS)}${random.below(160)}.${random.pick(SITES)}`;
  }

  /** `length` bytes of noise from a random place; borrowed. */
  noiseOf(length: number): Uint8Array {
    const at = this.random.below(this.noise.length - length);
    return this.noise.subarray(at, at + length);
  }

  /** Record a hello that is out. */
  found(row: TruthRow): void {
    this.counts[row.protocol]++;
    if (row.packets > 1) this.counts.splitHellos++;
    this.#truth.line(row);
  }

  close(): void {
    this.sink.close();
    this.#truth.close();
  }
}

/** A flow under way: each step writes one packet. */
export type Flow = Generator<void, void, void>;

/**
 * Run flows, `concurrency` of them at a time, until the capture has `targetBytes`; those under way then come to their end.
 * The next packet is that of a random flow, sometimes several of the same in a row.
 */
export function runFlows(world: World, concurrency: number, targetBytes: number, next: () => Flow): void {
  const { random, sink } = world;
  const active: Flow[] = [];
  // What is under way still has to end: a handshake and a few packets each.
  const reserve = Math.min(targetBytes / 2, concurrency * 1500);
  while (active.length > 0 || !world.draining) {
    if (!world.draining && sink.size >= targetBytes - reserve) world.draining = true;
    if (!world.draining && active.length < concurrency) {
      active.push(next());
      continue;
    }
    if (active.length === 0) break;
    const index = random.below(active.length);
    const flow = active[index]!;
    let burst = 1 + random.below(4);
    while (burst-- > 0) {
      if (!flow.next().done) continue;
      active[index] = active[active.length - 1]!;
      active.pop();
      break;
    }
  }
}
