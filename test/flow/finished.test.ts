import { describe, expect, it } from 'vitest';
import type { CoreBuild } from '../../src/core/load.js';
import type * as forge from '../../src/dev/forge/index.js';
import { CLIENT, clientHello, connection, records, rowsOf, serverHello13 } from './conversation.js';

const BUILDS: readonly CoreBuild[] = ['simd', 'scalar'];
const BEGIN = 1_700_000_000_000_000_000n;
const SECOND = 1_000_000_000n;

/** A whole handshake on a port of the client, a millisecond after the one on the port before. */
function handshake(port: number, name = `host${port}.example`): forge.TcpStream {
  const start = BEGIN + BigInt(port % 10_000) * 1_000_000n;
  return connection({ client: { ...CLIENT, port }, start, step: 1000n })
    .open()
    .send('client', records(clientHello(name)))
    .send('server', records(serverHello13()));
}

/** The packet with the ClientHello, seen again so much later than the first packet of all. */
function helloAgain(stream: forge.TcpStream, after: bigint): forge.ForgedPacket {
  return { ...stream.packets[3]!, time: BEGIN + after };
}

const names = (rows: Awaited<ReturnType<typeof rowsOf>>) => rows.clientHellos.map((row) => row.sni);

describe.each(BUILDS)('TCP connections whose handshake is over (%s)', (build) => {
  it('are known again among many, also when many more were opened since', async () => {
    const streams = Array.from({ length: 3000 }, (_, i) => handshake(10_000 + i));
    const copies = streams.map((stream) => helloAgain(stream, 3n * SECOND + SECOND / 2n));
    const rows = await rowsOf([...streams.flatMap((stream) => stream.packets), ...copies], { build });
    expect(rows.clientHellos.length).toBe(3000);
    expect(rows.serverHellos.length).toBe(3000);
    expect(rows.state.counters.segments_retransmitted).toBe(3000n);
  });

  it('are forgotten four seconds after their last packet: then a copy is a hello that nothing is known of', async () => {
    const stream = handshake(10_000);
    const soon = await rowsOf([...stream.packets, helloAgain(stream, 3_900_000_000n)], { build });
    expect(soon.clientHellos.length).toBe(1);
    const late = await rowsOf([...stream.packets, helloAgain(stream, 4_100_000_000n)], { build });
    expect(late.clientHellos.map((row) => row.anomalies)).toEqual([[], ['no_syn']]);
  });

  it('are kept as many as connections may be open, the youngest', async () => {
    const streams = Array.from({ length: 100 }, (_, i) => handshake(10_000 + i));
    const copies = streams.map((stream) => helloAgain(stream, SECOND));
    const limits = { max_flows: 64 };
    const rows = await rowsOf([...streams.flatMap((stream) => stream.packets), ...copies], { build, limits });
    expect(names(rows).slice(0, 100)).toEqual(streams.map((_, i) => `host${10_000 + i}.example`));
    // Each of the oldest that is taken for new pushes another finished one out, or none.
    const again = names(rows).slice(100);
    expect(again.slice(0, 36)).toEqual(streams.slice(0, 36).map((_, i) => `host${10_000 + i}.example`));
    expect(new Set(names(rows)).size).toBe(100);
  });

  it('go on under their flow id when the client greets again, and end when the ends meet anew', async () => {
    const stream = handshake(10_000, 'one.example').send('client', records(clientHello('two.example')));
    const anew = connection({
      client: { ...CLIENT, port: 10_000 },
      clientSequence: 3_000_000_000,
      start: BEGIN + 2n * SECOND,
      step: 1000n,
    })
      .open()
      .send('client', records(clientHello('three.example')));
    const { clientHellos } = await rowsOf([...stream.packets, ...anew.packets], { build });
    expect(clientHellos.map((row) => row.sni)).toEqual(['one.example', 'two.example', 'three.example']);
    const [one, two, three] = clientHellos.map((row) => row.flow_id);
    expect(two).toBe(one);
    expect(three).not.toBe(one);
  });

  it('are told from those on other ports whose place in the table is the same', async () => {
    // More connections than the smallest table has places: each bucket is used many times over.
    const streams = Array.from({ length: 400 }, (_, i) => handshake(20_000 + i));
    const limits = { max_flows: 64 };
    const each = streams.flatMap((stream) => [...stream.packets, helloAgain(stream, 500_000_000n)]);
    const rows = await rowsOf(each, { build, limits });
    expect(names(rows)).toEqual(streams.map((_, i) => `host${20_000 + i}.example`));
    expect(rows.state.counters.flows_evicted).toBe(0n);
  });
});
