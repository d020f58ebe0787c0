/** How the values of a column are read and shown. Code points become names before they reach the page. */
export type ValueFormat =
  | 'text'
  | 'code'
  | 'count'
  | 'share'
  | 'bytes'
  | 'time'
  | 'duration'
  | 'version'
  | 'cipher'
  | 'group';

/** A column of a question: its heading, and how its values are shown. */
export interface FigureColumn {
  /** Name in the SQL. */
  readonly name: string;
  readonly label: string;
  readonly format: ValueFormat;
}

/** A question behind a figure. */
export interface FigureQuery {
  /** What its table is called where a figure has several. */
  readonly title: string;
  readonly sql: string;
  readonly columns: readonly FigureColumn[];
}

/** How the rows of the first question are drawn; `table` draws none. */
export type ChartKind = 'timeline' | 'shares-over-time' | 'bars' | 'matrix' | 'offered' | 'latency' | 'table';

/** One figure of the report. */
export interface Figure {
  readonly id: string;
  readonly section: string;
  readonly title: string;
  /** What it says and how to read it, a sentence or two. */
  readonly note: string;
  readonly chart: ChartKind;
  /** Half the width of a wide page. */
  readonly half?: boolean;
  readonly queries: readonly FigureQuery[];
}

const column =
  (format: ValueFormat) =>
  (name: string, label: string = name): FigureColumn => ({ name, label, format });

/** Columns by format: `count('hellos')`. */
export const text = column('text');
export const code = column('code');
export const count = column('count');
export const share = column('share');
export const bytes = column('bytes');
export const time = column('time');
export const duration = column('duration');
export const version = column('version');
export const cipher = column('cipher');
export const group = column('group');
