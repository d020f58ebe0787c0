/** A TCP segment, its numbers as on the wire. */
export interface Segment {
  sourcePort: number;
  destinationPort: number;
  sequence: number;
  syn: boolean;
  data: Uint8Array;
}

/** The segment of a TCP payload of IP, or null if its header does not fit. */
export function readSegment(payload: Uint8Array): Segment | null {
  if (payload.length < 20) return null;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const headerLength = (payload[12]! >>> 4) * 4;
  if (headerLength < 20 || headerLength > payload.length) return null;
  return {
    sourcePort: view.getUint16(0),
    destinationPort: view.getUint16(2),
    sequence: view.getUint32(4),
    syn: (payload[13]! & 2) !== 0,
    data: payload.subarray(headerLength),
  };
}

/**
 * One direction of a connection: all its bytes in a plain array, and for each byte the packet that brought it first. Bytes
 * that came first win over later ones at the same place. Segments beyond a hole wait in `pending`.
 */
export class ByteStream {
  readonly bytes: number[] = [];
  readonly packets: number[] = [];
  readonly isn: number | null;
  #next: number;
  #pending: { sequence: number; data: Uint8Array; packet: number }[] = [];

  /** @param first the segment that opens the direction: its SYN, or the first data seen if the beginning was not captured */
  constructor(first: Segment) {
    this.isn = first.syn ? first.sequence : null;
    this.#next = first.syn ? (first.sequence + 1) >>> 0 : first.sequence;
  }

  /** Take a segment of this direction in capture order. */
  add(segment: Segment, packet: number): void {
    const sequence = segment.syn ? (segment.sequence + 1) >>> 0 : segment.sequence;
    if (segment.data.length === 0) return;
    this.#pending.push({ sequence, data: segment.data, packet });
    for (let found = this.#takeNext(); found; found = this.#takeNext());
  }

  /** Append the next byte that any pending segment has, from the segment that came first. */
  #takeNext(): boolean {
    for (const { sequence, data, packet } of this.#pending) {
      const skip = (this.#next - sequence) | 0;
      if (skip < 0 || skip >= data.length) continue;
      this.bytes.push(data[skip]!);
      this.packets.push(packet);
      this.#next = (this.#next + 1) >>> 0;
      return true;
    }
    this.#pending = this.#pending.filter((one) => ((one.sequence - this.#next) | 0) > 0);
    return false;
  }
}
