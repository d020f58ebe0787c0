import type { Core } from '../core/core.js';
import type { MemifConnection } from './memif-connection.js';
import type { MemifSpec } from './spec.js';

/** Fields of a ring header, in units of u16. */
const FLAGS = 2;
const HEAD = 3;
const DESCRIPTOR_BYTES = 16;

/**
 * A memif ring whose shared memory could not be mapped into the core: new slots are copied into a twin of it there,
 * and what the core offers again is copied back.
 */
export class MemifCopy {
  readonly #core: Core;
  readonly #index: number;
  readonly #slots: number;
  readonly #bytes: number;
  readonly #outside: Uint8Array<ArrayBuffer>;
  readonly #outsideWords: Uint16Array<ArrayBuffer>;
  readonly #twin: Uint8Array<ArrayBuffer>;
  readonly #twinWords: Uint16Array<ArrayBuffer>;
  readonly #outsideView: DataView;
  readonly #header: number;
  readonly #tail: number;
  readonly #descriptors: number;
  readonly #buffers: number;
  /** Free-running: slots before it are in the twin. */
  #copied = 0;
  /** Free-running: slots before it are offered. */
  #offered = 0;

  constructor(core: Core, index: number, spec: MemifSpec, connection: MemifConnection) {
    const { region, layout } = connection;
    this.#core = core;
    this.#index = index;
    this.#slots = spec.ringSize;
    this.#bytes = spec.bufferSize;
    this.#outside = region.outside!;
    this.#outsideWords = new Uint16Array(this.#outside.buffer);
    this.#outsideView = new DataView(this.#outside.buffer);
    this.#twin = core.memory.subarray(region.at, region.at + region.length);
    this.#twinWords = new Uint16Array(this.#twin.buffer, this.#twin.byteOffset, region.length / 2);
    this.#header = layout.rings[index]! / 2;
    this.#tail = this.#header + spec.cacheLine / 2;
    this.#descriptors = layout.rings[index]! + 2 * spec.cacheLine;
    this.#buffers = layout.buffers[index]!;
    this.#twin.set(this.#outside.subarray(0, layout.buffers[0]!));
  }

  /** As `Core.pollRing`. */
  poll(budget: number, nowMs: number): number {
    const tail = Atomics.load(this.#outsideWords, this.#tail);
    const fresh = (tail - this.#copied) & 0xffff;
    const overrun = fresh > this.#slots;
    if (!overrun) for (let i = 0; i < fresh; i++) this.#copySlot((this.#copied + i) & (this.#slots - 1));
    this.#copied = tail;
    this.#twinWords[this.#tail] = tail;
    const packets = this.#core.pollRing(this.#index, budget, nowMs);
    this.publish(overrun);
    return packets;
  }

  /** Hand what the core offers over to the peer. */
  publish(all = false): void {
    const head = this.#twinWords[this.#header + HEAD]!;
    const fresh = all ? this.#slots : Math.min((head - this.#offered) & 0xffff, this.#slots);
    for (let i = 1; i <= fresh; i++) {
      const at = this.#descriptors + DESCRIPTOR_BYTES * ((head - i) & (this.#slots - 1));
      this.#outside.set(this.#twin.subarray(at, at + DESCRIPTOR_BYTES), at);
    }
    this.#offered = head;
    Atomics.store(this.#outsideWords, this.#header + HEAD, head);
  }

  /** Hand the interrupt mask over to the peer. */
  publishFlags(): void {
    Atomics.store(this.#outsideWords, this.#header + FLAGS, this.#twinWords[this.#header + FLAGS]!);
  }

  #copySlot(slot: number): void {
    const descriptor = this.#descriptors + DESCRIPTOR_BYTES * slot;
    this.#twin.set(this.#outside.subarray(descriptor, descriptor + DESCRIPTOR_BYTES), descriptor);
    const length = Math.min(this.#outsideView.getUint32(descriptor + 4, true), this.#bytes);
    const at = this.#buffers + slot * this.#bytes;
    this.#twin.set(this.#outside.subarray(at, at + length), at);
  }
}
