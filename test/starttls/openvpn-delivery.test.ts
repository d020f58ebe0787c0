import { describe, expect, it } from 'vitest';
import { Core } from '../../src/core/core.js';
import {
  arrange,
  ByteWriter,
  clientHello,
  concat,
  extension,
  type ForgedPacket,
  handshakeRecords,
  padding,
  pcap,
  SeededRandom,
  type Side,
  serverHello,
  serverName,
  TcpStream,
  udpPacket,
} from '../../src/dev/forge/index.js';
import { captures, corpusIsThere, tsharkRows } from '../conformance/corpus.js';
import { coreRows } from '../support/core-rows.js';
import { CORE_BUILDS } from '../support/wasm.js';

const CLIENT = { address: '192.0.2.1', port: 40_000 };
const SERVER = { address: '192.0.2.2', port: 1194 };
const CLIENT_HELLO = handshakeRecords(
  clientHello({ ciphers: [0x1301, 0xc02f], extensions: [serverName('vpn.example'), padding(700)] }),
);
const SERVER_HELLO = handshakeRecords(serverHello({ cipher: 0x1301, extensions: [extension(43, [3, 4])] }));

/** Opcodes of OpenVPN's protocol. */
const OP = { control: 4, ack: 5, data: 6, resetClient: 7, resetServer: 8 } as const;

interface Session {
  /** Bytes of HMAC of tls-auth; 0: without. */
  readonly mac?: number;
  readonly id?: number;
}

const sessionId = (side: Side, id = 0) =>
  Uint8Array.from({ length: 8 }, (_, i) => (side === 'client' ? 0xa0 : 0xb0) + i + id);

/** One packet of the control channel, as doc_protocol_overview.h of OpenVPN draws it. */
function control(
  from: Side,
  op: number,
  message: number | null,
  payload: Uint8Array,
  { mac = 0, id = 0 }: Session,
  acknowledged: readonly number[] = [],
): Uint8Array {
  const writer = new ByteWriter().u8(op << 3).bytes(sessionId(from, id));
  if (mac) writer.bytes(new Uint8Array(mac).fill(0xee)).u32(7).u32(0x65000000);
  writer.u8(acknowledged.length);
  for (const one of acknowledged) writer.u32(one);
  if (acknowledged.length) writer.bytes(sessionId(from === 'client' ? 'server' : 'client', id));
  if (message !== null) writer.u32(message);
  return writer.bytes(payload).done();
}

/** A message of the TLS stream in pieces of `size` bytes, from message id 1 on. */
function pieces(from: Side, stream: Uint8Array, size: number, session: Session): Uint8Array[] {
  const all: Uint8Array[] = [];
  for (let at = 0; at < stream.length; at += size) {
    const acknowledged = at === 0 && from === 'client' ? [0] : [];
    all.push(
      control(from, OP.control, all.length + 1, stream.subarray(at, at + size), session, acknowledged),
    );
  }
  return all;
}

const NOTHING = new Uint8Array(0);
const resets = (session: Session): [Side, Uint8Array][] => [
  ['client', control('client', OP.resetClient, 0, NOTHING, session)],
  ['server', control('server', OP.resetServer, 0, NOTHING, session, [0])],
];

/** A whole handshake. */
function talk(session: Session, size = 100): [Side, Uint8Array][] {
  const ack = control('server', OP.ack, null, NOTHING, session, [1]);
  return [
    ...resets(session),
    ...pieces('client', CLIENT_HELLO, size, session).map((p): [Side, Uint8Array] => ['client', p]),
    ['server', ack],
    ...pieces('server', SERVER_HELLO, size, session).map((p): [Side, Uint8Array] => ['server', p]),
    ['client', concat([OP.data << 3], new Uint8Array(100))],
  ];
}

function overUdp(packets: readonly (readonly [Side, Uint8Array])[]): Uint8Array {
  const forged = packets.map(([from, data], i): ForgedPacket => {
    const [source, destination] = from === 'client' ? [CLIENT, SERVER] : [SERVER, CLIENT];
    return { time: BigInt(i) * 1_000_000n, data: udpPacket(source, destination, data) };
  });
  return pcap(forged, { linkType: 101 });
}

const framed = (packet: Uint8Array) => concat([packet.length >> 8, packet.length & 0xff], packet);

describe.each(CORE_BUILDS)('OpenVPN however it is delivered (%s build)', (build) => {
  const core = new Core({ layout: 'wide', build });

  async function expectBoth(bytes: Uint8Array): Promise<void> {
    const { clientHellos, serverHellos } = await coreRows(bytes, { core });
    expect(clientHellos).toMatchObject([
      {
        app: 'openvpn',
        protocol: 'tls',
        sni: 'vpn.example',
        complete: true,
        cipher_suites: [0x1301, 0xc02f],
      },
    ]);
    expect(clientHellos[0]!.ja4?.slice(0, 10)).toBe('t12d020200');
    expect(serverHellos).toMatchObject([{ app: 'openvpn', cipher_suite: 0x1301, complete: true }]);
  }

  // None, MD5, SHA-1, SHA-224, SHA-256, SHA-384, SHA-512
  describe.each([0, 16, 20, 28, 32, 48, 64])('with an HMAC of %i bytes', (mac) => {
    it.each([100, 1200])('over UDP in pieces of %i bytes', (size) =>
      expectBoth(overUdp(talk({ mac }, size))),
    );

    it.each([
      ['as written', {}],
      ['one byte at a time', { segmentSize: 1 }],
      ['out of order', { segmentSize: 60, arrange: arrange.reversed }],
    ] as const)('over TCP, %s', async (_, delivery) => {
      const tcp = new TcpStream({ client: CLIENT, server: SERVER }).open();
      for (const [from, packet] of talk({ mac })) tcp.send(from, framed(packet), delivery);
      await expectBoth(pcap(tcp.close().packets, { linkType: 101 }));
    });
  });

  it('over UDP in any order after the reset, each piece twice', async () => {
    const random = new SeededRandom(3);
    const session = { mac: 20 };
    const [reset, answer] = resets(session);
    for (let round = 0; round < 20; round++) {
      const hello = pieces('client', CLIENT_HELLO, 100, session);
      const rest = pieces('server', SERVER_HELLO, 20, session);
      await expectBoth(
        overUdp([
          reset!,
          answer!,
          ...random.shuffled([...hello, ...hello]).map((p): [Side, Uint8Array] => ['client', p]),
          ...random.shuffled([...rest, ...rest]).map((p): [Side, Uint8Array] => ['server', p]),
        ]),
      );
    }
  });

  it('over UDP when the resets are not in the capture', () =>
    expectBoth(overUdp(talk({ mac: 32 }).slice(2))));

  it('tells what is missing of a hello', async () => {
    const session = { mac: 64 };
    const hello = pieces('client', CLIENT_HELLO, 100, session).map((p): [Side, Uint8Array] => ['client', p]);
    const { clientHellos } = await coreRows(
      overUdp([...resets(session), ...hello.slice(0, 3), ...hello.slice(4)]),
      { core },
    );
    expect(clientHellos).toMatchObject([{ app: 'openvpn', complete: false, captured_bytes: 300 - 5 }]);
    expect(clientHellos[0]!.anomalies).toEqual(['end_of_capture']);
  });

  it('reads two sessions between the same ports', async () => {
    const { clientHellos } = await coreRows(
      overUdp([...talk({ mac: 20, id: 0 }), ...talk({ mac: 20, id: 1 })]),
      { core },
    );
    expect(clientHellos).toHaveLength(2);
    expect(new Set(clientHellos.map((row) => row.flow_id)).size).toBe(2);
  });

  it('reads one hello when its packets come again', async () => {
    const all = talk({ mac: 20 });
    const { clientHellos, serverHellos } = await coreRows(overUdp([...all, ...all.slice(0, 12)]), { core });
    expect([clientHellos.length, serverHellos.length]).toEqual([1, 1]);
  });

  it('finds nothing in random datagrams that begin as it does, nor in tls-crypt', async () => {
    const random = new SeededRandom(11);
    const packets: [Side, Uint8Array][] = [];
    for (const op of [1, 2, 4, 7, 8]) {
      for (const n of [14, 26, 38, 54, 86, 300]) {
        for (let i = 0; i < 20; i++) packets.push(['client', concat([op << 3], random.bytes(n - 1))]);
      }
    }
    const { clientHellos, state } = await coreRows(overUdp(packets), { core });
    expect(clientHellos).toEqual([]);
    expect(state.counters.flows).toBe(0n);
  });
});

/** Of a piece that was sent again, which tshark joins with the client's certificate to another hello. */
const JOINED_BY_TSHARK = '5991ab8f02addcb6299426b29beb71cb';

/** ServerHellos and ClientHellos of the corpus captures: what tshark sees, and more where it does not read tls-auth. */
const CORPUS: Record<string, readonly [clients: number, servers: number]> = {
  'arkime--openvpn_synthetic.pcap': [4, 4],
  'mercury--openvpn_tcp_multi.pcap': [2, 2],
  'mercury--openvpn_tcp_single.pcap': [1, 1],
  'ndpi--openvpn-tlscrypt.pcap': [0, 0],
  'ndpi--openvpn.pcap': [8, 8],
  'ndpi--openvpn_nohmac.pcapng': [1, 1],
  'ndpi--openvpn_nohmac_tcp.pcapng': [1, 1],
};

describe('OpenVPN in captures', () => {
  const core = new Core({ layout: 'wide' });
  const present = corpusIsThere() ? captures().filter(({ file }) => file in CORPUS) : [];
  it.runIf(present.length > 0).each(present)('$file', async ({ file, path }) => {
    const { clientHellos, serverHellos } = await coreRows(path, { core });
    expect([clientHellos.length, serverHellos.length]).toEqual(CORPUS[file]);
    expect([...clientHellos, ...serverHellos].every((row) => row.app === 'openvpn' && row.complete)).toBe(
      true,
    );
    const expected = tsharkRows(file).filter((row) => row.ja3 !== JOINED_BY_TSHARK);
    expect(clientHellos.map((row) => row.ja3)).toEqual(
      expect.arrayContaining(expected.filter((row) => row.kind === 'client').map((row) => row.ja3)),
    );
    expect(serverHellos.map((row) => row.ja3s)).toEqual(
      expect.arrayContaining(expected.filter((row) => row.kind === 'server').map((row) => row.ja3s)),
    );
  });
});
