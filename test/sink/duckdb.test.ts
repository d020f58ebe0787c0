import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DuckDBBlobValue,
  DuckDBInstance,
  DuckDBListValue,
  DuckDBTimestampNanosecondsValue,
} from '@duckdb/node-api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SinkError } from '../../src/errors.js';
import type { ColumnSpec } from '../../src/schema/column.js';
import { duckdbType } from '../../src/schema/ddl.js';
import { CAPTURES, PUBLIC_TABLES } from '../../src/schema/tables.js';
import { DuckDBSink, type DuckDBSinkOptions } from '../../src/sink/duckdb.js';
import { batchSet, type Row, type Rows } from '../support/batches.js';
import { certificateDer } from '../support/certificates.js';
import { captureRow, clientHellos, helloContent, serverHellos } from '../support/rows.js';

let folder: string;
const open: DuckDBSink[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tlsfp-duckdb-'));
});
afterEach(async () => {
  for (const sink of open.splice(0)) await sink.close();
  rmSync(folder, { recursive: true });
});

async function openSink(path = ':memory:', options: DuckDBSinkOptions = {}): Promise<DuckDBSink> {
  const sink = await DuckDBSink.open(path, options);
  open.push(sink);
  return sink;
}

async function closeSink(sink: DuckDBSink): Promise<void> {
  open.splice(open.indexOf(sink), 1);
  await sink.close();
}

async function analyze(sink: DuckDBSink, path: string, ...parts: Rows[]): Promise<void> {
  await sink.begin({ id: 7, path });
  for (const rows of parts) await sink.write(batchSet(rows, 'narrow'));
  await sink.end(captureRow(path));
}

async function ask(sink: DuckDBSink, sql: string): Promise<unknown[][]> {
  const rows = (await sink.connection.runAndReadAll(sql)).getRows();
  const plain = (v: unknown): unknown => {
    if (v instanceof DuckDBListValue) return v.items.map(plain);
    if (v instanceof DuckDBBlobValue) return Uint8Array.from(v.bytes);
    return v instanceof DuckDBTimestampNanosecondsValue ? v.nanos : v;
  };
  return rows.map((row) => row.map(plain));
}

describe('tables and views', () => {
  it('have the columns of the schema, in its order, with its types', async () => {
    const sink = await openSink();
    for (const table of [...PUBLIC_TABLES, CAPTURES]) {
      const described = await ask(sink, `SELECT column_name, column_type FROM (DESCRIBE ${table.name})`);
      const columns = table.columns as readonly ColumnSpec[];
      expect(described).toEqual(columns.filter((c) => !c.internal).map((c) => [c.name, duckdbType(c.type)]));
    }
    expect(await ask(sink, 'SELECT column_name FROM (DESCRIBE labels)')).toEqual(
      ['kind', 'value', 'name', 'category', 'source', 'date'].map((name) => [name]),
    );
  });

  it('give back every value that was written', async () => {
    const sink = await openSink();
    const hellos = clientHellos(2100, { contents: 700 });
    await analyze(sink, 'a.pcap', { client_hellos: hellos });
    const names = Object.keys(hellos[0]!).filter((name) => name !== 'capture_id');
    const rows = await ask(sink, `SELECT capture, ${names.join(', ')} FROM client_hellos ORDER BY packet`);
    expect(rows).toEqual(hellos.map((row) => ['a.pcap', ...names.map((name) => row[name])]));
  });

  it('give back every value of server hellos, their JA3S text from the lists', async () => {
    const sink = await openSink();
    const rows = serverHellos(4);
    const cases = [
      {},
      { extensions: [], ja3s_text: '771,49199,' },
      { extensions: [0x2a2a, 43], legacy_version: 0xfefd, ja3s_text: '65277,49199,10794-43' },
      { ja3s: null, ja3s_text: null },
    ];
    const hellos: Row[] = rows.map((row, i) => ({ ...row, ...cases[i] }));
    await analyze(sink, 'a.pcap', { server_hellos: hellos });
    const names = Object.keys(hellos[0]!).filter((name) => name !== 'capture_id');
    const found = await ask(sink, `SELECT ${names.join(', ')} FROM server_hellos ORDER BY packet`);
    expect(found).toEqual(hellos.map((row) => names.map((name) => row[name])));
  });

  it('are empty, and no error, when nothing was found', async () => {
    const sink = await openSink();
    await analyze(sink, 'empty.pcap', {});
    expect(await ask(sink, 'SELECT count(*) FROM client_hellos')).toEqual([[0n]]);
    expect(await ask(sink, 'SELECT path, packets, link_types FROM captures')).toEqual([
      ['empty.pcap', 0n, ['ETHERNET']],
    ]);
    expect(await ask(sink, 'SELECT count(*) FROM handshakes')).toEqual([[0n]]);
    expect(await ask(sink, 'SELECT count(*) FROM fingerprints')).toEqual([[0n]]);
  });

  it('keep one row per certificate and per place it was seen', async () => {
    const sink = await openSink();
    const seen = (packet: bigint, position: number, der: Uint8Array): Row => ({
      packet,
      position,
      der,
      flow_id: 5n,
    });
    const rsa = certificateDer('rsa');
    const broken = rsa.subarray(0, 100);
    await analyze(sink, 'a.pcap', { certificates: [seen(1n, 0, rsa), seen(1n, 1, certificateDer('ec'))] });
    await analyze(sink, 'b.pcap', {
      certificates: [seen(2n, 0, rsa), seen(3n, 0, broken), seen(4n, 0, rsa)],
    });
    const rows = await ask(
      sink,
      'SELECT capture, packet, position, subject, key_bits FROM certificates ORDER BY ALL',
    );
    expect(rows).toEqual([
      ['a.pcap', 1n, 0, 'CN=example.com,O=Example\\, Inc.,C=DE', 2048],
      ['a.pcap', 1n, 1, 'CN=\\#ü\\ ', 384],
      ['b.pcap', 2n, 0, 'CN=example.com,O=Example\\, Inc.,C=DE', 2048],
      ['b.pcap', 3n, 0, null, null],
      ['b.pcap', 4n, 0, 'CN=example.com,O=Example\\, Inc.,C=DE', 2048],
    ]);
    expect(await ask(sink, 'SELECT count(*) FROM certificate_contents')).toEqual([[3n]]);
  });
});

describe('contents of hellos', () => {
  const repeated = (first: number) =>
    [1, 2, 1, 3, 2].map(
      (id, i): Row => ({ ...clientHellos(1, { first: first + i })[0]!, ...helloContent(id) }),
    );

  for (const maxKnownContents of [1000, 2, 0]) {
    it(`are kept once within batches, between them, between captures and runs (${maxKnownContents} known)`, async () => {
      const path = join(folder, 'x.duckdb');
      for (const capture of ['a.pcap', 'b.pcap']) {
        const sink = await openSink(path, { maxKnownContents });
        await sink.begin({ id: 1, path: capture });
        for (const first of [1, 10, 20]) {
          // As the core does after an eviction: a content that came before comes again.
          await sink.write(batchSet({ client_hellos: repeated(first) }, 'wide'));
        }
        await sink.end(captureRow(capture));
        await closeSink(sink);
      }
      const sink = await openSink(path);
      expect(await ask(sink, 'SELECT count(*), count(DISTINCT content_id) FROM hello_contents')).toEqual([
        [3n, 3n],
      ]);
      const expected = [1, 2, 1, 3, 2].map((id) => [helloContent(id).ja4_r]);
      const sql =
        "SELECT ja4_r FROM client_hellos WHERE capture = 'b.pcap' AND packet BETWEEN 10 AND 14 ORDER BY packet";
      expect(await ask(sink, sql)).toEqual(expected);
    });
  }
});

describe('a capture is a transaction', () => {
  const count =
    'SELECT (SELECT count(*) FROM client_hellos), (SELECT count(*) FROM hello_contents), (SELECT count(*) FROM captures)';

  it('that others see at its end, not before', async () => {
    const sink = await openSink(join(folder, 'x.duckdb'));
    const other = await sink.connect();
    const seen = async () => (await other.runAndReadAll(count)).getRowsJS()[0];
    await sink.begin({ id: 1, path: 'a.pcap' });
    // Longer than a row group, so that rows were flushed before the end.
    const batch = batchSet({ client_hellos: clientHellos(2000, { seed: 3, contents: 9 }) }, 'narrow');
    for (let i = 0; i < 62; i++) await sink.write(batch);
    expect(await seen()).toEqual([0n, 0n, 0n]);
    await sink.end(captureRow('a.pcap'));
    expect(await seen()).toEqual([124_000n, 9n, 1n]);
    other.closeSync();
  }, 20_000);

  it('that leaves nothing when it is abandoned, and the next one works', async () => {
    const sink = await openSink(join(folder, 'x.duckdb'));
    await analyze(sink, 'a.pcap', { client_hellos: clientHellos(10, { contents: 1 }) });
    await sink.begin({ id: 2, path: 'a.pcap' });
    await sink.write(batchSet({ client_hellos: clientHellos(3000, { seed: 9, contents: 40 }) }, 'narrow'));
    await sink.abandon();
    expect(await ask(sink, count)).toEqual([[10n, 1n, 1n]]);
    await analyze(sink, 'b.pcap', { client_hellos: clientHellos(3000, { seed: 9, contents: 40 }) });
    expect(await ask(sink, count)).toEqual([[3010n, 40n, 2n]]);
    expect(await ask(sink, 'SELECT count(*) FROM client_hellos WHERE legacy_version IS NULL')).toEqual([
      [0n],
    ]);
  });

  it('that is rolled back when the sink closes in the middle', async () => {
    const path = join(folder, 'x.duckdb');
    const sink = await openSink(path);
    await analyze(sink, 'a.pcap', { client_hellos: clientHellos(10, { contents: 1 }) });
    await sink.begin({ id: 2, path: 'a.pcap' });
    await sink.write(batchSet({ client_hellos: clientHellos(10, { seed: 2, contents: 4 }) }, 'narrow'));
    await closeSink(sink);
    expect(await ask(await openSink(path), count)).toEqual([[10n, 1n, 1n]]);
  });

  it('that replaces the rows of the same path, and only those', async () => {
    const path = join(folder, 'x.duckdb');
    for (let run = 0; run < 3; run++) {
      const sink = await openSink(path);
      const rows = { client_hellos: clientHellos(100), server_hellos: serverHellos(50) };
      await analyze(sink, 'a.pcap', rows);
      if (run === 0) await analyze(sink, 'b.pcap', rows);
      await analyze(sink, 'a.pcap', rows);
      await closeSink(sink);
    }
    const sink = await openSink(path);
    const sql = (table: string) => `SELECT capture, count(*) FROM ${table} GROUP BY 1 ORDER BY 1`;
    expect(await ask(sink, sql('client_hellos'))).toEqual([
      ['a.pcap', 100n],
      ['b.pcap', 100n],
    ]);
    expect(await ask(sink, sql('server_hellos'))).toEqual([
      ['a.pcap', 50n],
      ['b.pcap', 50n],
    ]);
    expect(await ask(sink, 'SELECT path FROM captures ORDER BY 1')).toEqual([['a.pcap'], ['b.pcap']]);
  });

  it('that replaces nothing when it came from standard input, or says so', async () => {
    const sink = await openSink();
    const rows = { client_hellos: clientHellos(5) };
    await analyze(sink, '-', rows);
    await analyze(sink, '-', rows);
    await sink.begin({ id: 1, path: 'packet:eth0', replaces: false });
    await sink.end(captureRow('packet:eth0'));
    await sink.begin({ id: 1, path: 'packet:eth0', replaces: false });
    await sink.end(captureRow('packet:eth0'));
    expect(await ask(sink, 'SELECT capture, count(*) FROM client_hellos GROUP BY 1')).toEqual([['-', 10n]]);
    expect(await ask(sink, 'SELECT count(*) FROM captures')).toEqual([[4n]]);
  });
});

describe('view handshakes', () => {
  const client = (packet: number, flow: number, attempt = 1): Row => ({
    ...helloContent(1),
    packet: BigInt(packet),
    ts: BigInt(packet) * 1_000_000n,
    flow_id: BigInt(flow),
    attempt,
  });
  const server = (packet: number, flow: number, cipher: number, retry = false): Row => ({
    packet: BigInt(packet),
    ts: BigInt(packet) * 1_000_000n + 500n,
    flow_id: BigInt(flow),
    version: 0x0304,
    cipher_suite: cipher,
    selected_group: 29,
    is_retry: retry,
    session_resumed: false,
    ja3s: 'x',
  });
  const columns = 'packet, server_packet, negotiated_cipher, is_retry, latency_us';

  it('joins each client hello to the server hello that answered it', async () => {
    const sink = await openSink();
    const rows: Rows = {
      client_hellos: [client(1, 1), client(3, 1, 2), client(5, 2), client(6, 3), client(7, 3), client(20, 4)],
      server_hellos: [
        server(2, 1, 10, true),
        server(4, 1, 11),
        server(8, 3, 12),
        server(9, 3, 13),
        server(19, 4, 14),
      ],
    };
    await analyze(sink, 'a.pcap', rows);
    expect(await ask(sink, `SELECT ${columns} FROM handshakes ORDER BY packet`)).toEqual([
      [1n, 2n, 10, true, 1000.5],
      [3n, 4n, 11, false, 1000.5],
      [5n, null, null, null, null],
      [6n, null, null, null, null],
      [7n, 8n, 12, false, 1000.5],
      [20n, null, null, null, null],
    ]);
  });

  it('keeps captures apart that hold the same flow', async () => {
    const sink = await openSink();
    await analyze(sink, 'a.pcap', { client_hellos: [client(1, 1)] });
    await analyze(sink, 'b.pcap', { server_hellos: [server(2, 1, 10)] });
    await analyze(sink, 'c.pcap', { client_hellos: [client(1, 1)], server_hellos: [server(2, 1, 11)] });
    expect(await ask(sink, 'SELECT capture, negotiated_cipher FROM handshakes ORDER BY 1')).toEqual([
      ['a.pcap', null],
      ['c.pcap', 11],
    ]);
  });

  it('starts with the columns of client_hellos; latency is an interval', async () => {
    const sink = await openSink();
    const names = (table: string) => ask(sink, `SELECT column_name FROM (DESCRIBE ${table})`);
    const own = await names('client_hellos');
    const all = await names('handshakes');
    expect(all.slice(0, own.length)).toEqual(own);
    expect(all.slice(own.length).flat()).toEqual(
      (
        'server_packet server_ts latency latency_us negotiated_version negotiated_cipher negotiated_alpn ' +
        'negotiated_group session_resumed is_retry ja3s'
      ).split(' '),
    );
    expect(
      await ask(sink, "SELECT column_type FROM (DESCRIBE handshakes) WHERE column_name LIKE 'latency%'"),
    ).toEqual([['INTERVAL'], ['DOUBLE']]);
  });
});

describe('view fingerprints', () => {
  it('counts hellos, hosts and names of each fingerprint, with its label', async () => {
    const sink = await openSink();
    const hello = (id: number, packet: number, values: Row): Row => ({
      ...helloContent(id),
      ja3: null,
      ja3n: null,
      ja4: `ja4-${id}`,
      packet: BigInt(packet),
      ts: BigInt(packet),
      complete: true,
      ...values,
    });
    const label = { kind: 'ja4', value: 'ja4-1', source: null, date: null };
    await sink.loadLabels([{ ...label, name: 'old', category: null }]);
    await sink.loadLabels([
      { ...label, name: 'curl 8', category: 'tool' },
      { ...label, name: 'a curl 7', category: 'tool' },
      { ...label, kind: 'ja3', name: 'not this', category: null },
    ]);
    await analyze(sink, 'a.pcap', {
      client_hellos: [
        hello(1, 1, { src_ip: '10.0.0.1', sni: 'a' }),
        hello(1, 2, { src_ip: '10.0.0.1', sni: 'b' }),
        hello(1, 3, { src_ip: '10.0.0.2', sni: 'b' }),
        hello(2, 4, { src_ip: '10.0.0.3', sni: null }),
      ],
    });
    expect(await ask(sink, 'FROM fingerprints ORDER BY value')).toEqual([
      ['ja4', 'ja4-1', 'a curl 7, curl 8', 'tool', 3n, 2n, 2n, 'b', 1n, 3n],
      ['ja4', 'ja4-2', null, null, 1n, 1n, 0n, null, 4n, 4n],
    ]);
  });
});

describe('a database that cannot be used', () => {
  const refused = async (path: string) => {
    const error = await DuckDBSink.open(path).then(
      () => undefined,
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(SinkError);
    const { message } = error as SinkError;
    expect(message.startsWith(`${path}: `)).toBe(true);
    expect(message).not.toContain('\n');
    return message;
  };

  it('is named with the process that holds its lock', async () => {
    const path = join(folder, 'x.duckdb');
    const script = `
      const { DuckDBInstance } = await import('@duckdb/node-api');
      const held = await DuckDBInstance.create(process.argv[1]);
      const connection = await held.connect();
      await connection.run('CREATE TABLE t (i INTEGER)');
      // Still wanted later: what nobody refers to is collected, and the lock with it.
      process.once('SIGTERM', () => process.exit(connection === held ? 1 : 0));
      process.stdout.write(String(process.pid));
      setInterval(() => {}, 1000);
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = await new Promise((resolve) => child.stdout.once('data', (d) => resolve(String(d))));
    const message = await refused(path);
    child.kill();
    await new Promise((resolve) => child.once('exit', resolve));
    expect(message).toContain(`PID ${pid}`);
  });

  it('is another kind of file, or lies nowhere', async () => {
    const path = join(folder, 'x.txt');
    writeFileSync(
      path,
      'this is a text, and long enough to be looked at as a database would be\n'.repeat(200),
    );
    expect(await refused(path)).toContain('not a valid DuckDB database');
    expect(await refused(join(folder, 'no', 'x.duckdb'))).toContain('No such file or directory');
  });

  it('belongs to something else, or to another version of tlsfp', async () => {
    const foreign = join(folder, 'foreign.duckdb');
    const make = async (path: string, sql: string) => {
      const instance = await DuckDBInstance.create(path);
      const connection = await instance.connect();
      await connection.run(sql);
      connection.closeSync();
      instance.closeSync();
    };
    await make(foreign, 'CREATE TABLE mine (i INTEGER)');
    expect(await refused(foreign)).toContain('not one of tlsfp');
    const other = join(folder, 'other.duckdb');
    await closeSink(await openSink(other));
    await make(other, 'UPDATE tlsfp_meta SET schema_version = 999');
    expect(await refused(other)).toMatch(/schema version 999.*use a newer tlsfp/);
  });
});
