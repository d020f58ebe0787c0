import {
  type DuckDBConnection,
  type DuckDBDataChunk,
  DuckDBTableFunction,
  type DuckDBTableFunctionInfo,
  VARCHAR,
} from '@duckdb/node-api';
import type { Progress } from '../analyze.js';
import { TlsfpError, UsageError } from '../errors.js';
import type { CertificateReader } from '../sink/certificate.js';
import { CHUNK_ROWS, TYPES } from '../sink/duckdb-fill.js';
import { selectColumns } from '../sink/output-columns.js';
import { expandInputs } from '../source/expand.js';
import { openSource } from '../source/open.js';
import type { Compression } from '../source/source.js';
import { Scan } from './scan.js';

/** Tables that can be read straight out of captures, as functions of that name. */
export const FUNCTION_TABLES = ['client_hellos', 'server_hellos', 'certificates', 'captures'] as const;

/** A capture that a table function reads. */
export interface ScanInput {
  readonly path: string;
  readonly size: number | null;
  /** `none`: a plain file, read where it is asked for; others are unpacked by a thread. */
  readonly compression: Compression;
  /** False: not a plain file. */
  readonly plain: boolean;
}

/** Stands in an error of DuckDB when a function was given files that nobody has looked for yet. */
const UNPREPARED = 'tlsfp: captures to be found: ';

/**
 * Captures as SQL tables: `client_hellos('*.pcap')`, `server_hellos`, `certificates`, `captures`. Rows are made when DuckDB
 * asks for them and nothing is stored; columns that the query does not need are not computed.
 *
 * Functions of DuckDB cannot wait, and looking for files does. So a query that names captures not seen before fails
 * to bind, `retry` finds the captures, and runs it once more.
 */
export class CaptureFunctions {
  readonly #inputs = new Map<string, readonly ScanInput[]>();
  readonly #scans = new Set<Scan>();
  readonly #bound: string[] = [];
  #reader: CertificateReader | null = null;
  #failure: TlsfpError | null = null;
  /** Called while captures are read. */
  onProgress: (progress: Progress) => void = () => {};
  /** What could not be read whole, each once. */
  readonly errors: TlsfpError[] = [];

  /** Make the functions known to a connection's database. */
  register(connection: DuckDBConnection): void {
    for (const table of FUNCTION_TABLES) connection.registerTableFunction(this.#define(table));
  }

  /** Give captures a name that the functions take. */
  async add(name: string, patterns: readonly string[]): Promise<void> {
    this.#reader ??= new (await import('../sink/certificate.js')).CertificateReader();
    const inputs: ScanInput[] = [];
    for (const path of await expandInputs(patterns)) inputs.push(await inputOf(path));
    this.#inputs.set(name, inputs);
  }

  /** Run what may name captures; found and read at the first use. @throws what `run` throws, InputNotFoundError */
  async retry<T>(run: () => Promise<T>): Promise<T> {
    for (;;) {
      this.#failure = null;
      try {
        return await run();
      } catch (error) {
        if (this.#failure) throw this.#failure;
        const name = missing(error);
        if (name === null || this.#inputs.has(name)) throw error;
        await this.add(name, [name]);
      } finally {
        // A `LIMIT` or an error ends a query before its scans.
        this.release();
      }
    }
  }

  /** Functions bound since the last call, one for each time that a query names one. */
  takeBound(): readonly string[] {
    return this.#bound.splice(0);
  }

  /** Close what a query left open. */
  release(): void {
    for (const scan of this.#scans) scan.close();
    this.#scans.clear();
  }

  #define(table: (typeof FUNCTION_TABLES)[number]): DuckDBTableFunction {
    const specs = selectColumns(table);
    return DuckDBTableFunction.create({
      name: table,
      parameterTypes: [VARCHAR],
      supportsProjectionPushdown: true,
      bindFunction: (bind) => {
        const name = String(bind.getParameter(0));
        if (!this.#inputs.has(name)) throw new Error(`${UNPREPARED}${JSON.stringify(name)}`);
        this.#bound.push(table);
        for (const spec of specs) bind.addResultColumn(spec.name, TYPES[spec.type]);
        bind.setBindData({ name });
      },
      initFunction: (init) => {
        const { name } = init.getBindData() as { name: string };
        const columns = init.getColumnIndexes().map((index) => specs[index]!.name);
        const scan = new Scan(table, columns, this.#inputs.get(name)!, {
          reader: this.#reader,
          onProgress: (progress) => this.onProgress(progress),
          onError: (error) => this.#report(error),
        });
        this.#scans.add(scan);
        init.setMaxThreads(1);
        init.setInitData(scan);
      },
      mainFunction: (info, chunk) => this.#main(info, chunk),
    });
  }

  #main(info: DuckDBTableFunctionInfo, chunk: DuckDBDataChunk): void {
    const scan = info.getInitData() as Scan;
    try {
      if (!scan.fill(chunk, CHUNK_ROWS)) this.#scans.delete(scan);
    } catch (error) {
      if (error instanceof TlsfpError) this.#failure = error;
      throw error;
    }
  }

  #report(error: TlsfpError): void {
    if (!this.errors.some((known) => known.message === error.message)) this.errors.push(error);
  }
}

function missing(error: unknown): string | null {
  const cause = error instanceof TlsfpError ? error.cause : error;
  const message = cause instanceof Error ? cause.message : '';
  const at = message.indexOf(UNPREPARED);
  if (at < 0) return null;
  return JSON.parse(message.slice(at + UNPREPARED.length).split('\n')[0]!) as string;
}

async function inputOf(path: string): Promise<ScanInput> {
  if (path === '-') {
    throw new UsageError('standard input cannot be read by a function', {
      hint: 'give it as the source: tlsfp query - "SELECT ..."',
    });
  }
  const source = await openSource(path);
  try {
    const { size, compression } = source;
    return { path, size, compression, plain: compression === 'none' && size !== null };
  } finally {
    await source.close();
  }
}
