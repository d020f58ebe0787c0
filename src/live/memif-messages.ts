/**
 * Control messages of memif (version 2.0): 128 bytes each, little-endian, packed, a u16 of type first. The server is the
 * DPDK application or VPP, the client is tlsfp; `C2S` rings carry packets from client to server.
 */
export const MESSAGE_BYTES = 128;
export const VERSION = 0x0200;

export const MESSAGE = {
  ACK: 1,
  HELLO: 2,
  INIT: 3,
  ADD_REGION: 4,
  ADD_RING: 5,
  CONNECT: 6,
  CONNECTED: 7,
  DISCONNECT: 8,
} as const;

/** Flag of ADD_RING: the ring carries packets from client to server. */
const FLAG_C2S = 1;

/** What a server says first. */
export interface Hello {
  readonly name: string;
  readonly minVersion: number;
  readonly maxVersion: number;
  /** Highest index of a ring that carries packets to us. */
  readonly maxS2CRing: number;
  readonly maxLog2RingSize: number;
}

/** A message as it came. */
export type Incoming =
  | { readonly type: 'ack' | 'connected' }
  | ({ readonly type: 'hello' } & Hello)
  | { readonly type: 'disconnect'; readonly code: number; readonly reason: string };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function message(type: number): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(MESSAGE_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, type, true);
  return { bytes, view };
}

function putText(bytes: Uint8Array, at: number, text: string, capacity: number): void {
  bytes.set(encoder.encode(text).subarray(0, capacity), at);
}

/** Text up to its zero; control characters of a hostile peer do not reach the terminal. */
function getText(bytes: Uint8Array, at: number, capacity: number): string {
  const field = bytes.subarray(at, at + capacity);
  const end = field.indexOf(0);
  return decoder.decode(end < 0 ? field : field.subarray(0, end)).replace(/\p{Cc}/gu, '?');
}

/** INIT: which interface is meant. */
export function initMessage(id: number, secret: string, name: string): Uint8Array {
  const { bytes, view } = message(MESSAGE.INIT);
  view.setUint16(2, VERSION, true);
  view.setUint32(4, id, true);
  // At 8 the mode: 0 is Ethernet.
  putText(bytes, 9, secret, 24);
  putText(bytes, 33, name, 32);
  return bytes;
}

/** ADD_REGION: the shared memory; its file descriptor goes with it. */
export function addRegionMessage(index: number, length: number): Uint8Array {
  const { bytes, view } = message(MESSAGE.ADD_REGION);
  view.setUint16(2, index, true);
  view.setBigUint64(4, BigInt(length), true);
  return bytes;
}

/** ADD_RING: where a ring lies in the region; its eventfd goes with it. */
export function addRingMessage(
  direction: 'c2s' | 's2c',
  index: number,
  offset: number,
  log2Size: number,
): Uint8Array {
  const { bytes, view } = message(MESSAGE.ADD_RING);
  view.setUint16(2, direction === 'c2s' ? FLAG_C2S : 0, true);
  view.setUint16(4, index, true);
  view.setUint16(6, 0, true);
  view.setUint32(8, offset, true);
  view.setUint8(12, log2Size);
  return bytes;
}

/** CONNECT: everything is described. */
export function connectMessage(name: string): Uint8Array {
  const { bytes } = message(MESSAGE.CONNECT);
  putText(bytes, 2, name, 32);
  return bytes;
}

/** Read a message of the server; null for one that makes no sense. */
export function readMessage(bytes: Uint8Array): Incoming | null {
  if (bytes.length !== MESSAGE_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (view.getUint16(0, true)) {
    case MESSAGE.ACK:
      return { type: 'ack' };
    case MESSAGE.CONNECTED:
      return { type: 'connected' };
    case MESSAGE.HELLO:
      return {
        type: 'hello',
        name: getText(bytes, 2, 32),
        minVersion: view.getUint16(34, true),
        maxVersion: view.getUint16(36, true),
        maxS2CRing: view.getUint16(40, true),
        maxLog2RingSize: view.getUint8(44),
      };
    case MESSAGE.DISCONNECT:
      return { type: 'disconnect', code: view.getUint32(2, true), reason: getText(bytes, 6, 96) };
    default:
      return null;
  }
}
