import { closeSync, openSync, readSync, statSync } from 'node:fs';
import type { DuckDBConnection } from '@duckdb/node-api';
import { isDynamicPattern } from 'tinyglobby';
import { InputReadError } from '../errors.js';
import { sqlString } from './sql-text.js';
import { fingerprintsOver, handshakesOver } from './views.js';

/** Views of a database of tlsfp that Parquet files may stand for, by columns that only they have. */
const KINDS = [
  { name: 'handshakes', columns: ['latency_us', 'ja4'] },
  { name: 'client_hellos', columns: ['ja4'] },
  { name: 'server_hellos', columns: ['cipher_suite'] },
  { name: 'certificates', columns: ['sha256', 'position'] },
  { name: 'captures', columns: ['path', 'packets'] },
  { name: 'client_hellos', columns: ['ja3'] },
  { name: 'server_hellos', columns: ['ja3s'] },
] as const;

/** Whether a path names Parquet: a file of that kind, or a pattern of such. */
export function isParquet(path: string): boolean {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) {
    return isDynamicPattern(path) && path.endsWith('.parquet');
  }
  const fd = openSync(path, 'r');
  try {
    const head = Buffer.alloc(4);
    return readSync(fd, head, 0, 4, 0) === 4 && head.toString('latin1') === 'PAR1';
  } finally {
    closeSync(fd);
  }
}

/**
 * Put Parquet files in the place of the tables: the view `rows` has the rows of all files, and tables that can be
 * told by the columns stand under their own name.
 *
 * @param only drop the tables that no file stands for
 */
export async function openParquet(
  connection: DuckDBConnection,
  files: readonly string[],
  only: boolean,
): Promise<void> {
  const found = new Map<string, string[]>();
  for (const file of files) {
    const names = await columnsOf(connection, file);
    const kind = KINDS.find(({ columns }) => columns.every((name) => names.has(name)))?.name;
    if (kind) found.set(kind, [...(found.get(kind) ?? []), file]);
  }
  const handshakes = found.get('handshakes');
  if (handshakes && !found.has('client_hellos')) found.set('client_hellos', handshakes);
  if (only) {
    for (const view of [
      'handshakes',
      'fingerprints',
      'client_hellos',
      'server_hellos',
      'certificates',
      'captures',
    ]) {
      await connection.run(`DROP VIEW ${view}`);
    }
  }
  await view(connection, 'rows', `FROM ${reading(files)}`);
  for (const [name, own] of found) await view(connection, name, `FROM ${reading(own)}`);
  await combine(connection, found);
}

/** Views over several of the others; they are not there when a column that they need is not. */
async function combine(connection: DuckDBConnection, found: ReadonlyMap<string, unknown>): Promise<void> {
  const made: [string, string][] = [];
  if (found.has('client_hellos')) made.push(['fingerprints', fingerprintsOver('client_hellos')]);
  if (found.has('client_hellos') && found.has('server_hellos') && !found.has('handshakes')) {
    made.push(['handshakes', handshakesOver('client_hellos', 'server_hellos', false)]);
  }
  for (const [name, sql] of made) await view(connection, name, sql).catch(() => {});
}

async function view(connection: DuckDBConnection, name: string, sql: string): Promise<void> {
  await connection.run(`CREATE OR REPLACE VIEW ${name} AS ${sql}`);
}

function reading(files: readonly string[]): string {
  return `read_parquet([${files.map(sqlString).join(', ')}], union_by_name = true)`;
}

async function columnsOf(connection: DuckDBConnection, file: string): Promise<Set<string>> {
  try {
    const described = await connection.runAndReadAll(`DESCRIBE FROM ${reading([file])}`);
    return new Set(described.getColumnsJS()[0] as string[]);
  } catch (cause) {
    const [what = ''] = String((cause as Error).message).split('\n');
    throw new InputReadError(what, { path: file, hint: 'write it again', cause });
  }
}
