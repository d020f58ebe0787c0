import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { baselineText, parseBaseline, readBaseline } from '../../src/check/baseline.js';
import { cli } from '../support/cli.js';
import { temporaryFolder } from '../support/core-rows.js';

const folder = temporaryFolder();
const captures = join(folder.path, 'captures');
const baseline = join(captures, 'baseline.json');
const fixture = (name: string) => join('fixtures/captures', name);
const check = (...args: string[]) => cli('check', captures, '--baseline', baseline, ...args);

beforeAll(async () => {
  mkdirSync(captures);
  copyFileSync(fixture('node-20.20.2.pcap'), join(captures, 'client.pcap'));
  copyFileSync(fixture('busybox-1.35.pcap'), join(captures, 'other.pcap'));
  const { code } = await check('--update');
  expect(code).toBe(0);
});
afterAll(() => folder.remove());

/** Put another capture in a file's place while `work` runs. */
async function replaced(file: string, by: string, work: () => Promise<void>): Promise<void> {
  const path = join(captures, file);
  const before = readFileSync(path);
  copyFileSync(fixture(by), path);
  try {
    await work();
  } finally {
    writeFileSync(path, before);
  }
}

describe('tlsfp check', () => {
  test('finds no difference where there is none', async () => {
    expect(await check()).toEqual({ code: 0, stdout: '2 captures: as in the baseline\n', stderr: '' });
  });

  test('the baseline reads back to itself', () => {
    const text = readFileSync(baseline, 'utf8');
    expect(baselineText(readBaseline(baseline))).toBe(text);
    expect(Object.keys(JSON.parse(text).captures)).toEqual(['client.pcap', 'other.pcap']);
  });

  test('says which list elements of a client changed', async () => {
    await replaced('client.pcap', 'node-24.21.0.pcap', async () => {
      const { code, stdout } = await check();
      expect(code).toBe(1);
      // Node 24 brought OpenSSL 3.5, whose clients offer the hybrid group first of all.
      expect(stdout).toMatch(/^ {2}~ tls ClientHello to alpha\.example, t13d/m);
      expect(stdout).toMatch(/groups .*\+11ec.*\n/);
      expect(stdout).toMatch(/JA4 t13d\S+ -> t13d\S+/);
      expect(stdout).toContain('--update');
      expect(stdout).not.toContain('other.pcap');
    });
  });

  test('a capture that is missing or new is a difference, but for --partial', async () => {
    const one = await cli('check', join(captures, 'client.pcap'), '--baseline', baseline);
    expect(one.code).toBe(1);
    expect(one.stdout).toContain('other.pcap\n  - the capture is in the baseline, but was not given');
    const partial = await cli('check', join(captures, 'client.pcap'), '--baseline', baseline, '--partial');
    expect(partial.code).toBe(0);
  });

  test('counts are compared unless --no-counts', async () => {
    const changed = join(folder.path, 'captures', 'counts.json');
    writeFileSync(changed, readFileSync(baseline, 'utf8').replace('"count": 1 }', '"count": 7 }'));
    const args = ['check', captures, '--baseline', changed];
    expect((await cli(...args)).stdout).toMatch(/# .*: 7 before, now 1\n/);
    expect((await cli(...args, '--no-counts')).code).toBe(0);
  });

  test('annotations of GitHub, code quality of GitLab, JUnit', async () => {
    await replaced('client.pcap', 'node-24.21.0.pcap', async () => {
      const github = (await check('--reporter', 'github')).stdout.trimEnd().split('\n');
      for (const line of github) {
        expect(line).toMatch(/^::error file=[^,:]+client\.pcap,title=TLS fingerprint%3A changed::tls /);
      }
      const gitlab = JSON.parse((await check('--reporter', 'gitlab')).stdout);
      expect(gitlab[0]).toMatchObject({
        check_name: 'tls-fingerprint-changed',
        severity: 'major',
        location: { path: join(captures, 'client.pcap'), lines: { begin: 1 } },
      });
      const out = join(folder.path, 'junit.xml');
      const { stdout, code } = await check('--reporter', 'junit', '--out', out);
      expect(code).toBe(1);
      expect(stdout).toMatch(/^client\.pcap\n/);
      const xml = readFileSync(out, 'utf8');
      expect(xml).toContain('<testsuite name="tlsfp check" tests="2" failures="1">');
      expect(xml).toContain('<testcase classname="tlsfp check" name="other.pcap"/>');
      expect(xml).toContain('-&gt;');
    });
  });

  test('a capture that cannot be read whole: exit code 3, unless the baseline expects it', async () => {
    const path = join(captures, 'client.pcap');
    const whole = readFileSync(path);
    writeFileSync(path, whole.subarray(0, whole.length - 7));
    try {
      const { code, stderr } = await check();
      expect(code).toBe(3);
      expect(stderr).toContain('ends inside a record');
      const expected = join(captures, 'expected.json');
      await cli('check', captures, '--baseline', expected, '--update');
      expect((await cli('check', captures, '--baseline', expected)).code).toBe(0);
    } finally {
      writeFileSync(path, whole);
    }
  });
});

describe('a baseline that is no baseline', () => {
  test.each([
    ['', 'the baseline is not valid JSON'],
    ['[]', 'the baseline is not valid JSON: it is no object'],
    ['{"a":1}', 'is not a baseline of tlsfp'],
    ['{"tlsfp_baseline":9}', 'is a baseline of version 9, this tlsfp reads 1'],
    ['{"tlsfp_baseline":1,"captures":{},"hellos":[]}', 'the baseline is broken: hellos is no object'],
    [
      '{"tlsfp_baseline":1,"hellos":{},"captures":{"a":{"clients":[{"hello":"x","count":1}],"servers":[]}}}',
      'captures["a"].clients[0].hello names none of "hellos"',
    ],
  ])('%s', (json, words) => {
    expect(() => parseBaseline(json, 'b.json')).toThrow(
      `b.json: ${words}`.replace('b.json: captures', 'captures'),
    );
  });

  test('that is not there is told with what helps', async () => {
    const missing = join(folder.path, 'none.json');
    const { code, stderr } = await cli('check', captures, '--baseline', missing);
    expect(code).toBe(3);
    expect(stderr).toBe(`tlsfp: ${missing}: there is no baseline yet; write it with --update\n`);
  });
});
