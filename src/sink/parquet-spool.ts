import { renameSync, rmSync, statSync } from 'node:fs';
import type { BatchSet } from '../core/views.js';
import type { CaptureRow } from '../schema/tables.js';
import { DuckDBSink } from './duckdb.js';
import { sinkError } from './duckdb-open.js';
import { selectColumns } from './output-columns.js';
import { writeParquet } from './parquet.js';
import type { FileSink } from './rotate.js';
import type { SinkCapture } from './sink.js';

/** Which rows a Parquet file is made of. */
export interface SpoolOptions {
  readonly table: string;
  readonly columns?: readonly string[];
}

/** Bytes that a row takes in a Parquet file, until one was written that tells. */
const FIRST_ROW_BYTES = 250;
let rowBytes = FIRST_ROW_BYTES;

const SPOOL = '.spool.duckdb';

function query(options: SpoolOptions): string {
  const names = selectColumns(options.table, options.columns).map((c) => `"${c.name}"`);
  return `SELECT ${names.join(', ')} FROM ${options.table}`;
}

function removeSpool(path: string): void {
  for (const file of [path, `${path}.wal`]) rmSync(file, { force: true });
}

/**
 * A Parquet file from rows that come over a long time. The format is written in one go, so the rows wait in a database
 * beside it, where a crash leaves them readable.
 */
export class ParquetSpool implements FileSink {
  readonly layout = 'narrow';
  readonly #path: string;
  readonly #spool: string;
  readonly #options: SpoolOptions;
  readonly #sink: DuckDBSink;
  #rows = 0;

  private constructor(path: string, spool: string, options: SpoolOptions, sink: DuckDBSink) {
    this.#path = path;
    this.#spool = spool;
    this.#options = options;
    this.#sink = sink;
  }

  /** @throws SinkError, UsageError */
  static async open(path: string, options: SpoolOptions): Promise<ParquetSpool> {
    query(options);
    const spool = `${path}${SPOOL}`;
    return new ParquetSpool(path, spool, options, await DuckDBSink.open(spool));
  }

  /**
   * Make the file that a killed run had no time for.
   *
   * @param spool any file that such a run may have left
   * @returns the path of the Parquet file, or null when `spool` is not its database, or is still in use
   */
  static async recover(spool: string, options: SpoolOptions): Promise<string | null> {
    if (!spool.endsWith(SPOOL)) return null;
    const path = spool.slice(0, -SPOOL.length);
    let sink: DuckDBSink;
    try {
      sink = await DuckDBSink.open(spool);
    } catch (error) {
      if (/lock/i.test(String(error))) return null;
      throw error;
    }
    await new ParquetSpool(path, spool, options, sink).close();
    return path;
  }

  get estimatedBytes(): number {
    return this.#rows * rowBytes;
  }

  begin(capture: SinkCapture): Promise<void> {
    return this.#sink.begin(capture);
  }

  async write(batches: BatchSet): Promise<void> {
    await this.#sink.write(batches);
    const counts: Record<string, number> = {
      client_hellos: batches.client_hellos.rows,
      server_hellos: batches.server_hellos.rows,
      certificates: batches.certificates.rows,
    };
    this.#rows += counts[this.#options.table] ?? 0;
  }

  commit(row: CaptureRow): Promise<void> {
    return this.#sink.commit(row);
  }

  end(row: CaptureRow): Promise<void> {
    return this.#sink.end(row);
  }

  abandon(): Promise<void> {
    return this.#sink.abandon();
  }

  /** Write the Parquet file; it appears whole. */
  async close(): Promise<void> {
    const half = `${this.#path}.half`;
    try {
      await writeParquet(this.#sink.connection, query(this.#options), half);
    } catch (error) {
      throw sinkError(this.#path, error);
    }
    await this.#sink.close();
    const { size } = statSync(half);
    if (this.#rows >= 1000) rowBytes = size / this.#rows;
    renameSync(half, this.#path);
    removeSpool(this.#spool);
  }
}
