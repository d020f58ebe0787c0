import type { DuckDBDataChunk } from '@duckdb/node-api';
import type { Progress } from '../analyze.js';
import { captureRow } from '../capture-row.js';
import { columnOf } from '../core/build.js';
import { Core } from '../core/core.js';
import { captureSteps, type ReadResult } from '../core/read.js';
import type { BatchSet, ColumnView } from '../core/views.js';
import { TlsfpError } from '../errors.js';
import type { CertificateReader } from '../sink/certificate.js';
import { fillChunkColumn } from '../sink/duckdb-fill.js';
import { type ConstantColumn, type OutputColumn, OutputColumns } from '../sink/output-columns.js';
import { FileSource } from '../source/file.js';
import type { CaptureSource } from '../source/source.js';
import type { ScanInput } from './functions.js';
import { WaitingSource } from './waiting-source.js';

/** Bytes of input after which rows are handed over, so that `LIMIT` and Ctrl-C need not wait for a full batch. */
const FLUSH_BYTES = 8 << 20;

/** What a scan tells, and what it needs that takes time to load. */
export interface ScanOptions {
  readonly reader: CertificateReader | null;
  readonly onProgress: (progress: Progress) => void;
  readonly onError: (error: TlsfpError) => void;
}

/** One walk over captures that fills chunks of a query with the columns of one table. Everything in it is synchronous. */
export class Scan {
  readonly #core: Core;
  readonly #columns: OutputColumns;
  readonly #inputs: readonly ScanInput[];
  readonly #options: ScanOptions;
  #next = 0;
  #source: CaptureSource | null = null;
  #steps: Generator<BatchSet | Promise<number>, ReadResult, number | undefined> | null = null;
  #rows = 0;
  #at = 0;
  #views: readonly OutputColumn[] = [];
  /** The path of the capture, once for each row of the largest chunk of it so far. */
  #path: ColumnView | null = null;

  constructor(table: string, columns: readonly string[], inputs: readonly ScanInput[], options: ScanOptions) {
    this.#columns = new OutputColumns(table, columns, options.reader);
    this.#core = new Core({ layout: 'wide' });
    this.#core.project(this.#columns.wanted);
    this.#inputs = inputs;
    this.#options = options;
  }

  /** Fill the chunk with the next rows; false, and no rows, at the end. @throws CoreTrapError */
  fill(chunk: DuckDBDataChunk, max: number): boolean {
    while (this.#at === this.#rows) {
      if (!this.#advance()) {
        chunk.rowCount = 0;
        this.close();
        return false;
      }
    }
    const count = Math.min(max, this.#rows - this.#at);
    chunk.rowCount = count;
    this.#views.forEach((column, index) => {
      if ('constant' in column) fillChunkColumn(chunk, index, this.#paths(column, count), 0, count);
      else fillChunkColumn(chunk, index, column, this.#at, count);
    });
    this.#at += count;
    return true;
  }

  /** The path in at least so many rows. Most captures have few, or none. */
  #paths({ spec, constant }: ConstantColumn, rows: number): ColumnView {
    if (this.#path === null || this.#path.rows < rows) {
      this.#path = columnOf(spec, Array<string>(rows).fill(constant));
    }
    return this.#path;
  }

  /** Give files back. */
  close(): void {
    void this.#source?.close();
    this.#source = null;
    this.#steps = null;
    this.#next = this.#inputs.length;
    this.#rows = this.#at = 0;
  }

  /** Have further rows, or know that this step brought none; false when there is no more input. */
  #advance(): boolean {
    this.#rows = this.#at = 0;
    if (this.#steps === null) return this.#open();
    const step = this.#steps.next();
    if (step.done) {
      this.#end(step.value.error);
      return true;
    }
    this.#take(this.#columns.ofBatch(step.value as BatchSet));
    return true;
  }

  #take(output: { readonly rows: number; readonly columns: readonly OutputColumn[] }): void {
    this.#rows = output.rows;
    this.#views = output.columns;
  }

  #open(): boolean {
    const index = this.#next++;
    const input = this.#inputs[index];
    if (!input) return false;
    try {
      this.#source = input.plain
        ? new FileSource(input.path)
        : new WaitingSource(input.path, input.size, input.compression);
    } catch (error) {
      if (!(error instanceof TlsfpError)) throw error;
      this.#options.onError(error);
      return true;
    }
    this.#columns.beginSync(input.path);
    this.#path = null;
    const { path: name, size } = input;
    const count = this.#inputs.length;
    this.#steps = captureSteps(this.#core, this.#source, index + 1, {
      flushBytes: FLUSH_BYTES,
      onProgress: (_, position) => {
        this.#options.onProgress({ path: name, index: index + 1, count, position, size });
        return true;
      },
    });
    return true;
  }

  #end(error: TlsfpError | null): void {
    const source = this.#source!;
    if (error) this.#options.onError(error);
    this.#take(this.#columns.ofCapture(captureRow(source, this.#core.state(), error)));
    void source.close();
    this.#source = null;
    this.#steps = null;
  }
}
