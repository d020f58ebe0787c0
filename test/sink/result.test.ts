import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { QueryError, SinkError } from '../../src/errors.js';
import { DuckDBSink } from '../../src/sink/duckdb.js';
import { NdjsonSink } from '../../src/sink/ndjson.js';
import { type ResultOptions, writeResult } from '../../src/sink/result.js';
import { batchSet } from '../support/batches.js';
import { captureRow, clientHellos } from '../support/rows.js';

let folder: string;
let sink: DuckDBSink;
const rows = clientHellos(2300);
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tlsfp-result-'));
  sink = await DuckDBSink.open(':memory:');
  await sink.begin({ id: 1, path: 'a.pcap' });
  await sink.write(batchSet({ client_hellos: rows }, 'narrow'));
  await sink.end(captureRow('a.pcap'));
});
afterAll(async () => {
  await sink.close();
  rmSync(folder, { recursive: true });
});

async function bytesOf(sql: string, options: Omit<ResultOptions, 'out'>): Promise<Buffer> {
  const out = new PassThrough();
  const read = buffer(out);
  await writeResult(sink.connection, sql, { ...options, out });
  out.end();
  return read;
}

const textOf = async (sql: string, format: ResultOptions['format'], width?: number) =>
  (await bytesOf(sql, { format, ...(width ? { width } : {}) })).toString();

const ODD = `SELECT 18446744073709551615::UBIGINT AS u, -170141183460469231731687303715884105727::HUGEINT AS h, 1.50::DECIMAL(9,2) AS d,
  'NaN'::DOUBLE AS nan, 0.5::FLOAT AS f, true AS b, NULL AS n, '\\x00\\xAB'::BLOB AS x, 'q"u,o' AS t, [1, NULL, 3] AS l, ['a"b'] AS lt,
  {'a': 1, 'b': ['x']} AS s, MAP {'k': 2} AS m, TIMESTAMP_NS '2023-11-14 22:13:20.123456789' AS ns,
  TIMESTAMP '1969-12-31 23:59:59.5' AS us, DATE '2024-02-29' AS da, INTERVAL '1500 milliseconds' AS i, '' AS e,
  'infinity'::TIMESTAMP AS inf`;

describe('writeResult', () => {
  it('gives ndjson as the tables themselves do', async () => {
    const path = join(folder, 'twin.ndjson');
    const twin = new NdjsonSink({ out: path });
    await twin.begin({ id: 1, path: 'a.pcap' });
    await twin.write(batchSet({ client_hellos: rows }, 'wide'));
    await twin.close();
    expect(await textOf('FROM client_hellos ORDER BY packet', 'ndjson')).toBe(readFileSync(path, 'utf8'));
  });

  it('gives json of each type, exactly', async () => {
    expect(await textOf(ODD, 'ndjson')).toBe(
      '{"u":18446744073709551615,"h":-170141183460469231731687303715884105727,"d":1.50,"nan":"NaN","f":0.5,"b":true,"n":null,' +
        '"x":"00ab","t":"q\\"u,o","l":[1,null,3],"lt":["a\\"b"],"s":{"a":1,"b":["x"]},"m":{"k":2},' +
        '"ns":"2023-11-14T22:13:20.123456789Z","us":"1969-12-31T23:59:59.500000Z","da":"2024-02-29","i":"00:00:01.5","e":"",' +
        '"inf":"infinity"}\n',
    );
  });

  it('gives csv', async () => {
    expect(await textOf(ODD, 'csv')).toBe(
      'u,h,d,nan,f,b,n,x,t,l,lt,s,m,ns,us,da,i,e,inf\n' +
        '18446744073709551615,-170141183460469231731687303715884105727,1.50,NaN,0.5,true,,00ab,"q""u,o","[1,null,3]",' +
        '"[""a\\""b""]","{""a"":1,""b"":[""x""]}","{""k"":2}",2023-11-14T22:13:20.123456789Z,' +
        '1969-12-31T23:59:59.500000Z,2024-02-29,00:00:01.5,"",infinity\n',
    );
  });

  it('gives a table, cut to the width it is told', async () => {
    const sql = "SELECT 'some longer text' AS t, 12::UBIGINT AS n UNION ALL SELECT NULL, 345 ORDER BY n";
    expect(await textOf(sql, 'table')).toBe(
      't                   n\n────────────────  ───\nsome longer text   12\n                  345\n',
    );
    expect((await textOf(sql, 'table', 15)).split('\n')[2]).toBe('some long…   12');
  });

  it('gives arrow with the types of the query', async () => {
    const table = tableFromIPC(await bytesOf(ODD, { format: 'arrow' }));
    const types = Object.fromEntries(table.schema.fields.map((f) => [f.name, String(f.type)]));
    expect(types).toMatchObject({
      u: 'Uint64',
      d: 'Decimal[9e+2]',
      ns: 'Timestamp<NANOSECOND>',
      l: 'List<Int32>',
      x: 'Binary',
    });
    const value = (name: string) => table.getChild(name)!.get(0);
    expect([value('u'), value('f'), value('b'), value('t'), value('n')]).toEqual([
      2n ** 64n - 1n,
      0.5,
      true,
      'q"u,o',
      null,
    ]);
    expect([Array.from(value('l')), Array.from(value('lt')), Array.from(value('x'))]).toEqual([
      [1, null, 3],
      ['a"b'],
      [0, 171],
    ]);
    expect([value('s'), value('m'), value('i')]).toEqual(['{"a":1,"b":["x"]}', '{"k":2}', '00:00:01.5']);
    expect(table.getChild('ns')!.data[0]!.values[0]).toBe(1_700_000_000_123_456_789n);
    expect(Array.from(table.getChild('d')!.data[0]!.values)).toEqual([150, 0, 0, 0]);
    expect(Array.from(table.getChild('h')!.data[0]!.values)).toEqual([1, 0, 0, 0x80000000]);
    expect(new Date(value('da')).toISOString().slice(0, 10)).toBe('2024-02-29');
  });

  it('gives all rows in arrow and parquet, through files and streams', async () => {
    const sql = 'SELECT packet, ts, ja4, cipher_suites, client_random FROM client_hellos ORDER BY packet';
    const table = tableFromIPC(await bytesOf(sql, { format: 'arrow' }));
    expect(Array.from(table.getChild('packet')!)).toEqual(rows.map((r) => r.packet));
    expect(Array.from(table.getChild('cipher_suites')!, (v) => Array.from(v as Iterable<number>))).toEqual(
      rows.map((r) => r.cipher_suites),
    );
    const file = join(folder, "it's.parquet");
    await writeResult(sink.connection, `${sql} -- a word`, { format: 'parquet', out: file });
    const streamed = join(folder, 'streamed.parquet');
    writeFileSync(streamed, await bytesOf(`${sql} ;\n`, { format: 'parquet' }));
    const hash = async (from: string) =>
      (await sink.connection.runAndReadAll(`SELECT count(*), sum(hash(t)) FROM ${from} t`)).getRowsJS();
    const expected = await hash(`(${sql})`);
    expect(await hash(`'${file.replace("'", "''")}'`)).toEqual(expected);
    expect(await hash(`'${streamed}'`)).toEqual(expected);
    const codec = await sink.connection.runAndReadAll(
      `SELECT DISTINCT compression FROM parquet_metadata('${streamed}')`,
    );
    expect(codec.getRowsJS()).toEqual([['ZSTD']]);
  });

  it('gives the rows of the last of several statements', async () => {
    expect(await textOf('SET VARIABLE v = 7; SELECT getvariable($$v$$) AS v', 'ndjson')).toBe('{"v":7}\n');
  });

  it('says in one line what is wrong with the SQL', async () => {
    const failed = textOf('SELECT ja5 FROM client_hellos', 'ndjson');
    await expect(failed).rejects.toThrow(QueryError);
    await expect(failed).rejects.toThrow(/ja5.*not found.*ja4/);
    await expect(failed).rejects.not.toThrow(/LINE|\\x0a|\n/);
    await expect(textOf('SELEC 1', 'parquet')).rejects.toThrow(QueryError);
  });

  it('says what is wrong with the output', async () => {
    const write = (out: string, format: ResultOptions['format']) =>
      writeResult(sink.connection, 'SELECT 1 AS a', { format, out: join(folder, out) });
    await expect(write('no/x.csv', 'csv')).rejects.toThrow(SinkError);
    await expect(write('no/x.parquet', 'parquet')).rejects.toThrow(SinkError);
  });
});
