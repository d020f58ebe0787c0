import type { Core } from '../core/core.js';
import type { BatchSet } from '../core/views.js';
import { COUNTERS, type CounterName } from '../schema/codes.js';
import type { Board } from './board.js';
import type { Clock } from './clock.js';
import type { LiveRing } from './ring.js';

/** Batches on their way to the sinks; when so many are not taken yet, rows wait in the core, and then are dropped. */
export const MAX_QUEUED = 16;
/** A row waits no longer than this for others to travel with. */
const HAND_OVER_MS = 20;
/** Time between two looks at everything but packets. */
const TICK_MS = 10;
const EXPIRE_MS = 1000;
/** The longest sleep: a wake-up of the peer may be lost, and nobody else wakes us to stop. */
const SLEEP_MS = 50;
/** So many packets at once are traffic that is worth spinning for. */
const BUSY_PACKETS = 32;
/** At the end, what is in the ring and what slow sinks have to take may last so long. */
const DRAIN_MS = 2000;
const SINK_MS = 10_000;

/** What the loop works on. */
export interface LoopParts {
  readonly core: Core;
  readonly ring: LiveRing;
  readonly clock: Clock;
  readonly board: Board;
  /** Take a copy of the rows. */
  readonly send: (batches: BatchSet) => void;
}

const LISTED = COUNTERS.map((c) => c.name);
const RING_DROPS = LISTED.indexOf('ring_drops');
const DROPPED_ROWS = LISTED.indexOf('dropped_rows');

/** Reads a ring until it is told to stop; then reads what is left and hands everything over. */
export class Loop {
  readonly #parts: LoopParts;
  #ringDrops = 0;
  #droppedRows = 0;
  #handedOver = 0;
  #expired = 0;

  constructor(parts: LoopParts) {
    this.#parts = parts;
  }

  /** Blocks the thread. @throws CoreTrapError, LiveError */
  run(): void {
    const { core, ring, board } = this.#parts;
    core.begin(1);
    ring.service();
    let spinUntil = 0;
    let nextTick = 0;
    while (!board.stopped) {
      const packets = ring.poll();
      if (core.ringFull) this.#handOver();
      const now = performance.now();
      if (now >= nextTick) {
        nextTick = now + TICK_MS;
        this.#tick(now);
      }
      if (packets >= BUSY_PACKETS) spinUntil = now + ring.spinMs;
      if (packets > 0 || now < spinUntil) continue;
      if (core.hasRows && board.queued < MAX_QUEUED) this.#handOver();
      ring.wait(core.hasRows ? HAND_OVER_MS : SLEEP_MS);
    }
    this.#finish();
  }

  #tick(now: number): void {
    const { core, ring, clock, board } = this.#parts;
    ring.service();
    if (core.hasRows && now - this.#handedOver >= HAND_OVER_MS && board.queued < MAX_QUEUED) this.#handOver();
    if (now - this.#expired >= EXPIRE_MS) {
      this.#expired = now;
      while (!core.expire(clock.now())) this.#handOver();
      this.#ringDrops += ring.takeDrops();
    }
    this.#publish();
  }

  /** Send the rows, or drop them when the sinks have too many to take already. */
  #handOver(): void {
    const { core, board, send } = this.#parts;
    this.#handedOver = performance.now();
    const batches = core.batches();
    if (board.queued < MAX_QUEUED) {
      send(batches);
      board.sent();
    } else this.#droppedRows += rowsOf(batches);
    core.resetBatches();
  }

  #finish(): void {
    const { core, ring, board } = this.#parts;
    ring.quiesce();
    ring.wait(HAND_OVER_MS);
    const until = performance.now() + DRAIN_MS;
    while (ring.poll() > 0 && performance.now() < until) if (core.ringFull) this.#handOverPatiently();
    this.#ringDrops += ring.takeDrops();
    ring.close();
    while (core.finish(0) === 'BATCH_FULL') this.#handOverPatiently();
    if (core.hasRows) this.#handOverPatiently();
    this.#publish();
    board.stop();
  }

  /** At the end no packet is waiting: the sinks get time. */
  #handOverPatiently(): void {
    const { board } = this.#parts;
    const until = performance.now() + SINK_MS;
    while (board.queued >= MAX_QUEUED && performance.now() < until) board.awaitTaken(100);
    this.#handOver();
  }

  #publish(): void {
    const { core, board } = this.#parts;
    for (let i = 0; i < LISTED.length; i++) board.setCounter(i, core.counter(LISTED[i] as CounterName));
    board.setCounter(RING_DROPS, this.#ringDrops);
    board.setCounter(DROPPED_ROWS, this.#droppedRows);
    board.setOpenFlows(core.openFlows);
    const { firstTs, lastTs } = core.times;
    board.setTimes(firstTs, lastTs);
  }
}

function rowsOf(batches: BatchSet): number {
  return batches.client_hellos.rows + batches.server_hellos.rows + batches.certificates.rows;
}
