import { analyze } from '../analyze.js';
import { QueryError, type TlsfpError } from '../errors.js';
import { DuckDBSink } from '../sink/duckdb.js';
import type { Ends } from './find-flow.js';

/** A handshake message and the packets that carry it. */
export interface Message extends Ends {
  /** Packets of the file, 1-based, inclusive; between them may be packets of other connections. */
  readonly first: number;
  readonly last: number;
  /** Its datagrams came as IP fragments, which began before `first`. */
  readonly fragmented: boolean;
  /** What is said of its last packet. */
  readonly comment: string;
}

/** Messages by capture, and what could not be read. */
export interface Selection {
  readonly messages: ReadonlyMap<string, readonly Message[]>;
  readonly handshakes: number;
  readonly errors: readonly TlsfpError[];
}

type Row = Record<string, unknown>;

const COLUMNS = `h.capture, h.protocol, h.app, h.sni, h.ja4, h.ja3, h.src_ip, h.dst_ip, h.src_port, h.dst_port,
  h.first_packet::DOUBLE AS first_packet, h.packet::DOUBLE AS packet,
  list_contains(h.anomalies, 'ip_fragmented') AS fragmented,
  s.first_packet::DOUBLE AS server_first, s.packet::DOUBLE AS server_last, s.ja3s, s.is_retry,
  list_contains(s.anomalies, 'ip_fragmented') AS server_fragmented`;

function statement(where: string): string {
  // The condition on lines of its own: a comment in it ends there.
  return `WITH h AS (SELECT * FROM handshakes WHERE (\n${where}\n))
    SELECT ${COLUMNS} FROM h LEFT JOIN server_hellos s
      ON s.capture = h.capture AND s.flow_id = h.flow_id AND s.packet = h.server_packet`;
}

const named = (parts: readonly (readonly [string, unknown])[]) =>
  parts
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');

function clientMessage(row: Row): Message {
  const { sni, app, ja4, ja3 } = row;
  return {
    ...(row as unknown as Ends),
    first: row.first_packet as number,
    last: row.packet as number,
    fragmented: row.fragmented === true,
    comment: `tlsfp: ${row.protocol} ClientHello ${named([
      ['app', app],
      ['sni', sni],
      ['ja4', ja4],
      ['ja3', ja3],
    ])}`.trimEnd(),
  };
}

function serverMessage(row: Row): Message | null {
  if (row.server_last === null) return null;
  const { sni, ja4, ja3s } = row;
  const what = row.is_retry ? 'HelloRetryRequest' : 'ServerHello';
  return {
    src_ip: row.dst_ip as string,
    dst_ip: row.src_ip as string,
    src_port: row.dst_port as number,
    dst_port: row.src_port as number,
    first: row.server_first as number,
    last: row.server_last as number,
    fragmented: row.server_fragmented === true,
    comment: `tlsfp: ${row.protocol} ${what} ${named([
      ['ja3s', ja3s],
      ['to sni', sni],
      ['to ja4', ja4],
    ])}`.trimEnd(),
  };
}

/**
 * The handshakes that fulfil an SQL condition over the columns of `handshakes` (which are those of `client_hellos` and the
 * server's answer).
 *
 * @throws QueryError the condition is wrong
 */
export async function selectHandshakes(
  paths: readonly string[],
  where: string,
  signal?: AbortSignal,
): Promise<Selection> {
  const sink = await DuckDBSink.open(':memory:');
  try {
    await check(sink, where);
    const { errors } = await analyze(paths, { sinks: [sink], ...(signal ? { signal } : {}) });
    const result = await sink.connection.runAndReadAll(statement(where));
    const rows = result.getRowObjectsJS() as Row[];
    const messages = new Map<string, Message[]>();
    for (const row of rows) {
      const capture = row.capture as string;
      const own = messages.get(capture) ?? [];
      messages.set(capture, own);
      own.push(clientMessage(row));
      const answer = serverMessage(row);
      if (answer) own.push(answer);
    }
    return { messages, handshakes: rows.length, errors };
  } finally {
    await sink.close();
  }
}

/** A wrong condition is told before the captures are read. */
async function check(sink: DuckDBSink, where: string): Promise<void> {
  try {
    // The condition stands last: what is wrong with it, an open quote too, is told of itself.
    await sink.connection.run(`SELECT 1 FROM handshakes WHERE (\n${where}\n)`);
  } catch (cause) {
    const lines = String((cause as Error).message ?? cause).split('\n');
    const told = lines.filter((line) => line.trim() !== '' && !/^LINE \d+:|^\s*\^/.test(line)).slice(0, 2);
    throw new QueryError(`--where: ${told.join(' ')}`, {
      hint: 'give an SQL condition over the columns of handshakes, e.g. "sni = \'example.com\'"; see docs/schema.md',
      cause,
    });
  }
}
