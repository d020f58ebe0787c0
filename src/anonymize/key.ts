import { readFileSync } from 'node:fs';
import { UsageError } from '../errors.js';

/** Fewer characters can be tried out, whatever each try costs. */
const LEAST = 12;

/**
 * The key that `--anonymize` names: `env:NAME` and `file:PATH` keep it out of the list of processes and the history of
 * the shell; anything else is the key itself.
 *
 * @throws UsageError it is not there, or too short
 */
export function anonymizationKey(argument: string): string {
  const key = readKey(argument);
  if (key.length >= LEAST) return key;
  throw new UsageError(`the key of --anonymize is too short (${key.length} characters)`, {
    hint: `use ${LEAST} characters or more, for example from: openssl rand -base64 24`,
  });
}

function readKey(argument: string): string {
  if (argument.startsWith('env:')) {
    const name = argument.slice(4);
    const value = process.env[name];
    if (value !== undefined) return value;
    throw new UsageError(`--anonymize ${argument}: the variable ${name} is not set`);
  }
  if (!argument.startsWith('file:')) return argument;
  try {
    return readFileSync(argument.slice(5), 'utf8').trim();
  } catch (cause) {
    throw new UsageError(`--anonymize ${argument}: cannot be read: ${(cause as Error).message}`, { cause });
  }
}
