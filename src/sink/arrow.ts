import type { Schema } from 'apache-arrow';
import { recordBatch } from '../core/arrow.js';
import type { BatchSet, ColumnView } from '../core/views.js';
import { arrowSchema } from '../schema/arrow.js';
import type { CaptureRow } from '../schema/tables.js';
import { ArrowOutput } from './arrow-writer.js';
import { type OutputColumn, OutputColumns, type OutputRows } from './output-columns.js';
import type { Sink, SinkCapture } from './sink.js';
import type { TextSinkOptions } from './text-sink.js';

/** A column of the same text in each row, as Arrow has it. */
function repeated(column: Extract<OutputColumn, { constant: string }>): ColumnView {
  const { spec, rows, constant } = column;
  const text = Buffer.from(constant);
  const data = new Uint8Array(rows * text.length);
  for (let row = 0; row < rows; row++) data.set(text, row * text.length);
  const offsets = Int32Array.from({ length: rows + 1 }, (_, row) => row * text.length);
  return { spec, rows, nullCount: 0, validity: null, offsets, data, childOffsets: null };
}

/**
 * Rows as Arrow record batches over the memory of the core: IPC stream, or IPC file when the path ends in `.arrow`.
 * Uncompressed; text as Utf8, lists as List, times in nanoseconds.
 */
export class ArrowSink implements Sink {
  readonly layout = 'wide';
  readonly #options: TextSinkOptions;
  readonly #columns: OutputColumns;
  readonly #schema: Schema;
  #output: ArrowOutput | null = null;

  /** @throws UsageError the table or a column does not exist */
  constructor(options: TextSinkOptions) {
    this.#options = options;
    this.#columns = new OutputColumns(options.table ?? 'client_hellos', options.columns);
    this.#schema = arrowSchema(this.#columns.specs);
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

  close(): Promise<void> {
    return this.#open().close();
  }

  #open(): ArrowOutput {
    this.#output ??= new ArrowOutput(this.#schema, this.#options.out);
    return this.#output;
  }

  async #write({ rows, columns }: OutputRows): Promise<void> {
    if (rows === 0 || this.finished) return;
    const views = columns.map((c) => ('constant' in c ? repeated(c) : c));
    await this.#open().write(recordBatch(this.#schema, rows, views));
  }
}
