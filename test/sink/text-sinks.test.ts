import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SinkError, UsageError } from '../../src/errors.js';
import type { ColumnSpec } from '../../src/schema/column.js';
import { duckdbType } from '../../src/schema/ddl.js';
import { CLIENT_HELLOS } from '../../src/schema/tables.js';
import { CsvSink } from '../../src/sink/csv.js';
import { NdjsonSink } from '../../src/sink/ndjson.js';
import type { Sink } from '../../src/sink/sink.js';
import { batchSet, type Row, type Rows, type Value } from '../support/batches.js';
import { certificateDer } from '../support/certificates.js';
import { captureRow, clientHellos, serverHellos } from '../support/rows.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tlsfp-text-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function run(sink: Sink, path: string, ...parts: Rows[]): Promise<void> {
  await sink.begin({ id: 1, path });
  for (const rows of parts) await sink.write(batchSet(rows, 'wide'));
  await sink.end(captureRow(path, { packets: 12n, link_types: ['ETHERNET', 'RAW'] }));
  await sink.close();
}

const columns = (CLIENT_HELLOS.columns as readonly ColumnSpec[]).filter((c) => !('internal' in c));

/** The rules for JSON, by the slow way. */
function jsonOf(spec: ColumnSpec, value: Value): string {
  if (value === null) return 'null';
  if (spec.type === 'binary') return `"${Buffer.from(value as Uint8Array).toString('hex')}"`;
  if (spec.type === 'ts') {
    const ns = value as bigint;
    const digits = String(ns % 1_000_000_000n).padStart(9, '0');
    return `"${new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 19)}.${digits}Z"`;
  }
  if (Array.isArray(value)) {
    return `[${value.map((v) => (typeof v === 'string' ? JSON.stringify(v) : String(v))).join(',')}]`;
  }
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

const lineOf = (path: string, row: Row) =>
  `{${columns
    .map(
      (c) =>
        `${JSON.stringify(c.name)}:${c.name === 'capture' ? JSON.stringify(path) : jsonOf(c, row[c.name]!)}`,
    )
    .join(',')}}`;

describe('NdjsonSink', () => {
  it('writes what the rules say, row by row', async () => {
    const out = join(folder, 'x.ndjson');
    const parts = [0, 1, 2500].map((n, i) => ({ client_hellos: clientHellos(n, { seed: i + 3 }) }));
    await run(new NdjsonSink({ out }), 'dir/"a".pcap', ...parts);
    const lines = readFileSync(out, 'utf8').split('\n');
    expect(lines.pop()).toBe('');
    const expected = parts.flatMap((p) => p.client_hellos.map((row) => lineOf('dir/"a".pcap', row)));
    expect(lines).toEqual(expected);
    expect(JSON.parse(lines[5]!).sni).toBe(parts[2]!.client_hellos[4]!.sni);
  });

  it('writes 64-bit numbers and times in full, at their limits', async () => {
    const out = join(folder, 'x.ndjson');
    const numbers = [
      0n,
      9n,
      10n,
      999_999_999n,
      1_000_000_000n,
      2n ** 32n - 1n,
      2n ** 32n,
      2n ** 53n + 1n,
      10n ** 18n,
      2n ** 64n - 1n,
    ];
    const times: [bigint, string][] = [
      [0n, '1970-01-01T00:00:00.000000000Z'],
      [-1n, '1969-12-31T23:59:59.999999999Z'],
      [-1_000_000_000n, '1969-12-31T23:59:59.000000000Z'],
      [1_700_000_000_123_456_789n, '2023-11-14T22:13:20.123456789Z'],
      [2n ** 63n - 1n, '2262-04-11T23:47:16.854775807Z'],
      [951_782_400_000_000_001n, '2000-02-29T00:00:00.000000001Z'],
    ];
    const rows = numbers.map((flow_id, i) => ({
      flow_id,
      ts: BigInt.asUintN(64, times[i % times.length]![0]),
      quic_transport_parameters: [flow_id, 1n],
    }));
    await run(new NdjsonSink({ out, columns: ['ts', 'flow_id', 'quic_transport_parameters'] }), 'a', {
      client_hellos: rows,
    });
    expect(readFileSync(out, 'utf8').trimEnd().split('\n')).toEqual(
      numbers.map(
        (n, i) =>
          `{"ts":"${times[i % times.length]![1]}","flow_id":${n},"quic_transport_parameters":[${n},1]}`,
      ),
    );
  });

  it('writes the other tables: server hellos, certificates with what is read from them, captures', async () => {
    const out = join(folder, 'x.ndjson');
    const rows: Rows = {
      server_hellos: serverHellos(3),
      certificates: [
        { packet: 4n, position: 1, der: certificateDer('rsa') },
        { packet: 5n, position: 0, der: Uint8Array.of(1, 2, 3) },
      ],
    };
    const parsed = async (table: string, names: string[]) => {
      await run(new NdjsonSink({ out, table, columns: names }), 'a.pcap', rows);
      return readFileSync(out, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
    };
    expect(await parsed('server_hellos', ['packet', 'cipher_suite', 'alpn', 'extensions'])).toEqual(
      [2, 5, 8].map((packet) => ({ packet, cipher_suite: 0xc02f, alpn: null, extensions: [65281, 11] })),
    );
    const names = ['capture', 'packet', 'sha1', 'key_bits', 'san', 'not_after'];
    expect(await parsed('certificates', names)).toEqual([
      {
        capture: 'a.pcap',
        packet: 4,
        sha1: '0312dd18e9f5fe7e5ac871717f7b680de245ff90',
        key_bits: 2048,
        san: expect.arrayContaining(['DNS:example.com', 'IP:2001:db8::1']),
        not_after: '2036-11-18T00:09:01.000000000Z',
      },
      {
        capture: 'a.pcap',
        packet: 5,
        sha1: '7037807198c22a7d2b0807371d763779a84fdfcf',
        key_bits: null,
        san: [],
        not_after: null,
      },
    ]);
    expect(await parsed('captures', ['path', 'packets', 'link_types', 'error', 'analyzed_at'])).toEqual([
      {
        path: 'a.pcap',
        packets: 12,
        link_types: ['ETHERNET', 'RAW'],
        error: null,
        analyzed_at: '2025-06-15T15:06:40.000000000Z',
      },
    ]);
  });

  it('refuses tables and columns that do not exist, and names those that do', () => {
    expect(() => new NdjsonSink({ out: 'x', table: 'handshake' })).toThrow(UsageError);
    expect(() => new NdjsonSink({ out: 'x', columns: ['ja5'] })).toThrow(
      /no column ja5.*did you mean ja[34]/,
    );
    expect(() => new NdjsonSink({ out: 'x', columns: ['capture_id'] })).toThrow(UsageError);
  });

  it('says what is wrong with the file', async () => {
    const sink = new NdjsonSink({ out: join(folder, 'no', 'x') });
    await expect(sink.begin({ id: 1, path: 'a' })).rejects.toThrow(/no such folder; make the folder first/);
    const full = new NdjsonSink({ out: '/dev/full' });
    await expect(run(full, 'a', { client_hellos: clientHellos(3) })).rejects.toThrow(SinkError);
  });
});

describe('a stream as output', () => {
  it('is waited for when it is slow, and stays open', async () => {
    const got: Buffer[] = [];
    let open = 0;
    let most = 0;
    const slow = new Writable({
      highWaterMark: 1000,
      write(chunk, _, done) {
        most = Math.max(most, ++open);
        got.push(Buffer.from(chunk));
        setTimeout(() => {
          open--;
          done();
        }, 2);
      },
    });
    const rows = clientHellos(700);
    await run(
      new NdjsonSink({ out: slow, columns: ['packet'] }),
      'a',
      { client_hellos: rows },
      { client_hellos: rows },
    );
    const text = Buffer.concat(got).toString();
    expect(text).toBe(`${[...rows, ...rows].map((r) => `{"packet":${r.packet}}`).join('\n')}\n`);
    expect(most).toBe(1);
    expect(slow.writableLength).toBe(0);
    expect(slow.destroyed || slow.writableEnded).toBe(false);
  });

  it('that is closed by its reader ends the work quietly', async () => {
    const closed = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
    });
    const sink = new NdjsonSink({ out: closed });
    await sink.begin({ id: 1, path: 'a' });
    for (let i = 0; i < 3; i++) await sink.write(batchSet({ client_hellos: clientHellos(600) }, 'wide'));
    expect(sink.finished).toBe(true);
    await sink.end(captureRow('a'));
    await sink.close();
  });

  it('that fails otherwise is an error', async () => {
    const broken = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('no'), { code: 'ENOSPC' })),
    });
    const sink = new NdjsonSink({ out: broken });
    await expect(run(sink, 'a', { client_hellos: clientHellos(5) })).rejects.toThrow(
      /no space left on the disk/,
    );
  });
});

describe('CsvSink', () => {
  it('quotes as RFC 4180 says, and tells null from empty', async () => {
    const out = join(folder, 'x.csv');
    const rows: Row[] = [
      { sni: null, alpn: [], cipher_suites: [], client_random: null, complete: true, ts: 1n },
      {
        sni: '',
        alpn: ['h2', 'a"b'],
        cipher_suites: [4865, 4866],
        client_random: Uint8Array.of(0, 171),
        ts: 0n,
      },
      { sni: 'a,"b"\r\nc', alpn: ['h2'], cipher_suites: [1], client_random: Uint8Array.of(), ts: 0n },
    ];
    const names = ['capture', 'sni', 'alpn', 'cipher_suites', 'client_random', 'complete', 'ts'];
    await run(new CsvSink({ out, columns: names }), 'x,y.pcap', { client_hellos: rows });
    expect(readFileSync(out, 'utf8')).toBe(
      `${names.join(',')}\n` +
        '"x,y.pcap",,[],[],,true,1970-01-01T00:00:00.000000001Z\n' +
        '"x,y.pcap","","[""h2"",""a\\""b""]","[4865,4866]",00ab,false,1970-01-01T00:00:00.000000000Z\n' +
        '"x,y.pcap","a,""b""\r\nc","[""h2""]",[1],"",false,1970-01-01T00:00:00.000000000Z\n',
    );
  });

  it('is read back by DuckDB, and by its JSON reader', async () => {
    const rows = clientHellos(1500);
    const csv = join(folder, 'x.csv');
    const ndjson = join(folder, 'x.ndjson');
    await run(new CsvSink({ out: csv }), 'a.pcap', { client_hellos: rows });
    await run(new NdjsonSink({ out: ndjson }), 'a.pcap', { client_hellos: rows });
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const types = (alpn: string) =>
      columns
        .map((c) =>
          c.name === 'alpn'
            ? `alpn: '${alpn}'`
            : `${c.name}: '${c.type === 'binary' ? 'VARCHAR' : duckdbType(c.type)}'`,
        )
        .join(', ');
    const from = [
      `(SELECT * REPLACE (alpn::JSON::VARCHAR[] AS alpn)
        FROM read_csv('${csv}', columns = {${types('VARCHAR')}}, header = true, allow_quoted_nulls = false))`,
      `read_json('${ndjson}', columns = {${types('VARCHAR[]')}}, format = 'newline_delimited')`,
    ];
    const hash = async (source: string) =>
      (await connection.runAndReadAll(`SELECT count(*), sum(hash(t)) FROM ${source} t`)).getRowsJS();
    expect(await hash(from[0]!)).toEqual(await hash(from[1]!));
    const found = await connection.runAndReadAll(
      `SELECT packet, sni, ja4_r, alpn, len(cipher_suites), epoch_ns(ts), flow_id FROM ${from[0]}`,
    );
    expect(found.getRowsJS()).toEqual(
      rows.map((r) => [
        r.packet,
        r.sni,
        r.ja4_r,
        r.alpn,
        BigInt((r.cipher_suites as []).length),
        r.ts,
        r.flow_id,
      ]),
    );
    const sniffed = await connection.runAndReadAll(`SELECT column_type FROM (DESCRIBE FROM '${csv}')
      WHERE column_name IN ('packet', 'ts', 'complete', 'ja4') ORDER BY column_name`);
    expect(sniffed.getRowsJS().flat()).toEqual(['BOOLEAN', 'VARCHAR', 'BIGINT', 'TIMESTAMP WITH TIME ZONE']);
    connection.closeSync();
    instance.closeSync();
  });
});
