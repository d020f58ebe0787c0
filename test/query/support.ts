import { createHash } from 'node:crypto';
import { questionNamed, sqlOfQuestion } from '../../src/query/questions.js';
import { QuerySession } from '../../src/query/session.js';
import { DuckDBSink } from '../../src/sink/duckdb.js';
import { batchSet, type Row } from '../support/batches.js';
import { captureRow } from '../support/rows.js';

/** 2026-01-01T00:00:00Z. */
export const START = 1_767_225_600_000_000_000n;
export const SECOND = 1_000_000_000n;
export const DAY = 86_400n * SECOND;

const CONTENT = [
  'version',
  'supported_versions',
  'supported_groups',
  'key_share_groups',
  'alpn',
  'ech',
  'grease',
  'ja3',
  'ja4',
] as const;

function contentId(row: Row): bigint {
  const content = JSON.stringify(CONTENT.map((name) => row[name]));
  return createHash('md5').update(content).digest().readBigUInt64BE(0);
}

let packet = 0n;

/** A complete TLS 1.3 ClientHello of 10.0.0.1 to www.example.com, with what is named instead. */
export function hello(values: Row = {}): Row {
  packet += 2n;
  const row: Row = {
    packet,
    first_packet: packet,
    ts: START + packet * 1000n,
    flow_id: packet,
    protocol: 'tls',
    src_ip: '10.0.0.1',
    dst_ip: '192.0.2.1',
    sni: 'www.example.com',
    attempt: 1,
    complete: true,
    version: 0x0304,
    supported_versions: [0x0304, 0x0303],
    supported_groups: [29],
    key_share_groups: [29],
    alpn: ['h2'],
    ja4: 't13d0000h2_aaaaaaaaaaaa_bbbbbbbbbbbb',
    ja3: 'f'.repeat(32),
    ja4_r: '',
    ...values,
  };
  return { ...row, content_id: contentId(row) };
}

/** The ServerHello that answers a ClientHello after so many microseconds. */
export function answer(to: Row, microseconds: number, values: Row = {}): Row {
  return {
    packet: (to.packet as bigint) + 1n,
    first_packet: (to.packet as bigint) + 1n,
    ts: (to.ts as bigint) + BigInt(microseconds) * 1000n,
    flow_id: to.flow_id!,
    protocol: to.protocol!,
    src_ip: to.dst_ip!,
    dst_ip: to.src_ip!,
    attempt: 1,
    complete: true,
    version: 0x0304,
    cipher_suite: 0x1301,
    selected_group: 29,
    is_retry: false,
    ...values,
  };
}

/** What a database is made of. */
export interface Known {
  readonly hellos: readonly Row[];
  readonly answers?: readonly Row[];
  readonly certificates?: readonly Row[];
}

/** A session over these rows; at `path` it is kept there. */
export async function sessionOf(known: Known, path = ':memory:'): Promise<QuerySession> {
  const sink = await DuckDBSink.open(path);
  await sink.loadLabels([
    { kind: 'ja4', value: KNOWN_JA4, name: 'curl 8', category: 'tool', source: null, date: null },
  ]);
  await sink.begin({ id: 1, path: 'known.pcap' });
  const { hellos, answers = [], certificates = [] } = known;
  await sink.write(batchSet({ client_hellos: hellos, server_hellos: answers, certificates }, 'narrow'));
  await sink.end(captureRow('known.pcap'));
  const { connection } = sink;
  return QuerySession.start({ kind: 'database', connection, errors: [], close: () => sink.close() });
}

/** The fingerprint that has a label. */
export const KNOWN_JA4 = 't13d1234h2_111111111111_222222222222';

/** Rows of a named question. */
export async function ask(
  session: QuerySession,
  name: string,
  values: Record<string, string> = {},
): Promise<Record<string, unknown>[]> {
  const sql = await sqlOfQuestion(session, questionNamed(name)!, new Map(Object.entries(values)));
  return session.rows(sql);
}
