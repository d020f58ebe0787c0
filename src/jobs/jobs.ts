import { statSync } from 'node:fs';
import type { AnalyzeOptions, AnalyzeResult, Progress } from '../analyze.js';
import { captureRow } from '../capture-row.js';
import type { CaptureState } from '../core/core.js';
import { coreModule, defaultBuild } from '../core/load.js';
import type { BatchSet } from '../core/views.js';
import type { TlsfpError } from '../errors.js';
import { COUNTERS } from '../schema/codes.js';
import type { CaptureRow } from '../schema/tables.js';
import type { LinePlan, Sink } from '../sink/sink.js';
import { openSource } from '../source/open.js';
import { captureMagic } from '../source/sniff.js';
import { LocalShare } from './local.js';
import { mergeRows, type OrderedRows } from './merge.js';
import { mergeLines } from './merge-lines.js';
import { type FromWorker, type LineRows, revivedError, type WorkerSetup } from './messages.js';
import { CoreWorker, type JobThread, Mailbox } from './pool.js';

/**
 * Bytes of captures below which starting threads takes longer than what they save. Dividing one capture saves less, since
 * every thread reads all of it: of 256 MiB, QUIC hellos gain a fifth with two threads, and TCP hellos nothing yet.
 */
const MIN_BYTES = { files: 32 << 20, connections: 192 << 20 } as const;

/** How the work is divided. */
export type Division = 'files' | 'connections' | 'none';

/**
 * Whether several threads pay, and what they divide: many captures by file, one large capture by connection.
 * Standard input and pieces that belong together are read by one.
 */
export async function divide(paths: readonly string[], jobs: number, followOn: boolean): Promise<Division> {
  if (jobs < 2 || followOn || paths.includes('-')) return 'none';
  const sizes = paths.map((path) => statSync(path, { throwIfNoEntry: false })?.size ?? 0);
  const total = sizes.reduce((a, b) => a + b, 0);
  if (total < MIN_BYTES[paths.length > 1 ? 'files' : 'connections']) return 'none';
  if (paths.length > 1) return 'files';
  // Unpacking takes longer than all the rest, and each thread would have to do it.
  const source = await openSource(paths[0]!).catch(() => null);
  const plain = source !== null && source.compression === 'none' && captureMagic(source.head) !== null;
  await source?.close();
  return plain ? 'connections' : 'none';
}

type End = Extract<FromWorker, { type: 'end' }>;

/** One run over several threads. Rows reach the sinks in file order, and within a capture in that of its packets. */
export class JobRun {
  readonly #paths: readonly string[];
  readonly #sinks: readonly Sink[];
  readonly #options: AnalyzeOptions;
  readonly #stop = new SharedArrayBuffer(4);
  readonly #workers: JobThread[];
  readonly #captures: CaptureRow[] = [];
  readonly #errors: TlsfpError[] = [];
  readonly #division: 'files' | 'connections';

  constructor(
    paths: readonly string[],
    jobs: number,
    division: 'files' | 'connections',
    wanted: Readonly<Record<string, ReadonlySet<string>>> | null,
    options: AnalyzeOptions,
  ) {
    this.#paths = paths;
    this.#sinks = options.sinks ?? [];
    this.#options = options;
    this.#division = division;
    const build = options.build ?? defaultBuild();
    const count = division === 'files' ? Math.min(jobs, paths.length) : jobs;
    const layout = this.#sinks[0]?.layout ?? 'narrow';
    const setup: Omit<WorkerSetup, 'share'> = {
      module: coreModule(build),
      build,
      layout,
      limits: options.limits,
      lines: division === 'connections' ? linesOf(this.#sinks) : null,
      wanted,
      stop: this.#stop,
    };
    const shares = Array.from({ length: count }, (_, index) => ({
      ...setup,
      share: division === 'connections' ? { index, count } : null,
    }));
    // The others take longer to start. Sinks that want batches keep this thread busy enough.
    const own = setup.lines ? shares.splice(0, 1).map((share) => new LocalShare(share)) : [];
    this.#workers = [...own, ...shares.map((share) => new CoreWorker(share))];
  }

  /** @throws CoreTrapError, SinkError */
  async run(): Promise<AnalyzeResult> {
    const stop = () => Atomics.store(new Int32Array(this.#stop), 0, 1);
    this.#options.signal?.addEventListener('abort', stop);
    try {
      if (this.#division === 'files') await this.#runFiles();
      else await this.#runShared();
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
    const boxes = this.#paths.map(() => new Mailbox());
    const workerOf: JobThread[] = [];
    let next = 0;
    const give = (worker: JobThread) => {
      if (next >= this.#paths.length) return;
      workerOf[next] = worker;
      worker.post({ type: 'read', task: next, path: this.#paths[next]! });
      next++;
    };
    for (const worker of this.#workers) {
      worker.onMessage = (message) => {
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
          if (message.type === 'end') return message;
          if (message.type === 'epoch') this.#report(task, message.position, null);
          else if (message.type === 'batches') {
            await this.#write(message.batches);
            workerOf[task]!.post({ type: 'credit' });
          }
        }
      });
    }
  }

  /** All workers read the same capture, each its share of the connections. */
  async #runShared(): Promise<void> {
    const boxes = this.#workers.map((worker, index) => {
      const box = new Mailbox();
      worker.onMessage = (message) => box.put(message);
      worker.onFailure = (error) => box.fail(error);
      worker.post({ type: 'read', task: 0, path: this.#paths[0]! });
      return { worker, box, index };
    });
    await this.#intoSinks(0, this.#paths[0]!, async () => {
      let ends: (End | null)[] = boxes.map(() => null);
      while (ends.some((end) => end === null)) {
        const parts = await Promise.all(boxes.map(({ worker, box }, i) => epoch(worker, box, ends[i]!)));
        ends = parts.map((part) => part.end);
        this.#report(0, Math.max(...parts.map((part) => part.position)), null);
        await this.#writeLines(parts.map((part) => part.lines));
        const sets = parts.flatMap((part) => part.sets);
        if (sets.length > 0) await this.#write(mergeRows(sets));
      }
      return joined(ends as End[]);
    });
  }

  /** Lines of one epoch, by share and sink. */
  async #writeLines(shares: readonly (readonly (readonly LineRows[])[])[]): Promise<void> {
    for (const [i, sink] of this.#sinks.entries()) {
      const lines = mergeLines(shares.map((share) => share[i] ?? []));
      const pending = lines.length > 0 ? sink.writeLines?.(lines) : undefined;
      if (pending) await pending;
    }
  }

  async #intoSinks(task: number, path: string, rows: () => Promise<End>): Promise<void> {
    for (const sink of this.#sinks) await sink.begin({ id: task + 1, path });
    try {
      const end = await rows();
      const error = end.error && revivedError(end.error);
      if (error) this.#errors.push(error);
      if (end.state === null) {
        for (const sink of this.#sinks) await sink.abandon();
        return;
      }
      const row = captureRow({ path, ...end.source }, end.state, error);
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

/** What lines the sinks want; null when one of them wants batches. */
function linesOf(sinks: readonly Sink[]): LinePlan[] | null {
  const plans = sinks.flatMap((sink) => (sink.lines && sink.writeLines ? [sink.lines] : []));
  return plans.length > 0 && plans.length === sinks.length ? plans : null;
}

/** What one share has up to the next place that all agree on, or up to the end. */
interface Epoch {
  readonly sets: OrderedRows[];
  /** By sink. */
  readonly lines: LineRows[][];
  readonly end: End | null;
  readonly position: number;
}

async function epoch(worker: JobThread, box: Mailbox, end: End | null): Promise<Epoch> {
  const sets: OrderedRows[] = [];
  const lines: LineRows[][] = [];
  if (end) return { sets, lines, end, position: 0 };
  for (;;) {
    const message = await box.take();
    if (message.type === 'end') return { sets, lines, end: message, position: 0 };
    if (message.type === 'epoch') return { sets, lines, end: null, position: message.position };
    if (message.type === 'batches') sets.push({ batches: message.batches, orders: message.orders! });
    else for (const [i, pieces] of message.lines.entries()) lines[i] = [...(lines[i] ?? []), ...pieces];
    worker.post({ type: 'credit' });
  }
}

/** The ends of all shares as that of one capture. */
function joined(ends: readonly End[]): End {
  const [first] = ends;
  if (ends.some((end) => end.state === null)) return ends.find((end) => end.state === null)!;
  const states = ends.map((end) => end.state!);
  const counters = { ...states[0]!.counters };
  for (const { name, scope } of COUNTERS) {
    if (scope === 'flow') counters[name] = states.reduce((sum, state) => sum + state.counters[name], 0n);
  }
  const state: CaptureState = { ...states[0]!, counters };
  return { ...first!, state };
}
