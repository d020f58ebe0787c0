import stringWidth from 'fast-string-width';

/** A column of a text table. */
export interface TableColumn {
  readonly name: string;
  /** Numbers stand on the right. */
  readonly numeric: boolean;
}

/** How a text table is laid out. */
export interface TableOptions {
  /** Columns of the terminal; without it (a pipe, a file) nothing is cut. */
  readonly width?: number | undefined;
}

/** Rows that decide the widths; later ones may be wider. */
export const MEASURED_ROWS = 1000;
/** A column is not made narrower than this to fit the terminal. */
const LEAST_WIDTH = 10;
const GAP = 2;

let segmenter: Intl.Segmenter | undefined;

/** Columns that a text takes on a terminal: wide characters two, combining ones none. */
export function textWidth(text: string): number {
  return stringWidth(text);
}

/** Control characters, which would act on the terminal, become `\xHH`; null is nothing. */
function shown(text: string | null): string {
  return (text ?? '').replace(/\p{Cc}/gu, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** Cut text to a width in terminal columns, with `…` where something went. */
export function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let kept = '';
  let used = 0;
  segmenter ??= new Intl.Segmenter();
  for (const { segment } of segmenter.segment(text)) {
    const next = used + stringWidth(segment);
    if (next > width - 1) break;
    kept += segment;
    used = next;
  }
  return `${kept}…`;
}

/** Widths that fit: the widest columns give way first, then columns at the end are left out. */
function fitted(natural: readonly number[], available: number): number[] {
  const widths = [...natural];
  const total = () => widths.reduce((sum, w) => sum + w, 0) + GAP * (widths.length - 1);
  while (total() > available) {
    const widest = Math.max(...widths);
    if (widest <= LEAST_WIDTH) {
      if (widths.length === 1) break;
      widths.pop();
      continue;
    }
    const second = Math.max(LEAST_WIDTH, ...widths.filter((w) => w < widest));
    const many = widths.filter((w) => w === widest).length;
    const target = Math.max(second, widest - Math.ceil((total() - available) / many));
    for (let i = 0; i < widths.length; i++)
      if (widths[i] === widest) widths[i] = Math.min(widest - 1, target);
  }
  return widths;
}

function lineOf(
  cells: readonly string[],
  columns: readonly TableColumn[],
  widths: readonly number[],
  exact: boolean,
): string {
  const parts = widths.map((width, i) => {
    const text = exact ? cut(cells[i]!, width) : cells[i]!;
    const pad = ' '.repeat(Math.max(0, width - stringWidth(text)));
    return columns[i]!.numeric ? pad + text : text + pad;
  });
  return `${parts.join(' '.repeat(GAP)).trimEnd()}\n`;
}

/** Lays out rows as a table of text, a head first; keeps no more than the rows that decide the widths. */
export class TextTable {
  readonly #columns: readonly TableColumn[];
  readonly #width: number | undefined;
  #waiting: string[][] | null = [];
  #widths: number[] = [];

  constructor(columns: readonly TableColumn[], options: TableOptions = {}) {
    this.#columns = columns;
    this.#width = options.width;
  }

  /** Take a row (null = SQL null); answers the text that is ready, often none. */
  row(cells: readonly (string | null)[]): string {
    const row = cells.map(shown);
    if (this.#waiting === null) return this.#line(row);
    this.#waiting.push(row);
    return this.#waiting.length < MEASURED_ROWS ? '' : this.#start();
  }

  /** The rest: what waited, and a word about columns that did not fit. */
  end(): string {
    const text = this.#waiting === null ? '' : this.#start();
    const missing = this.#columns.slice(this.#widths.length).map((c) => c.name);
    if (missing.length === 0) return text;
    return `${text}(${missing.length} more columns do not fit: ${cut(missing.join(', '), (this.#width ?? 80) - 32)})\n`;
  }

  #start(): string {
    const rows = this.#waiting!;
    this.#waiting = null;
    const names = this.#columns.map((c) => shown(c.name));
    const natural = names.map((name, i) =>
      Math.max(stringWidth(name), ...rows.map((r) => stringWidth(r[i]!))),
    );
    this.#widths = this.#width === undefined ? natural : fitted(natural, this.#width);
    const rule = this.#widths.map((w) => '─'.repeat(w)).join(' '.repeat(GAP));
    return `${this.#line(names)}${rule}\n${rows.map((r) => this.#line(r)).join('')}`;
  }

  #line(cells: readonly string[]): string {
    return lineOf(cells, this.#columns, this.#widths, this.#width !== undefined);
  }
}

/** A whole table as text. */
export function formatTable(
  columns: readonly TableColumn[],
  rows: Iterable<readonly (string | null)[]>,
  options: TableOptions = {},
): string {
  const table = new TextTable(columns, options);
  let text = '';
  for (const row of rows) text += table.row(row);
  return text + table.end();
}
