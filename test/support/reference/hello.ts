import { list16, Reader } from './reader.js';

export interface Extension {
  type: number;
  data: Uint8Array;
}

/** The fields of a ClientHello as they stand in it (RFC 8446 §4.1.2). */
export interface ClientHello {
  legacyVersion: number;
  random: Uint8Array;
  sessionId: Uint8Array;
  ciphers: number[];
  compression: number[];
  /** Empty if there is no extensions block. */
  extensions: Extension[];
}

/** The fields of a ServerHello (RFC 8446 §4.1.3). */
export interface ServerHello {
  legacyVersion: number;
  random: Uint8Array;
  cipher: number;
  /** null in the drafts of TLS 1.3 that leave it out. */
  compression: number | null;
  extensions: Extension[];
}

/** A ClientHello, read as far as its lengths make sense; null if it ends before its cipher suites. */
export function parseClientHello(body: Uint8Array, dtls: boolean): ClientHello | null {
  const reader = new Reader(body);
  const legacyVersion = reader.uint(2);
  const random = reader.take(32);
  const sessionId = reader.vector(1);
  if (dtls) reader.vector(1);
  const ciphers = reader.vector(2);
  if (legacyVersion === undefined || !random || !sessionId || !ciphers) return null;
  const compression = reader.vector(1) ?? new Uint8Array(0);
  return {
    legacyVersion,
    random,
    sessionId,
    ciphers: list16(ciphers),
    compression: [...compression],
    extensions: parseExtensions(reader),
  };
}

/** A ServerHello, read as far as its lengths make sense; null if it ends before its cipher suite. */
export function parseServerHello(body: Uint8Array): ServerHello | null {
  const reader = new Reader(body);
  const legacyVersion = reader.uint(2);
  const random = reader.take(32);
  // The drafts of TLS 1.3 up to 21 have neither session id nor compression method. The first ones called themselves 1.3.
  const draft =
    legacyVersion !== undefined &&
    (legacyVersion >>> 8 === 0x7f || (legacyVersion === 0x0304 && endsWithVectorAt(body, 36)));
  if (!draft) reader.vector(1);
  const cipher = reader.uint(2);
  const compression = draft ? null : (reader.uint(1) ?? null);
  if (legacyVersion === undefined || !random || cipher === undefined) return null;
  return { legacyVersion, random, cipher, compression, extensions: parseExtensions(reader) };
}

/** Whether a vector with two bytes of length at a place is the rest of it. */
function endsWithVectorAt(body: Uint8Array, at: number): boolean {
  const reader = new Reader(body.subarray(at));
  return reader.vector(2) !== undefined && !reader.broken && reader.left === 0;
}

function parseExtensions(outer: Reader): Extension[] {
  const extensions: Extension[] = [];
  const block = outer.left > 0 ? outer.vector(2) : undefined;
  const reader = new Reader(block ?? new Uint8Array(0));
  while (reader.left >= 4) {
    const type = reader.uint(2)!;
    // The last one may be cut: its type and what is there of its value count.
    extensions.push({ type, data: reader.vector(2)! });
  }
  return extensions;
}

/** The value of the first extension of a type. */
export function firstExtension(extensions: readonly Extension[], type: number): Uint8Array | undefined {
  return extensions.find((one) => one.type === type)?.data;
}

/** The value of the last extension of a type. */
export function lastExtension(extensions: readonly Extension[], type: number): Uint8Array | undefined {
  return extensions.findLast((one) => one.type === type)?.data;
}

/** A value that is one vector of 16-bit numbers with a length of `width` bytes. */
export function vector16(data: Uint8Array | undefined, width: 1 | 2): number[] {
  return data ? list16(new Reader(data).vector(width)) : [];
}

/** A value that is one vector of bytes with a length of one byte. */
export function vector8(data: Uint8Array | undefined): number[] {
  return data ? [...(new Reader(data).vector(1) ?? [])] : [];
}

/** The protocol names of an ALPN value (RFC 7301 §3.1), as bytes. */
export function alpnNames(data: Uint8Array | undefined): Uint8Array[] {
  const names: Uint8Array[] = [];
  const list = new Reader(data ? (new Reader(data).vector(2) ?? new Uint8Array(0)) : new Uint8Array(0));
  while (list.left > 0) {
    const name = list.vector(1);
    if (!name || list.broken) break;
    names.push(name);
  }
  return names;
}

/** The first host name of a server_name value (RFC 6066 §3), as bytes; undefined if there is none. */
export function hostName(data: Uint8Array | undefined): Uint8Array | undefined {
  const list = new Reader(data ? (new Reader(data).vector(2) ?? new Uint8Array(0)) : new Uint8Array(0));
  while (list.left > 0) {
    const type = list.uint(1);
    const name = list.vector(2);
    if (!name || list.broken) return undefined;
    if (type === 0) return name;
  }
  return undefined;
}

/** The groups of a client's key_share value (RFC 8446 §4.2.8). */
export function keyShareGroups(data: Uint8Array | undefined): number[] {
  const groups: number[] = [];
  const list = new Reader(data ? (new Reader(data).vector(2) ?? new Uint8Array(0)) : new Uint8Array(0));
  while (list.left >= 4) {
    groups.push(list.uint(2)!);
    list.vector(2);
  }
  return groups;
}

/** config_id and payload length of an outer encrypted_client_hello (RFC 9849 §5); null if it is not of that form. */
export function outerEch(data: Uint8Array | undefined): { configId: number; payloadLength: number } | null {
  const reader = new Reader(data ?? new Uint8Array(0));
  if (reader.uint(1) !== 0) return null;
  reader.take(4);
  const configId = reader.uint(1);
  reader.vector(2);
  const payload = reader.vector(2);
  return configId === undefined || !payload || reader.broken
    ? null
    : { configId, payloadLength: payload.length };
}

/** The ids of QUIC transport parameters in wire order as encoded (RFC 9000 §18), as far as the value parses. */
export function transportParameterIds(data: Uint8Array | undefined): Uint8Array[] {
  const ids: Uint8Array[] = [];
  const reader = new Reader(data ?? new Uint8Array(0));
  while (reader.left > 0) {
    const begin = reader.position;
    reader.quicInteger();
    const id = reader.bytes.subarray(begin, reader.position);
    const length = reader.quicInteger();
    if (length === undefined || !reader.take(length)) break;
    ids.push(id);
  }
  return ids;
}

/** The number that a variable-length integer encodes, all 62 bits of it; reserved ids 31 n + 27 as 27 (RFC 9000 §18.1). */
export function transportParameterId(encoded: Uint8Array): bigint {
  let value = 0n;
  for (const byte of encoded) value = value * 256n + BigInt(byte);
  value = BigInt.asUintN(8 * encoded.length - 2, value);
  return value % 31n === 27n ? 27n : value;
}
