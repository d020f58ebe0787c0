import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { cli } from '../support/cli.js';
import { temporaryFolder } from '../support/core-rows.js';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const CURL = 'fixtures/captures/curl-7.88-openssl-3.0.pcap';

const overviewOf = (page: string) =>
  JSON.parse(/<script type="application\/json" id="report">(.*?)<\/script>/s.exec(page)![1]!).overview;

describe('tlsfp report', () => {
  test('of a capture and of its database: the same numbers', async () => {
    const [page, db] = [join(folder.path, 'page.html'), join(folder.path, 'a.duckdb')];
    const first = await cli('report', CURL, '--out', page, '--title', 'Week <47>');
    expect(first).toMatchObject({ code: 0, stdout: '' });
    expect(first.stderr).toMatch(/page\.html: \d+\.\d kB; open it in a browser\n$/);
    const text = readFileSync(page, 'utf8');
    expect(text).toContain('<h1>Week &lt;47&gt;</h1>');
    await cli('analyze', CURL, '--db', db, '--quiet');
    const second = await cli('report', db);
    expect(second.code).toBe(0);
    expect(second.stdout).toContain('<title>TLS clients in a.duckdb</title>');
    expect(overviewOf(second.stdout)).toEqual(overviewOf(text));
    expect(overviewOf(text)).toMatchObject({ packets: 139, hellos: 7 });
  });

  test('of a capture that breaks off: what could be read, and exit code 3', async () => {
    const whole = readFileSync(CURL);
    const broken = folder.write('broken.pcap', whole.subarray(0, whole.length - 100));
    const page = join(folder.path, 'broken.html');
    const { code, stderr } = await cli('report', broken, '--out', page);
    expect(code).toBe(3);
    expect(stderr).toContain('broken.pcap: the capture ends');
    expect(overviewOf(readFileSync(page, 'utf8'))).toMatchObject({ hellos: 7, failedCaptures: 1 });
  });

  test('what cannot be', async () => {
    const page = join(folder.path, 'not.html');
    const missing = await cli('report', 'no-such.pcap', '--out', page);
    expect(missing).toMatchObject({ code: 3, stdout: '' });
    expect(existsSync(page)).toBe(false);
    const same = await cli('report', CURL, '--out', CURL);
    expect(same.code).toBe(2);
    expect(same.stderr).toContain('--out is what is to be read');
    const nowhere = await cli('report', CURL, '--out', join(folder.path, 'no/folder/r.html'));
    expect(nowhere.code).toBe(4);
    expect(nowhere.stderr).toContain('no such folder');
  });
});
