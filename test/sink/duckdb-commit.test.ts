import { expect, test } from 'vitest';
import { DuckDBSink } from '../../src/sink/duckdb.js';
import { batchSet } from '../support/batches.js';
import { captureRow, clientHellos, serverHellos } from '../support/rows.js';

const count = async (sink: DuckDBSink, sql: string) => {
  const connection = await sink.connect();
  const rows = (await connection.runAndReadAll(sql)).getRowsJS();
  connection.closeSync();
  return rows;
};

const row = (packets: bigint, error: string | null = null) =>
  captureRow('packet:eth0', {
    size: null,
    mtime: null,
    format: 'packet',
    packets,
    first_ts: 1_700_000_000_123_456_789n,
    last_ts: 1_700_000_000_123_456_789n + packets,
    error,
  });

test('what is committed on the way is visible, under one row that is brought up to date', async () => {
  const sink = await DuckDBSink.open(':memory:');
  await sink.begin({ id: 1, path: 'packet:eth0', replaces: false });
  await sink.write(batchSet({ client_hellos: clientHellos(5) }, 'narrow'));
  expect(await count(sink, 'SELECT count(*)::INTEGER FROM client_hellos')).toEqual([[0]]);
  await sink.commit(row(10n));
  expect(await count(sink, 'SELECT count(*)::INTEGER FROM client_hellos')).toEqual([[5]]);
  await sink.write(batchSet({ client_hellos: clientHellos(7), server_hellos: serverHellos(2) }, 'narrow'));
  await sink.commit(row(20n, "it's"));
  await sink.end(row(30n));
  expect(await count(sink, 'SELECT count(*)::INTEGER FROM client_hellos')).toEqual([[12]]);
  expect(
    await count(sink, 'SELECT packets, epoch_ns(first_ts), epoch_ns(last_ts), error, path FROM captures'),
  ).toEqual([[30n, 1_700_000_000_123_456_789n, 1_700_000_000_123_456_819n, null, 'packet:eth0']]);
  await sink.close();
});

test('the wide layout gives the same rows, each content once', async () => {
  const sink = await DuckDBSink.open(':memory:');
  const rows = clientHellos(40, { contents: 3 });
  await sink.begin({ id: 1, path: 'packet:eth0', replaces: false });
  await sink.write(batchSet({ client_hellos: rows }, 'wide'));
  await sink.end(row(1n));
  const found = await count(sink, 'SELECT packet, ja4 FROM client_hellos ORDER BY packet');
  expect(found).toEqual(rows.map((r) => [r.packet, r.ja4]));
  const distinct = new Set(rows.map((r) => r.content_id)).size;
  expect(await count(sink, 'SELECT count(*)::INTEGER FROM hello_contents')).toEqual([[distinct]]);
  await sink.close();
});

test('abandoned: back to the last commit', async () => {
  const sink = await DuckDBSink.open(':memory:');
  await sink.begin({ id: 1, path: 'packet:eth0', replaces: false });
  await sink.write(batchSet({ client_hellos: clientHellos(5) }, 'narrow'));
  await sink.commit(row(10n));
  await sink.write(batchSet({ client_hellos: clientHellos(7) }, 'narrow'));
  await sink.abandon();
  expect(await count(sink, 'SELECT count(*)::INTEGER FROM client_hellos')).toEqual([[5]]);
  expect(await count(sink, 'SELECT packets FROM captures')).toEqual([[10n]]);
  await sink.close();
});

test('captures of the same path stand beside each other, and go when one replaces them', async () => {
  const sink = await DuckDBSink.open(':memory:');
  for (let run = 0; run < 2; run++) {
    await sink.begin({ id: 1, path: 'packet:eth0', replaces: false });
    await sink.commit(row(1n));
    await sink.end(row(2n));
  }
  expect(await count(sink, 'SELECT count(*)::INTEGER FROM captures')).toEqual([[2]]);
  await sink.begin({ id: 1, path: 'packet:eth0' });
  await sink.end(row(3n));
  expect(await count(sink, 'SELECT packets FROM captures')).toEqual([[3n]]);
  await sink.close();
});
