import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as forge from '../../src/dev/forge/index.js';
import type { CoreRows } from '../support/core-rows.js';
import {
  CHANGE_CIPHER_SPEC,
  clientHello,
  connection,
  contentOf,
  ENCRYPTED,
  records,
  rowsOf,
  serverHello12,
  serverHello13,
  wholeHello,
} from './conversation.js';

const RUNS = { numRuns: 250, seed: 20_260_101 };

/** A way to cut a stream and to send its pieces; numbers are drawn by fast-check. */
interface Delivery {
  cuts: number[];
  /** For each piece: bytes of the one before that it repeats, and whether it is sent twice. */
  overlaps: number[];
  doubles: boolean[];
  /** Sort keys: pieces go out by `index + 3 * key`, so the order is disturbed but locally. */
  keys: number[];
  isn: number;
}

const delivery: fc.Arbitrary<Delivery> = fc.record({
  cuts: fc.array(fc.nat(4000), { maxLength: 12 }),
  overlaps: fc.array(fc.nat(40), { minLength: 14, maxLength: 14 }),
  doubles: fc.array(fc.boolean(), { minLength: 14, maxLength: 14 }),
  keys: fc.array(fc.double({ min: 0, max: 2, noNaN: true }), { minLength: 14, maxLength: 14 }),
  isn: fc.oneof(fc.nat(0xffffffff), fc.integer({ min: 0xffffffff - 1500, max: 0xffffffff })),
});

function pieces(data: Uint8Array, how: Delivery): forge.StreamPiece[] {
  const cuts = [0, ...new Set(how.cuts.filter((at) => at > 0 && at < data.length).sort((a, b) => a - b))];
  return cuts
    .map((at, i) => {
      const from = Math.max(0, at - how.overlaps[i]!);
      return { offset: from, data: data.subarray(from, cuts[i + 1] ?? data.length), i };
    })
    .sort((a, b) => a.i + 3 * how.keys[a.i]! - b.i - 3 * how.keys[b.i]!)
    .flatMap((piece) => (how.doubles[piece.i] ? [piece, piece] : [piece]));
}

const PUSH = forge.TCP_FLAG.psh | forge.TCP_FLAG.ack;

async function deliver(
  client: Uint8Array,
  server: Uint8Array,
  how: Delivery,
  back: Delivery,
): Promise<CoreRows> {
  const stream = connection({ clientSequence: how.isn, serverSequence: back.isn }).open();
  for (const { offset, data } of pieces(client, how)) stream.packet('client', offset, PUSH, data);
  for (const { offset, data } of pieces(server, back)) stream.packet('server', offset, PUSH, data);
  stream.close();
  return rowsOf(stream.packets);
}

const DER = [new Uint8Array(900).fill(0x30), new Uint8Array(1300).fill(0x31)];
const FLIGHT_12 = records(
  forge.concat(serverHello12(), forge.certificate(...DER), forge.serverHelloDone()),
  700,
);

describe('a hello is the same however it is cut, repeated, overlapped and reordered', () => {
  it.each([
    ['in one record', records(clientHello('example.com', 900))],
    ['in records of 100 bytes', records(clientHello('example.com', 900), 100)],
    ['in records of 1 byte', records(clientHello('example.com'), 1)],
    [
      'with a record of 0-RTT data behind it',
      forge.concat(records(clientHello()), CHANGE_CIPHER_SPEC, ENCRYPTED),
    ],
  ])('%s', async (_, client) => {
    const plain = await rowsOf(connection().open().send('client', client).close().packets);
    await fc.assert(
      fc.asyncProperty(delivery, delivery, async (how, back) => {
        const rows = await deliver(client, records(serverHello13()), how, back);
        expect(rows.clientHellos.map(contentOf)).toEqual(plain.clientHellos.map(contentOf));
        expect(rows.clientHellos).toMatchObject([wholeHello()]);
        expect(rows.clientHellos[0]!.anomalies).not.toContain('overlap_differs');
        expect(rows.serverHellos).toMatchObject([
          { complete: true, cipher_suite: 0x1301, selected_group: 29 },
        ]);
        expect(rows.serverHellos[0]!.flow_id).toBe(rows.clientHellos[0]!.flow_id);
      }),
      RUNS,
    );
  });

  it('certificates of TLS 1.2 over several records', async () => {
    await fc.assert(
      fc.asyncProperty(delivery, delivery, async (how, back) => {
        const rows = await deliver(records(clientHello()), FLIGHT_12, how, back);
        expect(rows.clientHellos).toMatchObject([wholeHello()]);
        expect(rows.serverHellos).toMatchObject([{ complete: true, cipher_suite: 0xc02f, version: 0x0303 }]);
        expect(rows.certificates.map((one) => [one.position, one.der])).toEqual([
          [0, DER[0]],
          [1, DER[1]],
        ]);
      }),
      RUNS,
    );
  });

  it('tells the first and the last packet and how many carried it', async () => {
    const client = records(clientHello('example.com', 2000));
    await fc.assert(
      fc.asyncProperty(delivery, async (how) => {
        const stream = connection({ clientSequence: how.isn }).open();
        const sent = pieces(client, how);
        for (const { offset, data } of sent) stream.packet('client', offset, PUSH, data);
        const { clientHellos } = await rowsOf(stream.packets);
        expect(clientHellos).toMatchObject([carriers(client.length, sent)]);
      }),
      RUNS,
    );
  });
});

/** Which of the packets (the first three are the handshake of TCP) bring a byte that none before it has brought. */
function carriers(length: number, sent: readonly forge.StreamPiece[]): object {
  const known = new Uint8Array(length);
  const bring: number[] = [];
  let left = length;
  for (const [i, { offset, data }] of sent.entries()) {
    if (left === 0) break;
    const fresh = known.subarray(offset, offset + data.length).filter((one) => one === 0).length;
    known.fill(1, offset, offset + data.length);
    left -= fresh;
    if (fresh > 0) bring.push(4 + i);
  }
  return { first_packet: BigInt(bring[0]!), packet: BigInt(bring.at(-1)!), packets: bring.length };
}

describe('one byte per segment', () => {
  it('gives the rows of both sides', async () => {
    const stream = connection().open();
    stream.send('client', records(clientHello()), { segmentSize: 1, acknowledge: false });
    stream.send('server', FLIGHT_12, { segmentSize: 1, acknowledge: false });
    const rows = await rowsOf(stream.close().packets);
    expect(rows.clientHellos).toMatchObject([wholeHello()]);
    expect(rows.serverHellos).toMatchObject([{ complete: true }]);
    expect(rows.certificates.length).toBe(2);
  });
});

describe('overlaps with other bytes', () => {
  const client = records(clientHello());
  const fake = new Uint8Array(40).fill(0xff);

  it.each([
    ['behind the bytes they contradict', [0, 120], [100, 60]],
    ['before their place in the stream is reached', [150, 60], [160, 20]],
  ])('keep what was seen first and say so: %s', async (_, first, second) => {
    const stream = connection().open();
    const [from, count] = first as [number, number];
    const [at] = second as [number, number];
    stream.packet('client', from, PUSH, client.subarray(from, from + count));
    stream.packet('client', at, PUSH, fake.subarray(0, Math.min(40, from + count - at)));
    stream.send('client', client, { segmentSize: 50 });
    const { clientHellos } = await rowsOf(stream.packets);
    expect(clientHellos).toMatchObject([wholeHello()]);
    expect(clientHellos[0]!.anomalies).toContain('overlap_differs');
  });
});

describe('a ServerHello that comes after the certificates behind it', () => {
  it('was carried by its own packet', async () => {
    const stream = connection().open().send('client', records(clientHello()), { acknowledge: false });
    stream.packet('server', 700, PUSH, FLIGHT_12.subarray(700, 1400));
    stream.packet('server', 0, PUSH, FLIGHT_12.subarray(0, 700));
    const rows = await rowsOf(stream.packets);
    expect(rows.serverHellos).toMatchObject([
      { complete: true, first_packet: 6n, packet: 6n, packets: 1, anomalies: ['out_of_order'] },
    ]);
  });
});
