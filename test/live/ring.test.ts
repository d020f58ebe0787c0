import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Core, type CoreOptions } from '../../src/core/core.js';
import { rowObjects } from '../../src/core/rows.js';
import { memifLayout } from '../../src/live/memif-connection.js';
import type { MemifSpec } from '../../src/live/spec.js';
import { parseRing } from '../../src/live/spec.js';
import type { ClientHelloRow, ServerHelloRow } from '../../src/schema/tables.js';
import { coreRows } from '../support/core-rows.js';
import { CORE_BUILDS } from '../support/wasm.js';
import { fixturePath, frames, timeless } from './support/fixtures.js';
import { MemifPeer } from './support/memif-peer.js';

const REGION = 65536;
const NOW = 1_800_000_000_000;

/** A core with rings in its memory, and the servers that write them. */
function ringCore(options: string, coreOptions: CoreOptions = {}) {
  const spec = parseRing(`memif:/x?${options}`) as MemifSpec;
  const layout = memifLayout(spec, spec.rings);
  const core = new Core({ layout: 'wide', ...coreOptions });
  core.begin(1);
  const region = core.memory.subarray(REGION, REGION + layout.length);
  const peers = layout.rings.map((offset, i) => {
    core.attachRing(i, {
      kind: 'memif',
      at: REGION + offset,
      buffers: REGION + layout.buffers[i]!,
      slots: spec.ringSize,
      bytes: spec.bufferSize,
      cacheLine: spec.cacheLine,
      region: REGION,
    });
    core.controlRing(i, 'offer');
    return new MemifPeer(region, { offset, slots: spec.ringSize, cacheLine: spec.cacheLine });
  });
  return { core, peers, region };
}

interface Rows {
  readonly clients: Partial<ClientHelloRow>[];
  readonly servers: Partial<ServerHelloRow>[];
}

const noRows = (): Rows => ({ clients: [], servers: [] });

/** Take the rows out of the core. */
function take(core: Core, into: Rows): void {
  const { client_hellos, hello_contents, server_hellos } = core.batches();
  const contents = hello_contents.columns.filter((c) => c.spec.name !== 'content_id');
  into.clients.push(
    ...[...rowObjects<ClientHelloRow>([...client_hellos.columns, ...contents], {})].map(timeless),
  );
  into.servers.push(...[...rowObjects<ServerHelloRow>(server_hellos.columns, {})].map(timeless));
  core.resetBatches();
}

/** Send frames through a ring, reading whenever there is no room; then end the capture. */
function through(core: Core, peers: readonly MemifPeer[], packets: readonly Uint8Array[]): Rows {
  const rows = noRows();
  const drain = () => {
    for (let i = 0; i < peers.length; i++) {
      while (core.pollRing(i, 7, NOW) > 0 || core.ringFull) if (core.ringFull) take(core, rows);
    }
  };
  for (const [i, packet] of packets.entries()) {
    const peer = peers[i % peers.length]!;
    if (!peer.send(packet)) {
      drain();
      expect(peer.send(packet)).toBe(true);
    }
    if (peers.length > 1) drain();
  }
  drain();
  while (core.finish(0) === 'BATCH_FULL') take(core, rows);
  take(core, rows);
  return rows;
}

async function ofFile(name: string): Promise<Rows> {
  const { clientHellos, serverHellos } = await coreRows(fixturePath(name));
  return { clients: clientHellos.map(timeless), servers: serverHellos.map(timeless) };
}

const FIXTURES = [
  'curl-7.88-openssl-3.0.pcap',
  'go-1.24.pcap',
  'gnutls-cli-3.7-dtls.pcap',
  'firefox-153-quic.pcap',
  'utls-1.8-parrots.pcap',
];

describe.each(CORE_BUILDS)('memif ring, %s build', (build) => {
  test.each(FIXTURES)('%s gives the rows of the file, over a ring that wraps', async (name) => {
    const { core, peers } = ringCore('ring-size=16&buffer-size=65536', { build });
    expect(through(core, peers, frames(name))).toEqual(await ofFile(name));
  });

  test('packets over several buffers are read as one', async () => {
    const name = 'utls-1.8-parrots.pcap';
    const { core, peers } = ringCore('ring-size=16384&buffer-size=256', { build });
    expect(through(core, peers, frames(name))).toEqual(await ofFile(name));
    expect(core.counter('snaplen_cut_packets')).toBe(0);
  });

  test('what goes on behind the end of the ring is cut, and counted', () => {
    const { core, peers } = ringCore('ring-size=4&buffer-size=128', { build });
    const frame = frames('go-1.24.pcap').find((f) => f.length > 256 && f.length < 384)!;
    for (let i = 0; i < 3; i++) peers[0]!.send(frame.subarray(0, 100));
    core.pollRing(0, 100, NOW);
    expect(peers[0]!.send(frame)).toBe(true);
    expect(core.pollRing(0, 100, NOW)).toBe(1);
    expect(core.counter('packets')).toBe(4);
    expect(core.counter('bytes')).toBe(300 + frame.length);
    expect(core.counter('captured_bytes')).toBe(300 + 128);
    expect(core.counter('snaplen_cut_packets')).toBe(1);
  });

  test('both directions of a connection may come on different rings', async () => {
    const name = 'curl-7.88-openssl-3.0.pcap';
    const { core, peers } = ringCore('rings=3&ring-size=8&buffer-size=65536', { build });
    expect(through(core, peers, frames(name))).toEqual(await ofFile(name));
  });

  test('a peer with cache lines of 128 bytes', async () => {
    const name = 'go-1.24.pcap';
    const { core, peers } = ringCore('ring-size=32&buffer-size=65536&cache-line=128', { build });
    expect(through(core, peers, frames(name))).toEqual(await ofFile(name));
  });

  test('free-running positions pass 65,536', () => {
    const { core, peers } = ringCore('ring-size=1024', { build });
    const frame = frames('go-1.24.pcap')[0]!;
    for (let round = 0; round < 70; round++) {
      for (let i = 0; i < 1000; i++) expect(peers[0]!.send(frame)).toBe(true);
      for (let read = 0; read < 1000; ) read += core.pollRing(0, 256, NOW);
    }
    expect(core.counter('packets')).toBe(70_000);
    expect(peers[0]!.free).toBe(1024);
  });

  test('full batches stop the reading within a ring, and nothing is lost', async () => {
    const name = 'utls-1.8-parrots.pcap';
    const { core, peers } = ringCore('ring-size=1024&buffer-size=65536', {
      build,
      limits: { batch_rows: 64 },
    });
    const rows = through(core, peers, [...frames(name), ...frames('go-1.24.pcap')]);
    const file = await ofFile(name);
    expect(rows.clients.slice(0, file.clients.length)).toEqual(file.clients);
  });
});

/** The frame of IPv4 between other hosts: another second byte in both addresses. */
function elsewhere(frame: Uint8Array, second: number): Uint8Array {
  const moved = frame.slice();
  moved[14 + 12 + 1] = second;
  moved[14 + 16 + 1] = second;
  return moved;
}

describe.each(CORE_BUILDS)('memif packets framed in batches, %s build', (build) => {
  // Packets with hellos among them, some over several buffers, and slots that are none.
  const packets = frames('go-1.24.pcap');
  const malformed = { length: 3000, flags: 0 };
  const step = fc.record({
    run: fc.integer({ min: 1, max: 90 }),
    broken: fc.integer({ min: 0, max: 4 }),
    budget: fc.integer({ min: 1, max: 100 }),
  });

  test('rows and counters are those of packets that come one at a time', () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 12 }),
        fc.constantFrom(256, 2048),
        (steps, bytes) => {
          const options = `ring-size=1024&buffer-size=${bytes}`;
          const together = ringCore(options, { build, limits: { batch_rows: 64 } });
          const single = ringCore(options, { build });
          const rows = { together: noRows(), single: noRows() };
          let sent = 0;
          let broken = 0;
          for (const each of steps) {
            const publish = (peer: MemifPeer, i: number) => {
              if (i < each.broken) peer.publish(malformed.length, malformed.flags);
              else expect(peer.send(packets[(sent + i) % packets.length]!)).toBe(true);
            };
            for (let i = 0; i < each.run; i++) {
              publish(together.peers[0]!, i);
              publish(single.peers[0]!, i);
              // What was read is a packet of one buffer, one of several, or no packet: one of them.
              expect(Math.abs(single.core.pollRing(0, 1, NOW))).toBeGreaterThan(0);
              if (single.core.ringFull) take(single.core, rows.single);
            }
            sent += each.run;
            broken += Math.min(each.run, each.broken);
            while (together.core.pollRing(0, each.budget, NOW) > 0 || together.core.ringFull) {
              if (together.core.ringFull) take(together.core, rows.together);
            }
          }
          for (const [core, into] of [
            [together.core, rows.together],
            [single.core, rows.single],
          ] as const) {
            while (core.finish(0) === 'BATCH_FULL') take(core, into);
            take(core, into);
          }
          expect(rows.together).toEqual(rows.single);
          expect(together.core.state().counters).toEqual(single.core.state().counters);
          expect(together.core.counter('packets')).toBe(sent - broken);
          expect(together.core.counter('ring_malformed')).toBe(broken);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a batch in which the rows become full is left there, and what was read of it counted once', () => {
    const isHello = (frame: Uint8Array) => frame[14 + 20 + 32] === 0x16 && frame[14 + 20 + 32 + 5] === 1;
    const hello = packets.find(isHello)!;
    const read = (budget: number) => {
      const { core, peers } = ringCore('ring-size=1024&buffer-size=4096', {
        build,
        limits: { batch_rows: 64 },
      });
      // Each packet a hello of a connection of its own.
      for (let i = 0; i < 250; i++) expect(peers[0]!.send(elsewhere(hello, i))).toBe(true);
      const rows = noRows();
      const stops: number[] = [];
      while (core.pollRing(0, budget, NOW) > 0 || core.ringFull) {
        if (!core.ringFull) continue;
        take(core, rows);
        stops.push(rows.clients.length);
      }
      take(core, rows);
      return { core, rows, stops };
    };
    const { core, rows, stops } = read(1000);
    expect(stops.length).toBeGreaterThan(2);
    expect(stops).toEqual(read(1).stops);
    expect(rows.clients.map((row) => row.src_ip)).toEqual(
      Array.from({ length: 250 }, (_, i) => `192.${i}.2.2`),
    );
    expect(core.counter('packets')).toBe(250);
    expect(core.counter('bytes')).toBe(250 * hello.length);
    expect(core.counter('captured_bytes')).toBe(250 * hello.length);
  });
});

describe('a hostile or broken memif peer', () => {
  test('a length beyond the buffer is no packet', () => {
    const { core, peers } = ringCore('ring-size=8&buffer-size=256');
    peers[0]!.publish(257, 0);
    peers[0]!.publish(0xffffffff, 0);
    expect(peers[0]!.send(frames('go-1.24.pcap')[0]!)).toBe(true);
    core.pollRing(0, 100, NOW);
    expect(core.counter('ring_malformed')).toBe(2);
    expect(core.counter('packets')).toBe(1);
  });

  test('a packet that goes on in a slot that was not published is no packet', () => {
    const { core, peers } = ringCore('ring-size=8&buffer-size=256');
    peers[0]!.publish(256, 1);
    peers[0]!.publish(256, 1);
    core.pollRing(0, 100, NOW);
    expect(core.counter('ring_malformed')).toBe(1);
    expect(core.counter('packets')).toBe(0);
    expect(peers[0]!.free).toBe(8);
  });

  test('a ring that overruns what was offered is taken up again behind it', () => {
    const { core, peers } = ringCore('ring-size=8&buffer-size=256');
    peers[0]!.tail = 300;
    expect(core.pollRing(0, 100, NOW)).toBe(0);
    expect(core.counter('ring_resyncs')).toBe(1);
    expect(peers[0]!.head).toBe(308);
    expect(peers[0]!.send(frames('go-1.24.pcap')[0]!)).toBe(true);
    expect(core.pollRing(0, 100, NOW)).toBe(1);
  });

  test('stale flags and wrong offsets in returned slots are written over or without effect', () => {
    const { core, peers, region } = ringCore('ring-size=2&buffer-size=256');
    const frame = frames('go-1.24.pcap')[0]!;
    for (let i = 0; i < 6; i++) {
      peers[0]!.send(frame);
      const view = new DataView(region.buffer, region.byteOffset);
      view.setUint16(peers[0]!.descriptor(i) + 2, 0xffff, true);
      expect(core.pollRing(0, 100, NOW)).toBe(1);
      expect(view.getUint16(peers[0]!.descriptor(i), true)).toBe(0);
      expect(view.getUint32(peers[0]!.descriptor(i) + 4, true)).toBe(256);
    }
    expect(core.counter('packets')).toBe(6);
  });

  test('slots are not offered again once that was stopped', () => {
    const { core, peers } = ringCore('ring-size=4&buffer-size=256');
    core.controlRing(0, 'stop');
    const frame = frames('go-1.24.pcap')[0]!;
    for (let i = 0; i < 4; i++) expect(peers[0]!.send(frame)).toBe(true);
    expect(core.pollRing(0, 100, NOW)).toBe(4);
    expect(peers[0]!.send(frame)).toBe(false);
    peers[0]!.tail = 999;
    core.pollRing(0, 100, NOW);
    expect(peers[0]!.head).toBe(4);
  });

  test('random bytes all over the region do no harm', () => {
    const { core, peers, region } = ringCore('ring-size=64&buffer-size=2048&rings=2');
    let seed = 42;
    const next = (below: number) => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    for (let i = 0; i < 20_000; i++) {
      region[next(4096)] = next(256);
      region[next(region.length)] = next(256);
      if (i % 3 === 0) peers[i % 2]!.tail = peers[i % 2]!.tail + next(70);
      core.pollRing(i % 2, 64, NOW + i);
      if (core.ringFull) core.resetBatches();
    }
    expect(core.counter('ring_resyncs')).toBeGreaterThan(0);
    expect(core.finish(0)).toBe('DONE');
    // No hello was among what was written.
    expect(core.counter('client_hellos')).toBe(0);
  });
});

test('interrupts are masked and unmasked in the ring', () => {
  const { core, peers } = ringCore('ring-size=8');
  core.controlRing(0, 'mask');
  expect(peers[0]!.masked).toBe(true);
  core.controlRing(0, 'unmask');
  expect(peers[0]!.masked).toBe(false);
});

test('connections are given up by time alone', () => {
  const { core, peers } = ringCore('ring-size=64&buffer-size=65536');
  const packets = frames('curl-7.88-openssl-3.0.pcap');
  const rows = noRows();
  // The SYN of the first connection, and nothing more of it.
  peers[0]!.send(packets[0]!);
  core.pollRing(0, 100, NOW);
  expect(core.openFlows).toBe(1);
  expect(core.expire(NOW + 119_000)).toBe(true);
  expect(core.openFlows).toBe(1);
  expect(core.expire(NOW + 121_000)).toBe(true);
  expect(core.openFlows).toBe(0);
  expect(core.counter('flows_expired')).toBe(1);
  take(core, rows);
  expect(rows.clients).toEqual([]);
});

test('a connection that ends a silence is waited for like any other', () => {
  const { core, peers } = ringCore('ring-size=64&buffer-size=65536');
  const [syn] = frames('curl-7.88-openssl-3.0.pcap');
  const at = (ms: number) => {
    peers[0]!.send(syn!);
    core.pollRing(0, 100, ms);
  };
  at(NOW);
  // The timer runs while nothing is sent, for longer than connections are waited for.
  for (let s = 1; s <= 400; s++) core.expire(NOW + 1000 * s);
  expect(core.openFlows).toBe(0);
  at(NOW + 400_500);
  expect(core.openFlows).toBe(1);
  for (let s = 401; s <= 515; s++) core.expire(NOW + 1000 * s);
  expect(core.openFlows).toBe(1);
  core.expire(NOW + 522_000);
  expect(core.openFlows).toBe(0);
});

describe('TPACKET_V3 block', () => {
  const BLOCK = 1 << 17;

  /** A core on a ring of two blocks, and a writer of packets into the first, as the kernel lays them out. */
  function packetCore(linkType = 1) {
    const core = new Core({ layout: 'wide' });
    core.begin(1);
    core.attachRing(0, { kind: 'packet', at: REGION, slots: 2, bytes: BLOCK, linkType });
    const memory = core.memory;
    const view = new DataView(memory.buffer, REGION, 2 * BLOCK);
    let at = 48;
    let count = 0;
    let last = 0;
    return {
      core,
      view,
      put(
        frame: Uint8Array,
        seconds: number,
        vlan?: { tci: number; tpid?: number },
        original = frame.length,
      ) {
        if (last) view.setUint32(last, at - last, true);
        view.setUint32(at + 4, seconds, true);
        view.setUint32(at + 8, 5, true);
        view.setUint32(at + 12, frame.length, true);
        view.setUint32(at + 16, original, true);
        view.setUint32(at + 20, 1 | (vlan ? 0x10 : 0) | (vlan?.tpid ? 0x40 : 0), true);
        view.setUint16(at + 24, 82, true);
        view.setUint32(at + 32, vlan?.tci ?? 0, true);
        view.setUint16(at + 36, vlan?.tpid ?? 0, true);
        memory.set(frame, REGION + at + 82);
        last = at;
        at = (at + 82 + frame.length + 15) & ~15;
        count++;
      },
      give() {
        view.setUint32(12, count, true);
        view.setUint32(16, 48, true);
        view.setUint32(8, 1, true);
      },
    };
  }

  test('packets with their own times, and the tag that the kernel took out', async () => {
    const name = 'curl-7.88-openssl-3.0.pcap';
    const { core, view, put, give } = packetCore();
    const packets = frames(name);
    for (const [i, frame] of packets.entries()) put(frame, 1_700_000_000 + i, { tci: 0x600a });
    give();
    while (core.pollRing(0, 7, 0) > 0);
    expect(view.getUint32(8, true)).toBe(0);
    const { client_hellos } = core.batches();
    const hellos = [...rowObjects<ClientHelloRow>(client_hellos.columns, {})];
    const file = await coreRows(fixturePath(name));
    expect(hellos.map((h) => h.packet)).toEqual(file.clientHellos.map((h) => h.packet));
    expect(hellos.map((h) => h.tunnel)).toEqual(hellos.map(() => 'vlan:10'));
    expect(hellos.map((h) => h.ts)).toEqual(
      hellos.map((h) => (1_700_000_000n + h.packet - 1n) * 1_000_000_000n + 5n),
    );
  });

  test('a service tag (802.1ad) is told from a VLAN', () => {
    const { core, put, give } = packetCore();
    for (const frame of frames('curl-7.88-openssl-3.0.pcap')) put(frame, 1, { tci: 7, tpid: 0x88a8 });
    give();
    while (core.pollRing(0, 1000, 0) > 0);
    const [hello] = rowObjects<ClientHelloRow>(core.batches().client_hellos.columns, {});
    expect(hello!.tunnel).toBe('qinq:7');
  });

  test('a block is given back only when it is read, and the next is waited for', () => {
    const { core, view, put, give } = packetCore();
    const [frame] = frames('go-1.24.pcap');
    put(frame!, 1);
    put(frame!, 2, undefined, 1500);
    give();
    expect(core.pollRing(0, 1, 0)).toBe(1);
    expect(view.getUint32(8, true)).toBe(1);
    expect(core.pollRing(0, 10, 0)).toBe(1);
    expect(view.getUint32(8, true)).toBe(0);
    expect(core.pollRing(0, 10, 0)).toBe(0);
    expect(core.counter('snaplen_cut_packets')).toBe(1);
  });

  test('a packet that reaches beyond its block is none', () => {
    const { core, view, put, give } = packetCore();
    const [frame] = frames('go-1.24.pcap');
    put(frame!, 1);
    put(frame!, 2);
    give();
    view.setUint32(48 + 12, BLOCK, true);
    core.pollRing(0, 10, 0);
    expect(core.counter('ring_malformed')).toBe(1);
    expect(core.counter('packets')).toBe(0);
    expect(view.getUint32(8, true)).toBe(0);
  });
});
