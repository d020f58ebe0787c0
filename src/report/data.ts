import type { DuckDBConnection } from '@duckdb/node-api';
import { cipherSuiteName, groupName, versionName } from '../schema/names.js';
import type { Figure, FigureColumn, FigureQuery } from './figure.js';
import { captureFigures } from './figures-captures.js';
import { clientFigures, OFFERS_POST_QUANTUM } from './figures-clients.js';
import { serverFigures } from './figures-servers.js';
import { timeBin } from './time-bins.js';

/** A value on the page: times are milliseconds since 1970, durations microseconds. */
export type PageValue = string | number | null;

/** A question with its answer. */
export interface AnsweredQuery extends FigureQuery {
  readonly rows: readonly (readonly PageValue[])[];
  /** Why there are no rows: the source lacks what the question needs. */
  readonly failure: string | null;
}

/** A figure with the answers to its questions. */
export interface AnsweredFigure extends Omit<Figure, 'queries'> {
  readonly queries: readonly AnsweredQuery[];
}

/** Numbers about everything. */
export interface Overview {
  readonly captures: number;
  readonly failedCaptures: number;
  readonly packets: number;
  readonly bytes: number;
  readonly hellos: number;
  readonly incomplete: number;
  readonly serverHellos: number;
  readonly clientHosts: number;
  readonly ja4s: number;
  readonly names: number;
  readonly postQuantum: number;
  readonly ech: number;
  /** Milliseconds since 1970; null when there is no packet. */
  readonly first: number | null;
  readonly last: number | null;
}

/** Everything that a report shows. */
export interface ReportData {
  readonly title: string;
  readonly source: string;
  readonly version: string;
  /** When the report was made, milliseconds since 1970. */
  readonly made: number;
  /** Width of the bins of figures over time, milliseconds. */
  readonly binMs: number;
  readonly overview: Overview;
  readonly figures: readonly AnsweredFigure[];
}

/** Longer texts are cut: names in captures may be tens of thousands of characters long. */
const MAX_TEXT = 300;

const NAMES: { readonly [format: string]: (value: number) => string } = {
  version: versionName,
  cipher: cipherSuiteName,
  group: groupName,
};

function pageValue(value: unknown, column: FigureColumn): PageValue {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return value.getTime();
  if (typeof value === 'bigint' || typeof value === 'number') {
    const name = NAMES[column.format];
    return name ? name(Number(value)) : Number(value);
  }
  const text = String(value);
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}

/** What DuckDB did not find, if that is the fault. */
function missingIn(error: unknown): string | null {
  const found = /^Binder Error: .*?column "?([\w.]+)"? (?:not found|does not exist)/i.exec(
    (error as Error).message,
  );
  return found ? found[1]! : null;
}

async function answer(connection: DuckDBConnection, query: FigureQuery): Promise<AnsweredQuery> {
  try {
    const result = await connection.runAndReadAll(query.sql);
    const names = result.columnNames();
    const places = query.columns.map((column) => names.indexOf(column.name));
    const rows = result
      .getRowsJS()
      .map((row) => query.columns.map((column, i) => pageValue(row[places[i]!], column)));
    return { ...query, rows, failure: null };
  } catch (error) {
    // Parquet holds the columns that someone chose; the other figures can be drawn.
    const missing = missingIn(error);
    if (missing === null) throw error;
    return { ...query, rows: [], failure: missing };
  }
}

const OVERVIEW_SQL = {
  clients: `SELECT count(*) AS hellos, count(*) FILTER (NOT complete) AS incomplete,
    count(DISTINCT src_ip) AS hosts, count(DISTINCT ja4) AS ja4s, count(DISTINCT sni) AS names,
    count(*) FILTER (${OFFERS_POST_QUANTUM}) AS pq, count(*) FILTER (ech) AS ech, min(ts) AS first, max(ts) AS last
    FROM client_hellos`,
  servers: `SELECT count(*) AS hellos, min(ts) AS first, max(ts) AS last FROM server_hellos WHERE NOT is_retry`,
  captures: `SELECT count(*) AS captures, count(error) AS failed, sum(packets)::UBIGINT AS packets,
    sum(bytes)::UBIGINT AS bytes, min(first_ts) AS first, max(last_ts) AS last FROM captures`,
} as const;

type Numbers = Record<string, number | null>;

async function numbers(connection: DuckDBConnection, sql: string): Promise<Numbers> {
  const answered = await connection.runAndReadAll(sql).catch((error: Error) => {
    if (missingIn(error) !== null) return null;
    throw error;
  });
  const [row = {}] = answered?.getRowObjectsJS() ?? [];
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      value === null ? null : value instanceof Date ? value.getTime() : Number(value),
    ]),
  );
}

function extreme(
  pick: (...values: number[]) => number,
  values: readonly (number | null | undefined)[],
): number | null {
  const known = values.filter((value) => typeof value === 'number');
  return known.length === 0 ? null : pick(...known);
}

async function overview(connection: DuckDBConnection): Promise<Overview> {
  const c = await numbers(connection, OVERVIEW_SQL.clients);
  const s = await numbers(connection, OVERVIEW_SQL.servers);
  const p = await numbers(connection, OVERVIEW_SQL.captures);
  return {
    captures: p.captures ?? 0,
    failedCaptures: p.failed ?? 0,
    packets: p.packets ?? 0,
    bytes: p.bytes ?? 0,
    hellos: c.hellos ?? 0,
    incomplete: c.incomplete ?? 0,
    serverHellos: s.hellos ?? 0,
    clientHosts: c.hosts ?? 0,
    ja4s: c.ja4s ?? 0,
    names: c.names ?? 0,
    postQuantum: c.pq ?? 0,
    ech: c.ech ?? 0,
    first: extreme(Math.min, [c.first, s.first, p.first]),
    last: extreme(Math.max, [c.last, s.last, p.last]),
  };
}

/** Hellos, not packets, give the bins: a stray packet of another year would leave one bin for all of them. */
async function handshakeSpan(connection: DuckDBConnection): Promise<number> {
  const c = await numbers(connection, 'SELECT min(ts) AS first, max(ts) AS last FROM client_hellos');
  return (c.last ?? 0) - (c.first ?? 0);
}

/**
 * Ask everything that a report shows. The answer is bounded: the most frequent values, and bins of time.
 *
 * @param connection database with the tables of tlsfp; what it lacks is missing in the report, with a reason
 */
export async function reportData(
  connection: DuckDBConnection,
  about: Pick<ReportData, 'title' | 'source' | 'version' | 'made'>,
): Promise<ReportData> {
  const bin = timeBin(await handshakeSpan(connection));
  const figures: AnsweredFigure[] = [];
  for (const figure of [...clientFigures(bin), ...serverFigures(), ...captureFigures()]) {
    const queries: AnsweredQuery[] = [];
    for (const query of figure.queries) queries.push(await answer(connection, query));
    figures.push({ ...figure, queries });
  }
  return { ...about, binMs: bin.ms, overview: await overview(connection), figures };
}
