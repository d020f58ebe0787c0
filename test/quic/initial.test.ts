import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Core } from '../../src/core/core.js';
import {
  cryptoFrames,
  fromHex,
  QUIC_VERSION,
  quicFrame,
  quicOpaqueLong,
  quicShort,
  quicVersionNegotiation,
} from '../../src/dev/forge/index.js';
import { coreRows } from '../support/core-rows.js';
import { CORE_BUILDS } from '../support/wasm.js';
import {
  answer,
  answered,
  CLIENT_ID,
  Conversation,
  clientInitial,
  coalesced,
  FIRST_ID,
  hello,
  SERVER_ID,
  serverInitial,
  whole,
} from './conversation.js';

const vectors = ['quic-v1', 'quic-v2'].map((name) => {
  const url = new URL(`../../fixtures/vectors/${name}.json`, import.meta.url);
  const { source, version, clientInitial, serverInitial } = JSON.parse(readFileSync(url, 'utf8'));
  return [source, Number(version), clientInitial.packet, serverInitial.packet] as const;
});

const hash12 = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 12);

describe.each(CORE_BUILDS)('QUIC Initials, %s build', (build) => {
  const core = new Core({ layout: 'wide', build });
  const read = (talk: Conversation, snapLength?: number) => coreRows(talk.capture(snapLength), { core });

  it.each(vectors)('of %s give its hellos', async (_source, version, client, server) => {
    const rows = await read(new Conversation().client(fromHex(client)).server(fromHex(server)));
    const ciphers = '1301,1302';
    const extensions = '0005,000a,000d,001c,002b,002d,0033,0039,ff01_0403,0503,0603,0203,0804,0805,0806';
    expect(rows.clientHellos).toMatchObject([
      {
        protocol: 'quic',
        quic_version: version,
        record_version: null,
        sni: 'example.com',
        alpn: ['alpn'],
        ja4: `q13d0211an_${hash12(ciphers)}_${hash12(extensions)}`,
        ja4_r: `q13d0211an_${ciphers}_${extensions}`,
        ja3_text: '771,4865-4866,0-65281-10-16-5-51-43-13-45-28-57,29-23-24,',
        hello_bytes: 241,
        packets: 1,
        attempt: 1,
        complete: true,
        anomalies: [],
      },
    ]);
    expect(rows.serverHellos).toMatchObject([
      {
        packet: 2n,
        quic_version: version,
        cipher_suite: 0x1301,
        version: 0x0304,
        ja3s_text: '771,4865,51-43',
      },
    ]);
    expect(rows.state.counters).toMatchObject({
      quic_initials: 2n,
      quic_initials_decrypted: 2n,
      quic_undecryptable: 0n,
    });
  });

  it('are read past padding of any length', async () => {
    const [first, second] = cryptoFrames(hello(), 70);
    const talk = new Conversation();
    for (let n = 0; n < 150; n++) {
      talk.client(clientInitial([first!, quicFrame.padding(n), second!], { size: 0 }), 2000 + n);
      // A CRYPTO frame whose first byte is the last of the packet is none.
      const short = [first!, second!, quicFrame.padding(n), Uint8Array.of(6)];
      talk.client(clientInitial(short, { size: 0 }), 3000 + n);
    }
    const rows = await read(talk);
    expect(rows.clientHellos.map((r) => r.complete)).toEqual(new Array(300).fill(true));
  });

  it.each(Object.entries(QUIC_VERSION))('of %s are opened, on any port', async (_name, version) => {
    const rows = await read(
      new Conversation().client(whole(hello(), { version })).server(answered(answer(), { version })),
    );
    expect(rows.clientHellos.map((r) => [r.sni, r.quic_version])).toEqual([['quic.example', version]]);
    expect(rows.serverHellos.map((r) => r.quic_version)).toEqual([version]);
  });

  it('may have any packet number length, a token and no Fixed Bit', async () => {
    for (const packetNumberLength of [1, 2, 3, 4]) {
      const fields = { packetNumberLength, packetNumber: 0x7f, token: new Uint8Array(100), fixedBit: false };
      const rows = await read(new Conversation().client(whole(hello(), fields)));
      expect(rows.clientHellos.map((r) => r.sni)).toEqual(['quic.example']);
    }
  });

  it('are joined over several datagrams, in any order', async () => {
    const message = hello('a'.repeat(60));
    const frames = cryptoFrames(message, 50, 120);
    const datagrams = frames.map((frame, packetNumber) => clientInitial([frame], { packetNumber }));
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 0, 2],
    ]) {
      const talk = new Conversation();
      for (const i of order) talk.client(datagrams[i]!);
      const [row, ...others] = (await read(talk)).clientHellos;
      expect(others).toEqual([]);
      const inOrder = order.join() === '0,1,2';
      expect(row).toMatchObject({
        first_packet: 1n,
        packet: 3n,
        packets: 3,
        complete: true,
        sni: 'a'.repeat(60),
      });
      expect(row!.anomalies).toEqual(inOrder ? [] : ['out_of_order']);
    }
  });

  it('may carry frames in any order, between others', async () => {
    const [first, second, third] = cryptoFrames(hello(), 20, 90);
    const frames = [
      quicFrame.padding(13),
      third!,
      quicFrame.ping(),
      first!,
      quicFrame.ack(3, 2),
      quicFrame.padding(1),
      second!,
      quicFrame.connectionClose(0),
    ];
    const rows = await read(new Conversation().client(clientInitial(frames)));
    expect(rows.clientHellos).toMatchObject([{ sni: 'quic.example', packets: 1, anomalies: [] }]);
  });

  it('are found wherever they stand in a datagram', async () => {
    const [first, second] = cryptoFrames(hello(), 100);
    const ids = { destinationId: FIRST_ID, sourceId: CLIENT_ID };
    const early = quicOpaqueLong(QUIC_VERSION.v1, 1, ids, new Uint8Array(300).fill(0xaa));
    const one = clientInitial([first!], { size: 400 });
    const two = clientInitial([second!], { size: 400, packetNumber: 1 });
    const datagram = coalesced(early, one, two, quicShort(SERVER_ID, new Uint8Array(60).fill(0x5a)));
    const rows = await read(new Conversation().client(datagram));
    expect(rows.clientHellos).toMatchObject([{ sni: 'quic.example', packet: 1n, packets: 2 }]);
    expect(rows.state.counters).toMatchObject({ quic_initials: 2n, quic_initials_decrypted: 2n });
  });

  it('give no row without a right tag', async () => {
    const datagram = whole(hello());
    for (const at of [1199, 600, 30, 5 + 1 + 8]) {
      const damaged = Uint8Array.from(datagram);
      damaged[at]! ^= 1;
      const rows = await read(new Conversation().client(damaged));
      expect(rows.clientHellos).toEqual([]);
      expect(rows.state.counters).toMatchObject({
        quic_initials: 1n,
        quic_initials_decrypted: 0n,
        quic_undecryptable: 1n,
        flows: 0n,
      });
    }
  });

  it('of a server alone, or cut by the snap length, are counted', async () => {
    const alone = await read(new Conversation().server(answered(answer())));
    expect(alone.serverHellos).toEqual([]);
    expect(alone.state.counters).toMatchObject({ quic_initials: 1n, quic_undecryptable: 1n });
    const cut = await read(new Conversation().client(whole(hello())), 600);
    expect(cut.clientHellos).toEqual([]);
    expect(cut.state.counters).toMatchObject({
      quic_initials: 1n,
      quic_undecryptable: 1n,
      snaplen_cut_packets: 1n,
    });
  });

  it('of unknown versions are counted, and nothing else is', async () => {
    const unknown = whole(hello());
    unknown.set([0x0a, 0x1a, 0x2a, 0x3b], 1);
    // Public flags with version, 8-byte connection id, "Q043".
    const google = new Uint8Array(1350);
    google.set([0x0d, ...FIRST_ID, 0x51, 0x30, 0x34, 0x33]);
    // RTP, version 2, payload type 96.
    const rtp = new Uint8Array(1300).fill(0x11);
    rtp.set([0x80, 0x60]);
    const dns = new Uint8Array(1300).fill(0x22);
    dns.set([0xc3, 0x10, 0x81, 0x80, 0x00, 0x01]);
    const ids = { destinationId: CLIENT_ID, sourceId: FIRST_ID };
    const talk = new Conversation()
      .client(unknown)
      .client(google)
      .client(rtp)
      .client(dns)
      .server(quicVersionNegotiation(ids, [1, 0x6b3343cf]))
      .client(quicShort(SERVER_ID, new Uint8Array(1200).fill(0x41)));
    const { counters } = (await read(talk)).state;
    expect(counters).toMatchObject({
      quic_unknown_version: 2n,
      quic_initials: 0n,
      quic_undecryptable: 0n,
      flows: 0n,
    });
  });

  it('survive any damage', async () => {
    const frames = cryptoFrames(hello(), 50, 100);
    const talk = new Conversation();
    // Frames whose lengths lead out of the packet, and hellos whose lengths lead out of the hello.
    for (let at = 0; at < 160; at++) {
      const message = hello('x', at);
      message[at % message.length]! ^= 0xff;
      talk.client(whole(message), 2000 + at);
      const broken = Uint8Array.from(frames[1]!);
      broken[at % broken.length]! ^= 0xff;
      talk.client(clientInitial([broken, frames[0]!]), 4000 + at);
      talk.server(serverInitial([broken]), 4000 + at);
    }
    const rows = await read(talk);
    expect(rows.error).toBeNull();
    expect(rows.state.counters.quic_undecryptable).toBe(0n);
  });
});
