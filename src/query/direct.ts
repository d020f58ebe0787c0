import { DuckDBInstance } from '@duckdb/node-api';
import type { Progress } from '../analyze.js';
import { expandInputs } from '../source/expand.js';
import { FUNCTION_TABLES } from './functions.js';
import { checkCaptures } from './open.js';
import { QuerySession } from './session.js';
import { splitStatements, sqlString } from './sql-text.js';

/** What the functions call the captures of the session. */
const GIVEN = '(the captures given)';

/**
 * A session over captures in which nothing is loaded: its tables are the table functions. Measured at half the work of
 * loading for one question that reads the captures once. Null when `sql` is no such question: several statements, or
 * one that reads them twice or wants more than the tables of messages.
 *
 * @throws InputNotFoundError, InputReadError, CaptureFormatError, as `openQuery`
 */
export async function openDirect(
  sources: readonly string[],
  sql: string,
  onProgress: (progress: Progress) => void,
): Promise<QuerySession | null> {
  const { statements } = splitStatements(sql);
  if (sources.length === 0 || statements.length !== 1) return null;
  const paths = await expandInputs(sources);
  await checkCaptures(paths);
  if (paths.includes('-')) return null;
  const instance = await DuckDBInstance.create(':memory:', {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
  });
  const connection = await instance.connect();
  const close = () => {
    connection.closeSync();
    instance.closeSync();
  };
  const session = await QuerySession.start({ kind: 'captures', connection, errors: [], close }, onProgress);
  if (await readsOnce(session, paths, statements[0]!)) return session;
  await session.close();
  return null;
}

async function readsOnce(session: QuerySession, paths: readonly string[], sql: string): Promise<boolean> {
  const { connection, functions } = session;
  await functions.add(GIVEN, paths);
  for (const table of FUNCTION_TABLES) {
    await connection.run(`CREATE TEMP VIEW ${table} AS FROM ${table}(${sqlString(GIVEN)})`);
  }
  functions.takeBound();
  try {
    (await connection.prepare(sql)).destroySync();
  } catch {
    return false;
  }
  return functions.takeBound().length === 1;
}
