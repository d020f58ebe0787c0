import {
  cryptoFrames,
  ethernet,
  type ForgedPacket,
  pcap,
  QUIC_VERSION,
  quicFrame,
  quicInitial,
  quicInitialKeys,
  udpPacket,
} from '../../src/dev/forge/index.js';
import { answer, hello } from './conversation.js';

const SERVICE = { address: '198.51.100.20', port: 443 };
const SERVICE_6 = { address: '2001:db8::20', port: 443 };

/** Id of 8 to 20 bytes, another for each `n`. */
const idOf = (n: number, mark: number) =>
  Uint8Array.from({ length: 8 + (n % 13) }, (_, i) => (i === 0 ? mark : (n >> (8 * (i % 2))) + 31 * i) & 255);

/** What a client and its server say: hellos in one or two Initials, an answer, an acknowledgement. */
function talk(n: number): Uint8Array[][] {
  const odd = n % 13 === 0 ? QUIC_VERSION.reservedDraft29 : QUIC_VERSION.v1;
  const version = n % 7 === 0 ? QUIC_VERSION.v2 : odd;
  const [first, own, servers] = [idOf(n, 1), idOf(n, 2), idOf(n, 3)];
  const client = { address: n % 3 ? `192.0.2.${n % 250}` : `2001:db8::${n.toString(16)}`, port: 10_000 + n };
  const service = n % 3 ? SERVICE : SERVICE_6;
  const initial = (side: 'client' | 'server', packetNumber: number, to: Uint8Array, frames: Uint8Array[]) =>
    quicInitial({
      version,
      keys: quicInitialKeys(version, first, side),
      destinationId: to,
      sourceId: side === 'client' ? own : servers,
      packetNumber,
      frames,
      size: 1200,
    });
  const out = (datagram: Uint8Array) => udpPacket(client, service, datagram);
  const message = hello(`host${n}.example`, n & 255);
  const frames = n % 2 ? cryptoFrames(message) : cryptoFrames(message, 70);
  const broken = initial('client', 9, idOf(n, 4), [quicFrame.ping()]);
  broken[700]! ^= 1;
  return [
    n % 11 === 0 ? [out(broken)] : [],
    frames.map((frame, i) => out(initial('client', i, first, [frame]))),
    [udpPacket(service, client, initial('server', 0, own, cryptoFrames(answer())))],
    [out(initial('client', 5, servers, [quicFrame.ack(0)]))],
  ].map((datagrams) => datagrams.map((packet) => ethernet(packet)));
}

/** A capture of connections that begin close together, each going on while others begin. */
export function manyConnections(connections: number): Uint8Array {
  const stages: Uint8Array[] = [];
  const talks = Array.from({ length: connections }, (_, n) => talk(n));
  for (let turn = 0; turn < connections + 6; turn++) {
    for (let stage = 0; stage < 4; stage++) stages.push(...(talks[turn - 2 * stage]?.[stage] ?? []));
  }
  const packets = stages.map(
    (data, i): ForgedPacket => ({ time: 1_700_000_000_000_000_000n + BigInt(i) * 1_000_000n, data }),
  );
  return pcap(packets, { linkType: 1 });
}
