import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BatchSet } from '../../src/core/views.js';
import { SinkError } from '../../src/errors.js';
import { DuckDBSink } from '../../src/sink/duckdb.js';
import { DuckDBThread } from '../../src/sink/duckdb-thread.js';
import type { Sink } from '../../src/sink/sink.js';
import { batchSet, type Rows } from '../support/batches.js';
import { certificateDer } from '../support/certificates.js';
import { captureRow, clientHellos, serverHellos } from '../support/rows.js';

let folder: string;
const open: Sink[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tlsfp-group-'));
});
afterEach(async () => {
  for (const sink of open.splice(0)) await sink.close();
  rmSync(folder, { recursive: true });
});

async function openSink(path = join(folder, 'x.duckdb')): Promise<DuckDBSink> {
  const sink = await DuckDBSink.open(path);
  open.push(sink);
  return sink;
}

async function closeSink(sink: Sink): Promise<void> {
  open.splice(open.indexOf(sink), 1);
  await sink.close();
}

async function load(sink: Sink, path: string, sets: readonly BatchSet[], oneOfMany = true): Promise<void> {
  await sink.begin({ id: 1, path, oneOfMany });
  for (const set of sets) await sink.write(set);
  await sink.end(captureRow(path));
}

const setOf = (rows: Rows) => batchSet(rows, 'narrow');
const hellos = (n: number, seed = 1) => setOf({ client_hellos: clientHellos(n, { seed, contents: 3 }) });
/** More than may wait. */
const MANY = 9000;

/** What another connection to the database finds: hellos of each capture, in the order of their ids. */
async function seen(sink: DuckDBSink): Promise<unknown[][]> {
  const other = await sink.connect();
  const found = await other.runAndReadAll(
    'SELECT path, (SELECT count(*)::INTEGER FROM client_hello_facts h WHERE h.capture_id = c.capture_id) ' +
      'FROM capture_facts c ORDER BY capture_id',
  );
  other.closeSync();
  return found.getRowsJS();
}

/** Rows of every table, and a hash over them. */
async function content(sink: DuckDBSink): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const table of ['captures', 'client_hellos', 'server_hellos', 'certificates', 'fingerprints']) {
    const rows = await sink.connection.runAndReadAll(
      `SELECT '${table}', count(*)::INTEGER, sum(hash(t))::VARCHAR FROM ${table} t`,
    );
    found.push(...rows.getRowsJS());
  }
  return found;
}

test('captures that may wait are seen when they are settled, each of them, with all of its rows', async () => {
  const sink = await openSink();
  await load(sink, 'a.pcap', [hellos(5), hellos(2)]);
  await load(sink, 'b.pcap', []);
  await load(sink, 'c.pcap', [hellos(3)]);
  expect(await seen(sink)).toEqual([]);
  await sink.settle();
  expect(await seen(sink)).toEqual([
    ['a.pcap', 7],
    ['b.pcap', 0],
    ['c.pcap', 3],
  ]);
  await sink.settle();
  expect(await seen(sink)).toHaveLength(3);
});

test('the tables are those of captures that do not wait, long and short ones, those that replace others', async () => {
  const certificates = ['rsa', 'ec', 'rsa'].map((kind, i) => ({
    packet: BigInt(i),
    position: i,
    der: certificateDer(kind as 'rsa' | 'ec'),
  }));
  const sets = [
    hellos(10),
    setOf({ client_hellos: clientHellos(4, { seed: 2 }), server_hellos: serverHellos(6), certificates }),
    hellos(MANY, 3),
    setOf({ server_hellos: serverHellos(2), certificates }),
    hellos(1),
  ];
  const paths = ['a.pcap', 'b.pcap', 'c.pcap', 'a.pcap', 'd.pcap', '-', 'c.pcap', 'd.pcap', '-', 'e.pcap'];
  const found: unknown[] = [];
  for (const oneOfMany of [false, true]) {
    const sink = await openSink(join(folder, `${oneOfMany}.duckdb`));
    for (let run = 0; run < 2; run++) {
      for (const [i, path] of paths.entries()) await load(sink, path, [sets[i % 5]!, sets[3]!], oneOfMany);
      await sink.settle();
      found.push(await content(sink));
    }
  }
  expect(found[2]).toEqual(found[0]);
  expect(found[3]).toEqual(found[1]);
  expect(found[0]).toContainEqual(['captures', 7, expect.any(String)]);
});

test('rows that are too many to wait come into the database behind those that waited', async () => {
  const sink = await openSink();
  await load(sink, 'a.pcap', [hellos(5)]);
  await sink.begin({ id: 1, path: 'b.pcap', oneOfMany: true });
  await sink.write(hellos(1));
  await sink.write(hellos(MANY));
  expect(await seen(sink)).toEqual([['a.pcap', 5]]);
  await sink.write(hellos(1));
  await sink.end(captureRow('b.pcap'));
  expect(await seen(sink)).toEqual([
    ['a.pcap', 5],
    ['b.pcap', MANY + 2],
  ]);
});

test('what waits is bounded in bytes, in captures and in time', async () => {
  const sink = await openSink();
  const set = hellos(1000);
  let loaded = 0;
  while ((await seen(sink)).length === 0) await load(sink, `${loaded++}.pcap`, [set]);
  expect(loaded).toBeGreaterThan(2);
  expect(loaded).toBeLessThan(200);

  const other = await openSink(join(folder, 'y.duckdb'));
  for (
    let i = 0;
    i < 2000 && (await other.connection.runAndReadAll('FROM captures')).currentRowCount === 0;
    i++
  )
    await load(other, `${i}.pcap`, []);
  expect((await seen(other)).length).toBeLessThanOrEqual(1024);
  expect((await seen(other)).length).toBeGreaterThan(0);

  await other.settle();
  const before = (await seen(other)).length;
  await load(other, 'slow.pcap', []);
  await new Promise((resolve) => setTimeout(resolve, 1010));
  await load(other, 'next.pcap', []);
  expect(await seen(other)).toHaveLength(before + 2);
});

test('one that is abandoned takes no other with it, waiting or not', async () => {
  const sink = await openSink();
  await load(sink, 'a.pcap', [hellos(5)]);
  for (const set of [hellos(7), hellos(MANY)]) {
    await sink.begin({ id: 1, path: 'b.pcap', oneOfMany: true });
    await sink.write(set);
    await sink.abandon();
  }
  await load(sink, 'c.pcap', [hellos(1)]);
  await closeSink(sink);
  expect(await seen(await openSink())).toEqual([
    ['a.pcap', 5],
    ['c.pcap', 1],
  ]);
});

test('a fault in one of them: those in front of it are kept, and what comes later works', async () => {
  const set = hellos(5);
  const broken = {
    ...set,
    client_hellos: { ...set.client_hellos, columns: set.client_hellos.columns.slice(1) },
  };
  const sink = await openSink();
  await load(sink, 'a.pcap', [set]);
  await load(sink, 'b.pcap', [set]);
  await load(sink, 'c.pcap', [set, broken]);
  await load(sink, 'd.pcap', [set]);
  await expect(sink.settle()).rejects.toThrow(SinkError);
  const kept = [
    ['a.pcap', 5],
    ['b.pcap', 5],
  ];
  expect(await seen(sink)).toEqual(kept);
  await load(sink, 'e.pcap', [hellos(2)]);
  await sink.settle();
  expect(await seen(sink)).toEqual([...kept, ['e.pcap', 2]]);
});

test('a commit on the way ends the waiting; one that is not of many ends that of the others', async () => {
  const sink = await openSink();
  await load(sink, 'a.pcap', [hellos(5)]);
  await sink.begin({ id: 1, path: 'b.pcap', oneOfMany: true });
  await sink.write(hellos(3));
  await sink.commit(captureRow('b.pcap'));
  expect(await seen(sink)).toEqual([
    ['a.pcap', 5],
    ['b.pcap', 3],
  ]);
  await sink.write(hellos(1));
  await sink.end(captureRow('b.pcap'));
  await load(sink, 'c.pcap', [hellos(1)]);
  await sink.begin({ id: 1, path: 'd.pcap' });
  expect((await seen(sink)).map(([path]) => path)).toEqual(['a.pcap', 'b.pcap', 'c.pcap']);
  await sink.end(captureRow('d.pcap'));
});

test('closing writes those that wait, in a thread too', async () => {
  const path = join(folder, 'x.duckdb');
  const thread = await DuckDBThread.open(path);
  await load(thread, 'a.pcap', [hellos(5)]);
  await load(thread, 'b.pcap', [hellos(2)]);
  await thread.settle();
  await load(thread, 'c.pcap', [hellos(1)]);
  await thread.close();
  expect(await seen(await openSink(path))).toEqual([
    ['a.pcap', 5],
    ['b.pcap', 2],
    ['c.pcap', 1],
  ]);
});
