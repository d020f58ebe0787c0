import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';

/** What a command prints, or null when there is no such command. */
export function output(command: string, ...args: string[]): string | null {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return null;
  }
}

/** Load of the machine over the last minute, as text. */
export function load(): string {
  return loadavg()[0]!.toFixed(1);
}

/** The machine, the program and the time, as lines of Markdown. */
export function describeMachine(command: string): string {
  const commit = output('git', 'describe', '--always', '--dirty', '--abbrev=12') ?? 'unknown';
  const lscpu = output('lscpu') ?? '';
  const caches = [...lscpu.matchAll(/^(L[123]\w?) cache:\s+(.*)$/gm)]
    .map((m) => `${m[1]} ${m[2]}`)
    .join(', ');
  return [
    `- date: ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    `- command: \`${command}\``,
    `- commit: ${commit}`,
    `- processor: ${cpus()[0]?.model.trim() ?? 'unknown'}, ${cpus().length} of them${caches ? `; ${caches}` : ''}`,
    `- memory: ${(totalmem() / 2 ** 30).toFixed(0)} GiB; kernel ${release()}`,
    `- Node ${process.version}, V8 ${process.versions.v8}`,
    `- load over the last minute when it began: ${load()}`,
    ...(process.env.NODE_EXTRA_CA_CERTS === undefined
      ? []
      : [
          '- NODE_EXTRA_CA_CERTS, set here, is not passed on: with it Node reads certificates at every start',
        ]),
  ].join('\n');
}

/** The machine in a word, for the name of a record. */
export function machineName(): string {
  const words = (cpus()[0]?.model ?? 'machine').replace(/\(.*?\)|CPU|Processor|@.*$/g, ' ').trim();
  return `${words
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/-$/, '')}-${cpus().length}`;
}
