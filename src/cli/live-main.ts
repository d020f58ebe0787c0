import { UsageError } from '../errors.js';
import type { MetricsServer } from '../live/metrics.js';
import type { Instruction } from '../live/packet-filter.js';
import { LiveRun } from '../live/run.js';
import { parseRing, type RingSpec } from '../live/spec.js';
import { type LiveStatus, statsLine, summaryLine } from '../live/status.js';
import type { FileSink, RotatingSink, Rotation } from '../sink/rotate.js';
import type { Sink } from '../sink/sink.js';
import type { AnalyzeRequest } from './analyze-main.js';
import { interruptible } from './options.js';
import { complain } from './terminal.js';

/** What `--live` and the options that go with it ask for. */
export interface LiveRequest {
  readonly ring: string;
  readonly duration: string | undefined;
  readonly count: number | undefined;
  readonly flush: string;
  readonly rotate: string | undefined;
  readonly stats: boolean;
  readonly metrics: string | undefined;
  readonly filter: string | undefined;
  /** Threads; null: not said. */
  readonly jobs: number | null;
}

const STATS_MS = 1000;

/** Run `tlsfp analyze --live`; answers the exit code. */
export async function liveMain(request: AnalyzeRequest, live: LiveRequest): Promise<number> {
  checkRequest(request, live);
  const spec = parseRing(live.ring);
  const durationMs = live.duration === undefined ? null : parseDuration('--duration', live.duration);
  const flushMs = parseDuration('--flush', live.flush);
  const filter = await filterOf(spec, live);
  const { anonymizing } = await import('./analyze-main.js');
  const anonymized = await anonymizing(request.anonymize);
  const sinks = await makeSinks(request, live);
  const run = new LiveRun({
    ring: spec,
    sinks: sinks.map(anonymized),
    jobs: live.jobs ?? 1,
    filter,
    limits: request.limits,
    durationMs,
    count: live.count ?? null,
    flushMs,
    signal: interruptible(),
    onEvent: (message) => complain(`${spec.name}: ${message}`),
  });
  const metrics = await startMetrics(live, run);
  const stats = live.stats ? startStats(run) : undefined;
  try {
    await run.run();
  } finally {
    clearInterval(stats);
    metrics?.stop();
    for (const sink of sinks) await sink.close();
  }
  if (!request.quiet) process.stderr.write(`${summaryLine(run.status())}\n`);
  return 0;
}

function checkRequest(r: AnalyzeRequest, live: LiveRequest): void {
  if (r.captures.length > 0) {
    throw new UsageError(`--live reads a ring, and ${r.captures[0]} is named too`, {
      hint: 'do one after the other',
    });
  }
  if (r.sql !== undefined) {
    throw new UsageError('--sql asks about a result, and --live has none before its end', {
      hint: 'keep --db, and ask with tlsfp query',
    });
  }
  if (r.format === 'table')
    throw new UsageError('--live cannot lay out a table', { hint: 'leave --format out' });
  if (live.rotate !== undefined && r.out === undefined) {
    throw new UsageError('--rotate needs files', {
      hint: 'add --out FILE.parquet (or .ndjson, .csv, .arrow)',
    });
  }
  if (live.count !== undefined && !(Number.isInteger(live.count) && live.count > 0)) {
    throw new UsageError('--count wants a whole number above 0');
  }
}

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 };
/** The longest time that timers take. */
const MAX_MS = 2 ** 31 - 1;

/**
 * `1s`, `500ms`, `1.5h`; a number alone is seconds.
 * @throws UsageError
 */
export function parseDuration(option: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/.exec(text.trim());
  const ms = match ? Number(match[1]) * (UNITS[match[2] || 's'] ?? Number.NaN) : Number.NaN;
  if (ms >= 1 && ms <= MAX_MS) return Math.round(ms);
  throw new UsageError(`${option} cannot be ${text || 'nothing'}`, {
    hint: 'use 500ms, 10s, 5m, 1h; at most 24d',
  });
}

async function filterOf(spec: RingSpec, live: LiveRequest): Promise<Instruction[] | null> {
  if (spec.kind === 'memif') {
    if (live.filter !== undefined) {
      throw new UsageError('--filter works in the kernel, and memif packets do not pass it', {
        hint: 'filter where they are sent',
      });
    }
    return null;
  }
  const { bothFilters, compileFilter, prefilter } = await import('../live/packet-filter.js');
  const own = prefilter();
  return live.filter === undefined ? own : bothFilters(compileFilter(live.filter, spec.device), own);
}

async function makeSinks(r: AnalyzeRequest, live: LiveRequest): Promise<Sink[]> {
  const format = r.format ?? (r.out === undefined ? undefined : await formatOf(r.out));
  const sinks: Sink[] = [];
  const rows = { table: r.table, ...(r.columns ? { columns: r.columns } : {}) };
  if (format !== undefined && r.out !== undefined)
    sinks.push(await fileSink(r.out, format, rows, live.rotate));
  else if (format !== undefined) sinks.push(await streamSink(format, { ...rows, out: process.stdout }));
  if (r.db !== undefined) sinks.push(await (await import('./analyze-main.js')).openDatabase(r.db));
  const free = format === undefined || r.out !== undefined;
  if (!r.quiet && free) {
    const [{ LinesSink }, { LABELS }] = await Promise.all([
      import('../live/lines-sink.js'),
      import('../labels/labels.js'),
    ]);
    sinks.push(new LinesSink(process.stdout, LABELS));
  }
  if (sinks.length === 0)
    throw new UsageError('--quiet, and nowhere else for the rows to go', { hint: 'add --db' });
  return sinks;
}

async function formatOf(path: string): Promise<string> {
  return (await import('./analyze-main.js')).formatOf(path);
}

interface Rows {
  readonly table: string;
  readonly columns?: readonly string[];
}

async function streamSink(
  format: string,
  options: Rows & { out: string | NodeJS.WriteStream },
): Promise<FileSink> {
  if (format === 'ndjson') return new (await import('../sink/ndjson.js')).NdjsonSink(options);
  if (format === 'csv') return new (await import('../sink/csv.js')).CsvSink(options);
  if (format === 'arrow') return new (await import('../sink/arrow.js')).ArrowSink(options);
  throw new UsageError('Parquet is written to files', { hint: 'add --out FILE.parquet, and --rotate 1h' });
}

async function fileSink(
  out: string,
  format: string,
  rows: Rows,
  rotate: string | undefined,
): Promise<RotatingSink> {
  const { parseRotation, RotatingSink } = await import('../sink/rotate.js');
  const rotation: Rotation | null = rotate === undefined ? null : parseRotation(rotate);
  if (format !== 'parquet') {
    const make = (path: string) => streamSink(format, { ...rows, out: path });
    return RotatingSink.open({ out, make, recover: async (path) => path }, rotation);
  }
  const { ParquetSpool } = await import('../sink/parquet-spool.js');
  const files = {
    out,
    make: (path: string) => ParquetSpool.open(path, rows),
    recover: (path: string) => ParquetSpool.recover(path, rows),
  };
  return RotatingSink.open(files, rotation);
}

async function startMetrics(live: LiveRequest, run: LiveRun): Promise<MetricsServer | null> {
  if (live.metrics === undefined) return null;
  const { MetricsServer, parseMetricsAddress } = await import('../live/metrics.js');
  const address = parseMetricsAddress(live.metrics);
  const server = await MetricsServer.start(address, () => run.status());
  complain(`metrics at http://${address.host}:${server.port}/metrics`);
  return server;
}

function startStats(run: LiveRun): NodeJS.Timeout {
  let before: LiveStatus | null = null;
  return setInterval(() => {
    const now = run.status(true);
    complain(statsLine(now, before));
    before = now;
  }, STATS_MS);
}
