import { spawnSync } from 'node:child_process';
import { type Libc, loadLibc } from '../../../src/live/libc.js';

/** Say loudly that tests are left out: nobody should take their silence for success. */
function missing(tests: string, why: string): true {
  process.stderr.write(`\n*** NOT TESTED: ${tests}: ${why} ***\n\n`);
  return true;
}

/** koffi, where live rings can run at all; null elsewhere. */
export async function libcOrNull(tests: string): Promise<Libc | null> {
  try {
    return await loadLibc();
  } catch (error) {
    missing(tests, (error as Error).message);
    return null;
  }
}

/** Whether programs that a test needs are missing. */
export function lacks(tests: string, ...programs: readonly string[]): boolean {
  for (const program of programs) {
    const found = spawnSync('sh', ['-c', `command -v ${program}`]);
    if (found.status !== 0) return missing(tests, `${program} is not installed`);
  }
  return false;
}

/** Whether this process may not make network namespaces. */
export function lacksNamespaces(tests: string): boolean {
  if (lacks(tests, 'ip')) return true;
  const name = `tlsfp-probe-${process.pid}`;
  const made = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' });
  if (made.status !== 0) return missing(tests, `cannot make a network namespace (${made.stderr.trim()})`);
  spawnSync('ip', ['netns', 'del', name]);
  return false;
}
