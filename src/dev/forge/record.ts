import { ByteWriter, concat } from './bytes.js';

/** TLS content types (RFC 8446 §5.1). */
export const CONTENT = {
  changeCipherSpec: 20,
  alert: 21,
  handshake: 22,
  applicationData: 23,
  ack: 26,
} as const;

/** One TLS record (RFC 8446 §5.1). */
export function tlsRecord(type: number, fragment: Uint8Array, version = 0x0301): Uint8Array {
  return new ByteWriter('big', 5 + fragment.length)
    .u8(type)
    .u16(version)
    .u16(fragment.length)
    .bytes(fragment)
    .done();
}

/** Handshake bytes in records of at most `size` bytes each; several messages may be given as one run of bytes. */
export function handshakeRecords(messages: Uint8Array, size = 16384, version = 0x0301): Uint8Array {
  const records: Uint8Array[] = [];
  for (let at = 0; at < messages.length; at += size) {
    records.push(tlsRecord(CONTENT.handshake, messages.subarray(at, at + size), version));
  }
  return concat(...records);
}

/** Where a DTLS record stands in its epoch. */
export interface DtlsRecordFields {
  version?: number;
  epoch?: number;
  sequence?: number;
}

/** One DTLS record of version 1.0 to 1.2, also used by 1.3 before encryption (RFC 6347 §4.1). */
export function dtlsRecord(type: number, fragment: Uint8Array, fields: DtlsRecordFields = {}): Uint8Array {
  return new ByteWriter('big', 13 + fragment.length)
    .u8(type)
    .u16(fields.version ?? 0xfeff)
    .u16(fields.epoch ?? 0)
    .u16(0)
    .u32(fields.sequence ?? 0)
    .u16(fragment.length)
    .bytes(fragment)
    .done();
}

/** A handshake message of DTLS before it is cut to fragments. */
export interface DtlsMessage {
  type: number;
  /** message_seq */
  sequence: number;
  body: Uint8Array;
}

/** One fragment of a DTLS handshake message with its header of 12 bytes (RFC 6347 §4.2.2). */
export function dtlsFragment(message: DtlsMessage, offset: number, length: number): Uint8Array {
  const part = message.body.subarray(offset, offset + length);
  return new ByteWriter('big', 12 + part.length)
    .u8(message.type)
    .u24(message.body.length)
    .u16(message.sequence)
    .u24(offset)
    .u24(part.length)
    .bytes(part)
    .done();
}

/** All fragments of a message, `size` body bytes each; the whole message in one if `size` is absent. */
export function dtlsFragments(message: DtlsMessage, size = message.body.length): Uint8Array[] {
  const fragments: Uint8Array[] = [];
  for (let offset = 0; offset < message.body.length || offset === 0; offset += size) {
    fragments.push(dtlsFragment(message, offset, size));
    if (size === 0) break;
  }
  return fragments;
}
