import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a command took. */
export interface Cost {
  /** Seconds. */
  readonly wall: number;
  readonly user: number;
  readonly system: number;
  /** Largest resident size, bytes. */
  readonly memory: number;
  readonly exitCode: number;
  /** What it wrote to standard error. */
  readonly errors: string;
}

/** Where this is set, Node reads a store of certificates at every start: 0.04 s that are no program's. */
const { NODE_EXTRA_CA_CERTS: _, ...ENVIRONMENT } = process.env;

/**
 * Run a command, its output thrown away, and say what it took: bash has the times to a millisecond, GNU time knows the
 * largest resident size.
 */
export function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Cost {
  const folder = mkdtempSync(join(tmpdir(), 'tlsfp-bench-'));
  try {
    const script = `TIMEFORMAT='%3R %3U %3S'; time /usr/bin/time -q -f %M -o ${folder}/memory "$@" >/dev/null 2>${folder}/errors`;
    const shell = spawnSync('bash', ['-c', script, 'bash', ...args], {
      encoding: 'utf8',
      env: { ...ENVIRONMENT, ...env },
    });
    const times = shell.stderr.trim().split(/\s+/).slice(-3).map(Number);
    const memory = Number(readFileSync(join(folder, 'memory'), 'utf8').trim()) * 1024;
    const exitCode = shell.status ?? 1;
    const errors = readFileSync(join(folder, 'errors'), 'utf8');
    if (exitCode !== 0) process.stderr.write(`${args[0]} ended with ${exitCode}: ${errors}\n`);
    return { wall: times[0]!, user: times[1]!, system: times[2]!, memory, exitCode, errors };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
