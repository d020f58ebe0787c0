import { createCipheriv, createHmac } from 'node:crypto';
import { ByteWriter, concat, fromHex } from './bytes.js';
import { quicInteger } from './extensions.js';

/** QUIC versions whose Initials can be built. */
export const QUIC_VERSION = {
  v1: 0x00000001,
  v2: 0x6b3343cf,
  draft22: 0xff000016,
  draft27: 0xff00001b,
  draft29: 0xff00001d,
  draft32: 0xff000020,
  draft34: 0xff000022,
  v2Draft: 0x709a50c4,
  mvfst1: 0xfaceb001,
  mvfst2: 0xfaceb002,
  mvfstV1: 0xfacefeed,
  /** Of the versions that force a negotiation, three with different salts. */
  reserved: 0x0a1a2a3a,
  reservedDraft29: 0x0a0a0a0a,
  reservedQuiche: 0xfacabaea,
} as const;

const V1_SALT = '38762cf7f55934b34d179ae6a4c80cadccbb7f0a';
const DRAFT_29_SALT = 'afbfec289993d24c9e9786f19c6111e04390a899';
const DRAFT_23_SALT = 'c3eef712c72ebb5a11a7d2432bb46365bef9f502';
const DRAFT_22_SALT = '7fbcdb0e7c66bbe9193a96cd21519ebd7a02644a';

/** Initial salts (RFC 9001 §5.2, RFC 9369 §3.3.1, and the same sections of the drafts). */
const SALTS = new Map<number, string>([
  [QUIC_VERSION.v1, V1_SALT],
  [QUIC_VERSION.draft34, V1_SALT],
  [QUIC_VERSION.mvfstV1, V1_SALT],
  [QUIC_VERSION.draft32, DRAFT_29_SALT],
  [QUIC_VERSION.draft29, DRAFT_29_SALT],
  [QUIC_VERSION.draft27, DRAFT_23_SALT],
  [QUIC_VERSION.mvfst2, DRAFT_23_SALT],
  [QUIC_VERSION.draft22, DRAFT_22_SALT],
  [QUIC_VERSION.mvfst1, DRAFT_22_SALT],
  [QUIC_VERSION.v2, '0dede3def700a6db819381be6e269dcbf9bd2ed9'],
  [QUIC_VERSION.v2Draft, 'a707c203a59b47184a1d62ca570406ea7ae3e5d3'],
  [QUIC_VERSION.reserved, V1_SALT],
  [QUIC_VERSION.reservedDraft29, DRAFT_29_SALT],
  [QUIC_VERSION.reservedQuiche, 'f964bf453a1f1b80a5f8820377d4afca580ee743'],
]);

/** Keys of one side's Initial packets. */
export interface QuicKeys {
  key: Uint8Array;
  iv: Uint8Array;
  headerProtection: Uint8Array;
}

/** Long-header packet types, as version 1 numbers them. */
export const LONG_TYPE = { initial: 0, zeroRtt: 1, handshake: 2, retry: 3 } as const;

/**
 * The Initial keys of one side (RFC 9001 §5.2).
 * @param connectionId the destination connection id of the client's first Initial, or of its first one after a Retry
 */
export function quicInitialKeys(
  version: number,
  connectionId: Uint8Array,
  side: 'client' | 'server',
): QuicKeys {
  const salt = SALTS.get(version);
  if (salt === undefined) throw new RangeError(`no salt is known for QUIC version ${version.toString(16)}`);
  const initial = createHmac('sha256', fromHex(salt)).update(connectionId).digest();
  const secret = expandLabel(initial, `${side} in`, 32);
  const label = isVersion2(version) ? 'quicv2' : 'quic';
  return {
    key: expandLabel(secret, `${label} key`, 16),
    iv: expandLabel(secret, `${label} iv`, 12),
    headerProtection: expandLabel(secret, `${label} hp`, 16),
  };
}

/** What an Initial packet is made of (RFC 9000 §17.2.2). */
export interface QuicInitialSpec {
  version: number;
  keys: QuicKeys;
  destinationId: Uint8Array;
  sourceId: Uint8Array;
  token?: Uint8Array;
  packetNumber: number;
  /** Bytes of the packet number on the wire; 4 if absent. */
  packetNumberLength?: 1 | 2 | 3 | 4;
  /** The frames, in order. */
  frames: readonly Uint8Array[];
  /** PADDING frames are added at the end until the protected packet has this length, 1200 say. */
  size?: number;
  /** False: the fixed bit is 0, as RFC 9287 allows. */
  fixedBit?: boolean;
}

/** A protected Initial packet. */
export function quicInitial(spec: QuicInitialSpec): Uint8Array {
  const numberLength = spec.packetNumberLength ?? 4;
  const token = spec.token ?? new Uint8Array(0);
  let payload = concat(...spec.frames);
  const overhead =
    7 +
    spec.destinationId.length +
    spec.sourceId.length +
    quicInteger(token.length).length +
    token.length +
    2;
  const wanted = (spec.size ?? 0) - overhead - numberLength - 16;
  // The sample for header protection needs 4 bytes after the longest packet number (RFC 9001 §5.4.2).
  const least = Math.max(wanted, 4 - numberLength);
  if (payload.length < least) payload = concat(payload, new Uint8Array(least - payload.length));
  const header = longHeader(spec.version, LONG_TYPE.initial, spec, numberLength, spec.fixedBit !== false)
    .bytes(quicInteger(token.length))
    .bytes(token)
    .bytes(quicInteger(numberLength + payload.length + 16, 2));
  for (let i = numberLength - 1; i >= 0; i--) header.u8(spec.packetNumber >>> (8 * i));
  return protect(header.done(), numberLength, payload, spec.packetNumber, spec.keys);
}

/** A long-header packet of another type with a payload that nobody can read, e.g. a Handshake packet (RFC 9000 §17.2.4). */
export function quicOpaqueLong(
  version: number,
  type: 1 | 2,
  ids: { destinationId: Uint8Array; sourceId: Uint8Array },
  payload: Uint8Array,
): Uint8Array {
  return longHeader(version, type, ids, 4, true).bytes(quicInteger(payload.length, 2)).bytes(payload).done();
}

/** A 1-RTT packet with a payload that nobody can read (RFC 9000 §17.3.1). */
export function quicShort(destinationId: Uint8Array, payload: Uint8Array): Uint8Array {
  return concat([0x40 | (payload[0]! & 0x3f)], destinationId, payload);
}

/** A Retry packet with its integrity tag (RFC 9001 §5.8, RFC 9369 §3.3.3), of version 1 or 2. */
export function quicRetry(
  version: number,
  ids: { destinationId: Uint8Array; sourceId: Uint8Array; originalDestinationId: Uint8Array },
  token: Uint8Array,
): Uint8Array {
  const [key, nonce] = isVersion2(version)
    ? ['8fb4b01b56ac48e260fbcbcead7ccc92', 'd86969bc2d7c6d9990efb04a']
    : ['be0c690b9f66575a1d766b54e368c84e', '461599d35d632bf2239825bb'];
  // The four unused bits are set, as in the sample of RFC 9001 appendix A.4.
  const packet = longHeader(version, LONG_TYPE.retry, ids, 16, true).bytes(token).done();
  const cipher = createCipheriv('aes-128-gcm', fromHex(key!), fromHex(nonce!));
  cipher.setAAD(concat([ids.originalDestinationId.length], ids.originalDestinationId, packet));
  cipher.final();
  return concat(packet, cipher.getAuthTag());
}

/** A Version Negotiation packet (RFC 9000 §17.2.1). */
export function quicVersionNegotiation(
  ids: { destinationId: Uint8Array; sourceId: Uint8Array },
  versions: readonly number[],
): Uint8Array {
  const writer = longHeader(0, 0, ids, 1, true);
  for (const version of versions) writer.u32(version);
  return writer.done();
}

/** Builders of frames (RFC 9000 §19). */
export const quicFrame = {
  padding: (count: number): Uint8Array => new Uint8Array(count),
  ping: (): Uint8Array => new Uint8Array([1]),
  /** Acknowledges `largest` and the `range` packets before it, without delay. */
  ack: (largest: number, range = 0): Uint8Array =>
    concat([2], quicInteger(largest), [0, 0], quicInteger(range)),
  crypto: (offset: number, data: Uint8Array): Uint8Array =>
    concat([6], quicInteger(offset), quicInteger(data.length), data),
  connectionClose: (code: number): Uint8Array => concat([0x1c], quicInteger(code), [0, 0]),
} as const;

/** CRYPTO frames of `data` cut at the given offsets, in the order of the stream. */
export function cryptoFrames(data: Uint8Array, ...cuts: number[]): Uint8Array[] {
  const ends = [...cuts, data.length];
  let begin = 0;
  return ends.map((end) => {
    const frame = quicFrame.crypto(begin, data.subarray(begin, end));
    begin = end;
    return frame;
  });
}

function isVersion2(version: number): boolean {
  return version === QUIC_VERSION.v2 || version === QUIC_VERSION.v2Draft;
}

function longHeader(
  version: number,
  type: number,
  ids: { destinationId: Uint8Array; sourceId: Uint8Array },
  lowBits: number,
  fixedBit: boolean,
): ByteWriter {
  // Version 2 counts the types from Retry = 0 (RFC 9369 §3.2).
  const typeBits = isVersion2(version) ? (type + 1) & 3 : type;
  return new ByteWriter()
    .u8(0x80 | (fixedBit ? 0x40 : 0) | (typeBits << 4) | (lowBits - 1))
    .u32(version)
    .vector8((w) => w.bytes(ids.destinationId))
    .vector8((w) => w.bytes(ids.sourceId));
}

/** AEAD, then header protection (RFC 9001 §5.3, §5.4). */
function protect(
  header: Uint8Array,
  numberLength: number,
  payload: Uint8Array,
  packetNumber: number,
  keys: QuicKeys,
): Uint8Array {
  const nonce = Uint8Array.from(keys.iv);
  for (let i = 0; i < 4; i++) nonce[11 - i]! ^= packetNumber >>> (8 * i);
  const cipher = createCipheriv('aes-128-gcm', keys.key, nonce);
  cipher.setAAD(header);
  const body = cipher.update(payload);
  cipher.final();
  const packet = concat(header, body, cipher.getAuthTag());
  const numberOffset = header.length - numberLength;
  const sample = packet.subarray(numberOffset + 4, numberOffset + 20);
  const mask = createCipheriv('aes-128-ecb', keys.headerProtection, null).update(sample);
  packet[0]! ^= mask[0]! & 0x0f;
  for (let i = 0; i < numberLength; i++) packet[numberOffset + i]! ^= mask[1 + i]!;
  return packet;
}

/** HKDF-Expand-Label with an empty context, up to 32 bytes (RFC 8446 §7.1). */
function expandLabel(secret: Uint8Array, label: string, length: number): Uint8Array {
  const info = new ByteWriter()
    .u16(length)
    .vector8((w) => w.bytes(Buffer.from(`tls13 ${label}`)))
    .u8(0)
    .u8(1)
    .done();
  return new Uint8Array(createHmac('sha256', secret).update(info).digest().subarray(0, length));
}
