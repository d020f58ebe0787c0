import { describe, expect, test } from 'vitest';
import { Core, type CoreOptions } from '../../src/core/core.js';
import { readCapture } from '../../src/core/read.js';
import { ByteWriter, concat } from '../../src/dev/forge/bytes.js';
import { type ForgedPacket, pcap } from '../../src/dev/forge/capture.js';
import { ipv4Fragments, ipv6, ipv6Fragments } from '../../src/dev/forge/ip.js';
import { SeededRandom } from '../../src/dev/forge/random.js';
import { gre } from '../../src/dev/forge/tunnel.js';
import { type CoreRows, coreRows, memorySource } from '../support/core-rows.js';
import { ipPackets, ipVersion } from '../support/fixture-packets.js';
import { CORE_BUILDS } from '../support/wasm.js';

const FIXTURE = 'curl-7.88-openssl-3.0.pcap';
const RAW = 101;
const packets = ipPackets(FIXTURE);

function needsCutting(packet: Uint8Array, size: number): boolean {
  return packet.length > (ipVersion(packet) === 4 ? 20 : 40) + size;
}

function fragmentsOf(packet: Uint8Array, size: number, id: number): Uint8Array[] {
  if (ipVersion(packet) === 4) return ipv4Fragments(packet, size);
  return needsCutting(packet, size) ? ipv6Fragments(packet, size, id) : [packet];
}

/** Every packet cut to fragments, each datagram's put in an order of their own. */
function fragmented(
  size: number,
  order: (fragments: Uint8Array[]) => Uint8Array[] = (fragments) => fragments,
): ForgedPacket[] {
  return packets.flatMap(({ time, data }, i) =>
    order(fragmentsOf(data, size, i + 1)).map((fragment) => ({ time, data: fragment })),
  );
}

function capture(of: readonly ForgedPacket[]): Uint8Array {
  return pcap(of, { linkType: RAW, resolution: 'ns' });
}

type Hello = CoreRows['clientHellos'][number] | CoreRows['serverHellos'][number];

/** Rows without packet numbers; what fragmentation adds to their anomalies is taken out. */
function bare(rows: readonly Hello[]): object[] {
  return rows.map(({ packet: _, first_packet: __, tunnel: ___, anomalies, ...rest }) => ({
    ...rest,
    anomalies: anomalies.filter((name) => name !== 'ip_fragmented'),
  }));
}

/** The first packet of the fixture that carries a ClientHello over IPv4. */
const hello = packets.find(({ data }) => ipVersion(data) === 4 && data.length > 300)!;

function at(seconds: number, data: Uint8Array): ForgedPacket {
  return { time: hello.time + BigInt(seconds) * 1_000_000_000n, data };
}

describe.each(CORE_BUILDS)('IP fragments (%s)', (build) => {
  const rows = (of: readonly ForgedPacket[], options: CoreOptions = {}): Promise<CoreRows> =>
    coreRows(capture(of), { build, ...options });

  const random = new SeededRandom(7);
  test.each([
    ['in order', (fragments: Uint8Array[]) => fragments],
    ['reversed', (fragments: Uint8Array[]) => [...fragments].reverse()],
    ['shuffled', (fragments: Uint8Array[]) => random.shuffled(fragments)],
    ['twice', (fragments: Uint8Array[]) => fragments.slice(0, -1).concat(fragments)],
  ])('give the rows of whole packets: %s', async (_, order) => {
    const whole = await rows(packets);
    for (const size of [64, 256, 512]) {
      const pieces = fragmented(size, order);
      const cut = await rows(pieces);
      expect(bare(cut.clientHellos)).toEqual(bare(whole.clientHellos));
      expect(bare(cut.serverHellos)).toEqual(bare(whole.serverHellos));
      for (const [i, { anomalies }] of cut.clientHellos.entries()) {
        const { data } = packets[Number(whole.clientHellos[i]!.packet) - 1]!;
        expect(anomalies.includes('ip_fragmented')).toBe(needsCutting(data, size));
      }
      const { counters } = cut.state;
      const large = packets.filter(({ data }) => needsCutting(data, size));
      expect(counters.fragments_reassembled).toBe(BigInt(large.length));
      expect(counters.fragments).toBe(BigInt(pieces.length - (packets.length - large.length)));
      expect([counters.fragments_dropped, counters.fragment_overlaps]).toEqual([0n, 0n]);
      expect(counters.tcp_packets).toBe(whole.state.counters.tcp_packets);
    }
  });

  test('are reassembled inside and around tunnels', async () => {
    const whole = await rows(packets);
    const inside = packets.flatMap(({ time, data }, i) =>
      fragmentsOf(data, 256, i + 1).map((fragment) => ({ time, data: gre(fragment, { key: 3 }) })),
    );
    const around = packets.flatMap(({ time, data }, i) =>
      fragmentsOf(gre(data, { key: 3 }, 6), 256, i + 1).map((fragment) => ({ time, data: fragment })),
    );
    for (const carried of [inside, around]) {
      const cut = await rows(carried);
      expect(bare(cut.clientHellos)).toEqual(bare(whole.clientHellos));
      expect(cut.clientHellos.every(({ tunnel }) => tunnel === 'gre:3')).toBe(true);
    }
  });

  test('keep the bytes that came first where they overlap', async () => {
    const [first, second] = ipv4Fragments(hello.data, 256) as [Uint8Array, Uint8Array];
    // The second fragment begins 128 bytes early, with other bytes than the first has there.
    const early = concat(second.subarray(0, 20), new Uint8Array(128).fill(0xee), second.subarray(20));
    const offset = (256 - 128) / 8;
    early[6] = (second[6]! & 0x20) | (offset >> 8);
    early[7] = offset & 0xff;
    early[2] = early.length >> 8;
    early[3] = early.length & 0xff;
    const rest = ipv4Fragments(hello.data, 256).slice(2);
    const cut = await rows([first, early, ...rest].map((data) => at(0, data)));
    const whole = await rows([hello]);
    expect(whole.clientHellos).toHaveLength(1);
    expect(bare(cut.clientHellos)).toEqual(bare(whole.clientHellos));
    expect(cut.state.counters.fragment_overlaps).toBe(1n);
  });

  test('are given up when the rest comes too late', async () => {
    const [first, ...rest] = ipv4Fragments(hello.data, 256) as [Uint8Array, ...Uint8Array[]];
    const late = await rows([at(0, first), ...rest.map((data) => at(31, data))]);
    expect(late.clientHellos).toHaveLength(0);
    // The first fragment by its age, the others by the end of the capture.
    expect(late.state.counters.fragments_dropped).toBe(2n);
    const inTime = await rows([at(0, first), ...rest.map((data) => at(29, data))]);
    expect(inTime.clientHellos).toHaveLength(1);
    const allowed = await rows([at(0, first), ...rest.map((data) => at(31, data))], {
      limits: { fragment_timeout_seconds: 60 },
    });
    expect(allowed.clientHellos).toHaveLength(1);
  });

  test('the oldest datagram gives way beyond max_fragmented_datagrams', async () => {
    const mine = ipv4Fragments(hello.data, 256);
    const other = ipv4Fragments(hello.data, 256).map((fragment) => {
      const copy = fragment.slice();
      copy[5]! ^= 0xff;
      return copy;
    });
    const order = [mine[0]!, other[0]!, ...mine.slice(1), ...other.slice(1)].map((data) => at(0, data));
    const both = await rows(order);
    expect(both.state.counters.fragments_reassembled).toBe(2n);
    const one = await rows(order, { limits: { max_fragmented_datagrams: 1 } });
    expect(one.state.counters.fragments_reassembled).toBe(0n);
    expect(one.state.counters.fragments_dropped).toBeGreaterThanOrEqual(2n);
  });

  test('with impossible offsets and lengths are dropped', async () => {
    const [first, second] = ipv4Fragments(hello.data, 256) as [Uint8Array, Uint8Array];
    const beyond = second.slice();
    beyond[6] = 0x1f;
    beyond[7] = 0xff;
    const odd = concat(first, [1, 2, 3]);
    odd[2] = odd.length >> 8;
    odd[3] = odd.length & 0xff;
    for (const wrong of [beyond, odd]) {
      const { state, clientHellos } = await rows([at(0, wrong)]);
      expect(clientHellos).toHaveLength(0);
      expect([state.counters.fragments, state.counters.fragments_dropped]).toEqual([1n, 1n]);
    }
  });

  test('cut by a snap length complete nothing and break nothing', async () => {
    const cut = await coreRows(pcap(fragmented(512), { linkType: RAW, snapLength: 200 }), { build });
    expect(cut.state.counters.fragments_reassembled).toBeLessThan(cut.state.counters.fragments);
    expect(cut.state.counters.fragments_dropped).toBeGreaterThan(0n);
    expect(cut.clientHellos.filter(({ complete }) => complete)).toHaveLength(0);
  });

  test('an atomic fragment of IPv6 is a whole packet (RFC 6946)', async () => {
    const six = packets.filter(({ data }) => ipVersion(data) === 6);
    const atomic = six.map(({ time, data }) => ({
      time,
      data: ipv6(
        {
          source: '2001:db8::1',
          destination: '2001:db8::2',
          nextHeader: data[6]!,
          extensionHeaders: [{ type: 44, data: new Uint8Array(7) }],
        },
        data.subarray(40),
      ),
    }));
    const { clientHellos, state } = await rows(atomic);
    expect(clientHellos.length).toBe((await rows(six)).clientHellos.length);
    expect(clientHellos.length).toBeGreaterThan(0);
    expect(state.counters.fragments).toBe(0n);
    expect(clientHellos[0]!.anomalies).not.toContain('ip_fragmented');
  });

  test('give their memory back', async () => {
    const many = Array.from({ length: 400 }, (_, i) =>
      fragmented(256).map(({ time, data }) => ({ time: time + BigInt(i) * 1_000_000n, data })),
    ).flat();
    const { state } = await rows(many, { limits: { reassembly_bytes: 1_048_576 } });
    const once = await rows(fragmented(256));
    expect(state.counters.fragments_reassembled).toBe(400n * once.state.counters.fragments_reassembled);
    expect(state.counters.fragments_dropped).toBe(0n);
  });

  test('of more datagrams than a quarter of the memory holds give way, oldest first', async () => {
    const first = ipv4Fragments(hello.data, 256)[0]!;
    const flood = Array.from({ length: 500 }, (_, i) => {
      const copy = first.slice();
      copy[4] = i >> 8;
      copy[5] = i & 0xff;
      return at(0, copy);
    });
    const mine = ipv4Fragments(hello.data, 256).map((data) => {
      const copy = data.slice();
      copy.set([0xff, 0xff], 4);
      return at(0, copy);
    });
    const { state, clientHellos } = await rows([...flood, ...mine], {
      limits: { reassembly_bytes: 1_048_576 },
    });
    expect(clientHellos).toHaveLength(1);
    expect(state.counters.fragments_dropped).toBe(500n);
  });

  test('within fragments end at max_tunnel_depth', async () => {
    // The payload of each datagram is a fragment header with the second half of the next, whose first half is there.
    const header = (next: number, id: number, offset: number, more: number): Uint8Array =>
      new ByteWriter()
        .u8(next)
        .u8(0)
        .u16(offset | more)
        .u32(id)
        .done();
    const packet = (payload: Uint8Array): ForgedPacket =>
      at(0, ipv6({ source: '2001:db8::1', destination: '2001:db8::2', nextHeader: 44 }, payload));
    const levels = 40;
    const halves = Array.from({ length: levels }, (_, i) =>
      packet(concat(header(44, i + 1, 0, 1), header(59, i + 2, 8, 0))),
    );
    const { state } = await rows([...halves, packet(concat(header(59, 1, 8, 0), new Uint8Array(8)))]);
    expect(state.counters.tunnel_depth_exceeded).toBe(1n);
    // The first, eight within it as max_tunnel_depth says, and the one that is not walked.
    expect(state.counters.fragments_reassembled).toBe(10n);
    expect(state.counters.fragments_dropped).toBe(BigInt(levels - 10));
  });

  test('of one capture are not joined with those of the next, unless it goes on', async () => {
    const [first, ...rest] = ipv4Fragments(hello.data, 256) as [Uint8Array, ...Uint8Array[]];
    const one = capture([at(0, first)]);
    const two = capture(rest.map((data) => at(1, data)));
    for (const goesOn of [false, true]) {
      const core = new Core({ build, layout: 'wide' });
      let hellos = 0;
      for (const [i, bytes] of [one, two].entries()) {
        const continues = { from: goesOn && i === 1, into: goesOn && i === 0 };
        for await (const batch of readCapture(core, memorySource(bytes), i + 1, { continues })) {
          hellos += batch.client_hellos.rows;
        }
      }
      expect(hellos).toBe(goesOn ? 1 : 0);
    }
  });
});
