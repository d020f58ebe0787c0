import type { DuckDBConnection } from '@duckdb/node-api';
import type { Progress } from '../analyze.js';
import { QueryError, type TlsfpError, UsageError } from '../errors.js';
import { type ResultOptions, writeResult } from '../sink/result.js';
import { CaptureFunctions } from './functions.js';
import { splitStatements } from './sql-text.js';
import { functionMacros, nameMacros } from './views.js';

/** What a session is about. */
export type SourceKind = 'database' | 'parquet' | 'captures' | 'nothing';

/** What a session is made of. */
export interface SessionParts {
  readonly kind: SourceKind;
  readonly connection: DuckDBConnection;
  readonly errors: readonly TlsfpError[];
  readonly close: () => void | Promise<void>;
}

/** A DuckDB connection at which tlsfp's tables, functions and names of code points are known. */
export class QuerySession {
  readonly kind: SourceKind;
  readonly connection: DuckDBConnection;
  readonly functions: CaptureFunctions;
  readonly #errors: readonly TlsfpError[];
  readonly #close: () => void | Promise<void>;

  private constructor(parts: SessionParts, functions: CaptureFunctions) {
    this.kind = parts.kind;
    this.connection = parts.connection;
    this.functions = functions;
    this.#errors = parts.errors;
    this.#close = parts.close;
  }

  /** Add the functions to a connection. */
  static async start(
    parts: SessionParts,
    onProgress: (progress: Progress) => void = () => {},
  ): Promise<QuerySession> {
    const functions = new CaptureFunctions();
    functions.onProgress = onProgress;
    functions.register(parts.connection);
    const session = new QuerySession(parts, functions);
    // Macros are bound when they are made, to files that do not matter.
    for (const macro of [...functionMacros(), ...nameMacros()]) await parts.connection.run(macro);
    functions.takeBound();
    return session;
  }

  /** What could not be read whole of the captures so far. */
  get errors(): readonly TlsfpError[] {
    return [...this.#errors, ...this.functions.errors];
  }

  /**
   * Run statements one after the other and write the rows of the last.
   * @returns what `writeResult` does
   * @throws QueryError, SinkError, and what reading captures throws
   */
  async run(sql: string, options: ResultOptions): Promise<number | null> {
    const { statements } = splitStatements(sql);
    const last = statements.pop();
    if (last === undefined) throw new UsageError('there is no question', { hint: 'give SQL' });
    for (const statement of statements) await this.execute(statement);
    return this.functions.retry(() => this.#told(() => writeResult(this.connection, last, options)));
  }

  /** Run one statement whose rows do not matter. */
  async execute(sql: string): Promise<void> {
    await this.functions.retry(async () => {
      await this.connection.run(sql);
    });
  }

  /** Rows of a query as objects. */
  async rows(sql: string): Promise<Record<string, unknown>[]> {
    return this.functions.retry(async () => (await this.connection.runAndReadAll(sql)).getRowObjectsJS());
  }

  /** End the query that runs. */
  interrupt(): void {
    this.connection.interrupt();
  }

  async close(): Promise<void> {
    this.functions.release();
    await this.#close();
  }

  async #told<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      const hint = await this.#advice(error.what);
      throw hint === null
        ? error
        : new QueryError(error.what, { hint, place: error.place, cause: error.cause });
    }
  }

  async #advice(what: string): Promise<string | null> {
    if (/attached in read-only mode/.test(what)) return 'add --write to change the database';
    if (this.kind !== 'parquet' || !/^Catalog Error: Table with name/.test(what)) return null;
    const views = await this.rows(
      'SELECT view_name AS name FROM duckdb_views() WHERE NOT internal ORDER BY 1',
    );
    return `of these Parquet files there are ${views.map(({ name }) => name).join(', ')}`;
  }
}
