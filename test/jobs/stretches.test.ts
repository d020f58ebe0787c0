import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Core, type CoreOptions } from '../../src/core/core.js';
import { pack } from '../../src/core/parcel.js';
import { RangeReader } from '../../src/core/range.js';
import { rowObjects } from '../../src/core/rows.js';
import { type BatchSet, GROUPS } from '../../src/core/views.js';
import * as forge from '../../src/dev/forge/index.js';
import { joinRows } from '../../src/jobs/join-rows.js';
import { Joiner } from '../../src/jobs/joiner.js';
import type { OrderedRows } from '../../src/jobs/merge.js';
import { divisible, StretchReader } from '../../src/jobs/stretch-reader.js';
import type { ReadAt } from '../../src/source/read-at.js';
import { captures, corpusIsThere } from '../conformance/corpus.js';
import { FIXTURES, generated, lines } from '../core/captures.js';
import { clientHello, connection, records, serverHello13 } from '../flow/conversation.js';

/**
 * The rows of a capture are the same, in the same order, whether one core reads it or several read stretches of it, wherever
 * these are cut.
 */

/** The core that joins, the one beside it, and the one that reads stretches. */
type Cores = readonly [Core, Core, Core];
const cores = (options: CoreOptions): Cores => [new Core(options), new Core(options), new Core(options)];
const WIDE = cores({ layout: 'wide' });
const NARROW = cores({ layout: 'narrow' });

/** What was read of a capture: rows as text by group, and the state at the end. */
class Transcript {
  readonly #rows = new Map<string, string[]>(GROUPS.map((group) => [group, []]));

  take(batches: BatchSet): void {
    for (const group of GROUPS) {
      const columns = batches[group].columns.map((c) => ({ ...c, spec: { ...c.spec, internal: false } }));
      for (const row of rowObjects<object>(columns, {})) this.#rows.get(group)!.push(lines([row]));
    }
  }

  end(core: Core, error: unknown, layout: 'narrow' | 'wide'): object {
    const { counters, ...state } = core.state();
    const counted = Object.entries(counters).filter(([name]) => !name.startsWith('content'));
    const rows = Object.fromEntries(this.#rows);
    // In the narrow layout contents come when they are first seen, and may be repeated.
    if (layout === 'narrow') rows.hello_contents = [...new Set(rows.hello_contents)].sort();
    return { rows, state, counted, error: String(error) };
  }
}

/** What became of the stretches that were not read by the joining core. */
interface Dealt {
  joined: number;
  declined: number;
  unread: number;
}

/**
 * Read a capture cut at `cuts`.
 *
 * @param isOwn whether the joining core reads stretch number i itself
 */
function read(
  bytes: Uint8Array,
  cuts: readonly number[],
  dealt: Dealt,
  isOwn: (i: number) => boolean,
  [core, alone, other]: Cores,
): object {
  const readAt: ReadAt = (into, at) => {
    const piece = bytes.subarray(at, at + into.length);
    into.set(piece);
    return piece.length;
  };
  const out = new Transcript();
  core.forgetContents();
  core.begin(1);
  const reader = new RangeReader(core, 'memory', readAt);
  const capture = divisible(readAt, bytes.length);
  const joiner = new Joiner(core, alone, readAt);
  let error: unknown = null;
  const take = () => {
    if (core.hasRows) out.take(core.batches());
    core.resetBatches();
  };
  const readTo = (stop: number) => {
    const steps = reader.readTo(stop);
    let next = steps.next();
    for (; !next.done; next = steps.next()) out.take(next.value);
    error = next.value;
    take();
  };
  /** Whether the stretch was joined. */
  const joins = (from: number, until: number): boolean => {
    const sets: OrderedRows[] = [];
    const report = new StretchReader(other, readAt, capture!).read(1, from, until, (batches, orders) =>
      sets.push({ batches: pack(batches).batches, orders }),
    );
    if (report === null) dealt.unread++;
    if (report === null) return false;
    while (!core.stretch.settle()) take();
    take();
    const others: OrderedRows[] = [];
    const gone = joiner.join(report, { sets }, 1, (batches, orders) =>
      others.push({ batches: pack(batches).batches, orders }),
    );
    dealt[gone === null ? 'declined' : 'joined']++;
    if (gone === null) return false;
    reader.moved();
    for (const set of joinRows(sets, gone.rows!, others)) out.take(set);
    return true;
  };
  let from = 0;
  for (const [i, until] of [...cuts, bytes.length].entries()) {
    const own = error !== null || isOwn(i) || capture === null || !joins(from, until);
    if (own && error === null) readTo(until);
    from = until;
  }
  if (error === null) readTo(Number.MAX_SAFE_INTEGER);
  let status = core.finish(error ? 0 : reader.rest);
  for (; status === 'BATCH_FULL'; status = core.finish(error ? 0 : reader.rest)) take();
  take();
  return out.end(core, error ?? reader.endError(status), core.layout);
}

/** Read it whole, and cut in both ways: every second stretch by another core, and all but the first. */
function expectTheSame(bytes: Uint8Array, cuts: readonly (readonly number[])[], using: Cores = WIDE): Dealt {
  const dealt = { joined: 0, declined: 0, unread: 0 };
  const whole = read(bytes, [], dealt, () => true, using);
  for (const places of cuts) {
    for (const isOwn of [(i: number) => i % 2 === 0, (i: number) => i === 0]) {
      expect(read(bytes, places, dealt, isOwn, using)).toEqual(whole);
    }
  }
  return dealt;
}

/** `parts` stretches of about the same length, moved on by `shift` of them. */
function even(bytes: Uint8Array, parts: number, shift = 0): number[] {
  const each = bytes.length / parts;
  return Array.from({ length: parts - 1 }, (_, i) => Math.floor((i + 1 + shift) * each));
}

describe('captures of real clients in stretches', () => {
  it.each(FIXTURES.map(({ name, bytes }) => [name, bytes] as const))('%s', (_, bytes) => {
    const single = Array.from({ length: 12 }, (_, i) => [Math.floor((bytes.length * (i + 0.5)) / 12)]);
    const dealt = expectTheSame(bytes, [...single, even(bytes, 3), even(bytes, 7, 0.3), even(bytes, 17)]);
    expect(dealt.joined).toBeGreaterThan(0);
  });
});

describe('generated captures in stretches', () => {
  it.each(['mix', 'hellos', 'pqsplit', 'quic'] as const)('%s', async (kind) => {
    const { bytes } = await generated(kind, 3_000_000, 5);
    const cuts = [even(bytes, 2), even(bytes, 9, 0.4), even(bytes, 23, 0.7)];
    const dealt = expectTheSame(bytes, cuts);
    expect(dealt.joined).toBeGreaterThan(20);
    expect(expectTheSame(bytes, cuts, NARROW).joined).toBeGreaterThan(20);
  });
});

/**
 * Connections that are open at every place, of every kind of end, over a time longer than they are waited for.
 *
 * @param leap of the clock in the middle, s
 */
function restless(count: number, leap = 0n): Uint8Array {
  const PUSH = forge.TCP_FLAG.psh | forge.TCP_FLAG.ack;
  const SECOND = 1_000_000_000n;
  const hello = records(clientHello('example.com', 900));
  const packets = Array.from({ length: count }, (_, i) => {
    // Ports come again, soon or late.
    const client = { address: `10.0.${i % 3}.${(i * 7) % 50}`, port: 2000 + (i % 40) };
    const start = 1_700_000_000n * SECOND + (BigInt(i) * SECOND) / 5n + BigInt(i);
    const stream = connection({ client, start, step: BigInt(1 + (i % 9)) * 100_000_000n }).syn();
    if (i % 11 === 0) return stream.packets;
    stream.packet('client', 0, PUSH, hello.subarray(0, 500));
    if (i % 7 === 0) stream.packet('client', 0, PUSH, hello.subarray(0, 500));
    if (i % 3 !== 0) stream.packet('client', 500, PUSH, hello.subarray(500));
    if (i % 4 !== 0) stream.packet('server', 0, PUSH, records(serverHello13()));
    if (i % 13 === 0) stream.packet('client', 0, PUSH, hello);
    return stream.packets;
  }).flat();
  const inOrder = packets.toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  const moved = inOrder.map((packet, i) => ({
    ...packet,
    time: packet.time + (i > inOrder.length / 2 ? leap * SECOND : 0n),
  }));
  return forge.pcap(forge.wrapAll(moved, (packet) => forge.ethernet(packet)));
}

describe('connections over the borders of stretches', () => {
  it('are those of one core at every cut', () => {
    const bytes = restless(60);
    const single = Array.from({ length: 300 }, (_, i) => [Math.floor((bytes.length * (i + 0.5)) / 300)]);
    const { joined } = expectTheSame(bytes, single);
    expect(joined).toBeGreaterThan(300);
  });

  it('are those of one core in many stretches', () => {
    const bytes = restless(1500);
    for (const using of [WIDE, NARROW]) {
      const cuts = [even(bytes, 10), even(bytes, 41, 0.5), even(bytes, 150, 0.1)];
      expect(expectTheSame(bytes, cuts, using).joined).toBeGreaterThan(100);
    }
  });
});

describe('a table that is full', () => {
  it('gives up the same connections as in one core', () => {
    const bytes = restless(400);
    for (const max_flows of [64, 100]) {
      const few = cores({ layout: 'wide', limits: { max_flows } });
      expectTheSame(bytes, [even(bytes, 3), even(bytes, 30, 0.5)], few);
    }
  });
});

describe('captures that cannot be cut everywhere', () => {
  const [first] = FIXTURES.filter(({ name }) => name.endsWith('.pcap'));

  it('have the same rows up to where they break off, and the same error', () => {
    const { bytes } = first!;
    for (const cut of [1, 17, 400]) {
      const broken = bytes.subarray(0, bytes.length - cut);
      expectTheSame(broken, [even(broken, 3), even(broken, 5)]);
    }
    const damaged = bytes.slice();
    damaged.fill(0xff, bytes.length / 2, bytes.length / 2 + 40);
    expectTheSame(damaged, [even(damaged, 3), even(damaged, 8)]);
  });

  it('may have a clock that leaps, and times that go back', () => {
    for (const leap of [-100_000n, -1n, 1n, 40n, 100_000n]) {
      const bytes = restless(200, leap);
      expectTheSame(bytes, [even(bytes, 4), even(bytes, 9, 0.5)]);
    }
  });
});

describe.runIf(corpusIsThere())('captures of the corpus in stretches', () => {
  it('have the same rows in the same order', { timeout: 300_000 }, () => {
    let joined = 0;
    for (const { path } of captures()) {
      const bytes = new Uint8Array(readFileSync(path));
      joined += expectTheSame(bytes, [even(bytes, 2), even(bytes, 3, 0.2), even(bytes, 11, 0.6)]).joined;
    }
    expect(joined).toBeGreaterThan(1000);
  });
});
