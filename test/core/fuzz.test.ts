import { describe, expect, it } from 'vitest';
import { Core } from '../../src/core/core.js';
import * as forge from '../../src/dev/forge/index.js';
import { coreRows } from '../support/core-rows.js';
import { FIXTURES, transcript } from './captures.js';

const limits = { max_flows: 512, reassembly_bytes: 1_048_576, batch_rows: 64, content_cache_bytes: 65_536 };
const simd = new Core({ layout: 'wide', build: 'simd', limits });
const scalar = new Core({ layout: 'wide', build: 'scalar', limits });
const control = FIXTURES.find((one) => one.name === 'node-24.21.0.pcap')!.bytes;

/** Read on both builds: no trap, the same rows, nothing left behind. */
async function readBoth(bytes: Uint8Array): Promise<string> {
  const rows = await coreRows(bytes, { core: simd });
  expect(rows.state).toMatchObject({ openFlows: 0, reassemblyUsed: 0 });
  const text = transcript(rows);
  const other = transcript(await coreRows(bytes, { core: scalar }));
  if (other !== text) expect({ bytes: Buffer.from(bytes).toString('hex'), text: other }).toEqual({ text });
  return text;
}

const EXTREMES = [0, 1, 2, 3, 4, 5, 0x7f, 0x80, 0xfe, 0xff];

/** A change of the kind that finds faults in readers of lengths. */
function mutate(random: forge.SeededRandom, from: Uint8Array, begin: number): Uint8Array {
  const bytes = from.slice();
  const at = random.between(begin, bytes.length - 1);
  switch (random.below(6)) {
    case 0:
      for (let i = random.between(1, 8); i > 0; i--)
        bytes[random.between(begin, bytes.length - 1)]! ^= 1 << random.below(8);
      return bytes;
    case 1:
      bytes[at] = random.pick(EXTREMES);
      return bytes;
    case 2:
      for (let i = 0; i < random.between(2, 4) && at + i < bytes.length; i++)
        bytes[at + i] = random.pick([0, 0xff]);
      return bytes;
    case 3:
      return forge.concat(
        bytes.subarray(0, at),
        bytes.subarray(Math.min(bytes.length, at + random.between(1, 40))),
      );
    case 4:
      return forge.concat(bytes.subarray(0, at), random.bytes(random.between(1, 40)), bytes.subarray(at));
    default:
      return bytes.subarray(0, at);
  }
}

describe('damaged captures', () => {
  it.each(FIXTURES.slice(0, 40).filter((_, i) => i % 2 === 0))('$name', async ({ name, bytes }) => {
    const random = new forge.SeededRandom(name.length * 7919 + bytes.length);
    for (let i = 0; i < 60; i++) await readBoth(mutate(random, bytes, i % 4 === 0 ? 0 : 40));
  });

  it('read after them, a whole one is what it was', async () => {
    const fresh = transcript(await coreRows(control, { layout: 'wide', limits }));
    expect(await readBoth(control)).toBe(fresh);
  });
});

const CLIENT = { address: '192.0.2.1', port: 50_000 };
const SERVER = { address: '192.0.2.2', port: 443 };

/** A connection on which each side sends these bytes. */
function capture(client: Uint8Array, server: Uint8Array, segmentSize: number): Uint8Array {
  const stream = new forge.TcpStream({ client: CLIENT, server: SERVER, segmentSize }).open();
  stream.send('client', client).send('server', server).close();
  return forge.pcap(forge.wrapAll(stream.packets, (packet) => forge.ethernet(packet)));
}

const EXTENSIONS = [
  forge.serverName('example.com'),
  forge.extension(0x1a1a),
  forge.supportedGroups(0x2a2a, 29, 23),
  forge.pointFormats(0, 1),
  forge.signatureAlgorithms(0x0403, 0x0804),
  forge.alpn('h2', 'http/1.1'),
  forge.compressCertificate(2),
  forge.supportedVersions(0x3a3a, 0x0304, 0x0303),
  forge.pskModes(1),
  forge.keyShares({ group: 0x4a4a, key: new Uint8Array(1) }, { group: 29, key: new Uint8Array(32) }),
  forge.quicTransportParameters([
    { id: 1, value: new Uint8Array(2) },
    { id: 27 + 31 * 5, value: new Uint8Array(0) },
  ]),
  forge.encryptedClientHello(7, new Uint8Array(32), new Uint8Array(144)),
  forge.preSharedKey(new Uint8Array(16), new Uint8Array(32)),
];
const HELLO = forge.clientHello({
  sessionId: new Uint8Array(32),
  ciphers: [0x0a0a, 0x1301, 0xc02b, 0x00ff],
  extensions: EXTENSIONS,
});
const ANSWER = forge.concat(
  forge.serverHello({
    cipher: 0xc02f,
    extensions: [forge.renegotiationInfo(), forge.alpn('h2'), forge.serverKeyShare(29, new Uint8Array(32))],
  }),
  forge.certificate(new Uint8Array(300).fill(0x30), new Uint8Array(500).fill(0x31)),
  forge.serverHelloDone(),
);

describe('damaged handshakes', () => {
  it.each([1460, 100, 9])('in segments of %s bytes', async (segmentSize) => {
    const random = new forge.SeededRandom(segmentSize);
    for (let i = 0; i < 400; i++) {
      const inside = i % 2 === 0;
      const client = inside
        ? forge.handshakeRecords(mutate(random, HELLO, 0), random.pick([20, 200, 16384]))
        : mutate(random, forge.handshakeRecords(HELLO, 200), 0);
      const server = inside
        ? forge.handshakeRecords(mutate(random, ANSWER, 0), random.pick([20, 200, 16384]))
        : mutate(random, forge.handshakeRecords(ANSWER, 200), 0);
      await readBoth(capture(client, server, segmentSize));
    }
  });

  it('with every byte of the hello in turn at its extremes', async () => {
    for (let at = 4; at < HELLO.length; at++) {
      for (const value of [0, 0xff]) {
        const hello = HELLO.slice();
        hello[at] = value;
        await readBoth(capture(forge.handshakeRecords(hello), new Uint8Array(0), 1460));
      }
    }
  });

  it('read after them, a whole one is what it was', async () => {
    const fresh = transcript(await coreRows(control, { layout: 'wide', limits }));
    expect(await readBoth(control)).toBe(fresh);
  });
});

describe('connections in disorder', () => {
  const { syn, ack, psh, fin, rst } = forge.TCP_FLAG;
  const FLAGS = [
    psh | ack,
    psh | ack,
    psh | ack,
    psh | ack,
    ack,
    syn,
    syn | ack,
    fin | ack,
    rst,
    syn | psh,
    fin | syn,
  ];
  const streams = {
    client: [
      forge.handshakeRecords(HELLO),
      forge.handshakeRecords(HELLO, 30),
      forge.fromText('EHLO a.example\r\nSTARTTLS\r\n'),
    ],
    server: [
      forge.handshakeRecords(ANSWER),
      forge.handshakeRecords(ANSWER, 50),
      forge.fromText('220 a.example ESMTP\r\n'),
    ],
  };

  /** Segments of a few connections with any flags, places, numbers and cuts. */
  function soup(random: forge.SeededRandom): Uint8Array {
    const packets: forge.ForgedPacket[] = [];
    for (let i = 0; i < 80; i++) {
      const from = random.pick(['client', 'server'] as const);
      const other = { address: '192.0.2.1', port: 50_000 + random.below(3) };
      const bytes = random.pick(streams[from]);
      const at = random.chance(0.3) ? 0 : random.below(bytes.length);
      const sequence =
        (random.pick([1000, 0xfffffff0, 0x80000000]) + at + random.pick([0, 0, 0, 1, -1, 70_000])) >>> 0;
      const fields = { source: other, destination: SERVER, sequence, flags: random.pick(FLAGS) };
      const ends = from === 'client' ? fields : { ...fields, source: SERVER, destination: other };
      const payload = bytes.subarray(at, at + random.pick([0, 1, 7, 60, 400, 1460]));
      const data = forge.ethernet(forge.tcpPacket(ends, payload));
      const kept = random.chance(0.1) ? random.between(14, data.length) : data.length;
      const time = 1_700_000_000_000_000_000n + BigInt(i) * (random.chance(0.02) ? 200_000_000_000n : 1000n);
      packets.push({ time, data: data.subarray(0, kept), originalLength: data.length });
    }
    return forge.pcap(packets);
  }

  it('leave nothing behind, and both builds read the same', async () => {
    const random = new forge.SeededRandom(77);
    let hellos = 0;
    for (let i = 0; i < 600; i++) hellos += (await readBoth(soup(random))).split('hello_bytes').length - 1;
    expect(hellos).toBeGreaterThan(600);
  });

  it('read after them, a whole one is what it was', async () => {
    const fresh = transcript(await coreRows(control, { layout: 'wide', limits }));
    expect(await readBoth(control)).toBe(fresh);
  });
});

describe('a strict prefix of a hello', () => {
  it.each([16384, 60])('is never a complete row (records of %s bytes)', async (size) => {
    const stream = forge.handshakeRecords(HELLO, size);
    for (let length = 0; length < stream.length; length++) {
      const { clientHellos } = await coreRows(capture(stream.subarray(0, length), new Uint8Array(0), 70), {
        core: simd,
      });
      expect(clientHellos.length).toBeLessThanOrEqual(1);
      for (const row of clientHellos) {
        expect(row).toMatchObject({ complete: false, ja3: null, ja4: null, ja4_r: null, npf: null });
        expect(row.anomalies).toContain('connection_closed');
        expect(row.captured_bytes).toBeLessThan(HELLO.length);
        expect(row.cipher_suites.length).toBeLessThanOrEqual(4);
      }
      // From the first byte of the message on there is a row.
      expect(clientHellos.length).toBe(length > 5 ? 1 : 0);
    }
  });
});
