import { ethernet, tcpPacket, udpPacket } from '../forge/index.js';

const SERVER = { address: '192.0.2.1', port: 443 };
const client = (i: number) => ({ address: `10.1.${i >> 8}.${i & 255}`, port: 1024 + i });

/** A segment of application data in the middle of a connection. */
function tcpData(i: number, frameBytes: number): Uint8Array {
  const payload = new Uint8Array(frameBytes - 54).fill(0x5a);
  payload.set([0x17, 3, 3, 4, 0]);
  return ethernet(tcpPacket({ source: SERVER, destination: client(i), sequence: 1_000_000 }, payload));
}

/** A packet behind the handshake of QUIC (RFC 9000 §17.3.1). */
function quicShort(i: number): Uint8Array {
  const payload = new Uint8Array(1200).fill(0x5a);
  payload[0] = 0x41;
  return ethernet(udpPacket(client(i), SERVER, payload));
}

const CONNECTIONS = 1000;

/** Packets that carry no handshake, by kind: one of each of a thousand connections. */
export const LIVE_PACKETS = {
  'TCP data, 64 B': () => Array.from({ length: CONNECTIONS }, (_, i) => tcpData(i, 64)),
  'TCP data, 600 B': () => Array.from({ length: CONNECTIONS }, (_, i) => tcpData(i, 600)),
  'TCP data, 1514 B': () => Array.from({ length: CONNECTIONS }, (_, i) => tcpData(i, 1514)),
  'QUIC 1-RTT, 1242 B': () => Array.from({ length: CONNECTIONS }, (_, i) => quicShort(i)),
} as const satisfies Record<string, () => Uint8Array[]>;

export type LiveKind = keyof typeof LIVE_PACKETS;
