import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { analyze, type Progress } from '../analyze.js';
import { InputReadError, type TlsfpError, UsageError } from '../errors.js';
import { LABELS } from '../labels/labels.js';
import { DuckDBSink } from '../sink/duckdb.js';
import { openDatabase } from '../sink/duckdb-open.js';
import { expandInputs } from '../source/expand.js';
import { openSource } from '../source/open.js';
import { captureMagic, notACapture } from '../source/sniff.js';
import { isParquet, openParquet } from './parquet.js';
import { QuerySession, type SessionParts } from './session.js';

/** How a source is opened. */
export interface QueryOptions {
  /** A database may be changed. */
  readonly write?: boolean;
  /**
   * What is not there is not there: tables that Parquet files do not have do not exist, instead of being empty, and a
   * single file that is no capture is refused, instead of giving no rows and an error.
   */
  readonly strict?: boolean;
  /** Threads that read captures. Default: the cores. */
  readonly jobs?: number;
  /** Stop reading captures; what was read stays. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** Whether a file is a DuckDB database: `DUCK` stands behind the checksum of its header. */
export function isDatabase(path: string): boolean {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return false;
  const fd = openSync(path, 'r');
  try {
    const head = Buffer.alloc(12);
    return readSync(fd, head, 0, 12, 0) === 12 && head.toString('latin1', 8) === 'DUCK';
  } finally {
    closeSync(fd);
  }
}

/**
 * Open what is to be questioned: a database of tlsfp (read-only unless `write`), Parquet files, or captures, which are
 * analyzed into memory; none at all for the functions alone.
 *
 * @throws InputNotFoundError, InputReadError, CaptureFormatError (`strict`: it is no capture), UsageError
 */
export async function openQuery(
  source: string | readonly string[],
  options: QueryOptions = {},
): Promise<QuerySession> {
  const sources = typeof source === 'string' ? [source] : source;
  return QuerySession.start(await partsOf(sources, options), options.onProgress);
}

async function partsOf(sources: readonly string[], options: QueryOptions): Promise<SessionParts> {
  if (sources.some(isDatabase)) {
    if (sources.length > 1) {
      throw new UsageError('one database at a time', { hint: "ATTACH 'other.duckdb' AS other (READ_ONLY)" });
    }
    return databaseParts(sources[0]!, options.write ?? false);
  }
  if (options.write) throw new UsageError('--write goes with a database');
  const parquet = sources.filter(isParquet);
  if (parquet.length > 0) {
    if (parquet.length < sources.length) throw new UsageError('captures and Parquet files cannot be mixed');
    const sink = await memory();
    await openParquet(sink.connection, sources, options.strict ?? false);
    return { kind: 'parquet', connection: sink.connection, errors: [], close: () => sink.close() };
  }
  return capturesParts(sources, options);
}

async function databaseParts(path: string, write: boolean): Promise<SessionParts> {
  try {
    const database = await openDatabase(path, { readOnly: !write });
    return {
      kind: 'database',
      connection: database.connection,
      errors: [],
      close: () => database.close(),
    };
  } catch (cause) {
    const { what, hint } = cause as TlsfpError;
    throw new InputReadError(what, { path, hint, cause });
  }
}

async function memory(): Promise<DuckDBSink> {
  const sink = await DuckDBSink.open(':memory:');
  await sink.loadLabels(LABELS);
  return sink;
}

async function capturesParts(sources: readonly string[], options: QueryOptions): Promise<SessionParts> {
  const paths = await expandInputs(sources);
  if (options.strict) await checkCaptures(paths);
  const sink = await memory();
  const { errors } = await analyze(paths, {
    sinks: [sink],
    jobs: options.jobs ?? availableParallelism(),
    ...(options.signal ? { signal: options.signal } : {}),
    ...(options.onProgress ? { onProgress: options.onProgress } : {}),
  });
  const kind = sources.length > 0 ? 'captures' : 'nothing';
  return { kind, connection: sink.connection, errors, close: () => sink.close() };
}

/**
 * A source of which nothing is a capture is a mistake rather than a capture without rows.
 * @throws CaptureFormatError, InputReadError
 */
export async function checkCaptures(paths: readonly string[]): Promise<void> {
  if (paths.length !== 1 || paths[0] === '-') return;
  const path = paths[0]!;
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return;
  const source = await openSource(path);
  try {
    if (captureMagic(source.head) !== null) return;
    // Damaged compressed data is told of by reading.
    if (source.head.length === 0 && source.compression !== 'none') return;
    if (!/\.(duckdb|db)$/.test(path)) throw notACapture(path, source.head);
    throw new InputReadError('is neither a DuckDB database nor a capture', {
      path,
      hint: 'make one: tlsfp analyze CAPTURE --db FILE.duckdb',
    });
  } finally {
    await source.close();
  }
}
