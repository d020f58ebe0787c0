import { ByteWriter, concat, fromHex } from './bytes.js';
import type { Extension } from './extensions.js';

/** Handshake message types (RFC 8446 §4, RFC 6347 §4.3.2). */
export const HANDSHAKE = {
  clientHello: 1,
  serverHello: 2,
  helloVerifyRequest: 3,
  newSessionTicket: 4,
  encryptedExtensions: 8,
  certificate: 11,
  serverKeyExchange: 12,
  serverHelloDone: 14,
  clientKeyExchange: 16,
  finished: 20,
} as const;

/** The random of a HelloRetryRequest: SHA-256 of "HelloRetryRequest" (RFC 8446 §4.1.3). */
export const RETRY_RANDOM: Uint8Array = fromHex(
  'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c',
);

/** What a ClientHello says (RFC 8446 §4.1.2). */
export interface ClientHelloSpec {
  /** 0x0303 if absent. */
  legacyVersion?: number;
  /** 32 bytes; a fixed pattern if absent. */
  random?: Uint8Array;
  sessionId?: Uint8Array;
  ciphers: readonly number[];
  /** [0] if absent. */
  compression?: readonly number[];
  /** null: no extensions block at all, as SSL 3 and many TLS 1.0 clients; []: a block of length 0. */
  extensions: readonly Extension[] | null;
  /** DTLS only: the cookie field after the session id (RFC 6347 §4.2.1); null or absent means TLS. */
  cookie?: Uint8Array | null;
}

/** What a ServerHello says (RFC 8446 §4.1.3). */
export interface ServerHelloSpec {
  legacyVersion?: number;
  random?: Uint8Array;
  sessionId?: Uint8Array;
  cipher: number;
  compression?: number;
  extensions: readonly Extension[] | null;
}

/** A handshake message: type, 24-bit length, body. */
export function handshake(type: number, body: Uint8Array): Uint8Array {
  return new ByteWriter('big', 4 + body.length).u8(type).u24(body.length).bytes(body).done();
}

/** The body of a ClientHello, without handshake header: DTLS and TLS put different ones before it. */
export function clientHelloBody(spec: ClientHelloSpec): Uint8Array {
  const writer = new ByteWriter('big', 2048)
    .u16(spec.legacyVersion ?? 0x0303)
    .bytes(spec.random ?? patternRandom(0xc1))
    .vector8((w) => w.bytes(spec.sessionId ?? []));
  const cookie = spec.cookie;
  if (cookie) writer.vector8((w) => w.bytes(cookie));
  writer.vector16((w) => {
    for (const cipher of spec.ciphers) w.u16(cipher);
  });
  writer.vector8((w) => w.bytes(spec.compression ?? [0]));
  return writeExtensions(writer, spec.extensions).done();
}

/** A ClientHello message of TLS, with its handshake header. */
export function clientHello(spec: ClientHelloSpec): Uint8Array {
  return handshake(HANDSHAKE.clientHello, clientHelloBody(spec));
}

/** The body of a ServerHello, without handshake header. */
export function serverHelloBody(spec: ServerHelloSpec): Uint8Array {
  const writer = new ByteWriter('big', 256)
    .u16(spec.legacyVersion ?? 0x0303)
    .bytes(spec.random ?? patternRandom(0x5e))
    .vector8((w) => w.bytes(spec.sessionId ?? []))
    .u16(spec.cipher)
    .u8(spec.compression ?? 0);
  return writeExtensions(writer, spec.extensions).done();
}

/** A ServerHello message of TLS, with its handshake header. */
export function serverHello(spec: ServerHelloSpec): Uint8Array {
  return handshake(HANDSHAKE.serverHello, serverHelloBody(spec));
}

/** A HelloRetryRequest: a ServerHello with the fixed random (RFC 8446 §4.1.4). */
export function helloRetryRequest(spec: ServerHelloSpec): Uint8Array {
  return serverHello({ ...spec, random: RETRY_RANDOM });
}

/** The body of a HelloVerifyRequest of DTLS (RFC 6347 §4.2.1). */
export function helloVerifyRequestBody(cookie: Uint8Array, version = 0xfeff): Uint8Array {
  return new ByteWriter()
    .u16(version)
    .vector8((w) => w.bytes(cookie))
    .done();
}

/** A Certificate message of TLS 1.2 and older with the DER certificates given (RFC 5246 §7.4.2). */
export function certificate(...chain: Uint8Array[]): Uint8Array {
  const body = new ByteWriter().vector24((list) => {
    for (const der of chain) list.vector24((one) => one.bytes(der));
  });
  return handshake(HANDSHAKE.certificate, body.done());
}

/** ServerHelloDone (RFC 5246 §7.4.5). */
export function serverHelloDone(): Uint8Array {
  return handshake(HANDSHAKE.serverHelloDone, new Uint8Array(0));
}

/** A hello of SSL 2 with 3-byte cipher kinds and its 2-byte record header (RFC 6101 appendix E). */
export function ssl2ClientHello(ciphers: readonly number[], challenge: Uint8Array, version = 2): Uint8Array {
  const body = new ByteWriter().u8(1).u16(version);
  body
    .u16(3 * ciphers.length)
    .u16(0)
    .u16(challenge.length);
  for (const cipher of ciphers) body.u24(cipher);
  const bytes = body.bytes(challenge).done();
  return concat([0x80 | (bytes.length >>> 8), bytes.length & 0xff], bytes);
}

function writeExtensions(writer: ByteWriter, extensions: readonly Extension[] | null): ByteWriter {
  if (extensions === null) return writer;
  return writer.vector16((w) => {
    for (const { type, data } of extensions) w.u16(type).vector16((value) => value.bytes(data));
  });
}

function patternRandom(first: number): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => first + i);
}
