import { describe, expect, it } from 'vitest';
import { Core } from '../../src/core/core.js';
import { cryptoFrames, QUIC_VERSION, quicFrame, quicRetry } from '../../src/dev/forge/index.js';
import { coreRows } from '../support/core-rows.js';
import { CORE_BUILDS } from '../support/wasm.js';
import {
  answer,
  answered,
  CLIENT_ID,
  Conversation,
  clientInitial,
  FIRST_ID,
  hello,
  retryRequest,
  SERVER_ID,
  serverInitial,
  whole,
} from './conversation.js';

const RETRY_ID = Uint8Array.of(0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78);
const OTHER_ID = Uint8Array.of(0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98);
const TOKEN = Uint8Array.from({ length: 40 }, (_, i) => i);
const RETRY = quicRetry(
  QUIC_VERSION.v1,
  { destinationId: CLIENT_ID, sourceId: RETRY_ID, originalDestinationId: FIRST_ID },
  TOKEN,
);

describe.each(CORE_BUILDS)('QUIC connections, %s build', (build) => {
  const core = new Core({ layout: 'wide', build });
  const read = (talk: Conversation) => coreRows(talk.capture(), { core });

  it('are opened after a Retry with keys from its connection id', async () => {
    const after = { keyId: RETRY_ID, token: TOKEN, packetNumber: 1 };
    const talk = new Conversation()
      .client(whole(hello()))
      .server(RETRY)
      .client(whole(hello(), after))
      .server(answered(answer(), { keyId: RETRY_ID }));
    const rows = await read(talk);
    expect(rows.clientHellos).toMatchObject([{ packet: 1n, attempt: 1, sni: 'quic.example' }]);
    expect(rows.serverHellos).toMatchObject([{ packet: 4n, attempt: 1 }]);
    expect(rows.state.counters).toMatchObject({ quic_initials_decrypted: 3n, quic_undecryptable: 0n });
  });

  it.each([true, false])('join a hello over a Retry (seen: %s)', async (seen) => {
    const frames = cryptoFrames(hello(), 70);
    const after = { keyId: RETRY_ID, token: TOKEN };
    const talk = new Conversation().client(clientInitial([frames[0]!]));
    if (seen) talk.server(RETRY);
    talk.client(clientInitial([frames[0]!], { ...after, packetNumber: 1 }));
    talk.client(clientInitial([frames[1]!], { ...after, packetNumber: 2 }));
    const rows = await read(talk);
    expect(rows.clientHellos.filter((r) => r.complete)).toMatchObject([{ sni: 'quic.example', attempt: 1 }]);
    // When the Retry is not in the capture, it looks as if the client had given up and begun anew.
    expect(rows.clientHellos.filter((r) => !r.complete).map((r) => r.anomalies)).toEqual(
      seen ? [] : [['connection_closed']],
    );
  });

  it('give two rows around a HelloRetryRequest', async () => {
    const first = hello();
    const second = hello('quic.example', 7, { ciphers: [0x1301] });
    const request = retryRequest();
    const last = { destinationId: SERVER_ID, packetNumber: 1 };
    const talk = new Conversation()
      .client(whole(first))
      .server(answered(request))
      .client(clientInitial([quicFrame.ack(0), quicFrame.crypto(first.length, second)], last))
      .server(serverInitial([quicFrame.crypto(request.length, answer())], { packetNumber: 1 }));
    const rows = await read(talk);
    expect(rows.clientHellos.map((r) => [r.attempt, r.cipher_suites, r.packet])).toEqual([
      [1, [0x1301, 0x1302], 1n],
      [2, [0x1301], 3n],
    ]);
    expect(rows.serverHellos.map((r) => [r.attempt, r.is_retry])).toEqual([
      [1, true],
      [2, false],
    ]);
  });

  it('give no second row for what is sent again', async () => {
    const acknowledgement = clientInitial([quicFrame.ack(0)], { destinationId: SERVER_ID, packetNumber: 2 });
    const talk = new Conversation()
      .client(whole(hello()))
      .client(whole(hello(), { packetNumber: 1 }))
      .server(answered(answer()))
      .server(answered(answer(), { packetNumber: 1 }))
      .client(acknowledgement)
      .client(whole(hello(), { packetNumber: 3 }));
    const rows = await read(talk);
    expect(rows.clientHellos).toHaveLength(1);
    expect(rows.serverHellos).toHaveLength(1);
    expect(rows.state.counters).toMatchObject({ quic_initials: 6n, quic_undecryptable: 0n, flows: 1n });
  });

  it('note pieces that are sent again before the hello is whole', async () => {
    const [first, second] = cryptoFrames(hello(), 70);
    const talk = new Conversation()
      .client(clientInitial([first!]))
      .client(clientInitial([first!], { packetNumber: 1 }))
      .client(clientInitial([second!], { packetNumber: 2 }));
    expect((await read(talk)).clientHellos).toMatchObject([{ packets: 3, anomalies: ['retransmitted'] }]);
  });

  it('between the same ends are told apart', async () => {
    const other = { keyId: OTHER_ID };
    const talk = new Conversation()
      .client(whole(hello('one.example', 1)))
      .server(answered(answer()))
      .client(whole(hello('two.example', 2), other))
      .server(answered(answer(), other))
      .client(clientInitial(cryptoFrames(hello('three.example', 3)).slice(0, 1)))
      .client(whole(hello('three.example', 3), { keyId: RETRY_ID }));
    const rows = await read(talk);
    expect(rows.clientHellos.map((r) => [r.sni, r.attempt])).toEqual([
      ['one.example', 1],
      ['two.example', 1],
      ['three.example', 1],
    ]);
    expect(rows.serverHellos).toHaveLength(2);
    expect(rows.state.counters.quic_undecryptable).toBe(0n);
  });

  it('may change their version on the way', async () => {
    const v2 = { version: QUIC_VERSION.v2 };
    // RFC 9368 §2.3: the server answers in another version, with keys from the same connection id.
    const compatible = new Conversation()
      .client(whole(hello()))
      .server(answered(answer(), v2))
      .client(clientInitial([quicFrame.ack(0)], { ...v2, destinationId: SERVER_ID, packetNumber: 1 }));
    const rows = await read(compatible);
    expect(rows.clientHellos.map((r) => r.quic_version)).toEqual([QUIC_VERSION.v1]);
    expect(rows.serverHellos.map((r) => r.quic_version)).toEqual([QUIC_VERSION.v2]);
    expect(rows.state.counters.quic_undecryptable).toBe(0n);
    // RFC 9000 §6.2: the client begins anew in another version, here with the same connection id.
    const incompatible = new Conversation().client(whole(hello('a', 1), v2)).client(whole(hello('b', 2)));
    expect((await read(incompatible)).clientHellos.map((r) => [r.sni, r.quic_version, r.attempt])).toEqual([
      ['a', QUIC_VERSION.v2, 1],
      ['b', QUIC_VERSION.v1, 1],
    ]);
  });

  it('read a ServerHello over two Initials, and one that comes before the hello is whole', async () => {
    const [first, second] = cryptoFrames(hello(), 70);
    const [head, tail] = cryptoFrames(answer(), 20);
    const talk = new Conversation()
      .client(clientInitial([first!]))
      .server(serverInitial([head!]))
      .server(serverInitial([tail!], { packetNumber: 1 }))
      .client(clientInitial([second!], { packetNumber: 1 }));
    const rows = await read(talk);
    expect(rows.serverHellos).toMatchObject([{ packet: 3n, first_packet: 2n, packets: 2 }]);
    expect(rows.clientHellos).toMatchObject([{ packet: 4n, packets: 2, complete: true }]);
  });
});

describe('incomplete hellos over QUIC', () => {
  const [first, second, third] = cryptoFrames(hello(), 50, 100);

  it('say why', async () => {
    const ended = await coreRows(new Conversation().client(clientInitial([first!])).capture());
    expect(ended.clientHellos).toMatchObject([
      {
        complete: false,
        anomalies: ['end_of_capture'],
        ja4: null,
        hello_bytes: hello().length,
        captured_bytes: 50,
        cipher_suites: [0x1301, 0x1302],
      },
    ]);
    expect(ended.state.counters.incomplete_end_of_capture).toBe(1n);
    const lost = await coreRows(new Conversation().client(clientInitial([third!, first!])).capture());
    expect(lost.clientHellos).toMatchObject([
      { complete: false, anomalies: ['missing_segment'], captured_bytes: 50 },
    ]);
    const headless = await coreRows(new Conversation().client(clientInitial([second!])).capture());
    expect(headless.clientHellos).toMatchObject([
      { complete: false, anomalies: ['missing_segment'], captured_bytes: 0 },
    ]);
  });

  it('are given up at max_hello_bytes', async () => {
    const long = hello('a'.repeat(250), 7, { ciphers: Array.from({ length: 2500 }, (_, i) => i) });
    const talk = new Conversation();
    cryptoFrames(long, 1000, 2000, 3000, 4000, 5000).forEach((frame, packetNumber) => {
      talk.client(clientInitial([frame], { packetNumber }));
    });
    const limited = await coreRows(talk.capture(), { limits: { max_hello_bytes: 4096 } });
    expect(limited.clientHellos).toMatchObject([
      { complete: false, anomalies: ['buffer_limit'], hello_bytes: long.length },
    ]);
    expect(limited.state.counters).toMatchObject({ buffer_limit_hits: 1n, incomplete_buffer_limit: 1n });
    const free = await coreRows(talk.capture());
    expect(free.clientHellos).toMatchObject([{ complete: true, packets: 6 }]);
  });

  it('make room for others, oldest first', async () => {
    const talk = new Conversation();
    for (let port = 1; port <= 300; port++) talk.client(clientInitial([first!]), port);
    // Blocks of 4 KiB: 256 of them.
    const memory = await coreRows(talk.capture(), { limits: { reassembly_bytes: 1_048_576 } });
    expect(memory.clientHellos).toHaveLength(300);
    expect(memory.clientHellos.slice(0, 44).map((r) => [r.src_port, ...r.anomalies])).toEqual(
      Array.from({ length: 44 }, (_, i) => [i + 1, 'buffer_limit']),
    );
    expect(memory.state.counters).toMatchObject({ flows_evicted: 44n, incomplete_end_of_capture: 256n });
    const flows = await coreRows(talk.capture(), { limits: { max_flows: 64 } });
    expect(flows.clientHellos).toHaveLength(300);
    expect(flows.state.counters).toMatchObject({ flows_evicted: 236n, incomplete_evicted: 236n });
  });

  it('hold reassembly memory, not connections that wait for their answer', async () => {
    const talk = new Conversation();
    const datagram = whole(hello());
    for (let port = 1; port <= 2000; port++) talk.client(datagram, port);
    const answers = answered(answer());
    for (let port = 1; port <= 2000; port++) talk.server(answers, port);
    const rows = await coreRows(talk.capture(), { limits: { reassembly_bytes: 1_048_576 } });
    expect(rows.serverHellos).toHaveLength(2000);
    expect(rows.state.counters.flows_evicted).toBe(0n);
  });
});
