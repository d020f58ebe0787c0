/** Connections whose ClientHello waits for its answer at the same time; the oldest is forgotten beyond. */
const MAX_WAITING = 100_000;
/** Latencies kept for the percentiles; beyond, each further one replaces one of these at random (reservoir). */
const MAX_KEPT = 100_000;

/**
 * Joins ClientHellos with the ServerHellos of their connection and keeps the times between, in nanoseconds.
 *
 * Rows of clients and servers come in separate batches: within one the client side is given first.
 */
export class LatencyJoin {
  readonly #waiting = new Map<bigint, bigint>();
  readonly #values: number[] = [];
  #seen = 0;

  client(flow: bigint, ts: bigint): void {
    if (!this.#waiting.has(flow)) this.#waiting.set(flow, ts);
    if (this.#waiting.size > MAX_WAITING) this.#waiting.delete(this.#waiting.keys().next().value!);
  }

  server(flow: bigint, ts: bigint): void {
    const asked = this.#waiting.get(flow);
    if (asked === undefined) return;
    this.#waiting.delete(flow);
    if (ts < asked) return;
    const latency = Number(ts - asked);
    this.#seen++;
    if (this.#values.length < MAX_KEPT) this.#values.push(latency);
    else {
      const at = Math.floor(Math.random() * this.#seen);
      if (at < MAX_KEPT) this.#values[at] = latency;
    }
  }

  /** How many were joined. */
  get count(): number {
    return this.#seen;
  }

  /** Percentiles (0 to 1, nearest rank) in nanoseconds; null when nothing was joined. */
  percentiles(ranks: readonly number[]): number[] | null {
    if (this.#values.length === 0) return null;
    const sorted = this.#values.toSorted((a, b) => a - b);
    return ranks.map((rank) => sorted[Math.max(0, Math.ceil(rank * sorted.length) - 1)]!);
  }
}
