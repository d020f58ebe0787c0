import { COUNTERS, type CounterName } from '../schema/codes.js';

/** Numbers of a worker besides the counters of its core. */
const GAUGES = ['open_flows'] as const;

const STOP = 0;
const QUEUED = 1;
const INTS_BYTES = 16;
const TIMES_BYTES = 16;

/** No packet has told its time yet. */
const NO_TIME = 0n;

/**
 * What a ring worker and the thread that started it see of each other without messages: the worker never turns its
 * event loop while it reads.
 */
export class Board {
  readonly memory: SharedArrayBuffer;
  readonly #ints: Int32Array;
  readonly #times: BigInt64Array;
  readonly #numbers: Float64Array;

  constructor(memory?: SharedArrayBuffer) {
    const numbers = COUNTERS.length + GAUGES.length;
    this.memory = memory ?? new SharedArrayBuffer(INTS_BYTES + TIMES_BYTES + 8 * numbers);
    this.#ints = new Int32Array(this.memory, 0, INTS_BYTES / 4);
    this.#times = new BigInt64Array(this.memory, INTS_BYTES, 2);
    this.#numbers = new Float64Array(this.memory, INTS_BYTES + TIMES_BYTES, numbers);
  }

  /** Ask the worker to end. */
  stop(): void {
    Atomics.store(this.#ints, STOP, 1);
  }

  get stopped(): boolean {
    return Atomics.load(this.#ints, STOP) === 1;
  }

  /** Batches that were sent and not taken yet. */
  get queued(): number {
    return Atomics.load(this.#ints, QUEUED);
  }

  /** The worker has sent a batch. */
  sent(): void {
    Atomics.add(this.#ints, QUEUED, 1);
  }

  /** A batch was taken. */
  taken(): void {
    Atomics.sub(this.#ints, QUEUED, 1);
    Atomics.notify(this.#ints, QUEUED);
  }

  /** Wait (the worker) until a batch is taken, but no longer than `ms`. */
  awaitTaken(ms: number): void {
    Atomics.wait(this.#ints, QUEUED, this.queued, ms);
  }

  setCounter(index: number, value: number): void {
    this.#numbers[index] = value;
  }

  setOpenFlows(value: number): void {
    this.#numbers[COUNTERS.length] = value;
  }

  setTimes(first: bigint | null, last: bigint | null): void {
    this.#times[0] = first ?? NO_TIME;
    this.#times[1] = last ?? NO_TIME;
  }

  get openFlows(): number {
    return this.#numbers[COUNTERS.length]!;
  }

  counter(index: number): number {
    return this.#numbers[index]!;
  }

  /** Times of the earliest and the latest packet, ns since 1970; null before the first. */
  get times(): { first: bigint | null; last: bigint | null } {
    const [first, last] = this.#times;
    return { first: first === NO_TIME ? null : first!, last: last === NO_TIME ? null : last! };
  }
}

/** Sums over several workers. */
export function sumCounters(boards: readonly Board[]): Record<CounterName, number> {
  return Object.fromEntries(
    COUNTERS.map((c, i) => [c.name, boards.reduce((sum, b) => sum + b.counter(i), 0)]),
  ) as Record<CounterName, number>;
}
