import { afterAll, describe, expect, test } from 'vitest';
import type { ReportData } from '../../src/report/data.js';
import { cli } from '../support/cli.js';
import { temporaryFolder } from '../support/core-rows.js';
import { dataOf, replaceHellos } from './support.js';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const CURL = 'fixtures/captures/curl-7.88-openssl-3.0.pcap';
const rowsOf = (data: ReportData, id: string, query = 0) =>
  data.figures.find((figure) => figure.id === id)!.queries[query]!.rows;

describe('the data of a report', () => {
  test('of a capture: every question is answered, with what tshark says of it', async () => {
    const data = await dataOf(CURL);
    expect(data.figures.flatMap((f) => f.queries.map((q) => q.failure)).filter(Boolean)).toEqual([]);
    expect(data.overview).toMatchObject({
      captures: 1,
      packets: 139,
      hellos: 7,
      serverHellos: 7,
      incomplete: 0,
    });
    expect(rowsOf(data, 'versions')).toEqual([
      ['TLS 1.3', '0x0304', 6, 6 / 7, 6, 6 / 7],
      ['TLS 1.2', '0x0303', 1, 1 / 7, 1, 1 / 7],
    ]);
    expect(rowsOf(data, 'groups')[0]).toEqual(['x25519', '0x001d', 7, 1, 6, 1]);
    expect(
      rowsOf(data, 'ciphers')
        .slice(0, 2)
        .map((row) => [row[0], row[4]]),
    ).toEqual([
      ['AES_128_GCM_SHA256', 6],
      ['ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 1],
    ]);
    const [bins, percentiles] = [rowsOf(data, 'latency'), rowsOf(data, 'latency', 1)];
    const sum = (rows: typeof bins, at: number) => rows.reduce((n, row) => n + Number(row[at]), 0);
    expect([sum(bins, 4), sum(percentiles, 2), sum(rowsOf(data, 'clients-over-time'), 2)]).toEqual([7, 7, 7]);
  });

  test('GREASE and values that are no ciphers are left out', async () => {
    const data = await dataOf('fixtures/captures/chromium-156-tls.pcapng');
    const codes = [...rowsOf(data, 'ciphers'), ...rowsOf(data, 'groups')].map((row) => row[1]);
    expect(codes).toContain('0x11ec');
    expect(codes.filter((code) => ['0x0a0a', '0x00ff', '0x5600'].includes(String(code)))).toEqual([]);
    expect(rowsOf(data, 'readiness').filter((row) => row[1] === 'post-quantum offered')[0]?.[4]).toBe(1);
  });

  test('is bounded, whatever there is', async () => {
    const data = await dataOf(CURL, (session) =>
      replaceHellos(
        session,
        `SELECT * REPLACE ('t' || r AS ja4, repeat('n', 5000) || r AS sni, ts + INTERVAL 1 MINUTE * r AS ts)
         FROM client_hellos, range(3000) AS t(r)`,
      ),
    );
    expect(data.overview.hellos).toBe(21_000);
    expect(rowsOf(data, 'fingerprints')).toHaveLength(200);
    expect(rowsOf(data, 'clients-over-time').length).toBeLessThanOrEqual(61 * 8);
    expect(JSON.stringify(data).length).toBeLessThan(500_000);
  });

  test('of Parquet with some columns: what can be drawn is, the rest says what is missing', async () => {
    const file = `${folder.path}/some.parquet`;
    await cli('analyze', CURL, '--format', 'parquet', '--columns', 'ts,sni,ja4,src_ip', '--out', file);
    const data = await dataOf(file);
    expect(rowsOf(data, 'fingerprints').length).toBe(5);
    const ciphers = data.figures.find((figure) => figure.id === 'ciphers')!;
    expect(ciphers.queries[0]?.failure).toBe('cipher_suites');
  });
});
