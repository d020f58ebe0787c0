import { PHYSICAL } from '../schema/ddl.js';
import { CAPTURES, CERTIFICATES, CLIENT_HELLOS, SERVER_HELLOS } from '../schema/tables.js';
import { questions } from './questions.js';
import type { QuerySession } from './session.js';
import { COMMANDS, MODES } from './shell-commands.js';

const KEYWORDS = (
  'SELECT FROM WHERE GROUP BY ORDER HAVING LIMIT OFFSET JOIN LEFT INNER USING ON AS AND OR NOT IN IS NULL LIKE ILIKE ' +
  'BETWEEN CASE WHEN THEN ELSE END DISTINCT COUNT UNION ALL WITH DESC ASC DESCRIBE SUMMARIZE EXPLAIN OVER PARTITION FILTER ' +
  'COPY CREATE TABLE VIEW INTERVAL QUALIFY WINDOW UNNEST VALUES'
).split(' ');

/** Functions that are ours. */
const FUNCTIONS = [
  ...[CLIENT_HELLOS, SERVER_HELLOS, CERTIFICATES, CAPTURES].map((table) => `${table.name}(`),
  'handshakes(',
  'fingerprints(',
  'version_name(',
  'cipher_name(',
  'group_name(',
  'extension_name(',
  'signature_name(',
];

/** Tables that are stored and that the views are made of: nobody's business. */
const HIDDEN: ReadonlySet<string> = new Set(
  Object.values(PHYSICAL)
    .map((table) => table.name as string)
    .filter((name) => name !== 'labels')
    .concat('tlsfp_meta'),
);

/** Tables and views of a session with their columns. */
export async function tablesOf(session: QuerySession): Promise<Map<string, string[]>> {
  const rows = await session.rows(
    `SELECT table_name, list(column_name ORDER BY ordinal_position) AS names FROM information_schema.columns
     WHERE table_catalog NOT IN ('system') GROUP BY table_name ORDER BY table_name`,
  );
  return new Map(
    rows
      .map(({ table_name, names }) => [String(table_name), names as string[]] as const)
      .filter(([name]) => !HIDDEN.has(name)),
  );
}

/** Completes tables, columns, functions, keywords, named questions and commands of the shell. */
export class Completion {
  #tables = new Map<string, string[]>();

  /** Look what there is now. */
  async refresh(session: QuerySession): Promise<void> {
    this.#tables = await tablesOf(session);
  }

  /**
   * What the word at the end of `line` may become, and that word.
   * @param before what was entered on the lines before
   */
  complete(line: string, before = ''): [string[], string] {
    const word = /[\w.-]*$/.exec(line)![0];
    const first = before === '' && line.trim() === word;
    const own = word.slice(word.lastIndexOf('.', word.length - 1) + 1);
    if (before === '' && line.startsWith('.')) return this.#command(line, word);
    const starting = first ? questions().map((question) => question.name) : [];
    const like = own.toLowerCase();
    const names = [
      ...starting,
      ...this.#tables.keys(),
      ...(first ? [] : this.#columns(`${before} ${line}`)),
      ...FUNCTIONS,
    ];
    const keywords = KEYWORDS.map((k) => (own !== '' && own === like ? k.toLowerCase() : k));
    const hits = [...new Set([...names, ...keywords])].filter((name) => name.toLowerCase().startsWith(like));
    return [hits, own];
  }

  #command(line: string, word: string): [string[], string] {
    const [name = ''] = line.split(/\s/);
    if (name === line) return [COMMANDS.map((c) => c.name).filter((c) => c.startsWith(line)), line];
    const values: Record<string, () => string[]> = {
      '.schema': () => [...this.#tables.keys()],
      '.mode': () => [...MODES],
      '.questions': () => questions().map((question) => question.name),
    };
    return [(values[name]?.() ?? []).filter((value) => value.startsWith(word)), word];
  }

  /** Columns of the tables that are named already, or of all. */
  #columns(sql: string): string[] {
    const named = [...this.#tables].filter(([table]) => new RegExp(`\\b${table}\\b`, 'i').test(sql));
    return (named.length > 0 ? named : [...this.#tables]).flatMap(([, columns]) => columns);
  }
}
