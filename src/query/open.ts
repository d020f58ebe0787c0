import { closeSync, openSync, readSync, statSync } from 'node:fs';
import type { DuckDBConnection } from '@duckdb/node-api';
import { analyze } from '../analyze.js';
import type { TlsfpError } from '../errors.js';
import { LABELS } from '../labels/labels.js';
import { DuckDBSink } from '../sink/duckdb.js';
import { openDatabase } from '../sink/duckdb-open.js';
import { expandInputs } from '../source/expand.js';

/** Something that can be questioned. */
export interface QuerySession {
  readonly connection: DuckDBConnection;
  /** What could not be read whole of the captures behind it. */
  readonly errors: readonly TlsfpError[];
  close(): void | Promise<void>;
}

function startsWith(path: string, magic: string, at: number): boolean {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return false;
  const fd = openSync(path, 'r');
  try {
    const head = Buffer.alloc(magic.length);
    return readSync(fd, head, 0, magic.length, at) === magic.length && head.toString('latin1') === magic;
  } finally {
    closeSync(fd);
  }
}

/** Whether a file is a DuckDB database: `DUCK` stands behind the checksum of its header. */
export function isDatabase(path: string): boolean {
  return startsWith(path, 'DUCK', 8);
}

/** Whether a file is Parquet. */
export function isParquet(path: string): boolean {
  return startsWith(path, 'PAR1', 0);
}

/**
 * Open what is to be questioned: a database of tlsfp (read-only), a Parquet file (as the view `rows`, and as
 * `client_hellos` when it has the columns), or captures, which are analyzed into memory.
 *
 * @throws SinkError, InputNotFoundError, UsageError
 */
export async function openQuery(source: string): Promise<QuerySession> {
  if (isDatabase(source)) {
    const database = await openDatabase(source, { readOnly: true });
    return { connection: database.connection, errors: [], close: () => database.close() };
  }
  if (isParquet(source)) return openParquet(source);
  const sink = await DuckDBSink.open(':memory:');
  await sink.loadLabels(LABELS);
  const { errors } = await analyze(await expandInputs([source]), { sinks: [sink] });
  return { connection: sink.connection, errors, close: () => sink.close() };
}

async function openParquet(source: string): Promise<QuerySession> {
  const sink = await DuckDBSink.open(':memory:');
  const file = source.replaceAll("'", "''");
  await sink.connection.run(`CREATE OR REPLACE VIEW rows AS FROM read_parquet('${file}')`);
  const columns = await sink.connection.runAndReadAll('DESCRIBE rows');
  const names = new Set(columns.getColumnsJS()[0] as string[]);
  const table = names.has('ja4') ? 'client_hellos' : names.has('ja3s') ? 'server_hellos' : null;
  if (table) await sink.connection.run(`CREATE OR REPLACE VIEW ${table} AS FROM rows`);
  return { connection: sink.connection, errors: [], close: () => sink.close() };
}
