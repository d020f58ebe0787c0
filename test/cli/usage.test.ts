import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { cli } from '../support/cli.js';

const CAPTURE = 'fixtures/captures/openssl-3.0.pcap';

describe('a wrong command line: one line that helps, exit code 2', () => {
  test.each([
    [['analize', CAPTURE], 'there is no command analize; did you mean analyze? see tlsfp --help'],
    [['frobnicate'], 'there is no command frobnicate; see tlsfp --help'],
    [[], 'say what to do: `tlsfp analyze capture.pcap`; see tlsfp --help'],
    [
      ['analyze', CAPTURE, '--colums', 'sni'],
      'there is no option --colums; did you mean --columns? see tlsfp analyze --help',
    ],
    [
      ['analyze', CAPTURE, '--folow-on'],
      'there is no option --folow-on; did you mean --follow-on? see tlsfp analyze --help',
    ],
    [
      ['check', CAPTURE, '--baseline', 'b', '--no-count'],
      'there is no option --count; did you mean --counts? see tlsfp check --help',
    ],
    [['info', CAPTURE, '--qwertz'], 'there is no option --qwertz; see tlsfp info --help'],
    [['diff', CAPTURE], 'something is missing: tlsfp diff <old> <new>; see tlsfp diff --help'],
    [['check', CAPTURE], '--baseline is missing; see tlsfp check --help'],
    [
      ['diff', 'a', 'b', '--format', 'tabel'],
      '--format cannot be tabel; did you mean table? choose from table, json, ndjson; see tlsfp diff --help',
    ],
    [
      ['completion', 'tcsh'],
      'shell cannot be tcsh; choose from bash, zsh, fish; see tlsfp completion --help',
    ],
    [['analyze', CAPTURE, '--limit', 'max_flow=3'], 'there is no limit max_flow; did you mean max_flows?'],
    [
      ['analyze', CAPTURE, '--format', 'ndjson', '--columns', 'sni,ja44'],
      'no column ja44 in client_hellos; did you mean ja4?',
    ],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await cli(...args);
    expect(stderr).toBe(`tlsfp: ${message}\n`);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });
});

test.skipIf(process.platform === 'win32')('what a build makes can be started by its name', () => {
  expect(execFileSync('dist/cli/main.js', ['--version'], { encoding: 'utf8' })).toMatch(/^\d+\.\d+\.\d+\n$/);
});
