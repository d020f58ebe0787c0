import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import { Reader } from './reader.js';
import { ByteStream } from './tcp.js';
import { type HandshakeMessage, MessageSplitter } from './tls.js';

/** The keys of one direction of an Initial (RFC 9001 §5.2). */
interface InitialKeys {
  key: Buffer;
  iv: Buffer;
  headerProtection: Buffer;
}

interface Variant {
  salt: string;
  labels: 'quic' | 'quicv2';
}

const DRAFT_29 = { salt: 'afbfec289993d24c9e9786f19c6111e04390a899', labels: 'quic' } as const;
const DRAFT_23 = { salt: 'c3eef712c72ebb5a11a7d2432bb46365bef9f502', labels: 'quic' } as const;
const VERSION_1 = { salt: '38762cf7f55934b34d179ae6a4c80cadccbb7f0a', labels: 'quic' } as const;
const VERSION_2 = { salt: '0dede3def700a6db819381be6e269dcbf9bd2ed9', labels: 'quicv2' } as const;
const DRAFT_22 = { salt: '7fbcdb0e7c66bbe9193a96cd21519ebd7a02644a', labels: 'quic' } as const;

/** What Google's quiche takes for the reserved versions. */
const RESERVED = { salt: 'f964bf453a1f1b80a5f8820377d4afca580ee743', labels: 'quic' } as const;

/** Salts and labels that a client may have taken for a version; it is free to choose where that is a reserved one (RFC 9000 §15). */
function variantsOf(version: number): readonly Variant[] {
  if (/^.a.a.a.a$/.test(version.toString(16).padStart(8, '0'))) return [RESERVED, DRAFT_29, VERSION_1];
  const variant = variantOf(version);
  return variant ? [variant] : [];
}

/** Salt and labels of a version (RFC 9001 §5.2, RFC 9369 §3.3, the drafts, and Meta's mvfst); null if unknown. */
function variantOf(version: number): Variant | null {
  if (version === 1 || version === 0xfacefeed) return VERSION_1;
  if (version === 0x6b3343cf) return VERSION_2;
  if (version === 0x709a50c4) return { salt: 'a707c203a59b47184a1d62ca570406ea7ae3e5d3', labels: 'quicv2' };
  if (version === 0xfaceb001) return DRAFT_22;
  if ([0xfaceb002, 0xfaceb00e, 0xfaceb010, 0xfaceb011, 0xfaceb013].includes(version)) return DRAFT_23;
  const draft = version - 0xff000000;
  if (draft === 33 || draft === 34) return VERSION_1;
  if (draft >= 29 && draft <= 32) return DRAFT_29;
  if (draft >= 23 && draft <= 28) return DRAFT_23;
  return draft === 22 ? DRAFT_22 : null;
}

/** A long-header packet in the clear parts of its header. */
interface LongHeader {
  version: number;
  kind: 'initial' | 'retry' | 'other';
  destinationId: Uint8Array;
  sourceId: Uint8Array;
  /** Where the packet number begins, from the start of the packet. */
  numberOffset: number;
  /** The whole packet. */
  packet: Uint8Array;
}

function readLongHeader(datagram: Uint8Array, at: number): LongHeader | null {
  const reader = new Reader(datagram.subarray(at));
  const first = reader.uint(1) ?? 0;
  const version = reader.uint(4) ?? 0;
  const [variant] = variantsOf(version);
  const destinationId = reader.vector(1);
  const sourceId = reader.vector(1);
  // The second bit is no sign of QUIC: both sides may set it at random (RFC 9287 §3).
  if ((first & 0x80) === 0 || !variant || !destinationId || !sourceId || reader.broken) return null;
  // Version 2 moves the types by one (RFC 9369 §3.2).
  const type = variant.labels === 'quicv2' ? ((first >>> 4) + 3) & 3 : (first >>> 4) & 3;
  const header = { version, destinationId, sourceId, numberOffset: 0, packet: reader.bytes };
  if (type === 3) return { ...header, kind: 'retry' };
  if (type === 0) reader.take(reader.quicInteger() ?? 0);
  const length = reader.quicInteger();
  if (length === undefined || length > reader.left || reader.broken) return null;
  const numberOffset = reader.position;
  const packet = reader.bytes.subarray(0, numberOffset + length);
  return { ...header, kind: type === 0 ? 'initial' : 'other', numberOffset, packet };
}

function expandLabel(secret: Buffer, label: string, length: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([
    Buffer.from([length >>> 8, length & 0xff, name.length]),
    name,
    Buffer.from([0]),
  ]);
  // One block of HKDF-Expand is enough for 32 bytes (RFC 5869 §2.3).
  return createHmac('sha256', secret)
    .update(info)
    .update(Buffer.from([1]))
    .digest()
    .subarray(0, length);
}

function initialKeys(
  { salt, labels }: Variant,
  connectionId: Uint8Array,
  side: 'client' | 'server',
): InitialKeys {
  const initial = createHmac('sha256', Buffer.from(salt, 'hex')).update(connectionId).digest();
  const secret = expandLabel(initial, `${side} in`, 32);
  return {
    key: expandLabel(secret, `${labels} key`, 16),
    iv: expandLabel(secret, `${labels} iv`, 12),
    headerProtection: expandLabel(secret, `${labels} hp`, 16),
  };
}

/** The frames of an Initial, or null if the keys do not fit (RFC 9001 §5.3, §5.4). */
function open(header: LongHeader, keys: InitialKeys): Uint8Array | null {
  const packet = Uint8Array.from(header.packet);
  const { numberOffset } = header;
  if (packet.length < numberOffset + 20) return null;
  const cipher = createCipheriv('aes-128-ecb', keys.headerProtection, null);
  const mask = cipher.update(packet.subarray(numberOffset + 4, numberOffset + 20));
  packet[0]! ^= mask[0]! & 0x0f;
  const numberLength = (packet[0]! & 3) + 1;
  const nonce = Buffer.from(keys.iv);
  for (let i = 0; i < numberLength; i++) {
    packet[numberOffset + i]! ^= mask[1 + i]!;
    nonce[12 - numberLength + i]! ^= packet[numberOffset + i]!;
  }
  const begin = numberOffset + numberLength;
  const decipher = createDecipheriv('aes-128-gcm', keys.key, nonce);
  decipher.setAAD(packet.subarray(0, begin));
  decipher.setAuthTag(packet.subarray(packet.length - 16));
  try {
    return Buffer.concat([decipher.update(packet.subarray(begin, packet.length - 16)), decipher.final()]);
  } catch {
    return null;
  }
}

/** The CRYPTO frames among the frames of an Initial (RFC 9000 §19); reading stops at a frame that must not be there. */
function cryptoFrames(frames: Uint8Array): { offset: number; data: Uint8Array }[] {
  const found: { offset: number; data: Uint8Array }[] = [];
  const reader = new Reader(frames);
  while (reader.left > 0 && !reader.broken) {
    const type = reader.quicInteger();
    if (type === 0 || type === 1) continue;
    if (type === 6) {
      const offset = reader.quicInteger()!;
      const data = reader.take(reader.quicInteger() ?? 0);
      if (data && !reader.broken) found.push({ offset, data });
    } else if (type === 2 || type === 3) {
      reader.quicInteger();
      reader.quicInteger();
      const ranges = reader.quicInteger() ?? 0;
      const numbers = 1 + 2 * ranges + (type === 3 ? 3 : 0);
      for (let i = 0; i < numbers && !reader.broken; i++) reader.quicInteger();
    } else {
      break;
    }
  }
  return found;
}

/** The two CRYPTO streams of the connection whose keys come from one destination connection id. */
class Connection {
  readonly #destinationId: Uint8Array;
  readonly #streams = { client: cryptoStream(), server: cryptoStream() };

  constructor(destinationId: Uint8Array) {
    this.#destinationId = destinationId;
  }

  /** The frames of a packet of either side, or null. The server may answer in another version (RFC 9369 §4.1). */
  open(header: LongHeader): { side: 'client' | 'server'; frames: Uint8Array } | null {
    for (const variant of variantsOf(header.version)) {
      for (const side of ['client', 'server'] as const) {
        const frames = open(header, initialKeys(variant, this.#destinationId, side));
        if (frames) return { side, frames };
      }
    }
    return null;
  }

  /** The messages that these frames of a side complete. */
  add(side: 'client' | 'server', frames: Uint8Array, packet: number): HandshakeMessage[] {
    const { stream, splitter } = this.#streams[side];
    const before = stream.bytes.length;
    for (const { offset, data } of cryptoFrames(frames)) {
      stream.add({ sourcePort: 0, destinationPort: 0, sequence: offset, syn: false, data }, packet);
    }
    return splitter.add(stream, before, stream.bytes.length);
  }
}

function cryptoStream(): { stream: ByteStream; splitter: MessageSplitter } {
  const origin = { sourcePort: 0, destinationPort: 0, sequence: 0, syn: false, data: new Uint8Array(0) };
  return { stream: new ByteStream(origin), splitter: new MessageSplitter() };
}

/** A handshake message of QUIC: which side sent it, and the version of the packet that completed it. */
export interface QuicMessage extends HandshakeMessage {
  side: 'client' | 'server';
  quicVersion: number;
}

/** Reads the Initials between two UDP ends, both directions. The keys of every connection are tried, newest first. */
export class QuicReader {
  readonly #connections: Connection[] = [];
  readonly #retried = new Set<string>();

  /** The messages that this datagram completes. */
  read(datagram: Uint8Array, packet: number): QuicMessage[] {
    const found: QuicMessage[] = [];
    let at = 0;
    while (at < datagram.length) {
      const header = readLongHeader(datagram, at);
      if (!header) break;
      if (header.kind === 'retry') this.#retried.add(Buffer.from(header.sourceId).toString('hex'));
      if (header.kind === 'initial') found.push(...this.#readInitial(header, packet));
      at += header.packet.length;
    }
    return found;
  }

  #readInitial(header: LongHeader, packet: number): QuicMessage[] {
    const known = this.#connections.find((connection) => connection.open(header));
    const connection = known ?? new Connection(header.destinationId);
    const opened = connection.open(header);
    if (!opened) return [];
    if (!known) this.#connections.unshift(connection);
    const { side, frames } = opened;
    const messages = connection.add(side, frames, packet);
    // After a Retry the client says the same hello again under new keys (RFC 9000 §17.2.5.2).
    if (side === 'client' && this.#retried.has(Buffer.from(header.destinationId).toString('hex'))) return [];
    return messages.map((message) => ({ ...message, side, quicVersion: header.version }));
  }
}

/** Whether a UDP payload begins with a long header of a known version. */
export function looksLikeQuic(payload: Uint8Array): boolean {
  return payload.length >= 7 && readLongHeader(payload, 0) !== null;
}
