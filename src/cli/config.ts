import { readFileSync } from 'node:fs';
import { UsageError } from '../errors.js';
import { hintFor } from '../suggest.js';
import type { CommandDescription, OptionDescription } from './describe.js';

/** Where options are looked for that are not on the command line. */
export const CONFIG_FILE = 'tlsfp.config.json';

/** Options that the environment may set, for commands that have them. */
const FROM_ENVIRONMENT: Readonly<Record<string, string>> = {
  TLSFP_JOBS: 'jobs',
  TLSFP_TZ: 'tz',
  TLSFP_BASELINE: 'baseline',
  TLSFP_REPORTER: 'reporter',
  TLSFP_ANONYMIZE: 'anonymize',
};

/** Variables that mean something, for the manual. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.entries(FROM_ENVIRONMENT).map(([name, option]) => [name, `the same as --${option}`]),
  ),
  TLSFP_CONFIG: `the configuration file, in place of ${CONFIG_FILE}`,
  TLSFP_NO_WASM_SIMD: '1: use the core without SIMD',
  TLSFP_DEBUG: '1: show where an error came from',
  NO_COLOR: 'anything: no colours',
};

type Values = Record<string, unknown>;

function readConfig(): { path: string; json: unknown } | null {
  const named = process.env.TLSFP_CONFIG;
  const path = named || CONFIG_FILE;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (!named && (cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new UsageError(`the configuration cannot be read: ${(cause as Error).message}`, { path, cause });
  }
  try {
    return { path, json: JSON.parse(text) };
  } catch (cause) {
    throw new UsageError(`the configuration is not valid JSON: ${(cause as Error).message}`, { path, cause });
  }
}

function objectAt(value: unknown, path: string, where: string): Values {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Values;
  throw new UsageError(`${where} of the configuration is no object`, {
    path,
    hint: 'write options by command: {"check": {"baseline": "captures/baseline.json"}}',
  });
}

/** Kinds of JSON values that an option takes. */
function accepts(option: OptionDescription, value: unknown): boolean {
  if (option.many && Array.isArray(value)) return value.every((v) => typeof v === 'string');
  if (option.choices.length > 0) return option.choices.includes(String(value));
  return typeof value === option.kind;
}

function checkOption(command: CommandDescription, name: string, value: unknown, path: string): void {
  const option = command.options.find((o) => o.name === name);
  const where = `"${command.name}": {"${name}"} of the configuration`;
  if (!option) {
    const names = command.options.map((o) => o.name);
    throw new UsageError(`${where} is no option`, {
      path,
      hint: hintFor(name, names, `options: ${names.join(', ')}`),
    });
  }
  if (accepts(option, value)) return;
  const wants = option.choices.length > 0 ? `one of ${option.choices.join(', ')}` : `a ${option.kind}`;
  throw new UsageError(`${where} wants ${wants}, not ${JSON.stringify(value)}`, { path });
}

/**
 * Options of a command from the configuration file and the environment, which goes before it.
 *
 * @throws UsageError the file is broken, or names what does not exist
 */
export function configured(command: CommandDescription, commands: readonly string[]): Values {
  const values: Values = {};
  const config = readConfig();
  if (config) {
    const root = objectAt(config.json, config.path, 'the whole');
    for (const name of Object.keys(root)) {
      if (commands.includes(name)) continue;
      const hint = hintFor(name, commands, `commands: ${commands.join(', ')}`);
      throw new UsageError(`"${name}" of the configuration is no command`, { path: config.path, hint });
    }
    const own = objectAt(root[command.name] ?? {}, config.path, `"${command.name}"`);
    for (const [name, value] of Object.entries(own)) checkOption(command, name, value, config.path);
    Object.assign(values, own);
  }
  for (const [variable, name] of Object.entries(FROM_ENVIRONMENT)) {
    const value = process.env[variable];
    const option = command.options.find((o) => o.name === name);
    if (value !== undefined && value !== '' && option)
      values[name] = option.kind === 'number' ? Number(value) : value;
  }
  return values;
}
