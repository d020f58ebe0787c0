import { describe, expect, it } from 'vitest';
import * as forge from '../../src/dev/forge/index.js';
import { clientHello, connection, records, rowsOf, SERVER, serverHello12 } from '../flow/conversation.js';
import { CORE_BUILDS } from '../support/wasm.js';

const CLIENT_SESSION = forge.fromHex('39fded2daa10a437');
const SERVER_SESSION = forge.fromHex('9421917de7267729');
/** Of those that matter here (OpenVPN 2.x `ssl_pkt.h`). */
const OPCODE = { control: 4, clientReset: 7, serverReset: 8 };

/** HMAC of `bytes` (0: no tls-auth), then the packet id and time that come with one. */
function auth(bytes: number): Uint8Array {
  return bytes === 0 ? new Uint8Array() : new Uint8Array(bytes + 8).fill(0xaa);
}

/** A control packet: message `id` with `tls`, acknowledging the messages `acks`. */
function packet(opcode: number, id: number, tls: Uint8Array, hmac: number, acks: number[] = []): Uint8Array {
  const mine = opcode === OPCODE.serverReset ? SERVER_SESSION : CLIENT_SESSION;
  const writer = new forge.ByteWriter()
    .u8(opcode << 3)
    .bytes(mine)
    .bytes(auth(hmac))
    .u8(acks.length);
  for (const ack of acks) writer.u32(ack);
  if (acks.length > 0) writer.bytes(SERVER_SESSION);
  return writer.u32(id).bytes(tls).done();
}

const reset = (hmac: number) => packet(OPCODE.clientReset, 0, new Uint8Array(), hmac);

/** TLS records in control packets of at most `size` bytes of them, from message 1 on. */
function control(tls: Uint8Array, hmac: number, size = 100, acks: number[] = []): Uint8Array[] {
  return Array.from({ length: Math.ceil(tls.length / size) }, (_, i) =>
    packet(OPCODE.control, i + 1, tls.subarray(i * size, (i + 1) * size), hmac, i === 0 ? acks : []),
  );
}

const HELLO = records(clientHello('vpn.example'));
const ANSWER = records(serverHello12());
const framed = (packets: readonly Uint8Array[]) =>
  forge.concat(...packets.map((one) => new forge.ByteWriter().u16(one.length).bytes(one).done()));

type Sent = readonly [from: forge.Side, payload: Uint8Array];

const from = (side: forge.Side, payloads: readonly Uint8Array[]): Sent[] =>
  payloads.map((one) => [side, one]);

function datagrams(sent: readonly Sent[]): forge.ForgedPacket[] {
  const client = { address: '192.0.2.10', port: 40_000 };
  const server = { ...SERVER, port: 1194 };
  return sent.map(([side, payload], i) => ({
    time: 1_700_000_000_000_000_000n + BigInt(i) * 1_000_000n,
    data: forge.udpPacket(side === 'client' ? client : server, side === 'client' ? server : client, payload),
  }));
}

describe.each(CORE_BUILDS)('TLS inside OpenVPN (%s)', (build) => {
  const seen = async (packets: readonly forge.ForgedPacket[]) => {
    const { clientHellos, serverHellos } = await rowsOf(packets, { build });
    return [
      ...clientHellos.map(({ app, protocol, sni, complete }) => [app, protocol, sni, complete]),
      ...serverHellos.map(({ app, protocol, cipher_suite, complete }) => [
        app,
        protocol,
        cipher_suite,
        complete,
      ]),
    ];
  };
  const both = [
    ['openvpn', 'tls', 'vpn.example', true],
    ['openvpn', 'tls', 0xc02f, true],
  ];

  // HMAC: none, MD5, SHA-1, SHA-256, SHA-512.
  describe.each([0, 16, 20, 32, 64])('with an HMAC of %i bytes', (hmac) => {
    it.each([40, 100, 1400])('is read over TCP from pieces of %i bytes', async (size) => {
      const stream = connection()
        .open()
        .send('client', framed([reset(hmac)]))
        .send('server', framed([packet(OPCODE.serverReset, 0, new Uint8Array(), hmac, [0])]))
        .send('client', framed(control(HELLO, hmac, size, [0])), { segmentSize: 77 })
        .send('server', framed(control(ANSWER, hmac, size, [1])))
        .close();
      expect(await seen(stream.packets)).toEqual(both);
    });

    it('is read over UDP, pieces that came too early being sent again', async () => {
      const [first, second, ...rest] = from('client', control(HELLO, hmac, 60, [0]));
      const packets = datagrams([
        ['client', reset(hmac)],
        ['server', packet(OPCODE.serverReset, 0, new Uint8Array(), hmac, [0])],
        ...[second!, first!, first!, second!, ...rest],
        ...from('server', control(ANSWER, hmac)),
      ]);
      expect(await seen(packets)).toEqual(both);
    });
  });

  it('is read again when the same ends begin again', async () => {
    const once = [reset(0), ...control(HELLO, 0)];
    // Each time with a session id of its own
    const again = once.map((one) => forge.concat(one.subarray(0, 1), SERVER_SESSION, one.subarray(9)));
    expect(await seen(datagrams(from('client', [...once, ...again])))).toEqual([both[0], both[0]]);
  });

  it('makes no row of control packets that are encrypted (tls-crypt)', async () => {
    const noise = new Uint8Array(300).map((_, i) => (i * 73 + 41) & 0xff);
    const packets = datagrams(from('client', [reset(32), ...control(noise, 32)]));
    expect(await seen(packets)).toEqual([]);
  });

  it('takes no other datagram with the same first byte for a beginning', async () => {
    const other = reset(0).fill(0x11, 9);
    const packets = datagrams(from('client', [other, ...control(new Uint8Array(300).fill(0x22), 0)]));
    expect(await seen(packets)).toEqual([]);
  });
});
