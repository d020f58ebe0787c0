import { readdirSync, readFileSync } from 'node:fs';
import { QueryError, UsageError } from '../errors.js';
import { isDatabase } from './open.js';
import { isParquet } from './parquet.js';
import type { QuerySession } from './session.js';
import { fillParameters, parametersOf, sqlString } from './sql-text.js';

/** Types of parameters: those of DuckDB, and `SOURCE`: the view `NAME_client_hellos` over what the value names. */
export const PARAMETER_TYPES = ['INTEGER', 'DOUBLE', 'VARCHAR', 'TIMESTAMP', 'SOURCE'] as const;

/** A parameter of a question; `fallback` is SQL's `NULL`, or a value, or null when it must be given. */
export interface Parameter {
  readonly name: string;
  readonly type: (typeof PARAMETER_TYPES)[number];
  readonly fallback: string | null;
  readonly meaning: string;
}

/** A question with a name: a file of `src/query/sql`, whose comment at the head says what it answers. */
export interface Question {
  readonly name: string;
  /** What it answers. */
  readonly meaning: string;
  readonly parameters: readonly Parameter[];
  readonly sql: string;
}

const FOLDER = new URL('./sql/', import.meta.url);
const PARAMETER = /^@param (?<name>\w+) (?<type>[A-Z]+)(?: = (?<fallback>[^:]+))?: (?<meaning>.+)$/;

/** Read the head of a question's file. */
export function parseQuestion(name: string, text: string): Question {
  const lines = text.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('--'));
  const head = lines.slice(0, end).map((line) => line.slice(2).trim());
  const parameters = head.filter((line) => line.startsWith('@')).map((line) => parseParameter(name, line));
  return {
    name,
    meaning: head.filter((line) => !line.startsWith('@')).join(' '),
    parameters,
    sql: lines.slice(end).join('\n').trim(),
  };
}

function parseParameter(question: string, line: string): Parameter {
  const { name, type, fallback, meaning } = PARAMETER.exec(line)?.groups ?? {};
  const known = PARAMETER_TYPES.find((t) => t === type);
  if (!name || !known || !meaning) throw new SyntaxError(`${question}.sql: ${line}`);
  return { name, type: known, fallback: fallback ?? null, meaning };
}

let cached: readonly Question[] | null = null;

/** All questions, by name. */
export function questions(): readonly Question[] {
  cached ??= readdirSync(FOLDER)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => parseQuestion(file.slice(0, -4), readFileSync(new URL(file, FOLDER), 'utf8')));
  return cached;
}

/** The question of that name, if there is one. */
export function questionNamed(name: string): Question | undefined {
  return questions().find((question) => question.name === name);
}

/** What a question is called with its parameters: `top-clients [top=20]`. */
export function usageOf({ name, parameters }: Question): string {
  const words = parameters.map((p) => (p.fallback === null ? `${p.name}=...` : `[${p.name}=${p.fallback}]`));
  return [name, ...words].join(' ');
}

/**
 * Values of `name=value` texts.
 * @throws UsageError
 */
export function parseValues(texts: readonly string[]): Map<string, string> {
  return new Map(
    texts.map((text) => {
      const at = text.indexOf('=');
      if (at > 0) return [text.slice(0, at).trim(), text.slice(at + 1)];
      throw new UsageError(`a parameter is given as name=value, not ${text || 'nothing'}`);
    }),
  );
}

/**
 * SQL of a question with its parameters filled in, ready to run in the session.
 * @throws UsageError a parameter is missing, not known, or not of its type
 */
export async function sqlOfQuestion(
  session: QuerySession,
  question: Question,
  values: ReadonlyMap<string, string>,
): Promise<string> {
  for (const name of values.keys()) {
    if (!question.parameters.some((p) => p.name === name)) throw unknown(question, name);
  }
  const literals = new Map<string, string>();
  for (const parameter of question.parameters) {
    const value = values.get(parameter.name) ?? parameter.fallback;
    if (value === null) {
      throw new UsageError(`${question.name} wants ${parameter.name}: ${parameter.meaning}`, {
        hint: `add --param ${parameter.name}=...`,
      });
    }
    if (parameter.type === 'SOURCE') await openAgainst(session, parameter.name, value);
    else literals.set(parameter.name, await literal(session, parameter, value));
  }
  return fillParameters(question.sql, literals);
}

/**
 * SQL of the user with `$name` filled in, as text.
 * @throws UsageError a value has no place in it, or a place no value
 */
export function sqlWithValues(sql: string, values: ReadonlyMap<string, string>): string {
  const wanted = parametersOf(sql);
  for (const name of values.keys()) {
    if (!wanted.includes(name))
      throw new UsageError(`the SQL has no $${name}`, {
        hint: `it has ${wanted.map((w) => `$${w}`).join(', ') || 'no parameters'}`,
      });
  }
  const missing = wanted.find((name) => !values.has(name));
  if (missing) throw new UsageError(`the SQL wants $${missing}`, { hint: `add --param ${missing}=...` });
  return fillParameters(sql, new Map([...values].map(([name, value]) => [name, sqlString(value)])));
}

function unknown(question: Question, name: string): UsageError {
  const known = question.parameters.map((p) => p.name).join(', ');
  return new UsageError(`${question.name} has no parameter ${name}`, {
    hint: known ? `it has ${known}` : 'it has none',
  });
}

async function literal(session: QuerySession, parameter: Parameter, value: string): Promise<string> {
  if (value === 'NULL') return `NULL::${parameter.type}`;
  const cast = `CAST(${sqlString(value)} AS ${parameter.type})`;
  const [row] = await session.rows(`SELECT TRY_${cast} IS NOT NULL AS fits`);
  if (row?.fits === true) return cast;
  throw new UsageError(`${parameter.name} wants ${WORDS[parameter.type]}, not ${value || 'nothing'}`, {
    hint: parameter.meaning,
  });
}

const WORDS: Record<Parameter['type'], string> = {
  INTEGER: 'a whole number',
  DOUBLE: 'a number',
  VARCHAR: 'text',
  TIMESTAMP: 'a time such as 2026-01-31 or 2026-01-31 12:00:00',
  SOURCE: 'a database, Parquet file or captures',
};

/** Make the view `NAME_client_hellos` over what a path names. */
async function openAgainst(session: QuerySession, name: string, path: string): Promise<void> {
  let rows = `client_hellos(${sqlString(path)})`;
  if (isDatabase(path)) {
    await session.execute(`DETACH DATABASE IF EXISTS ${name}_database`);
    await session.execute(`ATTACH ${sqlString(path)} AS ${name}_database (READ_ONLY)`);
    rows = `${name}_database.client_hellos`;
  } else if (isParquet(path)) rows = `read_parquet(${sqlString(path)})`;
  try {
    await session.execute(`CREATE OR REPLACE TEMP VIEW ${name}_client_hellos AS FROM ${rows}`);
  } catch (cause) {
    if (!isDatabase(path)) throw cause;
    throw new QueryError('a DuckDB database, but not one of tlsfp', { path, cause });
  }
}
