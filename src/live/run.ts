import { Worker } from 'node:worker_threads';
import { unionOfWanted } from '../analyze.js';
import { takeRows } from '../core/gather.js';
import { coreModule, defaultBuild } from '../core/load.js';
import type { Batch, BatchSet } from '../core/views.js';
import { CoreTrapError, TlsfpError } from '../errors.js';
import { revivedError } from '../jobs/messages.js';
import { COUNTERS } from '../schema/codes.js';
import { LIMITS, type LimitName } from '../schema/limits.js';
import { linkTypeName } from '../schema/link-types.js';
import type { CaptureRow } from '../schema/tables.js';
import type { Sink } from '../sink/sink.js';
import { VERSION } from '../version.js';
import { Board, sumCounters } from './board.js';
import { Clock } from './clock.js';
import { Lag } from './lag.js';
import type { FromLive, LiveSetup } from './messages.js';
import type { Instruction } from './packet-filter.js';
import type { RingSpec } from './spec.js';
import type { LiveStatus } from './status.js';

/** Options of `runLive`. */
export interface LiveOptions {
  readonly ring: RingSpec;
  /** Where the rows go. The caller closes them. */
  readonly sinks: readonly Sink[];
  /** Ring workers: more than one only for `packet` rings. */
  readonly jobs?: number;
  /** Program that packets of an interface must pass. */
  readonly filter?: readonly Instruction[] | null;
  readonly limits?: { readonly [K in LimitName]?: number | undefined };
  /** End after so many ms, or after so many ClientHellos. */
  readonly durationMs?: number | null;
  readonly count?: number | null;
  /** ms between two commits. */
  readonly flushMs?: number;
  /** End when it fires. */
  readonly signal?: AbortSignal;
  /** What happens to the ring, for a person. */
  readonly onEvent?: (message: string) => void;
}

/** A live run: ring workers on one side, sinks on the other, a bounded queue between them. */
export class LiveRun {
  readonly #options: LiveOptions;
  readonly #boards: readonly Board[];
  readonly #workers: Worker[] = [];
  readonly #queue: { readonly batches: BatchSet; readonly board: Board }[] = [];
  readonly #clock = new Clock();
  readonly #lag = new Lag();
  readonly #started = performance.now();
  readonly #maxFlows: number;
  #running: number;
  readonly #ended = new Set<Board>();
  #failure: unknown = null;
  #linkType: number | null = null;
  #rows = 0;
  #flushDue = false;
  #wake: () => void = () => {};
  #recentLag = this.#lag.takeRecent();

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#running = options.ring.kind === 'packet' ? (options.jobs ?? 1) : 1;
    this.#boards = Array.from({ length: this.#running }, () => new Board());
    this.#maxFlows = options.limits?.max_flows ?? LIMITS.find((l) => l.name === 'max_flows')!.default;
  }

  /** What there is to know now. `recent`: begin a new interval of the recent lag. */
  status(recent = false): LiveStatus {
    if (recent) this.#recentLag = this.#lag.takeRecent();
    return {
      ring: this.#options.ring.name,
      elapsed: (performance.now() - this.#started) / 1000,
      counters: sumCounters(this.#boards),
      openFlows: this.#boards.reduce((sum, b) => sum + b.openFlows, 0),
      maxFlows: this.#maxFlows * this.#boards.length,
      queued: this.#queue.length,
      rows: this.#rows,
      recentLag: this.#recentLag,
      lag: this.#lag.all,
    };
  }

  /** Ask it to end: what is in the ring is read, what is on its way is written. */
  stop(): void {
    for (const board of this.#boards) board.stop();
  }

  /**
   * Read the ring until the end.
   * @throws LiveError it cannot be attached; SinkError, CoreTrapError
   */
  async run(): Promise<CaptureRow> {
    const { sinks, ring, signal, durationMs, flushMs = 1000 } = this.#options;
    const stop = () => this.stop();
    signal?.addEventListener('abort', stop);
    if (signal?.aborted) this.stop();
    const timers = [
      setInterval(() => {
        this.#flushDue = true;
        this.#wake();
      }, flushMs),
      ...(durationMs ? [setTimeout(stop, durationMs)] : []),
    ];
    try {
      for (const sink of sinks) await sink.begin({ id: 1, path: ring.name, replaces: false });
      this.#start();
      await this.#pump();
      if (this.#failure) throw this.#failure;
      const row = this.#row();
      for (const sink of sinks) await sink.end(row);
      return row;
    } catch (error) {
      this.stop();
      for (const sink of sinks) await sink.abandon();
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
      for (const timer of timers) clearTimeout(timer);
      await Promise.all(this.#workers.map((worker) => worker.terminate()));
    }
  }

  #start(): void {
    const { sinks, ring, filter = null, limits } = this.#options;
    const build = defaultBuild();
    const wide = sinks.some((sink) => sink.layout === 'wide');
    const fanout = this.#boards.length > 1 ? process.pid & 0xffff : null;
    for (const board of this.#boards) {
      const setup: LiveSetup = {
        module: coreModule(build),
        build,
        layout: wide ? 'wide' : 'narrow',
        limits,
        wanted: withTimes(unionOfWanted(sinks)),
        ring,
        filter,
        fanout,
        board: board.memory,
      };
      const worker = new Worker(new URL('../../dist/live/worker.js', import.meta.url), { workerData: setup });
      this.#workers.push(worker);
      worker.on('message', (message: FromLive) => this.#onMessage(message, board));
      worker.on('error', (error) => this.#fail(error));
      worker.on('exit', () => {
        if (!this.#ended.has(board)) this.#fail(new CoreTrapError('a thread ended unexpectedly'));
      });
    }
  }

  #onMessage(message: FromLive, board: Board): void {
    if (message.type === 'batches') this.#queue.push({ batches: message.batches, board });
    else if (message.type === 'event') this.#options.onEvent?.(message.message);
    else if (message.type === 'started') this.#linkType = message.linkType;
    else if (message.type === 'failed') {
      this.#ended.add(board);
      this.#fail(revivedError(message.error));
    } else {
      this.#ended.add(board);
      this.#running--;
    }
    this.#wake();
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#running--;
    this.stop();
    this.#wake();
  }

  /** Moves batches to the sinks until the workers have ended. */
  async #pump(): Promise<void> {
    for (;;) {
      const next = this.#flushDue ? undefined : this.#queue.shift();
      if (this.#flushDue) {
        this.#flushDue = false;
        await this.#flush();
      } else if (next) {
        await this.#write(next.batches);
        next.board.taken();
      } else if (this.#running <= 0) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  async #flush(): Promise<void> {
    const row = this.#row();
    for (const sink of this.#options.sinks) await sink.commit?.(row);
  }

  async #write(batches: BatchSet): Promise<void> {
    const { sinks, count } = this.#options;
    const left = count ? count - this.#rows : Number.POSITIVE_INFINITY;
    const taken = batches.client_hellos.rows > left ? firstHellos(batches, left) : batches;
    for (const sink of sinks) if (!sink.finished) await sink.write(taken);
    this.#rows += taken.client_hellos.rows;
    this.#lag.record(taken.client_hellos, this.#clock.now());
    // Nobody reads any more (a closed pipe), or all that was asked for is there.
    const unread = sinks.length > 0 && sinks.every((sink) => sink.finished);
    if (unread || (count && this.#rows >= count)) this.stop();
  }

  /** The row of `captures` as it would be if the run ended now. */
  #row(): CaptureRow {
    const counters = sumCounters(this.#boards);
    const times = this.#boards.map((b) => b.times);
    const first = times.flatMap((t) => (t.first === null ? [] : [t.first]));
    const last = times.flatMap((t) => (t.last === null ? [] : [t.last]));
    const failure = this.#failure instanceof TlsfpError ? this.#failure.message : null;
    return {
      path: this.#options.ring.name,
      size: null,
      mtime: null,
      format: this.#options.ring.kind,
      compression: null,
      link_types: this.#linkType === null ? [] : [linkTypeName(this.#linkType)],
      first_ts: first.sort(inOrder)[0] ?? null,
      last_ts: last.sort(inOrder).at(-1) ?? null,
      ...Object.fromEntries(COUNTERS.map((c) => [c.name, BigInt(counters[c.name])])),
      error: failure,
      analyzed_at: BigInt(Date.now()) * 1_000_000n,
      tlsfp_version: VERSION,
    } as CaptureRow;
  }
}

const inOrder = (a: bigint, b: bigint) => (a < b ? -1 : 1);

/** The first rows of client_hellos, and all that is in other tables. In the wide layout the contents go with them. */
function firstHellos(batches: BatchSet, count: number): BatchSet {
  const picks = Int32Array.from({ length: count }, (_, i) => i);
  const cut = (batch: Batch): Batch => ({
    ...batch,
    rows: count,
    columns: batch.columns.map((c) => takeRows(c, picks)),
  });
  const wide = batches.hello_contents.rows === batches.client_hellos.rows;
  return {
    ...batches,
    client_hellos: cut(batches.client_hellos),
    hello_contents: wide ? cut(batches.hello_contents) : batches.hello_contents,
  };
}

/** The lag is measured by the times of rows, whether a sink wants them or not. */
function withTimes(wanted: LiveSetup['wanted']): LiveSetup['wanted'] {
  const hellos = wanted?.client_hellos;
  return wanted && hellos ? { ...wanted, client_hellos: new Set([...hellos, 'ts']) } : wanted;
}
