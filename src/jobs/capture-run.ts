import { closeSync, fstatSync, openSync } from 'node:fs';
import type { Core } from '../core/core.js';
import { pack } from '../core/parcel.js';
import { RangeReader } from '../core/range.js';
import type { BatchSet } from '../core/views.js';
import { TlsfpError } from '../errors.js';
import type { Sink } from '../sink/sink.js';
import { inputError } from '../source/errno.js';
import { readerAt } from '../source/read-at.js';
import { joinRows } from './join-rows.js';
import { type Gone, Joiner, type StretchLines, type StretchRows } from './joiner.js';
import type { OrderedRows } from './merge.js';
import { mergeLines } from './merge-lines.js';
import type { CaptureEnd, LineRows, StretchRead, WorkerSetup } from './messages.js';
import { PlacedLines } from './placed-lines.js';
import { Plan } from './plan.js';
import { type CoreWorker, Mailbox } from './pool.js';
import type { TakeRows } from './stretch-reader.js';
import { workerCore } from './task.js';

/** Who wants the rows. */
export interface CaptureSinks {
  readonly sinks: readonly Sink[];
  /** Whether nobody wants more. */
  over(): boolean;
  onProgress(position: number, size: number): void;
}

/** Bytes read between two looks at whether somebody still wants them. */
const STEP_BYTES = 4 << 20;

/**
 * Reads one plain file with several threads. This one reads it from start to end, as it would alone, but joins the stretches
 * that others have read in the meantime. A stretch that was not found or does not fit is read here like any other.
 */
export class CaptureRun {
  readonly #path: string;
  readonly #setup: WorkerSetup;
  readonly #workers: readonly CoreWorker[];
  readonly #bytes: number;
  readonly #to: CaptureSinks;
  readonly #core: Core;
  /** What makes the lines of rows that belong between those of a stretch. */
  #lines: readonly PlacedLines[] | null = null;

  /** @param bytes of a stretch */
  constructor(
    path: string,
    setup: WorkerSetup,
    workers: readonly CoreWorker[],
    bytes: number,
    to: CaptureSinks,
  ) {
    this.#path = path;
    this.#setup = setup;
    this.#workers = workers;
    this.#bytes = bytes;
    this.#to = to;
    this.#core = workerCore(setup);
  }

  /** @throws CoreTrapError, SinkError */
  async run(): Promise<CaptureEnd> {
    let fd: number;
    try {
      fd = openSync(this.#path, 'r');
    } catch (cause) {
      const source = { size: null, compression: 'none' } as const;
      return { source, state: null, error: inputError(this.#path, cause) };
    }
    try {
      const { size } = fstatSync(fd);
      const error = await this.#read(fd, size);
      return { source: { size, compression: 'none' }, state: this.#core.state(), error };
    } finally {
      closeSync(fd);
    }
  }

  async #read(fd: number, size: number): Promise<TlsfpError | null> {
    const readAt = readerAt(this.#path, fd);
    const plan = new Plan(size, this.#bytes, this.#workers.length);
    const boxes = this.#askForHelp(plan, size);
    const core = this.#core;
    const reader = new RangeReader(core, this.#path, readAt);
    core.begin(1);
    let joiner: Joiner | null = null;
    let error: TlsfpError | null = null;
    for (let index = 0; index < plan.count && error === null && !this.#to.over(); index++) {
      if (!plan.arrive(index)) {
        joiner ??= new Joiner(core, workerCore(this.#setup), readAt);
        const read = await boxes[index]!.take();
        if (read !== null && (await this.#join(joiner, read))) {
          reader.moved();
          this.#to.onProgress(read.report.until, size);
          continue;
        }
      }
      error = await this.#readTo(reader, plan.from(index), plan.until(index), size);
    }
    const whole = !this.#to.over();
    // The file may have grown.
    if (error === null && whole) error = await this.#readTo(reader, size, Number.MAX_SAFE_INTEGER, size);
    for (;;) {
      const status = core.finish(error ? 0 : reader.rest);
      await this.#flush();
      if (status !== 'BATCH_FULL') return error ?? (whole ? reader.endError(status) : null);
    }
  }

  #askForHelp(plan: Plan, size: number): Mailbox<StretchRead | null>[] {
    const boxes = Array.from({ length: plan.count }, () => new Mailbox<StretchRead | null>());
    for (const [helper, worker] of this.#workers.entries()) {
      worker.onMessage = (message) => {
        if (message.type === 'stretch') boxes[message.index]!.put(message.read);
      };
      worker.onFailure = (error) => {
        for (const box of boxes) box.fail(error);
      };
      const [path, bytes, helpers] = [this.#path, this.#bytes, this.#workers.length];
      worker.post({ type: 'help', path, size, bytes, plan: plan.memory, helper, helpers });
    }
    return boxes;
  }

  /** Read up to `until` in steps. */
  async #readTo(reader: RangeReader, from: number, until: number, size: number): Promise<TlsfpError | null> {
    for (let stop = from; stop < until && !this.#to.over() && !reader.atEnd; ) {
      stop = Math.min(stop + STEP_BYTES, until);
      const steps = reader.readTo(stop);
      try {
        let next = steps.next();
        for (; !next.done; next = steps.next()) await this.#write(next.value);
        if (next.value !== null) return next.value;
      } catch (error) {
        if (!(error instanceof TlsfpError) || error.exitCode === 4) throw error;
        return error;
      }
      this.#to.onProgress(Math.min(stop, size), size);
    }
    return null;
  }

  async #join(joiner: Joiner, { report, rows }: StretchRead): Promise<boolean> {
    while (!this.#core.stretch.settle()) await this.#flush();
    await this.#flush();
    const others = await this.#others(rows);
    const gone = joiner.join(report, rows, 1, others.take);
    if (gone !== null) await others.write(gone);
    return gone !== null;
  }

  /** Where the rows go that belong between those of a stretch, and how all of them are written then. */
  async #others(
    rows: StretchRows,
  ): Promise<{ readonly take: TakeRows; readonly write: (gone: Gone) => Promise<void> }> {
    if ('lines' in rows) {
      const makers = await this.#makers();
      const lines = makers.map((): LineRows[] => []);
      return {
        take: (batches, orders) => {
          for (const [i, maker] of makers.entries()) lines[i]!.push(...maker.ofBatch(batches, orders));
        },
        write: (gone) => this.#writeLines(rows, gone, lines),
      };
    }
    const sets: OrderedRows[] = [];
    return {
      take: (batches, orders) => sets.push({ batches: pack(batches).batches, orders }),
      write: async (gone) => {
        for (const batches of joinRows(rows.sets, gone.rows!, sets)) await this.#write(batches);
      },
    };
  }

  async #makers(): Promise<readonly PlacedLines[]> {
    if (this.#lines !== null) return this.#lines;
    const makers = this.#setup.lines!.map((plan) => new PlacedLines(plan, this.#setup.module));
    for (const maker of makers) await maker.begin(this.#path);
    this.#lines = makers;
    return makers;
  }

  async #writeLines(
    { lines }: StretchLines,
    gone: Gone,
    others: readonly (readonly LineRows[])[],
  ): Promise<void> {
    for (const [i, sink] of this.#to.sinks.entries()) {
      for (const piece of mergeLines(lines[i]!, gone.lines[i]!, others[i]!)) {
        const pending = sink.writeLines?.(piece);
        if (pending) await pending;
      }
    }
  }

  /** Write what is in the batches of the core. */
  async #flush(): Promise<void> {
    if (this.#core.hasRows) await this.#write(this.#core.batches());
    this.#core.resetBatches();
  }

  async #write(batches: BatchSet): Promise<void> {
    for (const sink of this.#to.sinks) {
      const pending = sink.write(batches);
      if (pending) await pending;
    }
  }
}
