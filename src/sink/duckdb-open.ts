import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { SinkError } from '../errors.js';
import { createStatements, SCHEMA_VERSION } from '../schema/ddl.js';

/** How a database is opened. */
export interface OpenOptions {
  /** Version of tlsfp that is written into a new database. */
  readonly toolVersion?: string;
  /** Others may read too, nothing is created. */
  readonly readOnly?: boolean;
  /** Threads of DuckDB; default: the cores. */
  readonly threads?: number;
  /** DuckDB's `memory_limit`, e.g. `2GB`; default: DuckDB's own (80 % of the memory). */
  readonly memoryLimit?: string;
}

/** An open database. One per file and process: a second one would lose what it writes. */
export interface OpenDatabase {
  readonly path: string;
  readonly connection: DuckDBConnection;
  /** A further connection; sees what is committed. */
  connect(): Promise<DuckDBConnection>;
  close(): void;
}

/**
 * Text is stored as dictionaries (from storage v1.3.0 on), and DuckDB 1.4 and later read the file. Row groups are
 * compressed as they fill: kept back for a few at a time, they take more memory and more time at the end.
 */
const WRITING = { storage_compatibility_version: 'v1.4.0', write_buffer_row_group_count: '1' };

/** Nothing is fetched from the network, ever. */
function configuration(options: OpenOptions): Record<string, string> {
  return {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    ...(options.readOnly ? { access_mode: 'READ_ONLY' } : WRITING),
    ...(options.threads ? { threads: String(options.threads) } : {}),
    ...(options.memoryLimit ? { memory_limit: options.memoryLimit } : {}),
  };
}

const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/Could not set lock/, 'close the other process, or write to another file'],
  [/not a valid DuckDB database|not valid|deserialize|corrupt/i, 'name another file for --db'],
  [
    /No space left|disk full|not enough space|ENOSPC|File too large/i,
    'free space on the disk, or write elsewhere',
  ],
  [/Permission denied|Read-only file system|read-only/i, 'write to a place where you may'],
  [/No such file or directory/, 'make the folder first'],
];

/** An error of DuckDB as one of ours: its first line, where it happened, and what helps. */
export function sinkError(path: string, error: unknown): SinkError {
  if (error instanceof SinkError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const first = message.split('\n')[0]!.trim();
  const hint = ADVICE.find(([pattern]) => pattern.test(message))?.[1];
  return new SinkError(first, { path: path === ':memory:' ? undefined : path, hint, cause: error });
}

async function schemaVersionOf(connection: DuckDBConnection): Promise<number | 'empty' | 'foreign'> {
  const tables = await connection.runAndReadAll(
    "SELECT count(*)::INTEGER, count(*) FILTER (table_name = 'tlsfp_meta')::INTEGER FROM duckdb_tables() WHERE NOT temporary",
  );
  const [all, meta] = tables.getRowsJS()[0] as [number, number];
  if (all === 0) return 'empty';
  if (meta === 0) return 'foreign';
  const rows = await connection.runAndReadAll('SELECT max(schema_version)::INTEGER FROM tlsfp_meta');
  return rows.getRowsJS()[0]![0] as number;
}

/** Create the tables in an empty database, all or none; refuse a database that is not ours or of another version. */
async function prepare(path: string, connection: DuckDBConnection, options: OpenOptions): Promise<void> {
  const version = await schemaVersionOf(connection);
  if (version === SCHEMA_VERSION) return;
  if (version === 'foreign' || (version === 'empty' && options.readOnly)) {
    throw new SinkError('a DuckDB database, but not one of tlsfp', { path, hint: 'name another file' });
  }
  if (version !== 'empty') {
    const newer = version > SCHEMA_VERSION;
    throw new SinkError(`its tables have schema version ${version}, this tlsfp writes ${SCHEMA_VERSION}`, {
      path,
      hint: newer ? 'use a newer tlsfp' : 'analyze the captures again into a new file',
    });
  }
  await connection.run('BEGIN');
  for (const statement of createStatements()) await connection.run(statement);
  await connection.run('INSERT INTO tlsfp_meta VALUES ($1, $2, now()::TIMESTAMP)', [
    SCHEMA_VERSION,
    options.toolVersion ?? '',
  ]);
  await connection.run('COMMIT');
}

/**
 * Open, or create, a database of tlsfp; `:memory:` for one that goes away.
 * @throws SinkError locked by another process, not a database, of another schema version, not writable
 */
export async function openDatabase(path: string, options: OpenOptions = {}): Promise<OpenDatabase> {
  let instance: DuckDBInstance | undefined;
  try {
    instance = await DuckDBInstance.create(path, configuration(options));
    const connection = await instance.connect();
    await prepare(path, connection, options);
    const opened = instance;
    return {
      path,
      connection,
      connect: () => opened.connect(),
      close: () => {
        connection.closeSync();
        opened.closeSync();
      },
    };
  } catch (error) {
    instance?.closeSync();
    throw sinkError(path, error);
  }
}
