import type { DuckDBConnection } from '@duckdb/node-api';
import { type HelloLists, LISTS, listsOf } from '../compare/hello-lists.js';
import { QueryError, type TlsfpError } from '../errors.js';
import { openQuery } from '../query/open.js';

/** A kind of ClientHello: alike in all that does not change from connection to connection. */
export interface Kind {
  /** The same on both sides for the same content. */
  readonly id: string;
  readonly ja4: string | null;
  readonly ja3n: string | null;
  readonly lists: HelloLists;
  readonly hellos: number;
  readonly hosts: number;
  readonly names: number;
  readonly topName: string | null;
}

/** Somebody who sent hellos of a kind. */
export interface Use {
  readonly host: string;
  readonly sni: string | null;
  readonly app: string | null;
  readonly protocol: string;
  readonly kind: string;
  readonly hellos: number;
}

/** One side of a comparison. */
export interface Side {
  readonly source: string;
  readonly kinds: ReadonlyMap<string, Kind>;
  readonly uses: readonly Use[];
  readonly hellos: number;
  /** Connections by the version that was agreed on. */
  readonly versions: ReadonlyMap<number, number>;
  /** ClientHello to ServerHello, microseconds; null when no answer was seen. */
  readonly latency: { readonly p50: number; readonly p95: number; readonly p99: number } | null;
  readonly errors: readonly TlsfpError[];
}

/**
 * What makes a kind. Extensions and transport parameters stand sorted in it (JA3N, JA4), since browsers shuffle them;
 * the ids of transport parameters are left out, since some come and go from one connection to the next. Only first
 * ClientHellos count: the answer to a HelloRetryRequest is another one by its nature.
 */
const KEY = [
  'ja4',
  'ja3n',
  'signature_algorithms',
  'supported_versions',
  'key_share_groups',
  'alpn',
  'psk_modes',
  'cert_compression',
  'compression_methods',
];
const KIND = `md5(concat_ws('|', ${KEY.map((column) => `coalesce(${column}::VARCHAR, '')`).join(', ')}))`;
const HELLOS = 'FROM client_hellos WHERE complete AND attempt = 1';

type Row = Record<string, unknown>;

async function rowsOf(connection: DuckDBConnection, sql: string): Promise<Row[]> {
  const result = await connection.runAndReadAll(sql);
  return result.getRowObjectsJS() as Row[];
}

async function kindsOf(connection: DuckDBConnection): Promise<Map<string, Kind>> {
  const lists = LISTS.map(({ column }) => `any_value(${column}) AS ${column}`).join(', ');
  const rows = await rowsOf(
    connection,
    `SELECT ${KIND} AS kind, any_value(ja4) AS ja4, any_value(ja3n) AS ja3n, ${lists},
       count(*)::DOUBLE AS hellos, count(DISTINCT src_ip)::DOUBLE AS hosts, count(DISTINCT sni)::DOUBLE AS names,
       mode(sni) AS top_name
     ${HELLOS} GROUP BY kind`,
  );
  return new Map(
    rows.map((row) => [
      row.kind as string,
      {
        id: row.kind as string,
        ja4: row.ja4 as string | null,
        ja3n: row.ja3n as string | null,
        lists: listsOf(row as Parameters<typeof listsOf>[0]),
        hellos: row.hellos as number,
        hosts: row.hosts as number,
        names: row.names as number,
        topName: row.top_name as string | null,
      },
    ]),
  );
}

async function usesOf(connection: DuckDBConnection): Promise<Use[]> {
  const rows = await rowsOf(
    connection,
    `SELECT src_ip AS host, sni, app, protocol, ${KIND} AS kind, count(*)::DOUBLE AS hellos ${HELLOS} GROUP BY ALL`,
  );
  return rows as unknown as Use[];
}

async function versionsOf(connection: DuckDBConnection): Promise<Map<number, number>> {
  const rows = await rowsOf(
    connection,
    'SELECT version, count(*)::DOUBLE AS n FROM server_hellos WHERE NOT is_retry AND version IS NOT NULL GROUP BY version',
  );
  return new Map(rows.map((row) => [row.version as number, row.n as number]));
}

async function latencyOf(connection: DuckDBConnection): Promise<Side['latency']> {
  const [row] = await rowsOf(
    connection,
    `SELECT quantile_cont(latency_us, 0.5) AS p50, quantile_cont(latency_us, 0.95) AS p95,
       quantile_cont(latency_us, 0.99) AS p99 FROM handshakes WHERE latency_us >= 0`,
  );
  return row?.p50 == null ? null : (row as unknown as Side['latency']);
}

/**
 * Question one side: a database, Parquet rows or captures.
 * @throws InputNotFoundError, SinkError; QueryError when its rows lack a column that is needed
 */
export async function openSide(source: string): Promise<Side> {
  const session = await openQuery(source);
  const { connection } = session;
  try {
    const kinds = await kindsOf(connection);
    return {
      source,
      kinds,
      uses: await usesOf(connection),
      hellos: [...kinds.values()].reduce((sum, kind) => sum + kind.hellos, 0),
      versions: await versionsOf(connection),
      latency: await latencyOf(connection),
      errors: session.errors,
    };
  } catch (cause) {
    const [first = ''] = String((cause as Error).message ?? cause).split('\n');
    throw new QueryError(`cannot be compared: ${first}`, {
      path: source,
      hint: 'compare captures, databases of tlsfp, or Parquet files with all columns of client_hellos',
      cause,
    });
  } finally {
    await session.close();
  }
}
