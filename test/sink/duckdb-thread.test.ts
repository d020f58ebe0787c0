import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BatchSet } from '../../src/core/views.js';
import { SinkError } from '../../src/errors.js';
import { DuckDBSink } from '../../src/sink/duckdb.js';
import { DuckDBThread } from '../../src/sink/duckdb-thread.js';
import type { Sink } from '../../src/sink/sink.js';
import { batchSet } from '../support/batches.js';
import { captureRow, clientHellos, serverHellos } from '../support/rows.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tlsfp-thread-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const TABLES = ['captures', 'client_hellos', 'server_hellos', 'certificates', 'handshakes', 'labels'];
const LABEL = { kind: 'ja4', value: 'x', name: 'curl', category: 'tool', source: null, date: null };

/** Rows of every table and a hash over them, of a closed database. */
async function contentOf(path: string): Promise<unknown[]> {
  const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  const found: unknown[] = [];
  for (const table of TABLES) {
    const rows = await connection.runAndReadAll(
      `SELECT '${table}', count(*)::INTEGER, sum(hash(t))::VARCHAR FROM ${table} t`,
    );
    found.push(...rows.getRowsJS());
  }
  connection.closeSync();
  instance.closeSync();
  return found;
}

const SETS: readonly BatchSet[] = [
  batchSet(
    { client_hellos: clientHellos(3000, { contents: 900 }), server_hellos: serverHellos(2500) },
    'narrow',
  ),
  batchSet({ client_hellos: clientHellos(10) }, 'narrow'),
  batchSet({ server_hellos: serverHellos(5000) }, 'narrow'),
];

/** Batches are borrowed: what lies in them when `write` returns is gone. */
async function writeBorrowed(sink: Sink, set: BatchSet): Promise<void> {
  const copies: Uint8Array[] = [];
  const lend = (c: BatchSet['client_hellos']['columns'][number]) => {
    const data = Uint8Array.from(c.data);
    copies.push(data);
    return { ...c, data };
  };
  const lent = Object.fromEntries(
    Object.entries(set).map(([name, batch]) => [name, { ...batch, columns: batch.columns.map(lend) }]),
  ) as unknown as BatchSet;
  const pending = sink.write(lent);
  for (const copy of copies) copy.fill(0xff);
  await pending;
}

test('a database loaded in a thread is the one that is loaded without', async () => {
  const threaded = join(folder, 'thread.duckdb');
  const plain = join(folder, 'plain.duckdb');
  const thread = await DuckDBThread.open(threaded);
  const sink = await DuckDBSink.open(plain);
  for (const one of [thread, sink]) {
    await one.loadLabels([LABEL]);
    for (const path of ['a.pcap', 'b.pcap', 'a.pcap']) {
      await one.begin({ id: 1, path });
      for (let i = 0; i < 12; i++) {
        const set = SETS[i % SETS.length]!;
        if (one === thread) await writeBorrowed(one, set);
        else await one.write(set);
      }
      await one.commit(captureRow(path));
      await one.write(SETS[1]!);
      await one.end(captureRow(path));
    }
    await one.close();
  }
  const content = await contentOf(threaded);
  expect(content).toEqual(await contentOf(plain));
  expect(content).toContainEqual(['captures', 2, expect.any(String)]);
  expect(content).toContainEqual(['client_hellos', 2 * (4 * 3010 + 10), expect.any(String)]);
});

test('abandoned: as before the capture', async () => {
  const path = join(folder, 'a.duckdb');
  const sink = await DuckDBThread.open(path);
  await sink.begin({ id: 1, path: 'a.pcap' });
  await sink.write(SETS[0]!);
  await sink.end(captureRow('a.pcap'));
  await sink.begin({ id: 2, path: 'b.pcap' });
  for (let i = 0; i < 6; i++) await sink.write(SETS[0]!);
  await sink.abandon();
  await sink.close();
  expect(await contentOf(path)).toContainEqual(['client_hellos', 3000, expect.any(String)]);
});

test('a fault of a write is told by a later call, nothing behind it is taken, and the next capture is', async () => {
  const path = join(folder, 'a.duckdb');
  const sink = await DuckDBThread.open(path);
  await sink.begin({ id: 1, path: 'a.pcap' });
  const set = SETS[0]!;
  const broken = {
    ...set,
    client_hellos: { ...set.client_hellos, columns: set.client_hellos.columns.slice(1) },
  };
  await sink.write(set);
  await sink.write(broken);
  const rest = async () => {
    for (let i = 0; i < 12; i++) await sink.write(set);
    await sink.end(captureRow('a.pcap'));
  };
  await expect(rest()).rejects.toThrow(SinkError);
  await sink.abandon();
  await sink.begin({ id: 2, path: 'b.pcap' });
  await sink.write(set);
  await sink.end(captureRow('b.pcap'));
  await sink.close();
  expect(await contentOf(path)).toContainEqual(['client_hellos', 3000, expect.any(String)]);
});

test('a database that cannot be opened is told as without a thread', async () => {
  const path = join(folder, 'no.duckdb');
  writeFileSync(path, 'no database, but long enough to look at'.repeat(1000));
  const told = async (open: () => Promise<unknown>) => {
    const error = await open().then(
      () => null,
      (e) => e,
    );
    expect(error).toBeInstanceOf(SinkError);
    return [error.message, error.path, error.hint];
  };
  expect(await told(() => DuckDBThread.open(path))).toEqual(await told(() => DuckDBSink.open(path)));
});

test('a thread that is idle does not keep the process', () => {
  const module = new URL('../../dist/sink/duckdb-thread.js', import.meta.url).href;
  const script = join(folder, 'idle.mjs');
  const database = JSON.stringify(join(folder, 'a.duckdb'));
  writeFileSync(
    script,
    `const { DuckDBThread } = await import(${JSON.stringify(module)});
    await DuckDBThread.open(${database});
    console.log('opened');`,
  );
  const run = spawnSync(process.execPath, [script], { timeout: 60_000 });
  expect(run.stdout.toString()).toBe('opened\n');
  expect(run.status).toBe(0);
});
