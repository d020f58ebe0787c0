import type { BatchSet } from '../core/views.js';
import type { ColumnSpec } from '../schema/column.js';
import type { CaptureRow } from '../schema/tables.js';
import { ByteWriter } from './byte-writer.js';
import type { Cell, OutputColumn } from './cells.js';
import { type Output, type OutputTarget, openOutput } from './output.js';
import { OutputColumns, type OutputRows } from './output-columns.js';
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
  /** Written once before all rows; empty if there is no header. */
  header(specs: readonly ColumnSpec[]): Uint8Array;
  /** Writer of a whole line, its end included. */
  line(columns: readonly OutputColumn[]): Cell;
}

/** Bytes after which the text goes out within a batch. */
const CHUNK_BYTES = 1 << 18;

/** Rows as lines of text, straight from the memory of the core, out as soon as a batch is there. */
export class TextSink implements Sink {
  readonly layout = 'wide';
  readonly #format: TextFormat;
  readonly #columns: OutputColumns;
  readonly #target: OutputTarget;
  readonly #writer = new ByteWriter();
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
    this.#open();
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
    const output = this.#open();
    await output.write(this.#writer.take());
    await output.close();
  }

  #open(): Output {
    if (this.#output === null) {
      this.#output = openOutput(this.#target);
      this.#writer.put(this.#format.header(this.#columns.specs));
    }
    return this.#output;
  }

  async #write({ rows, columns }: OutputRows): Promise<void> {
    if (rows === 0 || this.finished) return;
    const output = this.#open();
    const line = this.#format.line(columns);
    for (let row = 0; row < rows; row++) {
      line(row, this.#writer);
      // The batch stays borrowed while this waits: the caller awaits.
      if (this.#writer.length >= CHUNK_BYTES - 8192) await output.write(this.#writer.take());
    }
    await output.write(this.#writer.take());
  }
}
