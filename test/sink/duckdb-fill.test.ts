import {
  DuckDBBlobValue,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBInstance,
  DuckDBListValue,
  DuckDBTimestampNanosecondsValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { columnOf } from '../../src/core/build.js';
import type { Batch } from '../../src/core/views.js';
import { PROTOCOLS } from '../../src/schema/codes.js';
import type { ColumnSpec } from '../../src/schema/column.js';
import { createTable, PHYSICAL, type PhysicalTable } from '../../src/schema/ddl.js';
import { TableAppender } from '../../src/sink/duckdb-append.js';
import { ChunkFiller } from '../../src/sink/duckdb-fill.js';
import { TextCodes } from '../../src/sink/text-codes.js';
import { batchSet, type Row, type Rows, type Value } from '../support/batches.js';
import { clientHellos, serverHellos } from '../support/rows.js';

let instance: DuckDBInstance;
let connection: DuckDBConnection;
beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:');
  connection = await instance.connect();
});
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

/** The values that the documented, slow path of the client takes. */
function slowValue(spec: ColumnSpec, value: Value | undefined): DuckDBValue {
  if (value === null) return null;
  if (value === undefined) {
    if (spec.nullable) return null;
    if (spec.type.startsWith('list')) return new DuckDBListValue([]);
    return spec.type === 'utf8' ? '' : spec.type === 'bool' ? false : spec.type === 'u64' ? 0n : 0;
  }
  if (spec.type === 'ts') return new DuckDBTimestampNanosecondsValue(value as bigint);
  if (spec.type === 'binary') return new DuckDBBlobValue(value as Uint8Array);
  if (Array.isArray(value)) return new DuckDBListValue(value as DuckDBValue[]);
  return value as DuckDBValue;
}

async function slowAppend(
  table: string,
  columns: readonly ColumnSpec[],
  rows: readonly Row[],
): Promise<void> {
  const types = (await connection.runAndReadAll(`FROM ${table} LIMIT 0`)).columnTypes();
  const appender = await connection.createAppender(table);
  for (let at = 0; at < rows.length; at += 2048) {
    const part = rows.slice(at, at + 2048);
    const chunk = DuckDBDataChunk.create(types);
    chunk.setColumns(columns.map((c) => part.map((r) => slowValue(c, r[c.name]))));
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
}

async function fingerprint(table: string): Promise<unknown> {
  return (await connection.runAndReadAll(`SELECT count(*), sum(hash(t)) FROM ${table} t`)).getRowsJS();
}

const codes = new TextCodes(PROTOCOLS);

async function compare(table: PhysicalTable, batches: readonly Batch[], rows: readonly Row[]): Promise<void> {
  await connection.run(`DROP TABLE IF EXISTS fast; DROP TABLE IF EXISTS slow`);
  await connection.run(createTable(table, 'fast'));
  await connection.run(createTable(table, 'slow'));
  const appender = new TableAppender(connection, table, 'fast');
  const stored = new Set<string>(table.columns.map((c) => c.name));
  for (const batch of batches) {
    const columns = batch.columns
      .filter((c) => stored.has(c.spec.name))
      .map((c) => (c.spec.name === 'protocol' ? codes.encode(c) : c));
    await appender.append(columns, batch.rows);
  }
  appender.flush();
  appender.close();
  const numbered = rows.map((r) => ({ ...r, protocol: PROTOCOLS.indexOf(r.protocol as 'tls') }));
  await slowAppend('slow', table.columns, numbered);
  expect(await fingerprint('fast')).toEqual(await fingerprint('slow'));
}

describe('ChunkFiller against the setter of single values', () => {
  const parts = (counts: readonly number[]): Rows[] =>
    counts.map((n, i) => ({
      client_hellos: clientHellos(n, { seed: i + 1, contents: 5000, first: 1 + 100_000 * i }),
    }));

  it('writes the same facts for batches of odd lengths, longer than a chunk, and empty', async () => {
    const all = parts([0, 1, 2047, 2500, 7]);
    const batches = all.map((rows) => batchSet(rows, 'narrow').client_hellos);
    await compare(
      PHYSICAL.clientHellos,
      batches,
      all.flatMap((r) => r.client_hellos!),
    );
  });

  it('writes the same contents: lists of numbers and of text, booleans, long text', async () => {
    const all = parts([2049, 13]);
    const batches = all.map((rows) => batchSet(rows, 'wide').hello_contents);
    await compare(
      PHYSICAL.contents,
      batches,
      all.flatMap((r) => r.client_hellos!),
    );
  });

  it('writes the same server hellos', async () => {
    const rows = serverHellos(2500);
    await compare(PHYSICAL.serverHellos, [batchSet({ server_hellos: rows }, 'narrow').server_hellos], rows);
  });
});

describe('ChunkFiller from the middle of a batch', () => {
  it('moves validity and boolean bits that do not start on a byte', () => {
    const rows = clientHellos(100);
    const columns = batchSet({ client_hellos: rows }, 'narrow').client_hellos.columns.filter((c) =>
      ['session_id_length', 'sni', 'complete'].includes(c.spec.name),
    );
    const filler = new ChunkFiller(columns.map((c) => c.spec));
    filler.fill(columns, 13, 70);
    const part = rows.slice(13, 83);
    columns.forEach((c, i) => {
      expect(filler.chunk.getColumnValues(i)).toEqual(part.map((r) => r[c.spec.name]));
    });
  });
});

describe('ChunkFiller and text that is not UTF-8', () => {
  const text: ColumnSpec = { name: 't', type: 'utf8', nullable: false, origin: 'fact', meaning: '' };

  async function read(parts: readonly (readonly number[])[], type: 'utf8' | 'binary'): Promise<unknown> {
    const spec = { ...text, type };
    const data = Uint8Array.from(parts.flat());
    let at = 0;
    const offsets = Int32Array.from([0, ...parts.map((p) => (at += p.length))]);
    const filler = new ChunkFiller([spec]);
    filler.fill(
      [{ spec, rows: parts.length, nullCount: 0, validity: null, offsets, data, childOffsets: null }],
      0,
      parts.length,
    );
    const values = filler.chunk.getColumnValues(0);
    return values.map((v) => (v instanceof DuckDBBlobValue ? [...v.bytes] : v));
  }
  const ascii = (s: string) => [...s].map((c) => c.charCodeAt(0));

  it('replaces what is broken by U+FFFD, in that value only', async () => {
    expect(await read([ascii('a longer text than 12'), [0x61, 0xff, 0x62], []], 'utf8')).toEqual([
      'a longer text than 12',
      'a\ufffdb',
      '',
    ]);
    expect(await read([[0x61, 0xff]], 'utf8')).toEqual(['a\ufffd']);
  });

  it('does not let a character be cut in two between rows', async () => {
    expect(await read([[0xc3], [0xbc], ascii('padding to be long')], 'utf8')).toEqual([
      '\ufffd',
      '\ufffd',
      'padding to be long',
    ]);
  });

  it('keeps any bytes in a binary column', async () => {
    const bytes = Array.from({ length: 32 }, (_, i) => 255 - i);
    expect(await read([bytes, [0x80], bytes], 'binary')).toEqual([bytes, [0x80], bytes]);
  });

  it('refuses offsets that leave the data or fall', () => {
    const column = (offsets: number[]) => ({
      spec: text,
      rows: 2,
      nullCount: 0,
      validity: null,
      offsets: Int32Array.from(offsets),
      data: new Uint8Array(20).fill(0x61),
      childOffsets: null,
    });
    const filler = new ChunkFiller([text]);
    expect(() => filler.fill([column([0, 15, 40])], 0, 2)).toThrow(RangeError);
    expect(() => filler.fill([column([0, 18, 14])], 0, 2)).toThrow(RangeError);
    expect(() => filler.fill([column([-4, 0, 14])], 0, 2)).toThrow(RangeError);
  });
});

it('text of every length near the limit of what a header holds, at the end of the data and before it', async () => {
  const spec = { name: 'c', type: 'utf8', nullable: true, origin: 'fact', meaning: '' } as const;
  await connection.run('CREATE OR REPLACE TABLE lengths (c VARCHAR)');
  const lengths = Array.from({ length: 20 }, (_, i) => i);
  const values = [...lengths, ...lengths.toReversed()].map((n) => 'abcdefghijklmnopqrstuvwxyz'.slice(0, n));
  const appender = new TableAppender(connection, { name: 'lengths', columns: [spec] });
  await appender.append([columnOf(spec, values)], values.length);
  await appender.append([columnOf(spec, [null, null, null])], 3);
  appender.flush();
  appender.close();
  const rows = await connection.runAndReadAll('SELECT c FROM lengths ORDER BY rowid');
  expect(rows.getRowsJS().map(([c]) => c)).toEqual([...values, null, null, null]);
});
