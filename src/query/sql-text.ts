/** Parts of SQL that matter to somebody who does not parse it. */
export type SqlPartKind = 'text' | 'string' | 'quoted' | 'comment' | 'semicolon' | 'parameter';

/** A part of an SQL text, `[start, end)`. */
export interface SqlPart {
  readonly kind: SqlPartKind;
  readonly start: number;
  readonly end: number;
  /** False: a string, quoted name or comment that the text ends in. */
  readonly closed: boolean;
}

const OPENING =
  /(?<escape>\b[eE]')|(?<string>')|(?<quoted>")|(?<line>--)|(?<block>\/\*)|(?<dollar>\$(?:[A-Za-z_]\w*)?\$)|(?<parameter>\$[A-Za-z_]\w*)|(?<semicolon>;)/g;

/** Where a quotation ends that began before `from`: behind its closing mark, which doubled stands for itself. */
function endOfQuoted(sql: string, from: number, mark: string, backslash: boolean): number {
  for (let at = from; at < sql.length; at++) {
    if (backslash && sql[at] === '\\') at++;
    else if (sql[at] === mark) {
      if (sql[at + 1] !== mark) return at + 1;
      at++;
    }
  }
  return -1;
}

/** Block comments nest. */
function endOfComment(sql: string, from: number): number {
  const marks = /\/\*|\*\//g;
  marks.lastIndex = from;
  let depth = 1;
  for (let mark = marks.exec(sql); mark; mark = marks.exec(sql)) {
    depth += mark[0] === '/*' ? 1 : -1;
    if (depth === 0) return marks.lastIndex;
  }
  return -1;
}

function after(sql: string, from: number, mark: string): number {
  const at = sql.indexOf(mark, from);
  return at < 0 ? -1 : at + mark.length;
}

function partAt(sql: string, found: RegExpExecArray): SqlPart {
  const start = found.index;
  const from = start + found[0].length;
  const groups = found.groups!;
  const part = (kind: SqlPartKind, end: number): SqlPart => ({
    kind,
    start,
    end: end < 0 ? sql.length : end,
    closed: end >= 0,
  });
  if (groups.escape) return part('string', endOfQuoted(sql, from, "'", true));
  if (groups.string) return part('string', endOfQuoted(sql, from, "'", false));
  if (groups.quoted) return part('quoted', endOfQuoted(sql, from, '"', false));
  if (groups.line) return { ...part('comment', after(sql, from, '\n')), closed: true };
  if (groups.block) return part('comment', endOfComment(sql, from));
  if (groups.dollar) return part('string', after(sql, from, found[0]));
  return part(groups.semicolon ? 'semicolon' : 'parameter', from);
}

/** Take SQL to pieces as DuckDB does: quotations, comments, `$name` and semicolons, with the text between. */
export function* sqlParts(sql: string): Generator<SqlPart> {
  const opening = new RegExp(OPENING);
  let at = 0;
  for (let found = opening.exec(sql); found; found = opening.exec(sql)) {
    const part = partAt(sql, found);
    if (part.start > at) yield { kind: 'text', start: at, end: part.start, closed: true };
    yield part;
    at = opening.lastIndex = part.end;
  }
  if (at < sql.length) yield { kind: 'text', start: at, end: sql.length, closed: true };
}

/** The statements of a text, without their semicolons; `complete` says whether the last one had one. */
export function splitStatements(sql: string): { statements: string[]; complete: boolean } {
  const statements: string[] = [];
  let from = 0;
  let anything = false;
  for (const part of sqlParts(sql)) {
    if (part.kind === 'semicolon') {
      if (anything) statements.push(sql.slice(from, part.start));
      from = part.end;
      anything = false;
    } else if (part.kind !== 'comment' && sql.slice(part.start, part.end).trim() !== '') anything = true;
  }
  if (anything) statements.push(sql.slice(from));
  return { statements, complete: !anything };
}

/**
 * On one line, without comments: for a history of one line per entry. Null when that cannot be, since a string or name
 * goes over lines.
 */
export function onOneLine(sql: string): string | null {
  let text = '';
  for (const { kind, start, end } of sqlParts(sql)) {
    const piece = sql.slice(start, end);
    const quoted = kind === 'string' || kind === 'quoted';
    if (quoted && piece.includes('\n')) return null;
    const plain = kind === 'comment' ? ' ' : piece.replace(/\s+/g, ' ');
    text += quoted ? piece : text.endsWith(' ') ? plain.trimStart() : plain;
  }
  return text.trim();
}

/** Put SQL in place of every `$name` that `values` has. */
export function fillParameters(sql: string, values: ReadonlyMap<string, string>): string {
  let text = '';
  for (const part of sqlParts(sql)) {
    const piece = sql.slice(part.start, part.end);
    text += (part.kind === 'parameter' ? values.get(piece.slice(1)) : undefined) ?? piece;
  }
  return text;
}

/** Names of the parameters, each once. */
export function parametersOf(sql: string): string[] {
  const names = new Set<string>();
  for (const part of sqlParts(sql)) {
    if (part.kind === 'parameter') names.add(sql.slice(part.start + 1, part.end));
  }
  return [...names];
}

/** Text as an SQL string. */
export function sqlString(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Text as an SQL name. */
export function sqlName(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
