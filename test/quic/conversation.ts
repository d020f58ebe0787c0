import {
  alpn,
  type ClientHelloSpec,
  clientHello,
  concat,
  cryptoFrames,
  type ForgedPacket,
  helloRetryRequest,
  keyShares,
  pcap,
  QUIC_VERSION,
  quicFrame,
  quicInitial,
  quicInitialKeys,
  retryKeyShare,
  selectedVersion,
  serverHello,
  serverKeyShare,
  serverName,
  supportedGroups,
  supportedVersions,
  udpPacket,
} from '../../src/dev/forge/index.js';

const CLIENT = { address: '192.0.2.10', port: 50123 };
const SERVER = { address: '198.51.100.20', port: 8443 };

/** Connection ids of 8 bytes: the client's first for the server, the client's own, the server's own. */
export const FIRST_ID = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
export const CLIENT_ID = Uint8Array.of(0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8);
export const SERVER_ID = Uint8Array.of(0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58);

/** A hello of TLS 1.3; the random is 32 times `seed`. */
export function hello(name = 'quic.example', seed = 7, more: Partial<ClientHelloSpec> = {}): Uint8Array {
  return clientHello({
    random: new Uint8Array(32).fill(seed),
    ciphers: [0x1301, 0x1302],
    extensions: [
      serverName(name),
      supportedGroups(0x001d, 0x0017),
      alpn('h3'),
      supportedVersions(0x0304),
      keyShares({ group: 0x001d, key: new Uint8Array(32).fill(9) }),
    ],
    ...more,
  });
}

/** The ServerHello to it. */
export function answer(): Uint8Array {
  return serverHello({
    cipher: 0x1301,
    extensions: [serverKeyShare(0x001d, new Uint8Array(32)), selectedVersion(0x0304)],
  });
}

/** The HelloRetryRequest to it. */
export function retryRequest(): Uint8Array {
  return helloRetryRequest({ cipher: 0x1301, extensions: [retryKeyShare(0x0017), selectedVersion(0x0304)] });
}

/** What differs from the first Initial of a client of version 1. */
export interface InitialFields {
  version?: number;
  /** Where the keys come from. */
  keyId?: Uint8Array;
  destinationId?: Uint8Array;
  sourceId?: Uint8Array;
  token?: Uint8Array;
  packetNumber?: number;
  fixedBit?: boolean;
  size?: number;
}

/** An Initial of the client with these frames. */
export function clientInitial(frames: readonly Uint8Array[], fields: InitialFields = {}): Uint8Array {
  const version = fields.version ?? QUIC_VERSION.v1;
  return quicInitial({
    destinationId: fields.keyId ?? FIRST_ID,
    sourceId: CLIENT_ID,
    packetNumber: 0,
    size: 1200,
    ...fields,
    version,
    keys: quicInitialKeys(version, fields.keyId ?? FIRST_ID, 'client'),
    frames,
  });
}

/** An Initial of the server with these frames. */
export function serverInitial(frames: readonly Uint8Array[], fields: InitialFields = {}): Uint8Array {
  const version = fields.version ?? QUIC_VERSION.v1;
  return quicInitial({
    destinationId: CLIENT_ID,
    sourceId: SERVER_ID,
    packetNumber: 0,
    ...fields,
    version,
    keys: quicInitialKeys(version, fields.keyId ?? FIRST_ID, 'server'),
    frames,
  });
}

/** An Initial with a whole message from the start of the CRYPTO stream. */
export const whole = (message: Uint8Array, fields: InitialFields = {}): Uint8Array =>
  clientInitial(cryptoFrames(message), fields);

/** The answer with a ServerHello, behind an acknowledgement. */
export const answered = (message: Uint8Array, fields: InitialFields = {}): Uint8Array =>
  serverInitial([quicFrame.ack(0), ...cryptoFrames(message)], fields);

/** Datagrams between two ends, one millisecond apart; `port` is the client's. */
export class Conversation {
  readonly packets: ForgedPacket[] = [];

  client(datagram: Uint8Array, port = CLIENT.port): this {
    return this.#add(udpPacket({ ...CLIENT, port }, SERVER, datagram));
  }

  server(datagram: Uint8Array, port = CLIENT.port): this {
    return this.#add(udpPacket(SERVER, { ...CLIENT, port }, datagram));
  }

  #add(data: Uint8Array): this {
    this.packets.push({ time: 1_700_000_000_000_000_000n + 1_000_000n * BigInt(this.packets.length), data });
    return this;
  }

  /** The capture, of raw IP packets. */
  capture(snapLength?: number): Uint8Array {
    return pcap(this.packets, { linkType: 101, ...(snapLength ? { snapLength } : {}) });
  }
}

/** One datagram of several packets. */
export const coalesced = (...packets: Uint8Array[]): Uint8Array => concat(...packets);
