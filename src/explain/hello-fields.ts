import { CERTIFICATE_COMPRESSIONS, POINT_FORMATS, PSK_MODES } from '../schema/code-points.js';
import {
  cipherSuiteName,
  extensionName,
  groupName,
  isGrease,
  signatureSchemeName,
  versionName,
} from '../schema/names.js';

/** A field of a ClientHello and where its bytes stand. */
export interface HelloField {
  /** Bytes from the start of the handshake message, its 4-byte header included. */
  readonly offset: number;
  readonly length: number;
  readonly name: string;
  /** What it says. */
  readonly value: string;
  /** Its elements, or for an extension what is inside. */
  readonly parts: readonly HelloField[];
}

const hex = (value: number, digits = 4) => value.toString(16).padStart(digits, '0');

/** Text of the wire for a terminal. */
const printable = (bytes: Uint8Array) =>
  Buffer.from(bytes)
    .toString('latin1')
    .replace(/[^\x20-\x7e]/g, (c) => `\\x${hex(c.charCodeAt(0), 2)}`);

/** Big-endian reader of a message: what is not there reads as the end. */
class Reader {
  at: number;
  readonly end: number;

  constructor(
    readonly bytes: Uint8Array,
    from = 0,
    to = bytes.length,
  ) {
    this.at = from;
    this.end = Math.min(to, bytes.length);
  }

  get left(): number {
    return this.end - this.at;
  }

  number(width: number): number {
    let value = 0;
    for (let i = 0; i < width; i++)
      value = value * 256 + (this.at + i < this.end ? this.bytes[this.at + i]! : 0);
    this.at = Math.min(this.end, this.at + width);
    return value;
  }

  /** The next `length` bytes, as a reader of their own. */
  inner(length: number): Reader {
    const inner = new Reader(this.bytes, this.at, Math.min(this.end, this.at + length));
    this.at = inner.end;
    return inner;
  }

  rest(): Uint8Array {
    return this.bytes.subarray(this.at, this.end);
  }
}

const leaf = (offset: number, length: number, name: string, value: string): HelloField => ({
  offset,
  length,
  name,
  value,
  parts: [],
});

const named = (name: (value: number) => string) => (value: number) =>
  isGrease(value) ? 'GREASE' : name(value);
const fromTable = (table: Readonly<Record<number, string>>, digits: number) => (value: number) =>
  table[value] ?? `0x${hex(value, digits)}`;

/** Elements of one width behind a length of `lengthWidth` bytes. */
function list(
  reader: Reader,
  lengthWidth: number,
  width: number,
  name: (value: number) => string,
): HelloField[] {
  const inner = reader.inner(reader.number(lengthWidth));
  const parts: HelloField[] = [];
  while (inner.left >= width) {
    const offset = inner.at;
    const value = inner.number(width);
    parts.push(leaf(offset, width, hex(value, 2 * width), name(value)));
  }
  return parts;
}

function serverNames(reader: Reader): HelloField[] {
  const names = reader.inner(reader.number(2));
  const parts: HelloField[] = [];
  while (names.left >= 3) {
    const offset = names.at;
    const type = names.number(1);
    const name = names.inner(names.number(2));
    parts.push(
      leaf(offset, name.end - offset, type === 0 ? 'host_name' : `type ${type}`, printable(name.rest())),
    );
  }
  return parts;
}

function protocolNames(reader: Reader): HelloField[] {
  const names = reader.inner(reader.number(2));
  const parts: HelloField[] = [];
  while (names.left >= 1) {
    const offset = names.at;
    const name = names.inner(names.number(1));
    parts.push(leaf(offset, name.end - offset, 'protocol', printable(name.rest())));
  }
  return parts;
}

function keyShares(reader: Reader): HelloField[] {
  const shares = reader.inner(reader.number(2));
  const parts: HelloField[] = [];
  while (shares.left >= 4) {
    const offset = shares.at;
    const group = shares.number(2);
    const key = shares.inner(shares.number(2));
    const size = key.left;
    parts.push(
      leaf(offset, key.end - offset, hex(group), `${named(groupName)(group)}, key of ${size} bytes`),
    );
  }
  return parts;
}

/** What is inside the extensions that fingerprints look into (by type). */
const INSIDE: Readonly<Record<number, (reader: Reader) => HelloField[]>> = {
  0: serverNames,
  10: (r) => list(r, 2, 2, named(groupName)),
  11: (r) => list(r, 1, 1, fromTable(POINT_FORMATS, 2)),
  13: (r) => list(r, 2, 2, named(signatureSchemeName)),
  16: protocolNames,
  27: (r) => list(r, 1, 2, fromTable(CERTIFICATE_COMPRESSIONS, 4)),
  43: (r) => list(r, 1, 2, named(versionName)),
  45: (r) => list(r, 1, 1, fromTable(PSK_MODES, 2)),
  50: (r) => list(r, 2, 2, named(signatureSchemeName)),
  51: keyShares,
};

function extensions(reader: Reader): HelloField[] {
  const all = reader.inner(reader.number(2));
  const parts: HelloField[] = [];
  while (all.left >= 4) {
    const offset = all.at;
    const type = all.number(2);
    const data = all.inner(all.number(2));
    const size = data.left;
    const inside = INSIDE[type];
    const name = isGrease(type) ? 'GREASE' : extensionName(type);
    parts.push({
      offset,
      length: data.end - offset,
      name: hex(type),
      value: `${name}, ${size} byte${size === 1 ? '' : 's'}`,
      parts: inside && size > 0 ? inside(data) : [],
    });
  }
  return parts;
}

/** A field that holds `parts` from `offset` up to where the reader stands. */
function group(reader: Reader, offset: number, name: string, parts: readonly HelloField[]): HelloField {
  return { offset, length: reader.at - offset, name, value: `${parts.length}`, parts };
}

/**
 * The fields of a ClientHello (RFC 8446 §4.1.2) with the places of their bytes.
 *
 * @param message the handshake message with its 4-byte header
 * @param dtls there is a cookie behind the session id (RFC 6347 §4.2.1)
 */
export function helloFields(message: Uint8Array, dtls: boolean): HelloField[] {
  const reader = new Reader(message);
  const type = reader.number(1);
  const length = reader.number(3);
  const fields = [leaf(0, 4, 'handshake', `type ${type} (client_hello), ${length} bytes`)];
  const version = reader.number(2);
  fields.push(leaf(4, 2, 'legacy_version', versionName(version)));
  fields.push(leaf(6, 32, 'random', '32 bytes'));
  reader.at += 32;
  for (const name of dtls ? ['legacy_session_id', 'cookie'] : ['legacy_session_id']) {
    const offset = reader.at;
    const size = reader.inner(reader.number(1)).left;
    fields.push(leaf(offset, reader.at - offset, name, `${size} bytes`));
  }
  let offset = reader.at;
  const suites = list(reader, 2, 2, named(cipherSuiteName));
  fields.push(group(reader, offset, 'cipher_suites', suites));
  offset = reader.at;
  const methods = list(reader, 1, 1, (v) => (v === 0 ? 'null' : v === 1 ? 'deflate' : 'unknown'));
  fields.push(group(reader, offset, 'compression_methods', methods));
  if (reader.left > 0) {
    offset = reader.at;
    const parts = extensions(reader);
    fields.push(group(reader, offset, 'extensions', parts));
  }
  if (reader.left > 0) fields.push(leaf(reader.at, reader.left, 'trailing bytes', `${reader.left} bytes`));
  return fields;
}
