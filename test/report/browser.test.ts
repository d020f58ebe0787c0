import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import type { ReportData } from '../../src/report/data.js';
import { reportPage } from '../../src/report/page.js';
import { temporaryFolder } from '../support/core-rows.js';
import { dataOf, HOSTILE, replaceHellos } from './support.js';

const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const browser = process.env.CHROMIUM ?? BROWSERS.find((path) => existsSync(path));
if (browser === undefined) {
  console.warn('NOT TESTED: the report in a browser. There is no Chromium here; CHROMIUM names one.');
}

const folder = temporaryFolder();
afterAll(() => folder.remove());

/** What is asked of the page in a frame: runs in the browser. */
const PROBE = `
  const { contentDocument: page } = document.querySelector('iframe');
  const all = (selector) => [...page.querySelectorAll(selector)];
  const texts = (selector) => all(selector).map((e) => e.textContent);
  const table = '#fingerprints table ';
  const result = {
    title: page.title,
    sideways: page.documentElement.scrollWidth - page.documentElement.clientWidth,
    charts: Object.fromEntries(all('.chart').map((e) => [e.dataset.figure, e.querySelectorAll('svg path, svg rect, svg circle').length])),
    images: all('img').length,
    empty: texts('.empty, .nothing'),
    cards: texts('.card dd').length,
    rows: all(table + 'tbody tr').length,
  };
  const heading = all(table + 'th button').find((e) => e.textContent === 'JA4');
  if (heading) {
    heading.click();
    result.ascending = texts(table + 'td.code');
    result.sorted = heading.parentElement.getAttribute('aria-sort');
    heading.click();
    result.descending = texts(table + 'td.code');
    const filter = page.querySelector('#fingerprints input[type=search]');
    result.label = filter?.getAttribute('aria-label');
    const details = all('#ciphers details');
    for (const one of details) one.open = true;
  }
  setTimeout(() => {
    result.ciphers = texts('#ciphers tbody tr td:first-child');
    result.sql = texts('#ciphers pre').join();
    result.names = texts('#names-by-fingerprint svg text');
    document.getElementById('result').textContent = JSON.stringify(result);
  }, 200);
`;

/** Open a page in a frame of a width; answers what the probe found, and what the console said. */
async function open(data: ReportData, width: number, name: string) {
  const page = folder.write(`${name}.html`, reportPage(data));
  const outer = folder.write(
    `${name}-frame.html`,
    `<iframe src="${page}" style="width:${width}px;height:900px;border:0"></iframe><pre id="result"></pre>
<script>addEventListener('load', () => setTimeout(() => {${PROBE}}, 1500));</script>`,
  );
  const { stdout, stderr } = await promisify(execFile)(
    browser!,
    [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--allow-file-access-from-files',
      `--user-data-dir=${folder.path}/profile`,
      '--window-size=1500,1000',
      '--enable-logging=stderr',
      '--virtual-time-budget=8000',
      '--dump-dom',
      `file://${outer}`,
    ],
    { maxBuffer: 1e8, timeout: 100_000 },
  );
  const text = /<pre id="result">([^<]*)<\/pre>/.exec(stdout)?.[1] ?? '';
  const unescaped = text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
  return {
    found: JSON.parse(unescaped),
    console: stderr.split('\n').filter((line) => line.includes('CONSOLE')),
  };
}

const CHARTS = [
  'alpn',
  'ciphers',
  'clients-over-time',
  'fingerprints',
  'groups',
  'latency',
  'names-by-fingerprint',
  'readiness',
  'versions',
];

describe.skipIf(browser === undefined)('the report in Chromium', () => {
  test.each([360, 1400])('at %i px: all figures drawn, no errors, no scrolling sideways', async (width) => {
    const data = await dataOf('fixtures/captures/{curl,go,chrom,open}*.pcap*');
    const { found, console } = await open(data, width, `fixtures-${width}`);
    expect(console).toEqual([]);
    expect(found.sideways).toBe(0);
    expect(Object.keys(found.charts).sort()).toEqual(CHARTS);
    expect(Object.values(found.charts).filter((marks) => Number(marks) < 3)).toEqual([]);
    expect(found.rows).toBe(10);
    expect(found.label).toBe('Filter rows');
    expect(found.sorted).toBe('ascending');
    const all = data.figures
      .find((f) => f.id === 'fingerprints')!
      .queries[0]!.rows.map((row) => String(row[0]));
    expect(found.ascending).toEqual(all.toSorted().slice(0, 10));
    expect(found.descending).toEqual(all.toSorted().reverse().slice(0, 10));
    expect(found.ciphers).toContain('AES_128_GCM_SHA256');
    expect(found.sql).toContain('FROM client_hellos');
  });

  test('names out of a capture are text, never HTML or script', async () => {
    const name = HOSTILE.replaceAll("'", "''");
    const data = await dataOf('fixtures/captures/curl-7.88-openssl-3.0.pcap', async (session) => {
      await replaceHellos(session, `SELECT * REPLACE ('${name}' AS sni) FROM client_hellos`);
      await session.connection.run(
        `INSERT INTO labels SELECT DISTINCT 'ja4', ja4, '${name}', null, null, null FROM replaced`,
      );
    });
    const { found, console } = await open(data, 1000, 'hostile');
    expect(console).toEqual([]);
    expect(found).toMatchObject({ title: 'T & <b>', images: 0 });
    expect(found.names.some((text: string) => text.startsWith('</script><img'))).toBe(true);
  });

  test('nothing to show is said', async () => {
    // pcap, little-endian, version 2.4, snap length 65535, Ethernet; no record.
    const header = Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex');
    const { found, console } = await open(await dataOf(folder.write('none.pcap', header)), 800, 'none');
    expect(console).toEqual([]);
    expect(found.charts).toEqual({});
    expect(found.empty[0]).toContain('no TLS, DTLS or QUIC handshake');
    expect(found.cards).toBeGreaterThan(3);
  });
});
