import { type LineFormat, type LinePart, LineWriter } from '../core/lines.js';
import type { BatchSet } from '../core/views.js';
import type { ColumnSpec } from '../schema/column.js';
import type { CaptureRow } from '../schema/tables.js';

import { type Output, type OutputTarget, openOutput } from './output.js';
import { type OutputColumn, OutputColumns, type OutputRows } from './output-columns.js';
import type { Sink, SinkCapture } from './sink.js';

/** What a sink of rows as text is told. */
export interface TextSinkOptions {
  /** `client_hellos` (default), `server_hellos`, `certificates`, `captures`. */
  readonly table?: string;
  /** Only these, in this order; default: all. */
  readonly columns?: readonly string[];
  /** Path of a file, or a stream that stays open. */
  readonly out: OutputTarget;
}

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

/** Rows as lines of text, out as soon as a batch is there. */
export class TextSink implements Sink {
  readonly layout = 'wide';
  readonly #format: TextFormat;
  readonly #columns: OutputColumns;
  readonly #target: OutputTarget;
  #writer: LineWriter | null = null;
  #output: Output | null = null;

  /** @throws UsageError the table or a column does not exist */
  constructor(format: TextFormat, options: TextSinkOptions) {
    this.#format = format;
    this.#columns = new OutputColumns(options.table ?? 'client_hellos', options.columns);
    this.#target = options.out;
  }

  get wanted(): Record<string, ReadonlySet<string>> {
    return this.#columns.wanted;
  }

  get finished(): boolean {
    return this.#output?.finished ?? false;
  }

  async begin(capture: SinkCapture): Promise<void> {
    await this.#open();
    await this.#columns.begin(capture.path);
  }

  write(batches: BatchSet): Promise<void> {
    return this.#write(this.#columns.ofBatch(batches));
  }

  end(row: CaptureRow): Promise<void> {
    return this.#write(this.#columns.ofCapture(row));
  }

  abandon(): void {
    // What went out cannot be called back; the error of the capture says that it is not all.
  }

  async close(): Promise<void> {
    await (await this.#open()).close();
  }

  async #open(): Promise<Output> {
    if (this.#output !== null) return this.#output;
    this.#output = openOutput(this.#target);
    const header = this.#format.header(this.#columns.specs);
    if (header.length > 0) await this.#output.write(header);
    return this.#output;
  }

  async #write({ rows, columns }: OutputRows): Promise<void> {
    if (rows === 0 || this.finished) return;
    const output = await this.#open();
    this.#writer ??= new LineWriter(this.#format.lines);
    const parts = columns.map((column, i) => this.#part(column, i));
    // The batch stays borrowed while this waits: the caller awaits.
    for (const lines of this.#writer.write(parts, rows)) await output.write(lines);
  }

  #part(column: OutputColumn, index: number): LinePart {
    const before = this.#format.before(column.spec, index);
    if (!('constant' in column)) return { before, column };
    return { before, column: { text: encoder.encode(this.#format.constant(column.constant)) } };
  }
}
