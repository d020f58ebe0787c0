import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { loadCommands } from '../../src/cli/commands/all.js';
import { describeCommand } from '../../src/cli/describe.js';
import { cli } from '../support/cli.js';
import { temporaryFolder } from '../support/core-rows.js';

const folder = temporaryFolder();
afterAll(() => folder.remove());

async function script(shell: string): Promise<string> {
  const { stdout, code } = await cli('completion', shell);
  expect(code).toBe(0);
  return folder.write(`tlsfp.${shell}`, stdout);
}

const missing = (shell: string) => spawnSync(shell, ['-c', 'true']).status !== 0;

describe('completion in bash', async () => {
  const path = await script('bash');
  test.each([
    [['an'], ['analyze']],
    [
      ['diff', 'old.pcap', 'new.pcap', '--by', ''],
      ['host', 'sni', 'app'],
    ],
    [['check', '--no-'], ['--no-counts']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['info', '--js'], ['--json']],
  ])('tlsfp %j', (words, expected) => {
    const commands = `source ${path}; COMP_WORDS=(tlsfp "$@"); COMP_CWORD=$#; _tlsfp; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const out = execFileSync('bash', ['-c', commands, 'bash', ...words], { encoding: 'utf8' });
    expect(out.trimEnd().split('\n')).toEqual(expected);
  });
});

test.skipIf(missing('fish'))('completion in fish', async () => {
  const path = await script('fish');
  const complete = (line: string) =>
    execFileSync('fish', ['-N', '-c', `source ${path}; complete -C '${line}'`], { encoding: 'utf8' })
      .trimEnd()
      .split('\n')
      .map((l) => l.split('\t')[0]);
  expect(complete('tlsfp expl')).toEqual(['explain']);
  expect(complete('tlsfp diff a b --exit')).toEqual(['--exit-code']);
  expect(complete('tlsfp check a --reporter ')).toEqual(['github', 'gitlab', 'junit', 'text']);
});

test.skipIf(missing('zsh'))('the script for zsh is one that zsh takes', async () => {
  const path = await script('zsh');
  const commands = `autoload -U compinit; compinit -u -D; source ${path}; print $_comps[tlsfp]`;
  expect(execFileSync('zsh', ['-fc', commands], { encoding: 'utf8' })).toBe('_tlsfp\n');
});

test('every command and option is in every script, and in the manual page', async () => {
  const texts: string[] = [];
  for (const shell of ['bash', 'zsh', 'fish']) texts.push((await cli('completion', shell)).stdout);
  const manual = readFileSync('docs/man/tlsfp.1', 'utf8').replaceAll('\\-', '-');
  for (const command of (await loadCommands(undefined, () => {})).map(describeCommand)) {
    for (const text of [...texts, manual]) expect(text).toContain(command.name);
    for (const { name } of command.options) {
      const flag = new RegExp(`(--(no-)?|-l (no-)?)${name}\\b`);
      for (const text of [...texts, manual]) expect(text).toMatch(flag);
    }
  }
});
