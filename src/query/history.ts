import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** Entries that are kept. */
export const HISTORY_SIZE = 1000;

/** Where the shell's history is kept: the state folder of the XDG Base Directory Specification. */
export function historyPath(env: NodeJS.ProcessEnv = process.env): string {
  const state = env.XDG_STATE_HOME || join(homedir(), '.local', 'state');
  return join(state, 'tlsfp', 'query_history');
}

/** The entries, latest first (as readline has them); none when there is no file yet. */
export function readHistory(path: string): string[] {
  try {
    const lines = readFileSync(path, 'utf8').split('\n');
    return lines
      .filter((line) => line !== '')
      .slice(-HISTORY_SIZE)
      .reverse();
  } catch {
    return [];
  }
}

/** Keep the entries, for the user's eyes only. A history that cannot be written is no reason to stop. */
export function writeHistory(path: string, latestFirst: readonly string[]): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const lines = latestFirst.slice(0, HISTORY_SIZE).toReversed();
    writeFileSync(path, lines.map((line) => `${line}\n`).join(''), { mode: 0o600 });
  } catch {
    // Nobody asked for the history.
  }
}
