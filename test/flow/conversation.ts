import { expect } from 'vitest';
import { Core, type CoreOptions } from '../../src/core/core.js';
import * as forge from '../../src/dev/forge/index.js';
import type { ClientHelloRow } from '../../src/schema/tables.js';
import { type CoreRows, coreRows } from '../support/core-rows.js';

const cores = new Map<string, Core>();

/** One core per set of limits, used again: laying out its memory takes longer than a small capture. */
function sharedCore(options: CoreOptions): Core {
  const key = JSON.stringify(options);
  let core = cores.get(key);
  if (!core) {
    core = new Core({ ...options, layout: 'wide' });
    cores.set(key, core);
  }
  return core;
}

/** Rows of IP packets in an Ethernet capture. After the end no connection may be open and no memory in use. */
export async function rowsOf(
  packets: readonly forge.ForgedPacket[],
  options: CoreOptions & { snapLength?: number } = {},
): Promise<CoreRows> {
  const { snapLength, ...rest } = options;
  const frames = forge.wrapAll(packets, (packet) => forge.ethernet(packet));
  const capture = forge.pcap(frames, snapLength === undefined ? {} : { snapLength });
  const rows = await coreRows(capture, { core: sharedCore(rest) });
  expect(rows.error).toBeNull();
  expect(rows.state).toMatchObject({ openFlows: 0, reassemblyUsed: 0 });
  return rows;
}

export const CLIENT: forge.Endpoint = { address: '192.0.2.10', port: 40_000 };
export const SERVER: forge.Endpoint = { address: '198.51.100.7', port: 443 };

/** A connection between the usual ends. */
export function connection(format: Partial<forge.TcpStreamFormat> = {}): forge.TcpStream {
  return new forge.TcpStream({ client: CLIENT, server: SERVER, ...format });
}

/** A ClientHello message of TLS 1.3 for `name`, made `pad` bytes longer by a padding extension. */
export function clientHello(name = 'example.com', pad = 0): Uint8Array {
  return forge.clientHello({
    sessionId: new Uint8Array(32).fill(7),
    ciphers: [0x1301, 0x1302, 0xc02b, 0xc02f],
    extensions: [
      forge.serverName(name),
      forge.supportedGroups(29, 23),
      forge.signatureAlgorithms(0x0403, 0x0804),
      forge.alpn('h2', 'http/1.1'),
      forge.supportedVersions(0x0304, 0x0303),
      forge.keyShares({ group: 29, key: new Uint8Array(32).fill(9) }),
      ...(pad > 0 ? [forge.padding(pad)] : []),
    ],
  });
}

/** A ServerHello message of TLS 1.3. */
export function serverHello13(): Uint8Array {
  return forge.serverHello({
    cipher: 0x1301,
    sessionId: new Uint8Array(32).fill(7),
    extensions: [forge.selectedVersion(0x0304), forge.serverKeyShare(29, new Uint8Array(32).fill(3))],
  });
}

/** A HelloRetryRequest for another group. */
export function retryRequest(): Uint8Array {
  return forge.helloRetryRequest({
    cipher: 0x1301,
    sessionId: new Uint8Array(32).fill(7),
    extensions: [forge.selectedVersion(0x0304), forge.retryKeyShare(23)],
  });
}

/** A ServerHello message of TLS 1.2. */
export function serverHello12(): Uint8Array {
  return forge.serverHello({
    cipher: 0xc02f,
    sessionId: new Uint8Array(32).fill(8),
    extensions: [forge.renegotiationInfo()],
  });
}

/** One handshake message, or several joined, in records of at most `size` bytes. */
export function records(messages: Uint8Array, size?: number): Uint8Array {
  return forge.handshakeRecords(messages, size);
}

export const CHANGE_CIPHER_SPEC = forge.tlsRecord(
  forge.CONTENT.changeCipherSpec,
  new Uint8Array([1]),
  0x0303,
);
/** An encrypted record: nothing in it is to be read. */
export const ENCRYPTED = forge.tlsRecord(
  forge.CONTENT.applicationData,
  new Uint8Array(200).fill(0xe5),
  0x0303,
);

/** What tells that a row is that of `clientHello(name)`, seen whole. */
export function wholeHello(name = 'example.com'): Partial<Record<keyof ClientHelloRow, unknown>> {
  return {
    complete: true,
    sni: name,
    cipher_suites: [0x1301, 0x1302, 0xc02b, 0xc02f],
    alpn: ['h2', 'http/1.1'],
    supported_versions: [0x0304, 0x0303],
    key_share_groups: [29],
  };
}

/** A row without what tells how it was carried: the part that must not depend on packets. */
export function contentOf(row: ClientHelloRow): Partial<ClientHelloRow> {
  const { packet, first_packet, ts, packets, anomalies, flow_id, ...content } = row;
  return content;
}
