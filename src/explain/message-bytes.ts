import { type Ends, FlowFinder } from '../extract/find-flow.js';
import type { ClientHelloRow } from '../schema/tables.js';
import { CaptureParser } from '../source/capture-blocks.js';
import { openSource } from '../source/open.js';

/** Data of one packet of the connection, in the direction of the hello. */
interface Piece {
  readonly packet: number;
  /** TCP sequence number; 0 for datagrams. */
  readonly sequence: number;
  readonly data: Uint8Array;
}

const READ_BYTES = 512 * 1024;
const TCP_HANDSHAKE_RECORD = 22;
const RECORD_HEADER = 5;
const DTLS_RECORD_HEADER = 13;
const DTLS_HANDSHAKE_HEADER = 12;
/** Handshake type and length (RFC 8446 §4), then legacy_version: what stands before the random. */
const BEFORE_RANDOM = 6;

async function piecesOf(path: string, row: ClientHelloRow): Promise<Piece[]> {
  const [first, last] = [Number(row.first_packet), Number(row.packet)];
  const finder = new FlowFinder<true>();
  finder.add(row satisfies Ends, true);
  const pieces: Piece[] = [];
  let number = 0;
  const parser = new CaptureParser({
    packet: (packet) => {
      number = packet.number;
      if (number < first || number > last) return;
      const found = finder.find(packet.data);
      if (!found || found.fragment) return;
      const { transport, end } = found;
      const tcp = row.protocol === 'tls';
      const header = tcp ? (packet.data[transport + 12]! >> 4) * 4 : 8;
      const view = new DataView(packet.data.buffer, packet.data.byteOffset + transport);
      pieces.push({
        packet: number,
        sequence: tcp ? view.getUint32(4) : 0,
        data: packet.data.slice(transport + header, end),
      });
    },
  });
  const source = await openSource(path);
  const block = new Uint8Array(READ_BYTES);
  try {
    while (number < last && !parser.broken) {
      const length = await source.read(block);
      if (length === 0) break;
      parser.push(block.subarray(0, length));
    }
  } finally {
    await source.close();
  }
  return pieces;
}

/** Segments put in order; what is there twice is taken once. Null when one is missing. */
function joined(pieces: readonly Piece[]): Uint8Array | null {
  const base = pieces[0]?.sequence ?? 0;
  const place = (piece: Piece) => (piece.sequence - base) | 0;
  const sorted = pieces.filter((piece) => piece.data.length > 0).sort((a, b) => place(a) - place(b));
  if (!sorted[0]) return null;
  const start = place(sorted[0]);
  let stream = new Uint8Array(0);
  for (const piece of sorted) {
    const at = place(piece) - start;
    if (at > stream.length) return null;
    if (at + piece.data.length <= stream.length) continue;
    const grown = new Uint8Array(at + piece.data.length);
    grown.set(piece.data, at);
    grown.set(stream);
    stream = grown;
  }
  return stream;
}

/** The message from the records of a stream; the first one begins at `record`. */
function fromRecords(stream: Uint8Array, record: number, length: number): Uint8Array | null {
  const message = new Uint8Array(length);
  let have = 0;
  for (let at = record; have < length && at + RECORD_HEADER <= stream.length; ) {
    if (stream[at] !== TCP_HANDSHAKE_RECORD) return null;
    const end = at + RECORD_HEADER + ((stream[at + 3]! << 8) | stream[at + 4]!);
    const part = stream.subarray(at + RECORD_HEADER, Math.min(end, stream.length)).subarray(0, length - have);
    message.set(part, have);
    have += part.length;
    at = end;
  }
  return have === length ? message : null;
}

const u24 = (bytes: Uint8Array, at: number) => (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;

/**
 * The message from DTLS fragments (RFC 6347 §4.2.2), with the header of TLS: type and length.
 * The lengths have been checked by the core; here a datagram that makes no sense is left out.
 */
function fromDatagrams(pieces: readonly Piece[], length: number): Uint8Array | null {
  const message = new Uint8Array(length);
  const seen = new Set<number>();
  message.set([1, (length - 4) >> 16, ((length - 4) >> 8) & 0xff, (length - 4) & 0xff]);
  for (const { data } of pieces) {
    for (let at = 0; at + DTLS_RECORD_HEADER <= data.length; ) {
      const end = at + DTLS_RECORD_HEADER + ((data[at + 11]! << 8) | data[at + 12]!);
      const body = at + DTLS_RECORD_HEADER;
      if (data[at] === TCP_HANDSHAKE_RECORD && data[body] === 1 && u24(data, body + 1) === length - 4) {
        const offset = u24(data, body + 6);
        const part = data.subarray(
          body + DTLS_HANDSHAKE_HEADER,
          body + DTLS_HANDSHAKE_HEADER + u24(data, body + 9),
        );
        if (offset + part.length <= length - 4) {
          message.set(part, 4 + offset);
          for (let i = 0; i < part.length; i++) seen.add(offset + i);
        }
      }
      at = end;
    }
  }
  return seen.size === length - 4 ? message : null;
}

/**
 * The bytes of a ClientHello as they stood in the capture: the handshake message with its 4-byte header (that of DTLS
 * reduced to type and length). Null when they cannot be had from the packets alone: QUIC encrypts them, IP fragments
 * and cut packets are not put together here.
 *
 * @throws InputReadError
 */
export async function messageBytes(path: string, row: ClientHelloRow): Promise<Uint8Array | null> {
  const random = row.client_random;
  if (row.protocol === 'quic' || random === null || !row.complete) return null;
  const pieces = await piecesOf(path, row);
  if (row.protocol === 'dtls') {
    const own = pieces.filter((piece) => piece.packet <= Number(row.packet));
    return fromDatagrams(own, row.hello_bytes);
  }
  const stream = joined(pieces);
  const at = stream === null ? -1 : Buffer.from(stream).indexOf(random);
  if (stream === null || at < BEFORE_RANDOM + RECORD_HEADER) return null;
  return fromRecords(stream, at - BEFORE_RANDOM - RECORD_HEADER, row.hello_bytes);
}
