import { Core } from '../../src/core/core.js';
import * as forge from '../../src/dev/forge/index.js';
import type { ClientHelloRow, ServerHelloRow } from '../../src/schema/tables.js';
import { coreRows } from '../support/core-rows.js';

const core = new Core({ layout: 'wide' });

const CLIENT = { address: '192.0.2.1', port: 50_000 };
const SERVER = { address: '192.0.2.2', port: 443 };

async function rows(packets: readonly forge.ForgedPacket[]) {
  return coreRows(forge.pcap(forge.wrapAll(packets, (packet) => forge.ethernet(packet))), { core });
}

/** The only row of a stream of bytes that a client sends. */
export async function rowOfStream(
  client: Uint8Array,
  ends: { client: forge.Endpoint; server: forge.Endpoint } = { client: CLIENT, server: SERVER },
): Promise<ClientHelloRow> {
  const stream = new forge.TcpStream(ends).open().send('client', client).close();
  const { clientHellos } = await rows(stream.packets);
  if (clientHellos.length !== 1) throw new Error(`${clientHellos.length} rows`);
  return clientHellos[0]!;
}

/** The only row of bytes that a client sends in these segments. */
export async function rowOfPieces(pieces: readonly Uint8Array[]): Promise<ClientHelloRow> {
  const stream = new forge.TcpStream({ client: CLIENT, server: SERVER }).open();
  for (const piece of pieces) stream.send('client', piece);
  const { clientHellos } = await rows(stream.close().packets);
  if (clientHellos.length !== 1) throw new Error(`${clientHellos.length} rows`);
  return clientHellos[0]!;
}

/** The row of a ClientHello of TLS over TCP. */
export async function rowOf(
  spec: forge.ClientHelloSpec,
  ends?: { client: forge.Endpoint; server: forge.Endpoint },
): Promise<ClientHelloRow> {
  return rowOfStream(forge.handshakeRecords(forge.clientHello(spec)), ends);
}

/** The row of a ClientHello of DTLS. */
export async function rowOfDatagram(
  spec: forge.ClientHelloSpec,
  client: forge.Endpoint = CLIENT,
  server: forge.Endpoint = SERVER,
): Promise<ClientHelloRow> {
  const body = forge.clientHelloBody({ cookie: new Uint8Array(0), ...spec });
  const message = { type: 1, sequence: 0, body };
  const record = forge.dtlsRecord(forge.CONTENT.handshake, forge.dtlsFragment(message, 0, body.length));
  const packet = { time: 1_700_000_000_000_000_000n, data: forge.udpPacket(client, server, record) };
  return (await rows([packet])).clientHellos[0]!;
}

/** The row of a ServerHello that answers some ClientHello. */
export async function serverRowOf(spec: forge.ServerHelloSpec): Promise<ServerHelloRow> {
  const stream = new forge.TcpStream({ client: CLIENT, server: SERVER }).open();
  stream.send('client', forge.handshakeRecords(forge.clientHello({ ciphers: [1], extensions: null })));
  stream.send('server', forge.handshakeRecords(forge.serverHello(spec)));
  return (await rows(stream.packets)).serverHellos[0]!;
}

/** The 16 GREASE values (RFC 8701 §2). */
export const GREASE_VALUES = [
  0x0a0a, 0x1a1a, 0x2a2a, 0x3a3a, 0x4a4a, 0x5a5a, 0x6a6a, 0x7a7a, 0x8a8a, 0x9a9a, 0xaaaa, 0xbaba, 0xcaca,
  0xdada, 0xeaea, 0xfafa,
];
