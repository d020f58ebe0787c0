import { isGrease } from './fingerprint.js';
import {
  type ClientHello,
  type Extension,
  type ServerHello,
  transportParameterId,
  transportParameterIds,
} from './hello.js';
import { hex, hex4, list16 } from './reader.js';

/** Extension types whose value is part of the fingerprint. */
const WITH_VALUE = new Set([
  0x01, 0x05, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0d, 0x0f, 0x10, 0x11, 0x18, 0x1b, 0x1c, 0x2b, 0x2d, 0x32,
  0x5500,
]);

/**
 * The Mercury network protocol fingerprint with sorted extensions: `tls/1/`, `dtls/1/`, or `quic/` with the QUIC version in
 * front (cisco/mercury doc/npf.md). Parentheses hold bytes in hexadecimal, square brackets a sorted list.
 */
export function npf(hello: ClientHello, protocol: 'tls' | 'dtls' | 'quic', quicVersion = 0): string {
  const prefix =
    protocol === 'quic' ? `quic/(${quicVersion.toString(16).padStart(8, '0')})` : `${protocol}/1/`;
  const ciphers = hello.ciphers.map((value) => hex4(isGrease(value) ? 0x0a0a : value)).join('');
  const extensions = [...hello.extensions].sort(compare).map(element).join('');
  return `${prefix}(${hex4(hello.legacyVersion)})(${ciphers})[${extensions}]`;
}

/** In the extension types alone, this format takes every 0x?a?a for GREASE. */
function normalType(type: number): number {
  return (type & 0x0f0f) === 0x0a0a ? 0x0a0a : type;
}

function compare(a: Extension, b: Extension): number {
  const [typeA, typeB] = [normalType(a.type), normalType(b.type)];
  if (typeA !== typeB) return typeA - typeB;
  if (typeA === 0x0a0a) return 0;
  return a.data.length - b.data.length || Buffer.compare(a.data, b.data);
}

function element({ type, data }: Extension): string {
  const name = hex4(normalType(type));
  if (type === 0x39 || type === 0xffa5) return `((${name})[${parameterIds(data)}])`;
  if (!WITH_VALUE.has(type)) return `(${name})`;
  const value = type === 0x0a ? degreased(data, 2) : type === 0x2b ? degreased(data, 1) : hex(data);
  return `(${name}${hex4(data.length)}${value})`;
}

/** An odd byte at the end is left out. */
function degreased(data: Uint8Array, skip: number): string {
  const list = data.subarray(skip);
  const values = list16(list).map((value) => hex4(isGrease(value) ? 0x0a0a : value));
  return hex(data.subarray(0, skip)) + values.join('');
}

/** The ids of the QUIC transport parameters as encoded, sorted; GREASE ids (31 n + 27) as 1b. */
function parameterIds(data: Uint8Array): string {
  return transportParameterIds(data)
    .map((id) => (transportParameterId(id) === 27n ? Uint8Array.of(27) : id))
    .sort(Buffer.compare)
    .map((id) => `(${hex(id)})`)
    .join('');
}

/** The fingerprint of a ServerHello: `tls_server/` or `dtls_server/`, extensions in wire order. */
export function serverNpf(hello: ServerHello, protocol: 'tls' | 'dtls'): string {
  const extensions = hello.extensions.map(({ type, data }) => {
    const name = hex4(isGrease(type) ? 0x0a0a : type);
    return WITH_VALUE.has(type) ? `(${name}${hex4(data.length)}${hex(data)})` : `(${name})`;
  });
  return `${protocol}_server/(${hex4(hello.legacyVersion)})(${hex4(hello.cipher)})(${extensions.join('')})`;
}
