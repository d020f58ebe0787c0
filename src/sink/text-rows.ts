import { Fingerprinter, isKeyed, withKeys } from '../core/fingerprinter.js';
import { type EachLine, type LinePart, LineWriter } from '../core/lines.js';
import { type CoreExports, coreModule, defaultBuild, instantiate } from '../core/load.js';
import type { BatchSet } from '../core/views.js';
import type { CaptureRow } from '../schema/tables.js';
import { type OutputColumn, OutputColumns, type OutputRows } from './output-columns.js';
import type { LinePlan } from './sink.js';
import { TEXT_FORMATS, type TextFormat } from './text-format.js';

const encoder = new TextEncoder();

/** How lines are made. */
export interface TextRowsOptions {
  /** Compiled core, when another thread has compiled it already. */
  readonly module?: WebAssembly.Module | undefined;
  /** Take keys in place of fingerprints where these can stand for all that is wanted of contents, and compute them here. */
  readonly keyed?: boolean | undefined;
}

/** Rows of one table as lines of text. */
export class TextRows {
  readonly #format: TextFormat;
  readonly #columns: OutputColumns;
  readonly #module: WebAssembly.Module | undefined;
  /** Whether it takes keys in place of fingerprints. */
  readonly keyed: boolean;
  /** What makes lines, and fingerprints, with memory of its own: once there are rows. */
  #core: CoreExports | null = null;
  #writer: LineWriter | null = null;
  #fingerprinter: Fingerprinter | null = null;

  /** @throws UsageError the table or a column does not exist */
  constructor({ format, table, columns }: LinePlan, { module, keyed = false }: TextRowsOptions = {}) {
    this.#format = TEXT_FORMATS[format];
    this.#columns = new OutputColumns(table, columns);
    this.#module = module;
    this.keyed = keyed && isKeyed(this.#columns.wanted.hello_contents!);
  }

  /** What it takes from each group of the core. */
  get wanted(): Record<string, ReadonlySet<string>> {
    const { wanted } = this.#columns;
    return this.keyed ? { ...wanted, hello_contents: withKeys(wanted.hello_contents!) } : wanted;
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
  *ofBatch(batches: BatchSet): Generator<Uint8Array, void, undefined> {
    for (const whole of this.#whole(batches)) yield* this.#lines(this.#columns.ofBatch(whole));
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

  /** Batches with fingerprints. */
  #whole(batches: BatchSet): Iterable<BatchSet> {
    if (!this.keyed) return [batches];
    this.#fingerprinter ??= new Fingerprinter(this.#columns.wanted.hello_contents!, this.#coreOf());
    return this.#fingerprinter.complete(batches);
  }

  #lines(rows: OutputRows): Iterable<Uint8Array> {
    return rows.rows === 0 ? [] : this.#writerOf().write(this.#parts(rows), rows.rows);
  }

  #writerOf(): LineWriter {
    this.#writer ??= new LineWriter(this.#format.lines, this.#coreOf());
    return this.#writer;
  }

  #coreOf(): CoreExports {
    this.#core ??= instantiate(this.#module ?? coreModule(defaultBuild()));
    return this.#core;
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
