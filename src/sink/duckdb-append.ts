import type { DuckDBAppender, DuckDBConnection } from '@duckdb/node-api';
import type { ColumnView } from '../core/views.js';
import { createTable, type PhysicalTable } from '../schema/ddl.js';
import { CHUNK_ROWS, ChunkFiller } from './duckdb-fill.js';

/** Rows of a DuckDB row group. */
export const ROW_GROUP_ROWS = 122_880;

/**
 * Rows between two flushes: a part of a row group, so that every group is complete when DuckDB compresses it; small,
 * as rows that wait are copies in memory, and what waits at the end of a capture is what its `end` has to wait for.
 */
export const FLUSH_ROWS = ROW_GROUP_ROWS / 3;

/** Appends batches to one table, within the transaction of its connection. */
export class TableAppender {
  readonly #connection: DuckDBConnection;
  readonly #name: string;
  readonly #catalog: string | null;
  readonly #filler: ChunkFiller;
  #appender: DuckDBAppender | null = null;
  #pending = 0;

  /** @param name the table, if not `table.name`; `catalog` is `temp` for a temporary one */
  constructor(
    connection: DuckDBConnection,
    table: PhysicalTable,
    name: string = table.name,
    catalog?: 'temp',
  ) {
    this.#connection = connection;
    this.#name = name;
    this.#catalog = catalog ?? null;
    this.#filler = new ChunkFiller(table.columns);
  }

  /** Rows that are not flushed yet. */
  get pending(): number {
    return this.#pending;
  }

  /** Take all rows of the columns; they are copied. Flushes every `FLUSH_ROWS`. */
  async append(columns: readonly ColumnView[], rows: number): Promise<void> {
    if (rows === 0) return;
    this.#appender ??= await this.#connection.createAppender(this.#name, null, this.#catalog);
    for (let at = 0; at < rows; ) {
      const count = Math.min(CHUNK_ROWS, rows - at, FLUSH_ROWS - this.#pending);
      this.#appender.appendDataChunk(this.#filler.fill(columns, at, count));
      at += count;
      this.#pending += count;
      if (this.#pending === FLUSH_ROWS) this.flush();
    }
  }

  /** Hand what is pending to the transaction. */
  flush(): void {
    if (this.#pending === 0) return;
    this.#appender!.flushSync();
    this.#pending = 0;
  }

  /** Drop what is pending; what was flushed goes with the rollback of the transaction. */
  discard(): void {
    this.#appender?.clear();
    // An appender whose flush failed refuses further rows.
    this.#appender = null;
    this.#pending = 0;
  }

  /** Release the appender; nothing may be pending. */
  close(): void {
    this.#appender?.closeSync();
    this.#appender = null;
  }
}

/**
 * Appends rows whose key may be in the table already: they wait in a temporary table and those with new keys move
 * over at `merge`.
 */
export class MergingAppender {
  readonly #connection: DuckDBConnection;
  readonly #table: PhysicalTable;
  readonly #key: string;
  readonly #stage: string;
  #appender: TableAppender | null = null;
  #staged = 0;

  constructor(connection: DuckDBConnection, table: PhysicalTable, key: string) {
    this.#connection = connection;
    this.#table = table;
    this.#key = key;
    this.#stage = `${table.name}_stage`;
  }

  /** Take all rows; they are copied. Merges when a row group is full. */
  async append(columns: readonly ColumnView[], rows: number): Promise<void> {
    if (rows === 0) return;
    if (this.#appender === null) {
      await this.#connection.run(createTable(this.#table, this.#stage, true));
      this.#appender = new TableAppender(this.#connection, this.#table, this.#stage, 'temp');
    }
    await this.#appender.append(columns, rows);
    this.#staged += rows;
    if (this.#staged >= ROW_GROUP_ROWS) await this.merge();
  }

  /** Move rows with new keys into the table, one per key, and empty the stage. */
  async merge(): Promise<void> {
    if (this.#staged === 0) return;
    this.#appender!.flush();
    this.#appender!.close();
    this.#appender = null;
    const key = this.#key;
    await this.#connection.run(
      `INSERT INTO ${this.#table.name} SELECT DISTINCT ON (${key}) * FROM temp.${this.#stage} s ` +
        `WHERE NOT EXISTS (FROM ${this.#table.name} t WHERE t.${key} = s.${key})`,
    );
    await this.#connection.run(`DROP TABLE temp.${this.#stage}`);
    this.#staged = 0;
  }

  /** Forget the staged rows; the rollback of the transaction takes the temporary table with it. */
  discard(): void {
    this.#appender?.discard();
    this.#appender = null;
    this.#staged = 0;
  }
}
