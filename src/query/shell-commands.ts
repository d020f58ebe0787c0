import { UsageError } from '../errors.js';
import type { ColumnSpec } from '../schema/column.js';
import { CAPTURES, PUBLIC_TABLES } from '../schema/tables.js';
import { formatTable } from '../sink/table.js';
import { tablesOf } from './completion.js';
import { nearest } from './nearest.js';
import { questionList, questionText } from './question-text.js';
import { questionNamed, questions } from './questions.js';
import type { QuerySession } from './session.js';
import { sqlName } from './sql-text.js';

/** Forms of `.mode`. */
export const MODES = ['table', 'ndjson', 'csv'] as const;
export type Mode = (typeof MODES)[number];

/** What commands may do with the shell. */
export interface ShellState {
  readonly session: QuerySession;
  readonly width: number;
  mode: Mode;
  /** The last question, as SQL. */
  readonly last: string | null;
  print(text: string): void;
  /** Write the rows of SQL to a file, in the format that its name tells. */
  export(sql: string, path: string): Promise<void>;
  quit(): void;
}

interface Command {
  readonly name: string;
  readonly takes: string;
  readonly meaning: string;
  readonly run: (shell: ShellState, argument: string) => void | Promise<void>;
}

/** What begins with a point. */
export const COMMANDS: readonly Command[] = [
  { name: '.help', takes: '', meaning: 'this list', run: (shell) => shell.print(help(shell.width)) },
  { name: '.tables', takes: '', meaning: 'tables and views, with their rows', run: showTables },
  { name: '.schema', takes: '[TABLE]', meaning: 'columns, and what they mean', run: showSchema },
  { name: '.questions', takes: '[NAME]', meaning: 'named questions, or the SQL of one', run: showQuestions },
  { name: '.mode', takes: MODES.join('|'), meaning: 'how answers look', run: setMode },
  {
    name: '.export',
    takes: 'FILE',
    meaning: 'the last answer as .csv, .ndjson, .arrow or .parquet',
    run: exportLast,
  },
  { name: '.quit', takes: '', meaning: 'leave (or Ctrl-D)', run: (shell) => shell.quit() },
];

/** Run a line that begins with a point. @throws UsageError, and what the command throws */
export async function runCommand(shell: ShellState, line: string): Promise<void> {
  const [, name = '', argument = ''] = /^(\S+)\s*(.*?)\s*;?\s*$/.exec(line) ?? [];
  const known = name === '.exit' ? '.quit' : name;
  const command = COMMANDS.find((c) => c.name === known);
  if (command) return command.run(shell, argument);
  const meant = nearest(
    name,
    COMMANDS.map((c) => c.name),
  );
  throw new UsageError(`there is no command ${name}`, {
    hint: meant ? `did you mean ${meant}?` : 'see .help',
  });
}

function help(width: number): string {
  const rows = COMMANDS.map((c) => [`${c.name} ${c.takes}`.trim(), c.meaning]);
  rows.push(
    ['SELECT ...;', 'SQL, on as many lines as you like, up to ;'],
    ['NAME [parameter=value ...]', 'a named question, e.g. top-clients top=5'],
    ["FROM client_hellos('*.pcap');", 'straight from captures; also server_hellos, certificates, captures,'],
    ['', 'handshakes, fingerprints'],
    [
      'version_name(v), group_name(v), ...',
      'names of code points; also cipher_name, extension_name, signature_name',
    ],
    ['Tab, Ctrl-C, Ctrl-D', 'complete; stop the question; leave'],
  );
  const left = Math.max(...rows.map(([name]) => name!.length)) + 2;
  return rows.map(([name, meaning]) => `${`${name!.padEnd(left)}${meaning}`.slice(0, width)}\n`).join('');
}

async function showTables(shell: ShellState): Promise<void> {
  const rows: string[][] = [];
  for (const [name, columns] of await tablesOf(shell.session)) {
    const [count] = await shell.session.rows(`SELECT count(*)::VARCHAR AS n FROM ${sqlName(name)}`);
    rows.push([name, String(count!.n), String(columns.length)]);
  }
  const head = [
    { name: 'table', numeric: false },
    { name: 'rows', numeric: true },
    { name: 'columns', numeric: true },
  ];
  shell.print(formatTable(head, rows, { width: shell.width }));
}

const MEANINGS = new Map<string, string>(
  [...PUBLIC_TABLES, CAPTURES].flatMap((table) =>
    (table.columns as readonly ColumnSpec[]).map((c) => [`${table.name}.${c.name}`, c.meaning] as const),
  ),
);

async function showSchema(shell: ShellState, table: string): Promise<void> {
  const tables = await tablesOf(shell.session);
  if (table === '') {
    for (const [name, columns] of tables) shell.print(`${name}(${columns.join(', ')})\n`);
    return;
  }
  if (!tables.has(table)) {
    const meant = nearest(table, [...tables.keys()]);
    throw new UsageError(`there is no table ${table}`, {
      hint: meant ? `did you mean ${meant}?` : 'see .tables',
    });
  }
  const described = await shell.session.rows(`DESCRIBE ${sqlName(table)}`);
  const rows = described.map(({ column_name: name, column_type: type }) => {
    const meaning = MEANINGS.get(`${table}.${name}`) ?? MEANINGS.get(`client_hellos.${name}`) ?? '';
    return [String(name), String(type), meaning];
  });
  const head = ['column', 'type', 'meaning'].map((name) => ({ name, numeric: false }));
  shell.print(formatTable(head, rows, { width: shell.width }));
}

function showQuestions(shell: ShellState, name: string): void {
  if (name === '') {
    shell.print(questionList(shell.width));
    return;
  }
  const question = questionNamed(name);
  if (question) {
    shell.print(`${questionText(question)}\n`);
    return;
  }
  const meant = nearest(
    name,
    questions().map((q) => q.name),
  );
  throw new UsageError(`there is no question ${name}`, {
    hint: meant ? `did you mean ${meant}?` : 'see .questions',
  });
}

function setMode(shell: ShellState, argument: string): void {
  const mode = MODES.find((m) => m === argument);
  if (!mode)
    throw new UsageError(`there is no mode ${argument || '(none given)'}`, {
      hint: `modes: ${MODES.join(', ')}`,
    });
  shell.mode = mode;
}

async function exportLast(shell: ShellState, path: string): Promise<void> {
  if (path === '') throw new UsageError('.export wants a file', { hint: '.export answer.csv' });
  if (shell.last === null) throw new UsageError('there is no answer to export yet', { hint: 'ask first' });
  await shell.export(shell.last, path);
  shell.print(`written to ${path}\n`);
}
