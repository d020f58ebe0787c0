import { describe, expect, it } from 'vitest';
import * as forge from '../../src/dev/forge/index.js';
import {
  CHANGE_CIPHER_SPEC,
  CLIENT,
  clientHello,
  connection,
  ENCRYPTED,
  records,
  retryRequest,
  rowsOf,
  SERVER,
  serverHello12,
  serverHello13,
  wholeHello,
} from './conversation.js';

const { syn, ack, psh, fin } = forge.TCP_FLAG;
const PUSH = psh | ack;

describe('the start of a connection', () => {
  it('with a SYN-ACK whose IP header claims payload that is not there', async () => {
    const stream = connection()
      .open()
      .send('client', records(clientHello()))
      .send('server', records(serverHello13()));
    const synAck = stream.packets[1]!.data;
    // Its total length.
    synAck.set([0x10, 0x34], 2);
    const { serverHellos } = await rowsOf(stream.packets);
    expect(serverHellos).toMatchObject([{ complete: true, anomalies: [] }]);
  });

  it('without any SYN', async () => {
    const stream = connection()
      .send('client', records(clientHello()))
      .send('server', records(serverHello13()));
    const rows = await rowsOf(stream.packets);
    expect(rows.clientHellos).toMatchObject([{ ...wholeHello(), anomalies: ['no_syn'] }]);
    expect(rows.serverHellos).toMatchObject([{ complete: true, cipher_suite: 0x1301 }]);
  });

  it('without any SYN, the hello over two segments', async () => {
    const stream = connection().send('client', records(clientHello('example.com', 1500)));
    expect((await rowsOf(stream.packets)).clientHellos).toMatchObject([{ ...wholeHello(), packets: 2 }]);
  });

  it('with the SYN again after the first data', async () => {
    const stream = connection().open();
    const hello = records(clientHello('example.com', 1500));
    stream.packet('client', 0, PUSH, hello.subarray(0, 1000));
    stream.packet('client', -1, syn);
    stream.packet('client', 1000, PUSH, hello.subarray(1000));
    const rows = await rowsOf(stream.packets);
    expect(rows.clientHellos).toMatchObject([{ ...wholeHello(), packets: 2 }]);
  });

  it('with SYN and SYN-ACK sent again while the handshake goes on', async () => {
    const stream = connection().syn().syn().open().send('client', records(clientHello()));
    stream.packet('client', -1, syn).packet('server', -1, syn | ack);
    stream.send('server', records(serverHello13())).packet('client', -1, syn).close();
    const rows = await rowsOf(stream.packets);
    expect(rows.clientHellos).toMatchObject([wholeHello()]);
    expect(rows.serverHellos).toMatchObject([{ complete: true }]);
    expect(rows.serverHellos[0]!.flow_id).toBe(rows.clientHellos[0]!.flow_id);
  });

  it('with the SYN after the data that it announces', async () => {
    const hello = records(clientHello('example.com', 1500));
    const stream = connection();
    stream.packet('client', 0, PUSH, hello.subarray(0, 1000)).syn();
    stream.packet('client', 1000, PUSH, hello.subarray(1000));
    expect((await rowsOf(stream.packets)).clientHellos).toMatchObject([wholeHello()]);
  });

  it('with data in the SYN (TCP Fast Open)', async () => {
    const hello = records(clientHello('example.com', 500));
    const stream = connection();
    stream.packet('client', -1, syn, hello.subarray(0, 600)).packet('server', -1, syn | ack);
    stream.packet('client', 600, PUSH, hello.subarray(600)).send('server', records(serverHello13()));
    const rows = await rowsOf(stream.packets);
    expect(rows.clientHellos).toMatchObject([{ ...wholeHello(), packets: 2, first_packet: 1n, packet: 3n }]);
    expect(rows.serverHellos.length).toBe(1);
  });

  it('across the end of the sequence numbers', async () => {
    for (const left of [0, 1, 4, 5, 6, 100, 1459, 1460, 1461]) {
      const sequence = (0xffffffff - left) >>> 0;
      const stream = connection({ clientSequence: sequence, serverSequence: sequence }).open();
      stream.send('client', records(clientHello('example.com', 1500)), { arrange: forge.arrange.reversed });
      const rows = await rowsOf(stream.send('server', records(serverHello13())).close().packets);
      expect(rows.clientHellos).toMatchObject([wholeHello()]);
      expect(rows.serverHellos.length).toBe(1);
    }
  });
});

describe('the same ports again', () => {
  const first = () =>
    connection()
      .open()
      .send('client', records(clientHello('one.example')))
      .send('server', records(serverHello13()));

  it.each([
    ['after both FINs', () => first().close()],
    ['after a reset', () => first().reset('server')],
    ['after nothing', first],
    [
      'while the first waits for its ServerHello',
      () =>
        connection()
          .open()
          .send('client', records(clientHello('one.example'))),
    ],
  ])('%s', async (_, begin) => {
    for (const clientSequence of [0, 900, 2000, 5_000_000, 0x80000000, 0xfffff000]) {
      const second = connection({
        clientSequence,
        serverSequence: 77,
        start: 1_700_000_030_000_000_000n,
      }).open();
      second.send('client', records(clientHello('two.example'))).send('server', records(serverHello13()));
      const rows = await rowsOf([...begin().packets, ...second.packets]);
      expect(rows.clientHellos).toMatchObject([wholeHello('one.example'), wholeHello('two.example')]);
      expect(rows.clientHellos[1]!.attempt).toBe(1);
      expect(rows.serverHellos.at(-1)!.flow_id).toBe(rows.clientHellos[1]!.flow_id);
      expect(rows.clientHellos[0]!.flow_id).not.toBe(rows.clientHellos[1]!.flow_id);
    }
  });

  it('when only packets with hellos were captured', async () => {
    const sequences = [1000, 900_000_000, 2_000_000_000, 3_000_000_000, 4_000_000_000, 500_000_000];
    const packets = sequences.flatMap((clientSequence, i) => {
      const start = 1_700_000_000_000_000_000n + BigInt(i) * 10_000_000_000n;
      const hello = records(clientHello(`host${i}.example`));
      return connection({ clientSequence, start }).send('client', hello, { acknowledge: false }).packets;
    });
    const { clientHellos } = await rowsOf(packets);
    expect(clientHellos).toMatchObject(sequences.map((_, i) => wholeHello(`host${i}.example`)));
  });

  it('when the SYN of the second connection is not in the capture', async () => {
    const opened = connection().open();
    const second = connection({ clientSequence: 3_000_000_000, start: 1_700_000_030_000_000_000n });
    second.send('client', records(clientHello('two.example')));
    expect((await rowsOf([...opened.packets, ...second.packets])).clientHellos).toMatchObject([
      wholeHello('two.example'),
    ]);
  });
});

describe('ends in odd places', () => {
  const hello = records(clientHello('example.com', 1500));

  it('a reset in the middle of a hello', async () => {
    const stream = connection().open().packet('client', 0, PUSH, hello.subarray(0, 300)).reset('server');
    const { clientHellos, state } = await rowsOf(stream.packets);
    expect(clientHellos).toMatchObject([
      {
        complete: false,
        sni: 'example.com',
        ja3: null,
        ja4: null,
        anomalies: ['connection_closed'],
        captured_bytes: 295,
      },
    ]);
    expect(state.counters.incomplete_connection_closed).toBe(1n);
  });

  it('both FINs in the middle of a hello', async () => {
    const stream = connection().open().packet('client', 0, PUSH, hello.subarray(0, 300));
    stream.packet('client', 300, fin | ack).packet('server', 0, fin | ack);
    const { clientHellos } = await rowsOf(stream.packets);
    expect(clientHellos).toMatchObject([{ complete: false, anomalies: ['connection_closed'] }]);
  });

  it('a FIN that overtakes data', async () => {
    const stream = connection().open().packet('client', 0, PUSH, hello.subarray(0, 300));
    stream.packet('client', hello.length, fin | ack).packet('client', 300, PUSH, hello.subarray(300));
    stream.send('server', records(serverHello13()));
    const rows = await rowsOf(stream.packets);
    expect(rows.clientHellos).toMatchObject([wholeHello()]);
    expect(rows.serverHellos.length).toBe(1);
  });

  it('a FIN with the last bytes of the hello', async () => {
    const stream = connection().open().packet('client', 0, PUSH, hello.subarray(0, 300));
    stream.packet('client', 300, PUSH | fin, hello.subarray(300)).send('server', records(serverHello13()));
    const rows = await rowsOf(stream.packets);
    expect(rows.clientHellos).toMatchObject([wholeHello()]);
    expect(rows.serverHellos.length).toBe(1);
  });

  it('a reset of an earlier connection before the hello', async () => {
    const stream = connection().open().reset('server').send('client', records(clientHello()));
    expect(
      (await rowsOf(stream.send('server', records(serverHello13())).packets)).clientHellos,
    ).toMatchObject([wholeHello()]);
  });

  it('a ServerHello after the reset of the client', async () => {
    const stream = connection().open().send('client', records(clientHello())).reset('client');
    const rows = await rowsOf(stream.send('server', records(serverHello13())).packets);
    expect(rows.clientHellos).toMatchObject([wholeHello()]);
    expect(rows.serverHellos).toMatchObject([{ complete: true, flow_id: rows.clientHellos[0]!.flow_id }]);
  });
});

describe('probes', () => {
  it('keep-alives before and in the middle of a hello', async () => {
    const hello = records(clientHello('example.com', 1500));
    const stream = connection().open();
    stream.packet('client', -1, ack, new Uint8Array([0])).packet('client', -1, ack);
    stream.packet('client', 0, PUSH, hello.subarray(0, 700));
    stream
      .packet('client', 699, ack, hello.subarray(699, 700))
      .packet('server', -1, ack, new Uint8Array([0]));
    stream.packet('client', 700, PUSH, hello.subarray(700)).send('server', records(serverHello13()));
    const rows = await rowsOf(stream.packets);
    expect(rows.clientHellos).toMatchObject([{ ...wholeHello(), packets: 2 }]);
    expect(rows.serverHellos).toMatchObject([{ complete: true, anomalies: [] }]);
  });

  it('zero-window probes that carry the next byte', async () => {
    const hello = records(clientHello('example.com', 1500));
    const stream = connection().open().packet('client', 0, PUSH, hello.subarray(0, 700));
    for (let i = 0; i < 3; i++) stream.packet('client', 700, ack, hello.subarray(700, 701));
    stream.packet('client', 700, PUSH, hello.subarray(700));
    expect((await rowsOf(stream.packets)).clientHellos).toMatchObject([wholeHello()]);
  });
});

describe('a HelloRetryRequest', () => {
  const second = clientHello('example.com', 300);

  function retried(client: Uint8Array, again: Uint8Array): forge.TcpStream {
    const stream = connection().open().send('client', client);
    stream.send('server', forge.concat(records(retryRequest()), CHANGE_CIPHER_SPEC)).send('client', again);
    return stream.send('server', forge.concat(records(serverHello13()), ENCRYPTED)).close();
  }

  it.each([
    ['alone', records(clientHello()), records(second)],
    ['after a change_cipher_spec', records(clientHello()), forge.concat(CHANGE_CIPHER_SPEC, records(second))],
    [
      'with early data behind the first hello',
      forge.concat(records(clientHello()), CHANGE_CIPHER_SPEC, ENCRYPTED),
      records(second),
    ],
    ['the hellos over many records', records(clientHello(), 50), records(second, 50)],
  ])('gives a second row for the second hello: %s', async (_, client, again) => {
    const rows = await rowsOf(retried(client, again).packets);
    expect(rows.clientHellos).toMatchObject([
      { ...wholeHello(), attempt: 1 },
      { ...wholeHello(), attempt: 2, hello_bytes: second.length },
    ]);
    expect(rows.serverHellos).toMatchObject([
      { is_retry: true, attempt: 1, selected_group: 23 },
      { is_retry: false, attempt: 2, selected_group: 29 },
    ]);
    expect(new Set([...rows.clientHellos, ...rows.serverHellos].map((row) => row.flow_id)).size).toBe(1);
  });

  it('of its own message type, as drafts of TLS 1.3 had it, with the version 0x7f13 of draft 19', async () => {
    const retry = forge.handshake(
      6,
      new Uint8Array([0x7f, 0x13, 0x13, 0x01, 0x00, 0x06, 0x00, 0x28, 0x00, 0x02, 0x00, 0x17]),
    );
    const stream = connection().open().send('client', records(clientHello())).send('server', records(retry));
    const rows = await rowsOf(stream.send('client', records(second)).packets);
    expect(rows.clientHellos).toMatchObject([{ attempt: 1 }, { ...wholeHello(), attempt: 2 }]);
    expect(rows.serverHellos).toMatchObject([
      {
        is_retry: true,
        version: 0x7f13,
        cipher_suite: 0x1301,
        selected_group: 23,
        extensions: [40],
        complete: true,
      },
    ]);
  });

  it('that was not captured: both hellos all the same', async () => {
    const { packets } = retried(records(clientHello()), records(second));
    const { clientHellos } = await rowsOf(packets.filter((packet) => packet.data[15] !== 7));
    expect(clientHellos).toMatchObject([wholeHello(), { ...wholeHello(), hello_bytes: second.length }]);
  });
});

describe('a ServerHello of the early drafts of TLS 1.3, without session id and compression', () => {
  const random = new Uint8Array(32).fill(0x5a);
  // Cipher suite, then key_share as it was numbered: a share of secp256r1.
  const rest = [0xc0, 0x2b, 0x00, 0x0b, 0x00, 0x28, 0x00, 0x07, 0x00, 0x17, 0x00, 0x03, 4, 5, 6];
  const answered = async (body: Uint8Array) => {
    const stream = connection().open().send('client', records(clientHello()));
    const rows = await rowsOf(stream.send('server', records(forge.handshake(2, body))).packets);
    return rows.serverHellos;
  };

  it.each([
    [0x7f, 0x12],
    [0x7f, 0x0e],
    [3, 4],
  ])('with the version %i %i', async (major, minor) => {
    const body = forge.concat(new Uint8Array([major, minor]), random, new Uint8Array(rest));
    expect(await answered(body)).toMatchObject([
      {
        complete: true,
        anomalies: [],
        legacy_version: 256 * major + minor,
        cipher_suite: 0xc02b,
        session_id_length: null,
        compression_method: null,
        selected_group: 23,
        ja3s_text: `${256 * major + minor},49195,40`,
      },
    ]);
  });

  it('is not one that should have said 1.2', async () => {
    const body = new Uint8Array([3, 4, ...random, 2, 0xaa, 0xbb, 0x13, 0x01, 0, 0, 6, 0, 43, 0, 2, 3, 4]);
    expect(await answered(body)).toMatchObject([
      { anomalies: [], cipher_suite: 0x1301, session_id_length: 2, ja3s_text: '772,4865,43' },
    ]);
  });
});

describe('what servers say besides', () => {
  const hello = () => connection().open().send('client', records(clientHello()));
  const alert = (level: number, description: number) =>
    forge.tlsRecord(forge.CONTENT.alert, new Uint8Array([level, description]), 0x0303);

  it('a warning (unrecognized_name) before the ServerHello', async () => {
    for (const segmentSize of [1, 3, 6, 7, 1460]) {
      const answer = forge.concat(alert(1, 112), records(serverHello12()));
      const { serverHellos } = await rowsOf(hello().send('server', answer, { segmentSize }).packets);
      expect(serverHellos).toMatchObject([{ complete: true, cipher_suite: 0xc02f }]);
    }
  });

  it('a fatal alert instead of a ServerHello', async () => {
    const rows = await rowsOf(hello().send('server', alert(2, 40)).packets);
    expect(rows.clientHellos).toMatchObject([wholeHello()]);
    expect(rows.serverHellos).toEqual([]);
  });

  it('words of another protocol instead of a ServerHello', async () => {
    const rows = await rowsOf(
      hello().send('server', forge.fromText('HTTP/1.1 400 Bad Request\r\n\r\n')).packets,
    );
    expect(rows.clientHellos).toMatchObject([wholeHello()]);
    expect(rows.serverHellos).toEqual([]);
  });

  it('a ServerHello that is captured before the hello it answers', async () => {
    const { packets } = hello().send('server', records(serverHello12()));
    const order = [0, 1, 2, 5, 3, 4, 6].map((i) => packets[i]!);
    const rows = await rowsOf(order);
    expect(rows.clientHellos).toMatchObject([wholeHello()]);
    expect(rows.serverHellos).toMatchObject([{ complete: true, flow_id: rows.clientHellos[0]!.flow_id }]);
  });
});

describe('several handshakes on one connection', () => {
  it('one after the other, each with its rows', async () => {
    const stream = connection().open();
    for (const name of ['one.example', 'two.example', 'three.example']) {
      stream.send('client', records(clientHello(name)));
      stream.send('server', forge.concat(records(serverHello13()), CHANGE_CIPHER_SPEC, ENCRYPTED));
      stream.send('client', forge.concat(CHANGE_CIPHER_SPEC, ENCRYPTED)).send('server', ENCRYPTED);
    }
    const rows = await rowsOf(stream.close().packets);
    expect(rows.clientHellos).toMatchObject(
      ['one.example', 'two.example', 'three.example'].map((name) => ({
        ...wholeHello(name),
        attempt: 1,
        anomalies: [],
      })),
    );
    expect(rows.serverHellos).toMatchObject(
      [1, 2, 3].map(() => ({ complete: true, attempt: 1, anomalies: [] })),
    );
  });

  it('also when the first ended in a retry', async () => {
    const stream = connection()
      .open()
      .send('client', records(clientHello('one.example')));
    stream.send('server', records(retryRequest())).send('client', records(clientHello('one.example')));
    stream.send('server', records(serverHello13())).send('client', records(clientHello('two.example')));
    const { clientHellos } = await rowsOf(stream.packets);
    expect(clientHellos.map((row) => [row.sni, row.attempt])).toEqual([
      ['one.example', 1],
      ['one.example', 2],
      ['two.example', 1],
    ]);
  });

  it('and a hello sent again after its handshake is no second one', async () => {
    const stream = connection().open().send('client', records(clientHello()));
    stream.send('server', records(serverHello13())).send('client', ENCRYPTED);
    const again = stream.packets[3]!;
    const rows = await rowsOf([...stream.packets, again, again]);
    expect(rows.clientHellos.length).toBe(1);
    expect(rows.state.counters.segments_retransmitted).toBe(2n);
  });
});

describe('connections side by side', () => {
  it('do not disturb each other', async () => {
    const streams = Array.from({ length: 60 }, (_, i) =>
      connection({
        client: { ...CLIENT, port: 30_000 + i },
        server: i % 2 ? SERVER : { address: '2001:db8::5', port: 443 },
        ...(i % 2 ? {} : { client: { address: '2001:db8::1', port: 30_000 + i } }),
        start: 1_700_000_000_000_000_000n + BigInt(i * 1000),
      })
        .open()
        .send('client', records(clientHello(`host${i}.example`, 1400 + i)), {
          arrange: forge.arrange.reversed,
        })
        .send('server', records(serverHello13()))
        .close(),
    );
    const rows = await rowsOf(forge.interleave(...streams.map((stream) => stream.packets)));
    expect(new Set(rows.clientHellos.map((row) => row.sni)).size).toBe(60);
    expect(rows.clientHellos.every((row) => row.complete)).toBe(true);
    expect(rows.serverHellos.length).toBe(60);
  });
});
