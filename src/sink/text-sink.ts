import type { BatchSet } from '../core/views.js';
import type { CaptureRow } from '../schema/tables.js';
import { type Output, type OutputTarget, openOutput } from './output.js';
import type { LinePlan, Sink, SinkCapture } from './sink.js';
import { type TextFormat, TextRows } from './text-rows.js';

/** What a sink of rows as text is told. */
export interface TextSinkOptions {
  /** `client_hellos` (default), `server_hellos`, `certificates`, `captures`. */
  readonly table?: string;
  /** Only these, in this order; default: all. */
  readonly columns?: readonly string[];
  /** Path of a file, or a stream that stays open. */
  readonly out: OutputTarget;
}

/** Rows as lines of text, out as soon as a batch is there. */
export class TextSink implements Sink {
  readonly layout = 'wide';
  readonly lines: LinePlan;
  readonly #rows: TextRows;
  readonly #target: OutputTarget;
  #output: Output | null = null;

  /** @throws UsageError the table or a column does not exist */
  constructor(format: TextFormat, options: TextSinkOptions) {
    const table = options.table ?? 'client_hellos';
    this.lines = { format: format.lines, table, columns: options.columns };
    this.#rows = new TextRows(format, table, options.columns);
    this.#target = options.out;
  }

  get wanted(): Record<string, ReadonlySet<string>> {
    return this.#rows.wanted;
  }

  get finished(): boolean {
    return this.#output?.finished ?? false;
  }

  async begin(capture: SinkCapture): Promise<void> {
    await this.#open();
    await this.#rows.begin(capture.path);
  }

  write(batches: BatchSet): Promise<void> {
    // The batch stays borrowed while this waits: the caller awaits.
    return this.#write(this.#rows.ofBatch(batches));
  }

  async writeLines(lines: Uint8Array): Promise<void> {
    if (!this.finished) await (await this.#open()).write(lines);
  }

  end(row: CaptureRow): Promise<void> {
    return this.#write(this.#rows.ofCapture(row));
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
    const { header } = this.#rows;
    if (header.length > 0) await this.#output.write(header);
    return this.#output;
  }

  /** Write pieces that are borrowed until the next is taken. */
  async #write(pieces: Iterable<Uint8Array>): Promise<void> {
    if (this.finished) return;
    const output = await this.#open();
    for (const lines of pieces) await output.write(output.takesAtOnce ? lines : lines.slice());
  }
}
