import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { type Table, tableFromIPC } from 'apache-arrow';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordBatch } from '../../src/core/arrow.js';
import { arrowSchema } from '../../src/schema/arrow.js';
import type { ColumnSpec } from '../../src/schema/column.js';
import { CLIENT_HELLOS } from '../../src/schema/tables.js';
import { ArrowSink } from '../../src/sink/arrow.js';
import { batchSet, type Row } from '../support/batches.js';
import { certificateDer } from '../support/certificates.js';
import { captureRow, clientHellos, serverHellos } from '../support/rows.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tlsfp-arrow-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A value of an Arrow column as the rows of the tests have it; times from the raw 64 bits. */
function valuesOf(table: Table, spec: ColumnSpec): unknown[] {
  const vector = table.getChild(spec.name)!;
  if (spec.type === 'ts')
    return vector.data.flatMap((d) => Array.from(d.values.subarray(0, d.length) as BigInt64Array));
  return Array.from(vector, (v: unknown) => {
    if (v === null || spec.type === 'binary' || !spec.type.startsWith('list')) return v;
    return Array.from(v as Iterable<unknown>);
  });
}

function expectRows(table: Table, rows: readonly Row[]): void {
  const columns = (CLIENT_HELLOS.columns as readonly ColumnSpec[]).filter((c) => !c.internal);
  expect(table.schema.fields.map((f) => f.name)).toEqual(columns.map((c) => c.name));
  for (const spec of columns.filter((c) => c.name !== 'capture')) {
    expect(valuesOf(table, spec), spec.name).toEqual(rows.map((r) => r[spec.name]));
  }
}

describe('recordBatch', () => {
  it('is a view on the memory of the batch, not a copy', () => {
    const { client_hellos: batch } = batchSet({ client_hellos: clientHellos(100) }, 'wide');
    const schema = arrowSchema(batch.columns.map((c) => c.spec));
    const made = recordBatch(schema, batch.rows, batch.columns);
    expect(made.numRows).toBe(100);
    for (const child of made.data.children) {
      const buffers = [child.values, child.valueOffsets, child.children[0]?.values].filter(
        (b) => b?.byteLength,
      );
      for (const b of buffers) expect(b.buffer).toBe(batch.columns[0]!.data.buffer);
    }
    expect(made.getChild('flow_id')!.get(3)).toBe(0xffffffff00000003n);
  });
});

describe('ArrowSink', () => {
  const parts = [0, 1, 700].map((n, i) => clientHellos(n, { seed: i + 1 }));

  async function write(out: ConstructorParameters<typeof ArrowSink>[0]['out']): Promise<void> {
    const sink = new ArrowSink({ out });
    await sink.begin({ id: 1, path: 'ä.pcap' });
    for (const rows of parts) {
      const batches = batchSet({ client_hellos: rows }, 'wide');
      await sink.write(batches);
      // The core reuses the memory of a batch: what was written must be copied by now.
      new Uint8Array(batches.client_hellos.columns[0]!.data.buffer).fill(0xee);
    }
    await sink.end(captureRow('ä.pcap'));
    await sink.close();
  }

  it('writes a stream that reads back as the rows', async () => {
    const out = new PassThrough();
    const read = buffer(out);
    await write(out);
    out.end();
    const table = tableFromIPC(await read);
    expectRows(table, parts.flat());
    expect(new Set(table.getChild('capture')!)).toEqual(new Set(['ä.pcap']));
  });

  it('writes the file format to .arrow, the stream format to other names', async () => {
    const magic = (path: string) => readFileSync(path).subarray(0, 6).toString();
    await write(join(folder, 'x.arrow'));
    expect(magic(join(folder, 'x.arrow'))).toBe('ARROW1');
    expect(readFileSync(join(folder, 'x.arrow')).subarray(-6).toString()).toBe('ARROW1');
    expectRows(tableFromIPC(readFileSync(join(folder, 'x.arrow'))), parts.flat());
    await write(join(folder, 'x.arrows'));
    expect(magic(join(folder, 'x.arrows'))).not.toBe('ARROW1');
    expectRows(tableFromIPC(readFileSync(join(folder, 'x.arrows'))), parts.flat());
  });

  it('writes the schema when there are no rows', async () => {
    const out = join(folder, 'x.arrows');
    const sink = new ArrowSink({ out, columns: ['ja4', 'cipher_suites'] });
    await sink.close();
    const table = tableFromIPC(readFileSync(out));
    expect([table.numRows, table.schema.fields.map((f) => `${f.name} ${f.type}`)]).toEqual([
      0,
      ['ja4 Utf8', 'cipher_suites List<Uint16>'],
    ]);
  });

  it('writes the other tables', async () => {
    const read = async (table: string, columns: string[]) => {
      const out = join(folder, `${table}.arrow`);
      const sink = new ArrowSink({ out, table, columns });
      await sink.begin({ id: 1, path: 'a.pcap' });
      const certificates = [
        { packet: 9n, der: certificateDer('ec') },
        { packet: 10n, der: Uint8Array.of(0) },
      ];
      await sink.write(batchSet({ server_hellos: serverHellos(2), certificates }, 'wide'));
      await sink.end(captureRow('a.pcap', { packets: 2n ** 63n + 1n }));
      await sink.close();
      return tableFromIPC(readFileSync(out))
        .toArray()
        .map((row) => Object.values(row.toJSON()));
    };
    expect(await read('server_hellos', ['capture', 'cipher_suite', 'is_retry', 'alpn'])).toEqual([
      ['a.pcap', 0xc02f, false, null],
      ['a.pcap', 0xc02f, false, null],
    ]);
    expect(await read('certificates', ['packet', 'key_bits', 'subject', 'capture'])).toEqual([
      [9n, 384, 'CN=\\#ü\\ ', 'a.pcap'],
      [10n, null, null, 'a.pcap'],
    ]);
    expect(await read('captures', ['path', 'packets', 'compression'])).toEqual([
      ['a.pcap', 2n ** 63n + 1n, null],
    ]);
  });
});
