import { columnsOf } from '../core/build.js';
import type { Batch, BatchSet, ColumnView } from '../core/views.js';
import { UsageError } from '../errors.js';
import type { ColumnSpec, TableSpec } from '../schema/column.js';
import { CAPTURES, type CaptureRow, CERTIFICATES, CLIENT_HELLOS, SERVER_HELLOS } from '../schema/tables.js';
import { hintFor } from '../suggest.js';
import type { CertificateReader } from './certificate.js';

/** Tables that can be written row by row while a capture is read. The other views need a database. */
export const STREAMED_TABLES = [
  CLIENT_HELLOS,
  SERVER_HELLOS,
  CERTIFICATES,
  CAPTURES,
] as const satisfies readonly TableSpec[];

/** Name of a table that can be written while a capture is read. */
export type StreamedTable = (typeof STREAMED_TABLES)[number]['name'];

/** A column whose value is the same in all rows. */
export interface ConstantColumn {
  readonly spec: ColumnSpec;
  readonly rows: number;
  readonly constant: string;
}

/** What sinks write out: columns of the core or of the host, and constants. */
export type OutputColumn = ColumnView | ConstantColumn;

/** Rows to be written, with the columns in the order asked for. */
export interface OutputRows {
  readonly rows: number;
  readonly columns: readonly OutputColumn[];
}

/** The public columns of a table, or those named, in that order. */
export function selectColumns(tableName: string, names?: readonly string[]): readonly ColumnSpec[] {
  const table = STREAMED_TABLES.find((t) => t.name === tableName);
  if (table === undefined) {
    const known = STREAMED_TABLES.map((t) => t.name).join(', ');
    throw new UsageError(`no table ${tableName} to write while reading`, { hint: `there are ${known}` });
  }
  const all = (table.columns as readonly ColumnSpec[]).filter((c) => !c.internal);
  if (names === undefined) return all;
  return names.map((name) => {
    const found = all.find((c) => c.name === name);
    if (found !== undefined) return found;
    const known = all.map((c) => c.name);
    throw new UsageError(`no column ${name} in ${tableName}`, {
      hint: hintFor(name, known, `it has ${known.join(', ')}`),
    });
  });
}

/** Takes the columns of one public table out of batches in the wide layout. */
export class OutputColumns {
  readonly specs: readonly ColumnSpec[];
  readonly #table: string;
  #reader: CertificateReader | null;
  #path = '';

  /**
   * @param reader parser of certificates, for those who cannot wait until `begin` has loaded it
   * @throws UsageError the table or a column does not exist
   */
  constructor(table: string, columns?: readonly string[], reader: CertificateReader | null = null) {
    this.#table = table;
    this.#reader = reader;
    this.specs = selectColumns(table, columns);
  }

  /** What it takes from each group of the core. */
  get wanted(): Record<string, ReadonlySet<string>> {
    const none = new Set<string>();
    const names = new Set(this.specs.map((spec) => spec.name));
    const all = { client_hellos: none, hello_contents: none, server_hellos: none, certificates: none };
    if (this.#table === 'client_hellos') return { ...all, client_hellos: names, hello_contents: names };
    // The core makes no rows of a table of which no column is wanted: the capture's name alone is not one of its own.
    if (this.#table === 'server_hellos') return { ...all, server_hellos: new Set([...names, 'packet']) };
    if (this.#table === 'certificates') return { ...all, certificates: new Set([...names, 'der']) };
    return all;
  }

  /** The capture that the next batches are of. The parser of certificates is loaded when it will be needed. */
  async begin(path: string): Promise<void> {
    this.#path = path;
    if (this.#table !== 'certificates' || this.#reader !== null) return;
    const { CertificateReader: Reader } = await import('./certificate.js');
    this.#reader = new Reader();
  }

  /** `begin` for who brought what it would load. */
  beginSync(path: string): void {
    this.#path = path;
  }

  /** Rows of the batch; views, valid as long as the batch. */
  ofBatch(batches: BatchSet): OutputRows {
    if (this.#table === 'client_hellos') {
      const { client_hellos: facts, hello_contents: contents } = batches;
      return this.#select(facts.rows, [...contents.columns, ...facts.columns]);
    }
    if (this.#table === 'server_hellos')
      return this.#select(batches.server_hellos.rows, batches.server_hellos.columns);
    if (this.#table === 'certificates') return this.#ofCertificates(batches.certificates);
    return { rows: 0, columns: [] };
  }

  /** The row of a capture that ended; no row for other tables. */
  ofCapture(row: CaptureRow): OutputRows {
    if (this.#table !== 'captures') return { rows: 0, columns: [] };
    return { rows: 1, columns: columnsOf(this.specs, [row]) };
  }

  #ofCertificates(batch: Batch): OutputRows {
    const der = batch.columns.find((c) => c.spec.name === 'der')!;
    const fields = Array.from({ length: batch.rows }, (_, row) =>
      this.#reader!.read(der.data.subarray(der.offsets![row]!, der.offsets![row + 1]!)),
    );
    const host = this.specs.filter((c) => c.origin === 'host' && c.name !== 'capture');
    return this.#select(batch.rows, [...batch.columns, ...columnsOf(host, fields)]);
  }

  #select(rows: number, columns: readonly ColumnView[]): OutputRows {
    const named = new Map(columns.map((c) => [c.spec.name, c]));
    return {
      rows,
      columns: this.specs.map((spec) =>
        spec.name === 'capture' ? { spec, rows, constant: this.#path } : named.get(spec.name)!,
      ),
    };
  }
}
