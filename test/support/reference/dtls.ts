import { Reader } from './reader.js';
import type { HandshakeMessage } from './tls.js';

interface Assembly {
  type: number;
  recordVersion: number;
  body: Uint8Array;
  known: Uint8Array;
  packets: Set<number>;
}

/**
 * Joins the handshake fragments of one direction of a DTLS connection (RFC 6347 §4.2.3). Only epoch 0 is in the clear. A
 * message that comes again unchanged is a retransmission and is not told again.
 */
export class DtlsReader {
  readonly #assemblies = new Map<number, Assembly>();
  readonly #seen = new Set<string>();

  /** The messages that this datagram completes. */
  read(datagram: Uint8Array, packet: number): HandshakeMessage[] {
    const found: HandshakeMessage[] = [];
    const records = new Reader(datagram);
    while (records.left >= 13) {
      const type = records.uint(1);
      const version = records.uint(2)!;
      const epoch = records.uint(2);
      records.take(6);
      const fragment = records.vector(2)!;
      if (type !== 22 || epoch !== 0) continue;
      const fragments = new Reader(fragment);
      while (fragments.left >= 12) {
        const message = this.#readFragment(fragments, version, packet);
        if (message) found.push(message);
      }
    }
    return found;
  }

  #readFragment(reader: Reader, recordVersion: number, packet: number): HandshakeMessage | null {
    const type = reader.uint(1)!;
    const length = reader.uint(3)!;
    const sequence = reader.uint(2)!;
    const offset = reader.uint(3)!;
    const data = reader.vector(3)!;
    if (offset + data.length > length || length > 65536) return null;
    let assembly = this.#assemblies.get(sequence);
    if (assembly?.type !== type || assembly.body.length !== length) {
      const body = new Uint8Array(length);
      assembly = { type, recordVersion, body, known: new Uint8Array(length), packets: new Set() };
      this.#assemblies.set(sequence, assembly);
    }
    assembly.body.set(data, offset);
    assembly.known.fill(1, offset, offset + data.length);
    assembly.packets.add(packet);
    if (assembly.known.includes(0)) return null;
    this.#assemblies.delete(sequence);
    const content = `${type} ${sequence} ${Buffer.from(assembly.body).toString('base64')}`;
    if (this.#seen.has(content)) return null;
    this.#seen.add(content);
    return {
      type,
      body: assembly.body,
      recordVersion: assembly.recordVersion,
      packets: [...assembly.packets],
    };
  }
}

/** Whether a UDP payload begins like a DTLS record: content type, then version 1.x or the 0x0100 of old OpenSSL. */
export function looksLikeDtls(payload: Uint8Array): boolean {
  const version = payload.length >= 13 ? payload[1]! * 256 + payload[2]! : 0;
  return payload[0]! >= 20 && payload[0]! <= 25 && (version >>> 8 === 0xfe || version === 0x0100);
}
