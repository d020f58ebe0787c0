import { captureRow } from './capture-row.js';
import { Core, type CoreOptions } from './core/core.js';
import { readCapture } from './core/read.js';
import { TlsfpError } from './errors.js';
import type { CaptureRow } from './schema/tables.js';
import type { Sink } from './sink/sink.js';
import { openSource } from './source/open.js';
import type { CaptureSource } from './source/source.js';

/** How far the work is. */
export interface Progress {
  /** The capture being read, and which of how many it is (from 1). */
  readonly path: string;
  readonly index: number;
  readonly count: number;
  /** Bytes of it read so far, and its size if known (compressed bytes for compressed input). */
  readonly position: number;
  readonly size: number | null;
}

/** Options of `analyze`. */
export interface AnalyzeOptions extends Pick<CoreOptions, 'build' | 'limits'> {
  /** Where the rows go. All must want the same layout. The caller closes them. */
  readonly sinks?: readonly Sink[];
  /** The inputs are pieces of one capture in this order: connections go on over their borders. */
  readonly followOn?: boolean;
  /** Stop when it fires: what was read stays. */
  readonly signal?: AbortSignal;
  /** Threads, over files and inside one large file. Default: 1. */
  readonly jobs?: number;
  /** Hand rows over as soon as there are any: for standard input and other live sources. Default: for `-`. */
  readonly eager?: boolean;
  readonly onProgress?: (progress: Progress) => void;
  /** A capture is done (or given up: its `error` says why). */
  readonly onCapture?: (row: CaptureRow) => void;
}

/** What `analyze` did. */
export interface AnalyzeResult {
  readonly captures: readonly CaptureRow[];
  /** One for each capture that could not be read whole. */
  readonly errors: readonly TlsfpError[];
  /** True when `signal` stopped it. */
  readonly interrupted: boolean;
}

/**
 * Read captures and give their rows to sinks.
 *
 * Faults of an input end that input, not the work: what came before is in the sinks, the fault in `errors`.
 *
 * @param paths files, or `-` for standard input; folders and patterns are expanded by `expandInputs`
 * @throws CoreTrapError, SinkError
 * @example
 * const sink = await DuckDBSink.open('tls.duckdb');
 * await analyze(await expandInputs(['captures/']), { sinks: [sink] });
 * await sink.close();
 */
export async function analyze(
  paths: readonly string[],
  options: AnalyzeOptions = {},
): Promise<AnalyzeResult> {
  const sinks = options.sinks ?? [];
  const layout = sinks[0]?.layout ?? 'narrow';
  if (sinks.some((sink) => sink.layout !== layout)) throw new TypeError('the sinks want different layouts');
  const wanted = unionOfWanted(sinks);
  const result = (await byJobs(paths, options, wanted)) ?? (await byOne(paths, options, wanted, layout));
  for (const sink of sinks) await sink.settle?.();
  return result;
}

type Wanted = Record<string, ReadonlySet<string>> | null;

/** By several threads, if they are asked for and there is something to divide. */
async function byJobs(
  paths: readonly string[],
  options: AnalyzeOptions,
  wanted: Wanted,
): Promise<AnalyzeResult | null> {
  const { jobs = 1, followOn = false } = options;
  if (jobs <= 1) return null;
  const { divide, JobRun } = await import('./jobs/jobs.js');
  const division = divide(paths, jobs, followOn);
  return division === 'none' ? null : new JobRun(paths, jobs, division, wanted, options).run();
}

async function byOne(
  paths: readonly string[],
  options: AnalyzeOptions,
  wanted: Wanted,
  layout: Sink['layout'],
): Promise<AnalyzeResult> {
  const { build, limits, signal, sinks = [] } = options;
  const core = new Core({ build, limits, layout });
  if (wanted) core.project(wanted);
  const run: Run = { core, sinks, options, count: paths.length, captures: [], errors: [] };
  await analyzeAll(run, paths);
  return { captures: run.captures, errors: run.errors, interrupted: signal?.aborted ?? false };
}

/** What the sinks want together; null when one of them wants everything. */
export function unionOfWanted(sinks: readonly Sink[]): Wanted {
  const all: Record<string, Set<string>> = {};
  for (const [index, sink] of sinks.entries()) {
    if (!sink.wanted) return null;
    for (const group of new Set([...Object.keys(all), ...Object.keys(sink.wanted)])) {
      const own = sink.wanted[group];
      // A group that one of them does not name is wanted whole.
      if (!own || (index > 0 && !all[group])) delete all[group];
      else all[group] = new Set([...(all[group] ?? []), ...own]);
    }
  }
  return sinks.length > 0 ? all : null;
}

interface Run {
  readonly core: Core;
  readonly sinks: readonly Sink[];
  readonly options: AnalyzeOptions;
  readonly count: number;
  readonly captures: CaptureRow[];
  readonly errors: TlsfpError[];
}

/** A capture that could be opened. */
interface Opened {
  readonly source: CaptureSource;
  readonly index: number;
}

/** Whether nothing more is to be read. */
function isOver(run: Run): boolean {
  return (run.options.signal?.aborted ?? false) || run.sinks.some((sink) => sink.finished);
}

/** Open the captures one after the other; those that cannot be are noted and passed over. */
async function* openEach(run: Run, paths: readonly string[]): AsyncGenerator<Opened, undefined> {
  for (const [index, path] of paths.entries()) {
    if (isOver(run)) return;
    try {
      yield { source: await openSource(path), index };
    } catch (error) {
      if (!(error instanceof TlsfpError)) throw error;
      run.errors.push(error);
    }
  }
}

async function analyzeAll(run: Run, paths: readonly string[]): Promise<void> {
  const opened = openEach(run, paths);
  const followOn = run.options.followOn === true;
  let before = false;
  let current = (await opened.next()).value;
  while (current) {
    let next: Opened | undefined;
    try {
      // Connections are kept open at the end of a piece only if another one is there.
      if (followOn) next = (await opened.next()).value;
      await readInto(run, current, { from: before && followOn, into: next !== undefined });
    } catch (error) {
      await next?.source.close();
      throw error;
    } finally {
      await current.source.close();
    }
    before = true;
    if (next && isOver(run)) await next.source.close();
    if (isOver(run)) return;
    current = next ?? (await opened.next()).value;
  }
}

async function readInto(
  run: Run,
  { source, index }: Opened,
  continues: { from: boolean; into: boolean },
): Promise<void> {
  const { core, sinks, options } = run;
  const id = index + 1;
  const begun: Sink[] = [];
  try {
    for (const sink of sinks) {
      await sink.begin({ id, path: source.path, oneOfMany: run.count > 1 });
      begun.push(sink);
    }
    const batches = readCapture(core, source, id, {
      continues,
      eager: options.eager ?? source.path === '-',
      onProgress: (_, position) => report(run, source, index, position),
    });
    let next = await batches.next();
    while (!next.done) {
      for (const sink of sinks) {
        const pending = sink.write(next.value);
        if (pending) await pending;
      }
      next = await batches.next();
    }
    const { error } = next.value;
    const row = captureRow(source, core.state(), error);
    for (const sink of sinks) {
      await sink.end(row);
      begun.shift();
    }
    run.captures.push(row);
    if (error) run.errors.push(error);
    options.onCapture?.(row);
  } catch (error) {
    // What went wrong first is told; that a sink cannot forget either adds nothing to it.
    for (const sink of begun) await Promise.resolve(sink.abandon()).catch(() => {});
    throw error;
  }
}

function report(run: Run, source: CaptureSource, index: number, position: number): boolean {
  run.options.onProgress?.({
    path: source.path,
    index: index + 1,
    count: run.count,
    position,
    size: source.size,
  });
  return !isOver(run);
}
