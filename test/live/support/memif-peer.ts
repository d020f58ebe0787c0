/** Where a ring lies in a region, as ADD_RING says. */
export interface PeerRing {
  readonly offset: number;
  readonly slots: number;
  readonly cacheLine: 64 | 128;
}

const NEXT = 1;

/**
 * The server's side of a ring that carries packets to the client, written after the memif protocol alone: it takes the
 * place and the capacity of each buffer from the descriptors that the client wrote.
 */
export class MemifPeer {
  readonly #region: Uint8Array;
  readonly #view: DataView;
  readonly #ring: PeerRing;

  constructor(region: Uint8Array, ring: PeerRing) {
    this.#region = region;
    this.#view = new DataView(region.buffer, region.byteOffset, region.byteLength);
    this.#ring = ring;
  }

  get cookie(): number {
    return this.#view.getUint32(this.#ring.offset, true);
  }

  /** What the client offers up to, and what was written up to: free-running. */
  get head(): number {
    return this.#view.getUint16(this.#ring.offset + 6, true);
  }

  get tail(): number {
    return this.#view.getUint16(this.#ring.offset + this.#ring.cacheLine, true);
  }

  set tail(value: number) {
    this.#view.setUint16(this.#ring.offset + this.#ring.cacheLine, value & 0xffff, true);
  }

  /** Whether the client wants no interrupts. */
  get masked(): boolean {
    return (this.#view.getUint16(this.#ring.offset + 4, true) & 1) === 1;
  }

  /** Buffers that are free. */
  get free(): number {
    return (this.head - this.tail) & 0xffff;
  }

  /** Offset of the descriptor of a free-running position. */
  descriptor(position: number): number {
    return this.#ring.offset + 2 * this.#ring.cacheLine + 16 * (position & (this.#ring.slots - 1));
  }

  /** Write a packet, over several buffers if it must be; false when there are too few. */
  send(packet: Uint8Array): boolean {
    const free = this.free;
    let at = 0;
    let used = 0;
    const start = this.tail;
    do {
      if (used === free) return false;
      const descriptor = this.descriptor(start + used);
      const capacity = this.#view.getUint32(descriptor + 4, true);
      const part = packet.subarray(at, at + capacity);
      this.#region.set(part, this.#view.getUint32(descriptor + 8, true));
      at += part.length;
      used++;
      this.#view.setUint32(descriptor + 4, part.length, true);
      this.#view.setUint16(descriptor, at < packet.length ? NEXT : 0, true);
    } while (at < packet.length);
    this.tail = start + used;
    return true;
  }

  /** Publish a slot with a length and flags of any kind. */
  publish(length: number, flags: number): void {
    const descriptor = this.descriptor(this.tail);
    this.#view.setUint32(descriptor + 4, length, true);
    this.#view.setUint16(descriptor, flags, true);
    this.tail = this.tail + 1;
  }
}
