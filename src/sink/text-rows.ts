import { type EachLine, type LineFormat, type LinePart, LineWriter } from '../core/lines.js';
import type { BatchSet } from '../core/views.js';
import type { ColumnSpec } from '../schema/column.js';
import type { CaptureRow } from '../schema/tables.js';
import { type OutputColumn, OutputColumns, type OutputRows } from './output-columns.js';

/** How rows look in a format of lines. */
export interface TextFormat {
  /** Which of the core's formats the values are written in. */
  readonly lines: LineFormat;
  /** Written once before all rows; empty if there is no header. */
  header(specs: readonly ColumnSpec[]): Uint8Array;
  /** What stands before the value of a column, `index` counted from 0. */
  before(spec: ColumnSpec, index: number): Uint8Array;
  /** A value that is the same in all rows, as text. */
  constant(text: string): string;
}

const encoder = new TextEncoder();

/** Rows of one table as lines of text. */
export class TextRows {
  readonly #format: TextFormat;
  readonly #columns: OutputColumns;
  readonly #module: WebAssembly.Module | undefined;
  #writer: LineWriter | null = null;

  /**
   * @param module compiled core, when another thread has compiled it already
   * @throws UsageError the table or a column does not exist
   */
  constructor(
    format: TextFormat,
    table: string,
    columns: readonly string[] | undefined,
    module?: WebAssembly.Module,
  ) {
    this.#format = format;
    this.#columns = new OutputColumns(table, columns);
    this.#module = module;
  }

  /** What it takes from each group of the core. */
  get wanted(): Record<string, ReadonlySet<string>> {
    return this.#columns.wanted;
  }

  /** What stands before all rows. */
  get header(): Uint8Array {
    return this.#format.header(this.#columns.specs);
  }

  /** The capture that the next batches are of. */
  begin(path: string): Promise<void> {
    return this.#columns.begin(path);
  }

  /** Lines of a batch, in pieces, each borrowed until the next is taken; the batch stays borrowed until the last was. */
  ofBatch(batches: BatchSet): Iterable<Uint8Array> {
    return this.#lines(this.#columns.ofBatch(batches));
  }

  /** `ofBatch` with the place of each line. */
  eachOfBatch(batches: BatchSet): Iterable<EachLine> {
    const rows = this.#columns.ofBatch(batches);
    return rows.rows === 0 ? [] : this.#writerOf().writeEach(this.#parts(rows), rows.rows);
  }

  /** The line of a capture that ended; none for other tables. */
  ofCapture(row: CaptureRow): Iterable<Uint8Array> {
    return this.#lines(this.#columns.ofCapture(row));
  }

  #lines(rows: OutputRows): Iterable<Uint8Array> {
    return rows.rows === 0 ? [] : this.#writerOf().write(this.#parts(rows), rows.rows);
  }

  #writerOf(): LineWriter {
    this.#writer ??= new LineWriter(this.#format.lines, this.#module);
    return this.#writer;
  }

  #parts({ columns }: OutputRows): LinePart[] {
    return columns.map((column, index) => this.#part(column, index));
  }

  #part(column: OutputColumn, index: number): LinePart {
    const before = this.#format.before(column.spec, index);
    if (!('constant' in column)) return { before, column };
    return { before, column: { text: encoder.encode(this.#format.constant(column.constant)) } };
  }
}
