import { describe, expect, it } from 'vitest';
import { Core } from '../../src/core/core.js';
import {
  type ClientHelloSpec,
  CONTENT,
  certificate,
  clientHelloBody,
  concat,
  cookie,
  type DtlsMessage,
  dtlsFragment,
  dtlsFragments,
  dtlsRecord,
  extension,
  type ForgedPacket,
  HANDSHAKE,
  helloVerifyRequestBody,
  keyShares,
  pcap,
  RETRY_RANDOM,
  retryKeyShare,
  selectedVersion,
  serverHelloBody,
  serverName,
  signatureAlgorithms,
  supportedGroups,
  supportedVersions,
  udpPacket,
} from '../../src/dev/forge/index.js';
import { coreRows } from '../support/core-rows.js';
import { CORE_BUILDS } from '../support/wasm.js';

const CLIENT = { address: '2001:db8::10', port: 40000 };
const SERVER = { address: '2001:db8::20', port: 4433 };

/** Datagrams between two ends, one millisecond apart. */
class Conversation {
  readonly packets: ForgedPacket[] = [];

  client(...records: Uint8Array[]): this {
    return this.#add(udpPacket(CLIENT, SERVER, concat(...records)));
  }

  server(...records: Uint8Array[]): this {
    return this.#add(udpPacket(SERVER, CLIENT, concat(...records)));
  }

  #add(data: Uint8Array): this {
    this.packets.push({ time: 1_700_000_000_000_000_000n + 1_000_000n * BigInt(this.packets.length), data });
    return this;
  }

  capture(snapLength?: number): Uint8Array {
    return pcap(this.packets, { linkType: 101, ...(snapLength ? { snapLength } : {}) });
  }
}

/** Body of a hello of DTLS 1.2; the random is 32 times `seed`. */
function hello(seed = 7, more: Partial<ClientHelloSpec> = {}): Uint8Array {
  return clientHelloBody({
    legacyVersion: 0xfefd,
    random: new Uint8Array(32).fill(seed),
    cookie: new Uint8Array(0),
    ciphers: [0xc02b, 0xc02f],
    extensions: [
      serverName('dtls.example'),
      supportedGroups(0x001d),
      signatureAlgorithms(0x0403),
      extension(54, [0]),
    ],
    ...more,
  });
}

const clientMessage = (body: Uint8Array, sequence = 0): DtlsMessage => ({
  type: HANDSHAKE.clientHello,
  sequence,
  body,
});

const serverMessage = (sequence = 0, legacyVersion = 0xfefd): DtlsMessage => ({
  type: HANDSHAKE.serverHello,
  sequence,
  body: serverHelloBody({ legacyVersion, cipher: 0xc02b, extensions: [] }),
});

/** A record for each fragment of `size` bytes of the message; one if absent. */
function records(message: DtlsMessage, size?: number, version = 0xfefd): Uint8Array[] {
  return dtlsFragments(message, size).map((fragment, sequence) =>
    dtlsRecord(CONTENT.handshake, fragment, { version, sequence }),
  );
}

/** ServerHelloDone, encrypted records and what else is on the way. */
const done = dtlsRecord(
  CONTENT.handshake,
  dtlsFragment({ type: 14, sequence: 3, body: new Uint8Array(0) }, 0, 0),
);
const encrypted = dtlsRecord(CONTENT.handshake, new Uint8Array(48).fill(0xee), { version: 0xfefd, epoch: 1 });

describe.each(CORE_BUILDS)('DTLS, %s build', (build) => {
  const core = new Core({ layout: 'wide', build });
  const read = (talk: Conversation, snapLength?: number) => coreRows(talk.capture(snapLength), { core });

  it('gives the hellos of a handshake and the certificates', async () => {
    const chain = [new Uint8Array(700).fill(1), new Uint8Array(500).fill(2)];
    const certificates: DtlsMessage = {
      type: HANDSHAKE.certificate,
      sequence: 1,
      body: certificate(...chain).subarray(4),
    };
    const talk = new Conversation()
      .client(...records(clientMessage(hello()), undefined, 0xfeff))
      .server(...records(serverMessage()), ...records(certificates, 400), done)
      .client(encrypted);
    const rows = await read(talk);
    expect(rows.clientHellos).toMatchObject([
      {
        protocol: 'dtls',
        record_version: 0xfeff,
        quic_version: null,
        legacy_version: 0xfefd,
        sni: 'dtls.example',
        extensions: [0, 10, 13, 54],
        ja4_r: 'dd2d020400_c02b,c02f_000a,000d,0036_0403',
        ja3_text: '65277,49195-49199,0-10-13-54,29,',
        hello_bytes: hello().length + 4,
        captured_bytes: hello().length + 4,
        packets: 1,
        attempt: 1,
        complete: true,
        anomalies: [],
      },
    ]);
    expect(rows.serverHellos).toMatchObject([
      { packet: 2n, attempt: 1, cipher_suite: 0xc02b, ja3s_text: '65277,49195,' },
    ]);
    expect(rows.certificates.map((c) => [c.packet, c.position, Buffer.from(c.der)])).toEqual([
      [2n, 0, Buffer.from(chain[0]!)],
      [2n, 1, Buffer.from(chain[1]!)],
    ]);
    expect(rows.state.counters).toMatchObject({ dtls_records: 7n, dtls_client_hellos: 1n, flows: 1n });
  });

  it.each([
    ['1.0', 0xfeff, 'd1'],
    ['1.2', 0xfefd, 'd2'],
    ['before RFC 4347', 0x0100, '00'],
  ])('reads version %s', async (_name, version, letter) => {
    const talk = new Conversation().client(
      ...records(clientMessage(hello(7, { legacyVersion: version })), undefined, version),
    );
    const [row] = (await read(talk)).clientHellos;
    expect(row).toMatchObject({ legacy_version: version, record_version: version });
    expect(row!.ja4!.slice(0, 4)).toBe(`d${letter}d`);
  });

  it('joins fragments in any order, over datagrams and inside one', async () => {
    const parts = records(clientMessage(hello()), 40);
    const orders = [parts, [...parts].reverse(), [parts[1]!, parts[0]!, ...parts.slice(2)]];
    for (const order of orders) {
      const talk = new Conversation();
      for (const part of order) talk.client(part);
      const rows = await read(talk);
      expect(rows.clientHellos).toMatchObject([
        {
          sni: 'dtls.example',
          first_packet: 1n,
          packet: BigInt(parts.length),
          packets: parts.length,
          complete: true,
        },
      ]);
      const expected = order === parts ? ['record_split'] : ['out_of_order', 'record_split'];
      expect(rows.clientHellos[0]!.anomalies).toEqual(expected);
    }
    const together = await read(new Conversation().client(...parts));
    expect(together.clientHellos).toMatchObject([{ packets: 1, anomalies: ['record_split'] }]);
    const oneRecord = concat(...dtlsFragments(clientMessage(hello()), 60));
    const inOneRecord = await read(
      new Conversation().client(dtlsRecord(CONTENT.handshake, oneRecord, { version: 0xfefd })),
    );
    expect(inOneRecord.clientHellos).toMatchObject([{ sni: 'dtls.example', packets: 1 }]);
  });

  it('joins fragments that overlap', async () => {
    const message = clientMessage(hello());
    const pieces = [
      [0, 60],
      [30, 50],
      [70, 1000],
    ].map(([offset, length]) =>
      dtlsRecord(CONTENT.handshake, dtlsFragment(message, offset!, length!), { version: 0xfefd }),
    );
    const talk = new Conversation();
    for (const piece of pieces) talk.client(piece);
    expect((await read(talk)).clientHellos).toMatchObject([
      { sni: 'dtls.example', complete: true, anomalies: ['retransmitted', 'record_split'] },
    ]);
  });

  it('keeps messages apart whose fragments mix', async () => {
    const first = records(clientMessage(hello(7)), 80);
    const second = records(clientMessage(hello(7, { cookie: new Uint8Array(20) }), 1), 80);
    const talk = new Conversation().client(first[0]!).client(second[0]!).client(first[1]!).client(second[1]!);
    expect((await read(talk)).clientHellos.map((r) => [r.attempt, r.packet])).toEqual([
      [1, 3n],
      [2, 4n],
    ]);
  });

  it('gives two rows around a HelloVerifyRequest, and none for what is sent again', async () => {
    const second = hello(7, { cookie: new Uint8Array(20).fill(5) });
    const verify: DtlsMessage = {
      type: 3,
      sequence: 0,
      body: helloVerifyRequestBody(new Uint8Array(20).fill(5)),
    };
    const talk = new Conversation()
      .client(...records(clientMessage(hello())))
      .client(...records(clientMessage(hello())))
      .server(...records(verify))
      .client(...records(clientMessage(second, 1)))
      .client(...records(clientMessage(second, 1), 50))
      .server(...records(serverMessage(1)), done)
      .server(...records(serverMessage(1)), done)
      .client(...records(clientMessage(second, 1)));
    const rows = await read(talk);
    expect(rows.clientHellos.map((r) => [r.packet, r.attempt, r.complete])).toEqual([
      [1n, 1, true],
      [4n, 2, true],
    ]);
    expect(rows.serverHellos.map((r) => [r.packet, r.attempt])).toEqual([[6n, 2]]);
  });

  it('gives two rows around a HelloRetryRequest of version 1.3', async () => {
    const spec = {
      supported: supportedVersions(0xfefc, 0xfefd),
      share: keyShares({ group: 29, key: new Uint8Array(32) }),
    };
    const first = hello(7, { extensions: [spec.supported, spec.share] });
    const second = hello(7, { extensions: [spec.supported, spec.share, cookie(new Uint8Array(9))] });
    const server = (sequence: number, more: object): DtlsMessage => ({
      type: HANDSHAKE.serverHello,
      sequence,
      body: serverHelloBody({
        legacyVersion: 0xfefd,
        cipher: 0x1301,
        extensions: [selectedVersion(0xfefc)],
        ...more,
      }),
    });
    const request = { random: RETRY_RANDOM, extensions: [retryKeyShare(23), selectedVersion(0xfefc)] };
    const talk = new Conversation()
      .client(...records(clientMessage(first)))
      .server(...records(server(0, request)))
      .client(...records(clientMessage(second, 1)))
      // Behind the ServerHello, records with the unified header (RFC 9147 §4).
      .server(...records(server(1, {})), Uint8Array.of(0x2f, 1, 2, 0, 30, ...new Uint8Array(30).fill(0x77)))
      .client(dtlsRecord(25, new Uint8Array(60)));
    const rows = await read(talk);
    expect(rows.clientHellos.map((r) => [r.attempt, r.ja4?.slice(0, 3)])).toEqual([
      [1, 'dd3'],
      [2, 'dd3'],
    ]);
    expect(rows.serverHellos.map((r) => [r.attempt, r.is_retry, r.version])).toEqual([
      [1, true, 0xfefc],
      [2, false, 0xfefc],
    ]);
  });

  it('tells handshakes between the same ends apart', async () => {
    const talk = new Conversation()
      .client(...records(clientMessage(hello(1))))
      .server(...records(serverMessage()), done)
      .client(records(clientMessage(hello(2)), 70)[0]!)
      .server(encrypted)
      .client(...records(clientMessage(hello(2)), 70).slice(1))
      .server(
        dtlsRecord(
          CONTENT.handshake,
          dtlsFragment(
            {
              ...serverMessage(),
              body: serverHelloBody({
                legacyVersion: 0xfefd,
                random: new Uint8Array(32).fill(3),
                cipher: 0xc02f,
                extensions: [],
              }),
            },
            0,
            1000,
          ),
        ),
      );
    const rows = await read(talk);
    expect(rows.clientHellos.map((r) => [r.packet, r.attempt])).toEqual([
      [1n, 1],
      [5n, 1],
    ]);
    expect(rows.serverHellos.map((r) => r.cipher_suite)).toEqual([0xc02b, 0xc02f]);
  });

  it('is found behind the headers of TURN and CAPWAP', async () => {
    const [record] = records(clientMessage(hello()));
    const length = record!.length;
    const cookieAndId = [0x21, 0x12, 0xa4, 0x42, ...new Uint8Array(12).fill(9)];
    const peer = [0x00, 0x12, 0, 8, 0, 1, 0x12, 0x34, 1, 2, 3, 4];
    const attributes = [...peer, 0x00, 0x13, length >> 8, length & 0xff];
    const carriers = {
      'ChannelData (RFC 8656 §12.4)': [0x40, 0x01, length >> 8, length & 0xff],
      'Send indication (RFC 8656 §11)': [
        0x00,
        0x16,
        0,
        attributes.length + length,
        ...cookieAndId,
        ...attributes,
      ],
      'CAPWAP DTLS header (RFC 5415 §4.2)': [1, 0, 0, 0],
    };
    for (const header of Object.values(carriers)) {
      const rows = await read(new Conversation().client(Uint8Array.from(header), record!));
      expect(rows.clientHellos).toMatchObject([
        { protocol: 'dtls', sni: 'dtls.example', app: null, tunnel: null },
      ]);
    }
  });

  it('says why a hello is incomplete', async () => {
    const parts = records(clientMessage(hello()), 50);
    const reasons = async (talk: Conversation, snapLength?: number) =>
      (await read(talk, snapLength)).clientHellos.map((r) => [r.complete, r.captured_bytes, ...r.anomalies]);
    expect(await reasons(new Conversation().client(parts[0]!))).toEqual([[false, 54, 'end_of_capture']]);
    expect(await reasons(new Conversation().client(parts[1]!))).toEqual([
      [false, 4, 'missing_segment', 'out_of_order'],
    ]);
    const unanswered = new Conversation().client(parts[0]!).server(...records(serverMessage()), done);
    expect(await reasons(unanswered)).toEqual([[false, 54, 'missing_segment']]);
    // 40 bytes of IPv6, 8 of UDP, 13 of record and 12 of handshake header before the body.
    const cut = new Conversation().client(...records(clientMessage(hello())));
    expect(await reasons(cut, 73 + 40)).toEqual([[false, 44, 'snaplen_cut']]);
    const limits = { max_hello_bytes: 4096 };
    const long = clientMessage(hello(7, { ciphers: Array.from({ length: 3000 }, (_, i) => i) }));
    const limited = await coreRows(new Conversation().client(...records(long, 1000)).capture(), {
      build,
      limits,
    });
    expect(limited.clientHellos.map((r) => [r.complete, r.captured_bytes, ...r.anomalies])).toEqual([
      [false, 1004, 'buffer_limit'],
    ]);
  });

  it('does not take other UDP traffic for itself', async () => {
    const whole = records(clientMessage(hello()))[0]!;
    const changed = (at: number, value: number) => {
      const bytes = Uint8Array.from(whole);
      bytes[at] = value;
      return bytes;
    };
    const talk = new Conversation()
      .client(changed(0, 23)) // application_data
      .client(changed(1, 0x03)) // TLS version
      .client(changed(4, 1)) // epoch 1
      .client(changed(13, 4)) // NewSessionTicket
      .client(changed(19, 9)) // a fragment beyond the message
      .client(changed(25, 0x03)) // hello of TLS
      .client(changed(59, 33)) // session id of 33 bytes
      .client(whole.subarray(0, 24))
      .client(encrypted);
    const rows = await read(talk);
    expect(rows.clientHellos).toEqual([]);
    expect(rows.state.counters.flows).toBe(0n);
  });

  it('survives any damage', async () => {
    const talk = new Conversation();
    const parts = concat(...records(clientMessage(hello()), 60), ...records(serverMessage(1)));
    for (let at = 0; at < parts.length; at++) {
      for (const mask of [0xff, 0x01, 0x80]) {
        const bytes = Uint8Array.from(parts);
        bytes[at]! ^= mask;
        talk.client(bytes);
      }
    }
    expect((await read(talk)).error).toBeNull();
  });
});
