import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cli } from '../support/cli.js';
import { temporaryFolder } from '../support/core-rows.js';

const folder = temporaryFolder();
const CAPTURE = resolve('fixtures/captures/openssl-3.0.pcap');
const path = join(folder.path, 'tlsfp.config.json');

beforeEach(() => {
  mkdirSync(folder.path, { recursive: true });
  process.env.TLSFP_CONFIG = path;
});
afterEach(() => {
  delete process.env.TLSFP_CONFIG;
  delete process.env.TLSFP_TZ;
});
afterAll(() => folder.remove());

const write = (config: unknown) =>
  writeFileSync(path, typeof config === 'string' ? config : JSON.stringify(config));

describe('tlsfp.config.json', () => {
  test('gives options to the command it names', async () => {
    write({ info: { hash: false, tz: 'Asia/Tokyo' }, analyze: { format: 'csv', columns: 'sni' } });
    const info = (await cli('info', CAPTURE)).stdout;
    expect(info).not.toContain('SHA-256');
    expect(info).toContain('2026-11-21 09:06:17.239215000 UTC+9\n');
    expect((await cli('analyze', CAPTURE)).stdout.split('\n')[0]).toBe('sni');
  });

  test('the environment goes before it, and the command line before both', async () => {
    write({ info: { tz: 'Asia/Tokyo' } });
    process.env.TLSFP_TZ = 'Europe/Berlin';
    expect((await cli('info', CAPTURE)).stdout).toContain('UTC+1\n');
    expect((await cli('info', CAPTURE, '--tz', 'UTC')).stdout).toContain(' UTC\n');
  });

  test('options that a command must have may stand in it', async () => {
    const baseline = join(folder.path, 'baseline.json');
    write({ check: { baseline } });
    expect((await cli('check', CAPTURE, '--update')).code).toBe(0);
    expect((await cli('check', CAPTURE)).stdout).toBe('1 capture: as in the baseline\n');
  });

  test.each([
    ['{', 'the configuration is not valid JSON'],
    [[], 'the whole of the configuration is no object'],
    [{ inof: {} }, '"inof" of the configuration is no command; did you mean info?'],
    [{ info: { jsno: true } }, '"info": {"jsno"} of the configuration is no option; did you mean json?'],
    [{ info: { json: 'yes' } }, '"info": {"json"} of the configuration wants a boolean, not "yes"'],
    [{ info: 1 }, '"info" of the configuration is no object'],
  ])('%j is a fault with its place', async (config, words) => {
    write(config);
    const { code, stderr } = await cli('info', CAPTURE);
    expect(code).toBe(2);
    expect(stderr).toContain(`tlsfp: ${path}: ${words}`);
  });

  test('a file that is named has to be there', async () => {
    process.env.TLSFP_CONFIG = join(folder.path, 'none.json');
    expect((await cli('info', CAPTURE)).code).toBe(2);
  });
});
