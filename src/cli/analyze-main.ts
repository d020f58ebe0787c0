import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { DuckDBConnection } from '@duckdb/node-api';
import { type AnalyzeResult, analyze, type Progress } from '../analyze.js';
import { UsageError } from '../errors.js';
import type { LimitName } from '../schema/limits.js';
import type { DuckDBSink } from '../sink/duckdb.js';
import type { DuckDBThread } from '../sink/duckdb-thread.js';
import { formatOfName } from '../sink/format-name.js';
import type { Sink } from '../sink/sink.js';
import { expandInputs } from '../source/expand.js';
import { BesideRule } from './beside.js';
import { type Format, interruptible, type Table } from './options.js';
import { ProgressBar } from './progress.js';
import { complain } from './terminal.js';
import { timeFormatter } from './time.js';

/** What `tlsfp analyze` was asked. */
export interface AnalyzeRequest {
  readonly captures: readonly string[];
  readonly db: string | undefined;
  readonly format: Format | undefined;
  readonly out: string | undefined;
  readonly table: Table;
  readonly columns: readonly string[] | undefined;
  readonly sql: string | undefined;
  readonly followOn: boolean;
  /** Threads; null: the cores for several captures. One is quickest read by one, unless it is nothing but handshakes. */
  readonly jobs: number | null;
  readonly limits: { readonly [K in LimitName]?: number };
  readonly quiet: boolean;
  /** Time zone of the summary; left out: UTC. */
  readonly tz?: string | undefined;
  /** Key of the pseudonyms, as `--anonymize` names it; left out: none. */
  readonly anonymize?: string | undefined;
}

/** Run `tlsfp analyze`; answers the exit code. */
export async function analyzeMain(request: AnalyzeRequest): Promise<number> {
  checkRequest(request);
  const paths = await inputs(request);
  const anonymized = await anonymizing(request.anonymize);
  const plan = await makePlan(request, paths);
  const progress = new ProgressBar();
  const signal = interruptible();
  let result: AnalyzeResult;
  try {
    result = await analyze(paths, {
      sinks: plan.sinks.map(anonymized),
      limits: request.limits,
      followOn: request.followOn,
      jobs: jobsOf(request, paths),
      signal,
      onProgress: (p) => {
        plan.onProgress?.(p);
        if (!request.quiet && !plan.printsRows) progress.update(p);
      },
    });
  } finally {
    progress.stop();
  }
  await plan.show(result);
  for (const sink of plan.sinks) await sink.close();
  for (const error of result.errors) complain(error.message);
  if (result.interrupted) complain('interrupted: what was read until then is in the result');
  return result.errors.length > 0 ? 3 : 0;
}

/**
 * Puts pseudonyms in front of a sink when there is a key.
 * @throws UsageError the key cannot be had
 */
export async function anonymizing(key: string | undefined): Promise<(sink: Sink) => Sink> {
  if (key === undefined) return (sink) => sink;
  const [{ anonymizationKey }, { Anonymizer }, { AnonymizingSink }] = await Promise.all([
    import('../anonymize/key.js'),
    import('../anonymize/anonymizer.js'),
    import('../anonymize/anonymizing-sink.js'),
  ]);
  const anonymizer = new Anonymizer(anonymizationKey(key));
  return (sink) => new AnonymizingSink(sink, anonymizer);
}

/** Threads that analyse. */
function jobsOf({ jobs }: AnalyzeRequest, paths: readonly string[]): number {
  return jobs ?? (paths.length > 1 ? availableParallelism() : 1);
}

function checkRequest(r: AnalyzeRequest): void {
  if (r.tz !== undefined) timeFormatter(r.tz);
  if (r.sql !== undefined && r.columns) throw new UsageError('--columns goes with --table, not with --sql');
  if (r.format === 'parquet' && r.out === undefined) {
    throw new UsageError('Parquet is written to a file', { hint: 'add --out FILE.parquet' });
  }
  if ((r.columns || r.table !== 'client_hellos') && !r.format && r.sql === undefined && r.out === undefined) {
    throw new UsageError('--table and --columns choose rows, and the summary shows none', {
      hint: 'add --format table (or ndjson, csv, arrow, parquet)',
    });
  }
}

async function inputs(request: AnalyzeRequest): Promise<string[]> {
  const paths = await expandInputs(request.captures);
  if (!request.followOn) return paths;
  const { orderByFirstPacket } = await import('../source/ring.js');
  return (await orderByFirstPacket(paths)).map((file) => file.path);
}

/** Where the rows go, and what is shown when all captures are read. */
interface Plan {
  readonly sinks: readonly Sink[];
  /** Rows appear on the terminal meanwhile: a progress bar would stand in their way. */
  readonly printsRows?: boolean;
  onProgress?(progress: Progress): void;
  show(result: AnalyzeResult): Promise<void>;
}

async function makePlan(r: AnalyzeRequest, paths: readonly string[]): Promise<Plan> {
  const format = r.format ?? (r.out === undefined ? undefined : formatOf(r.out));
  if (r.sql === undefined && format === undefined) return summaryPlan(r, paths);
  const streams = format === 'ndjson' || format === 'csv' || format === 'arrow';
  const direct = r.sql === undefined && r.db === undefined && streams && r.table !== 'handshakes';
  return direct ? streamPlan(r, paths, format) : databasePlan(r, paths, format ?? 'table');
}

/** The format that the name of a file asks for. */
export function formatOf(path: string): Format {
  return formatOfName(path);
}

/** Nothing asked but what is in it. */
async function summaryPlan(r: AnalyzeRequest, paths: readonly string[]): Promise<Plan> {
  const database = r.db === undefined ? [] : [await loadDatabase(r.db, paths)];
  if (r.quiet) return { sinks: database, show: async () => {} };
  const { SummarySink } = await import('../report/summary-sink.js');
  const summary = new SummarySink();
  return {
    sinks: [summary, ...database],
    async show(result) {
      const { showSummary } = await import('./show-summary.js');
      showSummary(summary.summary, result, r);
    },
  };
}

/** Rows go out while they are found. */
async function streamPlan(
  r: AnalyzeRequest,
  paths: readonly string[],
  format: 'ndjson' | 'csv' | 'arrow',
): Promise<Plan> {
  const beside = new BesideRule(bytesOf(paths));
  const options = {
    table: r.table,
    ...(r.columns ? { columns: r.columns } : {}),
    out: r.out ?? process.stdout,
    beside: beside.applies(jobsOf(r, paths)) ? beside.pays : undefined,
  };
  const make = {
    ndjson: async () => new (await import('../sink/ndjson.js')).NdjsonSink(options),
    csv: async () => new (await import('../sink/csv.js')).CsvSink(options),
    arrow: async () => new (await import('../sink/arrow.js')).ArrowSink(options),
  };
  const printsRows = r.out === undefined && process.stdout.isTTY === true;
  const onProgress = (progress: Progress) => beside.update(progress);
  return { sinks: [await make[format]()], printsRows, onProgress, show: async () => {} };
}

/** Bytes of captures on disk. */
function bytesOf(paths: readonly string[]): number {
  const sizes = paths.map((path) => statSync(path, { throwIfNoEntry: false })?.size ?? 0);
  return sizes.reduce((a, b) => a + b, 0);
}

/** Rows go to a database first: kept, or in memory for a question. */
async function databasePlan(r: AnalyzeRequest, paths: readonly string[], format: Format): Promise<Plan> {
  const columns = r.columns?.map((name) => `"${name.replaceAll('"', '""')}"`).join(', ') ?? '*';
  const sql = r.sql ?? `SELECT ${columns} FROM ${r.table}`;
  const show = async (connection: DuckDBConnection) => {
    const { writeResult } = await import('../sink/result.js');
    await writeResult(connection, sql, { format, out: r.out ?? process.stdout });
  };
  if (r.db === undefined) {
    const sink = await openDatabase(':memory:');
    return { sinks: [sink], show: () => show(sink.connection) };
  }
  const path = r.db;
  const sink = await loadDatabase(path, paths);
  return {
    sinks: [sink],
    async show() {
      if ('connection' in sink) return show(sink.connection);
      // One thread at a time has a database open.
      await sink.close();
      const { openDatabase: open } = await import('../sink/duckdb-open.js');
      const database = await open(path);
      try {
        await show(database.connection);
      } finally {
        database.close();
      }
    },
  };
}

/** Bytes of captures below which starting a thread takes longer than loading beside the analysis saves. */
const MIN_THREAD_BYTES = 32 << 20;

/** A database that is only loaded: in a thread of its own if there is much to load. */
async function loadDatabase(path: string, captures: readonly string[]): Promise<DuckDBSink | DuckDBThread> {
  const much = captures.includes('-') || bytesOf(captures) >= MIN_THREAD_BYTES;
  if (!much) return openDatabase(path);
  const [{ DuckDBThread }, { LABELS }] = await Promise.all([
    import('../sink/duckdb-thread.js'),
    import('../labels/labels.js'),
  ]);
  const sink = await DuckDBThread.open(path);
  await sink.loadLabels(LABELS);
  return sink;
}

/** A database for the rows, with the labels of this version in it. */
export async function openDatabase(path: string) {
  const [{ DuckDBSink }, { LABELS }] = await Promise.all([
    import('../sink/duckdb.js'),
    import('../labels/labels.js'),
  ]);
  const sink = await DuckDBSink.open(path);
  await sink.loadLabels(LABELS);
  return sink;
}
