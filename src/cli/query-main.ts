import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { isDynamicPattern } from 'tinyglobby';
import { UsageError } from '../errors.js';
import { openDirect } from '../query/direct.js';
import { nearest } from '../query/nearest.js';
import { isDatabase, openQuery } from '../query/open.js';
import { isParquet } from '../query/parquet.js';
import { questionList, questionText } from '../query/question-text.js';
import { parseValues, questionNamed, questions, sqlOfQuestion, sqlWithValues } from '../query/questions.js';
import type { QuerySession } from '../query/session.js';
import { formatOfName } from '../sink/format-name.js';
import type { Format } from './options.js';
import { ProgressBar } from './progress.js';
import { complain, widthOf } from './terminal.js';

/** What `tlsfp query` was asked. */
export interface QueryRequest {
  /** Sources, and behind them the question, if there is one. */
  readonly words: readonly string[];
  readonly params: readonly string[];
  readonly format: Format | undefined;
  readonly out: string | undefined;
  readonly list: boolean;
  readonly write: boolean;
  readonly quiet: boolean;
}

const STATEMENT =
  /^\s*(--|\/\*|\(|(select|from|with|describe|show|summarize|pivot|unpivot|explain|values|table|create|insert|update|delete|drop|alter|copy|attach|detach|set|reset|pragma|call|checkpoint|vacuum)\b)/i;

const isSql = (word: string) => STATEMENT.test(word) || (/\s/.test(word) && !existsSync(word));

/**
 * Which words are sources and which is the question: SQL, the name of a question, or `-` for SQL from standard input.
 * @throws UsageError
 */
export function divideWords(words: readonly string[]): { sources: string[]; question: string | undefined } {
  const last = words.at(-1);
  if (last === undefined) return { sources: [], question: undefined };
  const before = words.slice(0, -1);
  if (isSql(last)) return { sources: before, question: last };
  if (before.length === 0) {
    if (!questionNamed(last) || existsSync(last)) return { sources: [last], question: undefined };
    throw new UsageError(`${last} is a question; asked of what?`, { hint: `tlsfp query FILE ${last}` });
  }
  if (last === '-' || questionNamed(last)) return { sources: before, question: last };
  if (existsSync(last) || isDynamicPattern(last) || !/^[a-z][a-z0-9_-]*$/i.test(last)) {
    return { sources: [...words], question: undefined };
  }
  const meant = nearest(
    last,
    questions().map((q) => q.name),
  );
  throw new UsageError(`there is no question ${last}`, {
    hint: meant ? `did you mean ${meant}?` : 'tlsfp query --list shows them all',
  });
}

/** Run `tlsfp query`; answers the exit code. */
export async function queryMain(request: QueryRequest): Promise<number> {
  if (request.list) return showQuestions(request);
  const { sources, question } = divideWords(request.words);
  const format = request.format ?? (request.out === undefined ? 'table' : formatOfName(request.out));
  if (question === undefined) return interact(request, sources);
  const values = parseValues(request.params);
  const named = questionNamed(question);
  const sql = named ? null : sqlWithValues(await sqlText(question, sources), values);
  const progress = new ProgressBar();
  const show = (p: Parameters<ProgressBar['update']>[0]) => {
    if (!request.quiet) progress.update(p);
  };
  const session = await open(request, sources, sql, show);
  try {
    const asked = named ? await sqlOfQuestion(session, named, values) : sql!;
    const out = request.out ?? process.stdout;
    await session.run(asked, { format, out, onRows: () => progress.stop() });
    for (const error of session.errors) complain(error.message);
    return session.errors.length > 0 ? 3 : 0;
  } finally {
    progress.stop();
    await session.close();
  }
}

async function sqlText(question: string, sources: readonly string[]): Promise<string> {
  if (question !== '-') return question;
  if (sources.includes('-')) {
    throw new UsageError('standard input cannot be both the capture and the question', {
      hint: 'give the SQL as an argument',
    });
  }
  return text(process.stdin);
}

async function open(
  request: QueryRequest,
  sources: readonly string[],
  sql: string | null,
  onProgress: (progress: Parameters<ProgressBar['update']>[0]) => void,
): Promise<QuerySession> {
  const captures = !sources.some((source) => isDatabase(source) || isParquet(source));
  if (sql !== null && captures && !request.write) {
    const direct = await openDirect(sources, sql, onProgress);
    if (direct) return direct;
  }
  return openQuery(sources, { write: request.write, strict: true, onProgress });
}

async function interact(request: QueryRequest, sources: readonly string[]): Promise<number> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    throw new UsageError('there is no question', {
      hint: 'give SQL, - to read SQL from standard input, or the name of a question (tlsfp query --list)',
    });
  }
  const progress = new ProgressBar();
  const { Shell, historyPath } = await import('../query/shell.js');
  let session: QuerySession;
  try {
    session = await openQuery(sources, {
      write: request.write,
      strict: true,
      onProgress: (p) => progress.update(p),
    });
  } finally {
    progress.stop();
  }
  session.functions.onProgress = () => {};
  try {
    const shell = new Shell(session, {
      input: process.stdin,
      output: process.stdout,
      history: historyPath(),
      title: sources.join(' ') || "no source: try FROM client_hellos('*.pcap')",
      format: request.format,
    });
    for (const error of session.errors) complain(error.message);
    return await shell.run();
  } finally {
    await session.close();
  }
}

/** `--list`: the questions, or the SQL of the one that is named. */
function showQuestions(request: QueryRequest): number {
  const [name] = request.words.slice(-1);
  if (name === undefined) {
    process.stdout.write(questionList(widthOf(process.stdout)));
    return 0;
  }
  const question = questionNamed(name);
  if (!question) {
    const meant = nearest(
      name,
      questions().map((q) => q.name),
    );
    throw new UsageError(`there is no question ${name}`, { hint: meant && `did you mean ${meant}?` });
  }
  process.stdout.write(`${questionText(question)}\n`);
  return 0;
}
