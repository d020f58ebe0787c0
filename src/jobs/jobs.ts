import { closeSync, openSync, statSync } from 'node:fs';
import type { AnalyzeOptions, AnalyzeResult, Progress } from '../analyze.js';
import { captureRow } from '../capture-row.js';
import { coreModule, defaultBuild } from '../core/load.js';
import type { BatchSet } from '../core/views.js';
import type { TlsfpError } from '../errors.js';
import type { CaptureRow } from '../schema/tables.js';
import type { LinePlan, Sink } from '../sink/sink.js';
import { readerAt } from '../source/read-at.js';
import { CaptureRun } from './capture-run.js';
import { type CaptureEnd, type FromWorker, revivedError, type WorkerSetup } from './messages.js';
import { STRETCH_BYTES } from './plan.js';
import { CoreWorker, Mailbox } from './pool.js';
import { divisible } from './stretch-reader.js';

/**
 * Bytes of captures below which starting threads takes longer than what they save: of one capture, with two cores, QUIC hellos
 * gain from here on and TCP hellos from twice as much.
 */
const MIN_BYTES = { files: 32 << 20, stretches: 256 << 20 } as const;

/** How the work is divided. */
export type Division = 'files' | 'stretches' | 'none';

/**
 * Whether several threads pay, and what they divide: many captures by file, one large capture into stretches.
 * Standard input and pieces that belong together are read by one.
 */
export function divide(paths: readonly string[], jobs: number, followOn: boolean): Division {
  if (jobs < 2 || followOn || paths.includes('-')) return 'none';
  const stats = paths.map((path) => statSync(path, { throwIfNoEntry: false }));
  const total = stats.reduce((sum, stat) => sum + (stat?.size ?? 0), 0);
  if (total < MIN_BYTES[paths.length > 1 ? 'files' : 'stretches']) return 'none';
  if (paths.length > 1) return 'files';
  return stats[0]!.isFile() && isDivisible(paths[0]!, stats[0]!.size) ? 'stretches' : 'none';
}

/** Whether the records of a file can be found from its middle: it is not compressed, for one. */
function isDivisible(path: string, size: number): boolean {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return false;
  }
  try {
    return divisible(readerAt(path, fd), size) !== null;
  } catch {
    return false;
  } finally {
    closeSync(fd);
  }
}

/** One run over several threads. Rows reach the sinks in file order, and within a capture in that of its packets. */
export class JobRun {
  readonly #paths: readonly string[];
  readonly #sinks: readonly Sink[];
  readonly #options: AnalyzeOptions;
  readonly #stop = new SharedArrayBuffer(4);
  readonly #setup: WorkerSetup;
  readonly #workers: readonly CoreWorker[];
  readonly #captures: CaptureRow[] = [];
  readonly #errors: TlsfpError[] = [];
  readonly #division: 'files' | 'stretches';
  readonly #stretchBytes: number;

  /** @param stretchBytes of a capture that is divided */
  constructor(
    paths: readonly string[],
    jobs: number,
    division: 'files' | 'stretches',
    wanted: Readonly<Record<string, ReadonlySet<string>>> | null,
    options: AnalyzeOptions,
    stretchBytes = STRETCH_BYTES,
  ) {
    this.#paths = paths;
    this.#sinks = options.sinks ?? [];
    this.#options = options;
    this.#division = division;
    this.#stretchBytes = stretchBytes;
    this.#setup = {
      module: coreModule(options.build ?? defaultBuild()),
      layout: this.#sinks[0]?.layout ?? 'narrow',
      limits: options.limits,
      lines: division === 'stretches' ? linesOf(this.#sinks) : null,
      wanted,
      stop: this.#stop,
    };
    // Of a capture in stretches this thread reads its part itself.
    const count = division === 'files' ? Math.min(jobs, paths.length) : jobs - 1;
    this.#workers = Array.from({ length: count }, () => new CoreWorker(this.#setup));
  }

  /** @throws CoreTrapError, SinkError */
  async run(): Promise<AnalyzeResult> {
    const stop = () => Atomics.store(new Int32Array(this.#stop), 0, 1);
    this.#options.signal?.addEventListener('abort', stop);
    try {
      if (this.#division === 'files') await this.#runFiles();
      else await this.#runStretches();
    } finally {
      this.#options.signal?.removeEventListener('abort', stop);
      stop();
      await Promise.all(this.#workers.map((worker) => worker.close()));
    }
    const interrupted = this.#options.signal?.aborted ?? false;
    return { captures: this.#captures, errors: this.#errors, interrupted };
  }

  get #over(): boolean {
    return this.#options.signal?.aborted || this.#sinks.some((sink) => sink.finished);
  }

  /** Each worker takes the next capture when it is through with one; the sinks get them in order. */
  async #runFiles(): Promise<void> {
    const boxes = this.#paths.map(() => new Mailbox<FromWorker>());
    const workerOf: CoreWorker[] = [];
    let next = 0;
    const give = (worker: CoreWorker) => {
      if (next >= this.#paths.length) return;
      workerOf[next] = worker;
      worker.post({ type: 'read', task: next, path: this.#paths[next]! });
      next++;
    };
    for (const worker of this.#workers) {
      worker.onMessage = (message) => {
        if (message.type === 'stretch') return;
        boxes[message.task]!.put(message);
        if (message.type === 'end') give(worker);
      };
      worker.onFailure = (error) => {
        for (const box of boxes) box.fail(error);
      };
      give(worker);
    }
    for (const [task, path] of this.#paths.entries()) {
      if (this.#over) return;
      await this.#intoSinks(task, path, async () => {
        for (;;) {
          const message = await boxes[task]!.take();
          if (message.type === 'end') {
            return { ...message, error: message.error && revivedError(message.error) };
          }
          if (message.type === 'progress') this.#report(task, message.position, null);
          else if (message.type === 'batches') {
            await this.#write(message.batches);
            workerOf[task]!.post({ type: 'credit' });
          }
        }
      });
    }
  }

  /** All workers read stretches of the same capture; this thread reads some of them, and joins all. */
  async #runStretches(): Promise<void> {
    const path = this.#paths[0]!;
    await this.#intoSinks(0, path, () => {
      const run = new CaptureRun(path, this.#setup, this.#workers, this.#stretchBytes, {
        sinks: this.#sinks,
        over: () => this.#over,
        onProgress: (position, size) => this.#report(0, position, size),
      });
      return run.run();
    });
  }

  async #intoSinks(task: number, path: string, rows: () => Promise<CaptureEnd>): Promise<void> {
    const oneOfMany = this.#paths.length > 1;
    for (const sink of this.#sinks) await sink.begin({ id: task + 1, path, oneOfMany });
    try {
      const { source, state, error } = await rows();
      if (error) this.#errors.push(error);
      if (state === null) {
        for (const sink of this.#sinks) await sink.abandon();
        return;
      }
      const row = captureRow({ path, ...source }, state, error);
      for (const sink of this.#sinks) await sink.end(row);
      this.#captures.push(row);
      this.#options.onCapture?.(row);
    } catch (error) {
      for (const sink of this.#sinks) await sink.abandon();
      throw error;
    }
  }

  async #write(batches: BatchSet): Promise<void> {
    for (const sink of this.#sinks) {
      const pending = sink.write(batches);
      if (pending) await pending;
    }
  }

  #report(task: number, position: number, size: number | null): void {
    const path = this.#paths[task]!;
    const known = size ?? statSync(path, { throwIfNoEntry: false })?.size ?? null;
    const progress: Progress = { path, index: task + 1, count: this.#paths.length, position, size: known };
    this.#options.onProgress?.(progress);
    if (this.#over) Atomics.store(new Int32Array(this.#stop), 0, 1);
  }
}

/** Columns whose values depend on all packets before. */
const NUMBERS = ['packet', 'first_packet'];

/** What lines the sinks want; null when one of them wants batches, or lines that only the thread that joins can write. */
function linesOf(sinks: readonly Sink[]): LinePlan[] | null {
  const plans = sinks.flatMap((sink) => (sink.lines && sink.writeLines ? [sink.lines] : []));
  const isFree = ({ columns }: LinePlan) =>
    columns !== undefined && !NUMBERS.some((name) => columns.includes(name));
  return plans.length > 0 && plans.length === sinks.length && plans.every(isFree) ? plans : null;
}
