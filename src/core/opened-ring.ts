/** Bytes of the ring: what the thread that opens may be in front, about 1,500 packets. */
export const RING_BYTES = 2 << 20;
/** Places of the numbers in front of the ring: u32 bytes written and taken (they wrap), u32 stop; i64 places in the capture. */
const WRITTEN = 0;
const TAKEN = 1;
const STOP = 2;
const START = 2;
const END = 3;
const HEAD_BYTES = 64;
/** How long the writer sleeps before it looks whether it is to stop, ms. */
const NAP_MS = 100;

/**
 * What the thread that opens Initials and the one that walks the capture share: where the latter is, and a ring of bytes from
 * the first to the second.
 */
export class OpenedRing {
  readonly memory: SharedArrayBuffer;
  readonly #numbers: Int32Array;
  readonly #places: BigInt64Array;
  readonly #bytes: Uint8Array;

  /** @param memory of the other thread's */
  constructor(memory = new SharedArrayBuffer(HEAD_BYTES + RING_BYTES)) {
    this.memory = memory;
    this.#numbers = new Int32Array(memory, 0, 4);
    this.#places = new BigInt64Array(memory, 0, 4);
    this.#bytes = new Uint8Array(memory, HEAD_BYTES);
  }

  /** The walk is at the records in `[start, end)` of the capture; at `start` one begins. */
  passTo(start: number, end: number): void {
    Atomics.store(this.#places, START, BigInt(start));
    Atomics.store(this.#places, END, BigInt(end));
  }

  get start(): number {
    return Number(Atomics.load(this.#places, START));
  }

  get end(): number {
    return Number(Atomics.load(this.#places, END));
  }

  stop(): void {
    Atomics.store(this.#numbers, STOP, 1);
    Atomics.notify(this.#numbers, TAKEN);
  }

  get stopped(): boolean {
    return Atomics.load(this.#numbers, STOP) !== 0;
  }

  /** Write bytes, at most as many as the ring has; waits for room. False: it was stopped. */
  put(bytes: Uint8Array): boolean {
    const written = Atomics.load(this.#numbers, WRITTEN);
    for (;;) {
      const taken = Atomics.load(this.#numbers, TAKEN);
      if (this.stopped) return false;
      if (RING_BYTES - ((written - taken) >>> 0) >= bytes.length) break;
      Atomics.wait(this.#numbers, TAKEN, taken, NAP_MS);
    }
    const at = (written >>> 0) % RING_BYTES;
    const first = Math.min(bytes.length, RING_BYTES - at);
    this.#bytes.set(bytes.subarray(0, first), at);
    this.#bytes.set(bytes.subarray(first), 0);
    Atomics.store(this.#numbers, WRITTEN, written + bytes.length);
    return true;
  }

  /** Take what is there into the start of `into`, as far as it fits; answers how many bytes. */
  take(into: Uint8Array): number {
    const taken = Atomics.load(this.#numbers, TAKEN);
    const there = (Atomics.load(this.#numbers, WRITTEN) - taken) >>> 0;
    const n = Math.min(there, into.length);
    const at = (taken >>> 0) % RING_BYTES;
    const first = Math.min(n, RING_BYTES - at);
    into.set(this.#bytes.subarray(at, at + first));
    into.set(this.#bytes.subarray(0, n - first), first);
    Atomics.store(this.#numbers, TAKEN, taken + n);
    Atomics.notify(this.#numbers, TAKEN);
    return n;
  }
}
