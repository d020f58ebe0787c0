/** What happens to a ring that a person should know. */
export type RingEvent = (message: string) => void;

/** Packets that somebody else writes into shared memory, read by a core where they lie. */
export interface LiveRing {
  /** `captures.format` of what is read. */
  readonly format: 'memif' | 'packet';
  /** LINKTYPE of the packets. */
  readonly linkType: number;
  /** ms for which it is worth to look again and again after many packets came, instead of sleeping. */
  readonly spinMs: number;
  /** Packets that were lost before they came to the ring, since the last question; as far as can be known. */
  takeDrops(): number;
  /**
   * Read some packets.
   * @returns how many; `core.ringFull` tells whether the batches have to be taken first
   */
  poll(): number;
  /** See to the connection: look whether the peer is there, try again when it is not. */
  service(): void;
  /** Sleep until packets may have come, but no longer than `ms`. */
  wait(ms: number): void;
  /** Take no more packets than there are. `poll` goes on until it finds none. */
  quiesce(): void;
  close(): void;
}

/** Packets read in one call into the core: few enough for slots to go back to the peer while others are read. */
export const POLL_BUDGET = 256;

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Sleep without a turn of the event loop. */
export function sleep(ms: number): void {
  Atomics.wait(sleeper, 0, 0, ms);
}
