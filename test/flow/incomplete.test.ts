import { describe, expect, it } from 'vitest';
import * as forge from '../../src/dev/forge/index.js';
import type { CounterName } from '../../src/schema/codes.js';
import type { CoreRows } from '../support/core-rows.js';
import {
  CLIENT,
  clientHello,
  connection,
  records,
  rowsOf,
  serverHello12,
  wholeHello,
} from './conversation.js';

const PUSH = forge.TCP_FLAG.psh | forge.TCP_FLAG.ack;
const HELLO = records(clientHello('example.com', 1500));

/** Exactly one row, incomplete for `reason`, counted once, without fingerprints, its lists as far as seen. */
function expectIncomplete(
  rows: CoreRows,
  reason: string,
  counter = `incomplete_${reason}` as CounterName,
): void {
  expect(rows.clientHellos).toMatchObject([
    {
      complete: false,
      cipher_suites: [0x1301, 0x1302, 0xc02b, 0xc02f],
      sni: 'example.com',
      ja3: null,
      ja3n: null,
      ja4: null,
      ja4_r: null,
      ja4_o: null,
      ja4_ro: null,
      npf: null,
      hello_bytes: HELLO.length - 5,
    },
  ]);
  expect(rows.clientHellos[0]!.anomalies).toContain(reason);
  expect(rows.state.counters[counter]).toBe(1n);
  const reasons = Object.entries(rows.state.counters).filter(([name]) => name.startsWith('incomplete_'));
  expect(reasons.reduce((sum, [, n]) => sum + Number(n), 0)).toBe(1);
}

/** `count` connections that have sent the first half of a hello, a second apart. */
function halves(count: number, bytes = 300, apart = 1_000_000_000n): forge.ForgedPacket[] {
  return Array.from({ length: count }, (_, i) =>
    connection({
      client: { ...CLIENT, port: 20_000 + i },
      start: 1_700_000_000_000_000_000n + BigInt(i) * apart,
    })
      .open()
      .packet('client', 0, PUSH, HELLO.subarray(0, bytes)),
  ).flatMap((stream) => stream.packets);
}

describe('hellos that were not completed have a row that says why', () => {
  it('snap length, in the only packet', async () => {
    const stream = connection({ segmentSize: 4000 }).open().send('client', HELLO);
    const rows = await rowsOf(stream.packets, { snapLength: 200 });
    expectIncomplete(rows, 'snaplen_cut');
    expect(rows.clientHellos[0]!.captured_bytes).toBe(200 - 54 - 5);
    expect(rows.state.counters.snaplen_cut_packets).toBe(1n);
  });

  it.each([100, 60, 54])('snap length, in the second packet, %s bytes of it kept', async (kept) => {
    const stream = connection({ segmentSize: 1000 }).open().send('client', HELLO);
    const packets = stream.packets.map((packet, i) =>
      i === 4
        ? { ...packet, data: packet.data.subarray(0, kept - 14), originalLength: packet.data.length + 14 }
        : packet,
    );
    const rows = await rowsOf(packets);
    expectIncomplete(rows, 'snaplen_cut');
    expect(rows.clientHellos[0]!.captured_bytes).toBe(1000 - 5 + kept - 54);
  });

  it('snap length, in the packet captured first of two', async () => {
    const stream = connection().open();
    stream
      .packet('client', 1000, PUSH, HELLO.subarray(1000))
      .packet('client', 0, PUSH, HELLO.subarray(0, 1000));
    const packets = stream.packets.map((packet, i) =>
      i === 3
        ? { ...packet, data: packet.data.subarray(0, 100), originalLength: packet.data.length + 14 }
        : packet,
    );
    expectIncomplete(await rowsOf(packets), 'snaplen_cut');
  });

  it('snap length behind the end of the hello: complete', async () => {
    const extra = forge.concat(HELLO, new Uint8Array(800).fill(23));
    const stream = connection({ segmentSize: 4000 }).open().send('client', extra);
    const rows = await rowsOf(stream.packets, { snapLength: 54 + HELLO.length + 3 });
    expect(rows.clientHellos).toMatchObject([wholeHello()]);
  });

  it('a segment that is not in the capture', async () => {
    const stream = connection({ segmentSize: 500 }).open();
    stream.send('client', HELLO, { arrange: forge.arrange.without(1) });
    const rows = await rowsOf(stream.close().packets);
    expectIncomplete(rows, 'missing_segment');
    expect(rows.clientHellos[0]!.captured_bytes).toBe(495);
  });

  it('the end of the capture', async () => {
    expectIncomplete(await rowsOf(halves(1)), 'end_of_capture');
  });

  it('the connection was given up after flow_timeout_seconds', async () => {
    const later = connection({
      client: { ...CLIENT, port: 50_000 },
      start: 1_700_000_100_000_000_000n,
    }).open();
    const rows = await rowsOf([...halves(1), ...later.packets], { limits: { flow_timeout_seconds: 20 } });
    expectIncomplete(rows, 'evicted');
    expect(rows.state.counters.flows_expired).toBe(1n);
  });

  it('the connection had to make room (max_flows)', async () => {
    const others = Array.from({ length: 70 }, (_, i) =>
      connection({ client: { ...CLIENT, port: 50_000 + i }, start: 1_700_000_010_000_000_000n }).syn(),
    );
    const rows = await rowsOf([...halves(1), ...others.flatMap((one) => one.packets)], {
      limits: { max_flows: 64 },
    });
    expectIncomplete(rows, 'evicted');
    expect(rows.state.counters.flows_evicted).toBeGreaterThanOrEqual(7n);
  });

  it('it is longer than max_hello_bytes', async () => {
    const long = records(clientHello('example.com', 6000));
    const stream = connection().open().send('client', long);
    const { clientHellos, state } = await rowsOf(stream.packets, { limits: { max_hello_bytes: 4096 } });
    expect(clientHellos).toMatchObject([
      { complete: false, sni: 'example.com', anomalies: ['buffer_limit'] },
    ]);
    expect(state.counters).toMatchObject({ buffer_limit_hits: 1n, incomplete_buffer_limit: 1n });
  });

  it('the reassembly memory was full: the oldest give way, none is lost', async () => {
    // 1 MiB in blocks of at least 4 KiB: at most 256 partial hellos at a time.
    const rows = await rowsOf(halves(400, 300, 1_000_000n), { limits: { reassembly_bytes: 1_048_576 } });
    const reasons = rows.clientHellos.map((row) => row.anomalies[0]);
    expect(rows.clientHellos.length).toBe(400);
    expect(reasons.filter((reason) => reason === 'buffer_limit').length).toBe(144);
    expect(reasons.filter((reason) => reason === 'end_of_capture').length).toBe(256);
    expect(rows.state.counters.flows_evicted).toBe(144n);
  });

  it('the memory was full, and the connection that is next to it in the table gives way', async () => {
    const ends = (port: number) =>
      connection({ client: { ...CLIENT, port }, start: 1_699_999_999_000_000_000n });
    const oldest = ends(60_000).open().packet('client', 0, PUSH, HELLO.subarray(0, 300));
    const next = ends(60_001).open();
    const opened = next.packets.length;
    next.send('client', HELLO, { segmentSize: 700 });
    const packets = [
      ...oldest.packets,
      ...next.packets.slice(0, opened),
      ...halves(255, 300, 1_000_000n),
      ...next.packets.slice(opened),
    ];
    const rows = await rowsOf(packets, { limits: { reassembly_bytes: 1_048_576 } });
    const row = (port: number) => rows.clientHellos.find((one) => one.src_port === port);
    expect(row(60_000)).toMatchObject({ complete: false, anomalies: ['buffer_limit'] });
    expect(row(60_001)).toMatchObject(wholeHello());
  });

  it('more gaps than max_gaps', async () => {
    const stream = connection({ segmentSize: 100 }).open();
    stream.send('client', HELLO, { arrange: (pieces) => pieces.filter((_, i) => i % 2 === 0) });
    const rows = await rowsOf(stream.packets, { limits: { max_gaps: 2 } });
    expect(rows.clientHellos).toMatchObject([{ complete: false, captured_bytes: 95 }]);
    expect(rows.clientHellos[0]!.anomalies).toContain('missing_segment');
    expect(rows.state.counters.segment_gaps_limit).toBe(BigInt(Math.ceil(HELLO.length / 200) - 3));
  });

  it('more gaps than max_gaps, all of them closed later', async () => {
    const stream = connection({ segmentSize: 60 }).open();
    stream.send('client', HELLO, {
      arrange: (pieces) => [...pieces.filter((_, i) => i % 2 === 1), ...pieces, ...pieces],
    });
    const rows = await rowsOf(stream.packets, { limits: { max_gaps: 2 } });
    expect(rows.clientHellos).toMatchObject([wholeHello()]);
  });
});

describe('ServerHellos', () => {
  it('that were cut by the snap length', async () => {
    const stream = connection().open().send('client', records(clientHello()));
    stream.send('server', forge.concat(records(serverHello12()), new Uint8Array(500).fill(22)));
    const { serverHellos } = await rowsOf(stream.packets, { snapLength: 54 + 5 + 4 + 2 + 32 + 33 + 2 });
    expect(serverHellos).toMatchObject([
      { complete: false, cipher_suite: 0xc02f, anomalies: ['snaplen_cut'], ja3s: null, captured_bytes: 73 },
    ]);
  });
});

describe('nothing of a connection is left', () => {
  it('when thousands of them come and go with hellos in pieces', async () => {
    const packets = Array.from({ length: 3000 }, (_, i) =>
      connection({
        client: { address: `10.0.${i >> 8}.${i & 255}`, port: 1024 + i },
        start: 1_700_000_000_000_000_000n + BigInt(i * 3_000_000),
      })
        .open()
        .send('client', HELLO, { segmentSize: 700, arrange: forge.arrange.reversed }),
    ).flatMap((stream) => stream.packets);
    const rows = await rowsOf(packets, { limits: { max_flows: 64 } });
    expect(rows.clientHellos.length).toBe(3000);
    expect(rows.clientHellos.every((row) => row.complete)).toBe(true);
  });
});
