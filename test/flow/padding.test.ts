import { describe, expect, it } from 'vitest';
import * as forge from '../../src/dev/forge/index.js';
import {
  clientHello,
  connection,
  records,
  retryRequest,
  rowsOf,
  serverHello12,
  serverHello13,
  wholeHello,
} from './conversation.js';

const { ack, psh } = forge.TCP_FLAG;

/** The same packets, bare acknowledgements with `n` zeros that their IP headers count as payload. */
function padded(packets: readonly forge.ForgedPacket[], n: number): forge.ForgedPacket[] {
  return packets.map((packet) => {
    // Headers of 20 bytes each, and no flag but ACK.
    if (packet.data.length !== 40 || packet.data[33] !== ack) return packet;
    const data = forge.concat(packet.data, new Uint8Array(n));
    data[3]! += n;
    return { ...packet, data };
  });
}

describe('acknowledgements whose padding passes for payload', () => {
  const conversations: Record<string, () => forge.TcpStream> = {
    'TLS 1.3': () =>
      connection().open().send('client', records(clientHello())).send('server', records(serverHello13())),
    'TLS 1.2, in small segments': () =>
      connection()
        .open()
        .send('client', records(clientHello()), { segmentSize: 100 })
        .send('server', records(serverHello12()), { segmentSize: 30 }),
    'a HelloRetryRequest': () =>
      connection()
        .open()
        .send('client', records(clientHello('a.example')))
        .send('server', records(retryRequest()))
        .send('client', records(clientHello('a.example', 20)))
        .send('server', records(serverHello13())),
  };

  for (const [name, make] of Object.entries(conversations)) {
    it.each([1, 2, 5, 6])(`change nothing in ${name} (%i bytes)`, async (n) => {
      const { packets } = make().close();
      const plain = await rowsOf(packets);
      const rows = await rowsOf(padded(packets, n));
      expect(rows.clientHellos.length + rows.serverHellos.length).toBeGreaterThan(1);
      expect([rows.clientHellos, rows.serverHellos]).toEqual([plain.clientHellos, plain.serverHellos]);
    });
  }

  it('are no payload before a hello out of order', async () => {
    const stream = connection().open().packet('client', 0, ack, new Uint8Array(2));
    stream.send('client', records(clientHello()), {
      segmentSize: 100,
      arrange: (pieces) => pieces.toReversed(),
    });
    expect((await rowsOf(stream.packets)).clientHellos).toMatchObject([
      { sni: 'example.com', complete: true },
    ]);
  });
});

describe('zeros that were said', () => {
  // SSLRequest of PostgreSQL: its length, and a number in place of the version.
  const request = new Uint8Array([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
  const withHello = (stream: forge.TcpStream, offset: number) =>
    stream
      .packet('server', 0, psh | ack, new Uint8Array([0x53]))
      .packet('client', offset, psh | ack, records(clientHello()));

  it.each([[3], [1, 2], [1, 1, 1], [2]])(
    'are taken when what follows comes behind them (%j)',
    async (...sizes) => {
      const stream = connection().open();
      let at = 0;
      for (const size of sizes) {
        stream.packet('client', at, ack, request.subarray(at, at + size));
        at += size;
      }
      withHello(stream.packet('client', at, psh | ack, request.subarray(at)), request.length);
      expect((await rowsOf(stream.packets)).clientHellos).toMatchObject([
        { ...wholeHello(), app: 'postgres' },
      ]);
    },
  );

  it('are taken when they come again with the rest', async () => {
    const stream = connection().open().packet('client', 0, ack, request.subarray(0, 3));
    withHello(stream.packet('client', 0, psh | ack, request), request.length);
    expect((await rowsOf(stream.packets)).clientHellos).toMatchObject([{ ...wholeHello(), app: 'postgres' }]);
  });
});
