import type { LineFormat } from '../core/lines.js';
import type { BatchSet } from '../core/views.js';
import type { CaptureRow } from '../schema/tables.js';
import type { LinesThread } from './lines-thread.js';
import { type Output, type OutputTarget, openOutput } from './output.js';
import type { LinePlan, Sink, SinkCapture } from './sink.js';
import { TextRows } from './text-rows.js';

/** What a sink of rows as text is told. */
export interface TextSinkOptions {
  /** `client_hellos` (default), `server_hellos`, `certificates`, `captures`. */
  readonly table?: string;
  /** Only these, in this order; default: all. */
  readonly columns?: readonly string[];
  /** Path of a file, or a stream that stays open. */
  readonly out: OutputTarget;
  /**
   * Whether, with so many rows so far, lines are to be made in another thread from now on, beside the analysis. It is asked only
   * where that thread can compute fingerprints too, of JA3 and JA4 alone. Left out: they never are.
   */
  readonly beside?: ((rows: number) => boolean) | undefined;
}

/** Rows as lines of text, out as soon as a batch is there. */
export class TextSink implements Sink {
  readonly layout = 'wide';
  readonly lines?: LinePlan;
  readonly #plan: LinePlan;
  readonly #rows: TextRows;
  readonly #target: OutputTarget;
  readonly #beside: ((rows: number) => boolean) | undefined;
  #output: Output | null = null;
  #thread: LinesThread | null = null;
  #path = '';
  #seen = 0;

  /** @throws UsageError the table or a column does not exist */
  constructor(format: LineFormat, options: TextSinkOptions) {
    const { table = 'client_hellos', columns } = options;
    this.#plan = { format, table, columns };
    this.#rows = new TextRows(this.#plan, { keyed: options.beside !== undefined });
    this.#beside = this.#rows.keyed ? options.beside : undefined;
    // Lines that others make would not come in between those of the thread.
    if (!this.#rows.keyed) this.lines = this.#plan;
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
    this.#path = capture.path;
    await this.#rows.begin(capture.path);
    this.#thread?.begin(capture.path);
  }

  async write(batches: BatchSet): Promise<void> {
    if (this.#thread === null && this.#isMany(batches)) await this.#startThread();
    if (this.#thread !== null) {
      this.#thread.give(batches);
      return this.#writeReady(false);
    }
    // The batch stays borrowed while this waits: the caller awaits.
    return this.#write(this.#rows.ofBatch(batches));
  }

  async writeLines(lines: Uint8Array): Promise<void> {
    if (!this.finished) await (await this.#open()).write(lines);
  }

  async end(row: CaptureRow): Promise<void> {
    await this.#writeReady(true);
    await this.#write(this.#rows.ofCapture(row));
  }

  /** What went out cannot be called back; the error of the capture says that it is not all. */
  abandon(): Promise<void> {
    return this.#writeReady(true);
  }

  async close(): Promise<void> {
    await this.#thread?.close();
    await (await this.#open()).close();
  }

  #isMany(batches: BatchSet): boolean {
    this.#seen += batches.client_hellos.rows;
    return this.#beside?.(this.#seen) ?? false;
  }

  async #startThread(): Promise<void> {
    const { LinesThread: Thread } = await import('./lines-thread.js');
    this.#thread = new Thread(this.#plan);
    this.#thread.begin(this.#path);
  }

  /** Write what lines of the thread are there, or all that are to come. */
  async #writeReady(all: boolean): Promise<void> {
    if (this.#thread === null) return;
    const output = await this.#open();
    for await (const lines of this.#thread.lines(all)) {
      if (!this.finished) await output.write(lines);
      if (output.takesAtOnce) this.#thread.putBack(lines);
    }
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
