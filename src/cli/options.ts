import { UsageError } from '../errors.js';
import { LIMITS, type LimitName } from '../schema/limits.js';
import { hintFor } from '../suggest.js';

/** Formats of `--format`. */
export const FORMATS = ['table', 'ndjson', 'csv', 'arrow', 'parquet'] as const;
export type Format = (typeof FORMATS)[number];

/** Tables of `--table`. */
export const TABLES = ['client_hellos', 'server_hellos', 'handshakes', 'certificates', 'captures'] as const;
export type Table = (typeof TABLES)[number];

/**
 * Values of `--limit name=value`.
 * @throws UsageError
 */
export function parseLimits(texts: readonly string[]): { [K in LimitName]?: number } {
  const limits: { [K in LimitName]?: number } = {};
  for (const text of texts) {
    const [name = '', value = ''] = text.split('=');
    const limit = LIMITS.find((l) => l.name === name);
    if (!limit) {
      const names = LIMITS.map((l) => l.name);
      throw new UsageError(`there is no limit ${name}`, {
        hint: hintFor(name, names, `limits: ${names.join(', ')}`),
      });
    }
    if (!/^\d+$/.test(value))
      throw new UsageError(`--limit ${name} wants a whole number, not ${value || 'nothing'}`);
    limits[limit.name] = Number(value);
  }
  return limits;
}

/** Threads of `--jobs N`. */
export function parseJobs(jobs: number): number {
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= 256) return jobs;
  throw new UsageError(`--jobs wants a whole number from 1 to 256, not ${jobs}`);
}

/** Names of `--columns a,b,c`. */
export function parseColumns(text: string | undefined): string[] | undefined {
  const names = text
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return names?.length ? names : undefined;
}

/** A second signal so soon is the same Ctrl-C: `npx` and `timeout` pass on what the process got itself already. */
const SAME_SIGNAL_MS = 500;

/** An abort signal that fires at Ctrl-C or SIGTERM; a second one of these ends the process at once. */
export function interruptible(): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (first === 0) {
        first = Date.now();
        controller.abort();
      } else if (Date.now() - first > SAME_SIGNAL_MS) process.exit(130);
    });
  }
  return controller.signal;
}
