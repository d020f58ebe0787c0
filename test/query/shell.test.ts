import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, describe, expect, test } from 'vitest';
import { Completion } from '../../src/query/completion.js';
import { historyPath, readHistory, writeHistory } from '../../src/query/history.js';
import { Shell } from '../../src/query/shell.js';
import { temporaryFolder } from '../support/core-rows.js';
import { hello, KNOWN_JA4, sessionOf } from './support.js';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const HELLOS = [
  hello({ ja4: KNOWN_JA4 }),
  hello({ ja4: KNOWN_JA4, src_ip: '10.0.0.2' }),
  hello({ sni: null }),
];

/** What the shell says to these lines. */
async function say(...lines: string[]): Promise<string> {
  const session = await sessionOf({ hellos: HELLOS });
  const input = new PassThrough();
  const output = new PassThrough();
  const shell = new Shell(session, { input, output, history: null, title: 'known' });
  const chunks: Buffer[] = [];
  output.on('data', (chunk: Buffer) => chunks.push(chunk));
  const over = shell.run();
  input.end(lines.map((line) => `${line}\n`).join(''));
  expect(await over).toBe(0);
  await session.close();
  return Buffer.concat(chunks).toString();
}

describe('the shell', () => {
  test('statements on several lines, several on one line, one without its end', async () => {
    const text = await say('.mode csv', 'SELECT count(*)', '  AS n -- ; not yet', 'FROM client_hellos;');
    expect(text).toBe('n\n3\n');
    expect(await say('.mode csv', 'SELECT 1 AS a; SELECT 2 AS b;')).toBe('a\n1\nb\n2\n');
    expect(await say('.mode csv', 'SELECT 3 AS c')).toBe('c\n3\n');
  });

  test('named questions with parameters', async () => {
    const text = await say('.mode csv', 'top-clients top=1', "who-talks-to sni='%example%';");
    expect(text).toContain(`${KNOWN_JA4},curl 8,2,2,1,www.example.com,`);
    expect(text.match(/^10\.0\.0\./gm)).toHaveLength(2);
    expect(await say('top-clients tops=1')).toContain('no parameter tops; it has top');
  });

  test('what there is: .tables, .schema, .questions, .help', async () => {
    const tables = await say('.tables');
    expect(tables).toMatch(/^client_hellos +3 +\d+$/m);
    expect(tables).not.toMatch(/facts|contents|tlsfp_meta/);
    expect(await say('.schema labels')).toMatch(/^kind +VARCHAR/m);
    expect(await say('.schema client_hellos')).toMatch(/^sni +VARCHAR +first host_name/m);
    expect(await say('.schema')).toMatch(/^client_hellos\(capture, packet, /m);
    expect(await say('.questions')).toMatch(/^host-drift host=\.\.\.$/m);
    expect(await say('.questions beacons')).toContain('stddev_pop(gap)');
    expect(await say('.help')).toMatch(/^\.export FILE/m);
  });

  test('modes and export of the last answer', async () => {
    const file = join(folder.path, 'answer.ndjson');
    const text = await say('.mode ndjson', 'SELECT 1 AS a;', `.export ${file}`);
    expect(text).toBe(`{"a":1}\nwritten to ${file}\n`);
    expect(readFileSync(file, 'utf8')).toBe('{"a":1}\n');
    expect(await say('.export x.csv')).toContain('no answer to export yet');
    expect(await say('SELECT 1;', '.export x.doc')).toContain('cannot tell the format of x.doc');
    expect(await say('.mode pretty')).toContain('modes: table, ndjson, csv');
  });

  test('faults end nothing and show their place', async () => {
    const text = await say('SELECT jaa FROM client_hellos;', '.tabels', 'SELECT 42 AS fine;');
    expect(text).toContain('LINE 1: SELECT jaa FROM client_hellos\n               ^');
    expect(text).toContain('there is no command .tabels; did you mean .tables?');
    expect(text).toContain('42');
  });

  test('.quit leaves at once', async () => {
    expect(await say('.quit', 'SELECT 42 AS never;')).toBe('');
  });
});

test('completion: tables, their columns, questions, commands and what they take', async () => {
  const session = await sessionOf({ hellos: [] });
  const completion = new Completion();
  await completion.refresh(session);
  await session.close();
  expect(completion.complete('SELECT * FROM client_h')).toEqual([
    ['client_hellos', 'client_hellos('],
    'client_h',
  ]);
  expect(completion.complete('SELECT ja4_r')[0]).toEqual(['ja4_r', 'ja4_ro']);
  expect(completion.complete('SELECT c.ja4_r')).toEqual([['ja4_r', 'ja4_ro'], 'ja4_r']);
  expect(completion.complete('path', 'FROM client_hellos')[0]).toEqual([]);
  expect(completion.complete('path', 'FROM captures')[0]).toEqual(['path']);
  expect(completion.complete('top')[0]).toEqual(['top-clients']);
  expect(completion.complete('SELECT * FROM top')[0]).not.toContain('top-clients');
  expect(completion.complete('SELECT * wher')).toEqual([['where'], 'wher']);
  expect(completion.complete('.s')).toEqual([['.schema'], '.s']);
  expect(completion.complete('.schema fing')).toEqual([['fingerprints'], 'fing']);
  expect(completion.complete('.mode ')[0]).toEqual(['table', 'ndjson', 'csv']);
  expect(completion.complete('.questions bea')[0]).toEqual(['beacons']);
});

test('history: where XDG wants it, for the user alone, the latest first', () => {
  expect(historyPath({ XDG_STATE_HOME: '/s' })).toBe(join('/s', 'tlsfp', 'query_history'));
  const path = join(folder.path, 'state', 'tlsfp', 'query_history');
  expect(readHistory(path)).toEqual([]);
  writeHistory(path, ['second', 'first']);
  expect(readFileSync(path, 'utf8')).toBe('first\nsecond\n');
  expect(readHistory(path)).toEqual(['second', 'first']);
  expect(statSync(path).mode & 0o077).toBe(0);
});

const hasScript = spawnSync('script', ['--version']).status === 0;

describe.runIf(hasScript)('on a terminal', () => {
  /** Types `keys` one after the other, each when its text to wait for has come. */
  async function type(keys: readonly (readonly [string, string])[]): Promise<string> {
    const database = join(folder.path, 'known.duckdb');
    if (!existsSync(database)) await (await sessionOf({ hellos: HELLOS }, database)).close();
    const command = `${process.execPath} dist/cli/main.js query ${database}`;
    const env = { ...process.env, XDG_STATE_HOME: join(folder.path, 'tty'), TERM: 'xterm' };
    const child = spawn('script', ['-qec', command, '/dev/null'], { env });
    let text = '';
    let seen = 0;
    child.stdout.on('data', (chunk: Buffer) => (text += chunk));
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    for (const [wanted, key] of keys) {
      await expect.poll(() => text.indexOf(wanted, seen), { timeout: 60_000 }).toBeGreaterThanOrEqual(0);
      seen = text.length;
      child.stdin.write(key);
    }
    expect(await ended).toBe(0);
    return text;
  }

  test('Tab completes, Ctrl-C stops the question and not the shell, Ctrl-D leaves; lines become one entry', async () => {
    const text = await type([
      ['tlsfp> ', 'SELECT count(*) + 990 AS n\r'],
      ['... ', 'FROM client_hel\t'],
      ['client_hellos', ';\r'],
      ['tlsfp> ', 'SELECT count(*) FROM range(1000000000000) a, range(1000000) b;\r'],
      ['b;', '\x03'],
      ['stopped', 'SELECT 40 + 2 AS x;\r'],
      ['tlsfp> ', '\x04'],
    ]);
    expect(text).toContain('993');
    expect(text).toContain('(1 row, ');
    expect(text).toMatch(/\b42\b/);
    const history = readFileSync(join(folder.path, 'tty', 'tlsfp', 'query_history'), 'utf8').split('\n');
    expect(history[0]).toBe('SELECT count(*) + 990 AS n FROM client_hellos;');
    expect(history[2]).toBe('SELECT 40 + 2 AS x;');
  });
});
