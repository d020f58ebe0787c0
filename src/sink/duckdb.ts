import type { DuckDBConnection } from '@duckdb/node-api';
import { columnOf, columnsOf } from '../core/build.js';
import { stretchesOf, takeStretches } from '../core/take.js';
import type { Batch, BatchSet, ColumnView } from '../core/views.js';
import { PROTOCOLS } from '../schema/codes.js';
import { CAPTURE_TABLES, PHYSICAL, STORED_GROUPS } from '../schema/ddl.js';
import type { CaptureRow } from '../schema/tables.js';
import type { CertificateFields, CertificateReader } from './certificate.js';
import { ContentIndex } from './content-index.js';
import { MergingAppender, TableAppender } from './duckdb-append.js';
import { updateCapture } from './duckdb-capture.js';
import { CaptureGroup, type WholeCapture } from './duckdb-group.js';
import { type OpenDatabase, type OpenOptions, openDatabase, sinkError } from './duckdb-open.js';
import type { Sink, SinkCapture } from './sink.js';
import { TextCodes } from './text-codes.js';
import { withoutRepeats } from './text-repeats.js';

/** A row of `labels`: what is known about a fingerprint. */
export interface Label {
  readonly kind: string;
  readonly value: string;
  readonly name: string;
  readonly category: string | null;
  readonly source: string | null;
  readonly date: string | null;
}

/** How the sink opens its database and works. */
export interface DuckDBSinkOptions extends OpenOptions {
  /**
   * Content ids that are kept in memory (16 bytes each). Databases with more distinct hellos compare by a join
   * instead, which is slower.
   */
  readonly maxKnownContents?: number;
}

/** A row of `captures`, with the database's own id. */
type StoredCapture = CaptureRow & { readonly capture_id: number };

const PROTOCOL_CODES = new TextCodes(PROTOCOLS);
const DEFAULT_KNOWN_CONTENTS = 4 << 20;
/** Certificates that may wait for `end`. */
const PENDING_CERTIFICATES = 2048;

/**
 * Rows into a DuckDB database. A capture is there whole or not at all, for others and after a crash: it is a transaction,
 * which captures with few rows share if there are many of them (`CaptureGroup`). A capture that is analyzed again
 * replaces its rows.
 */
export class DuckDBSink implements Sink {
  readonly layout = 'narrow';
  readonly wanted = STORED_GROUPS;
  readonly #database: OpenDatabase;
  readonly #options: DuckDBSinkOptions;
  readonly #captures: TableAppender;
  readonly #clientHellos: TableAppender;
  readonly #contents: TableAppender;
  readonly #mergedContents: MergingAppender;
  readonly #serverHellos: TableAppender;
  readonly #certificates: TableAppender;
  readonly #certificateContents: MergingAppender;
  #reader: CertificateReader | null = null;
  readonly #newCertificates = new Map<string, CertificateFields & { der: Uint8Array }>();
  readonly #known = new ContentIndex();
  /** True while `#known` holds every content id of the database. */
  #knowsAll = false;
  /** Captures in the database, by path. */
  readonly #idsOf = new Map<string, readonly number[]>();
  readonly #group = new CaptureGroup();
  /** The capture whose rows are written, and its id. */
  #capture: SinkCapture | null = null;
  #id = 0;
  #nextId = 1;
  #ids = new Uint32Array(0);
  #inTransaction = false;
  /** The row of the capture is in the table: it was committed on the way. */
  #hasRow = false;

  private constructor(database: OpenDatabase, options: DuckDBSinkOptions) {
    this.#database = database;
    this.#options = options;
    const { connection } = database;
    this.#captures = new TableAppender(connection, PHYSICAL.captures);
    this.#clientHellos = new TableAppender(connection, PHYSICAL.clientHellos);
    this.#contents = new TableAppender(connection, PHYSICAL.contents);
    this.#mergedContents = new MergingAppender(connection, PHYSICAL.contents, 'content_id');
    this.#serverHellos = new TableAppender(connection, PHYSICAL.serverHellos);
    this.#certificates = new TableAppender(connection, PHYSICAL.certificates);
    this.#certificateContents = new MergingAppender(connection, PHYSICAL.certificateContents, 'sha256');
  }

  /**
   * Open or create the database at `path` (`:memory:` for one that goes with the sink).
   * @throws SinkError it cannot be written, is locked, is no database of tlsfp, or one of another schema version
   */
  static async open(path: string, options: DuckDBSinkOptions = {}): Promise<DuckDBSink> {
    const sink = new DuckDBSink(await openDatabase(path, options), options);
    await sink.#guard(async () => {
      const found = await sink.connection.runAndReadAll(
        `SELECT path, capture_id FROM ${PHYSICAL.captures.name}`,
      );
      for (const [path, id] of found.getRowsJS() as [string, number][]) {
        sink.#idsOf.set(path, [...(sink.#idsOf.get(path) ?? []), id]);
        sink.#nextId = Math.max(sink.#nextId, id + 1);
      }
      await sink.#loadKnown();
    });
    return sink;
  }

  /** The connection that writes. Between captures it may be asked anything; after `settle` it knows all that have ended. */
  get connection(): DuckDBConnection {
    return this.#database.connection;
  }

  /** A further connection to the same database; sees what is committed. The caller closes it. */
  connect(): Promise<DuckDBConnection> {
    return this.#database.connect();
  }

  /** Begin the transaction of a capture, unless it waits; rows of the same path go with it, if it replaces them. */
  async begin(capture: SinkCapture): Promise<void> {
    await this.#guard(async () => {
      if (!capture.oneOfMany || this.#group.has(capture.path)) await this.#writeGroup();
      if (capture.oneOfMany) this.#group.begin(capture);
      else await this.#begin([capture]);
    });
  }

  /** Copy the rows, into the transaction or into memory. */
  async write(batches: BatchSet): Promise<void> {
    await this.#guard(async () => {
      if (!this.#group.isOpen) await this.#writeRows(batches);
      else if (!this.#group.add(batches)) await this.#waitNoLonger();
    });
  }

  /** Commit what there is, with the row of the capture as it is now, and go on. */
  async commit(row: CaptureRow): Promise<void> {
    await this.#guard(async () => {
      if (this.#group.isOpen) await this.#waitNoLonger();
      await this.#commitWith(row);
      await this.connection.run('BEGIN');
    });
  }

  /** Add the row of the capture and commit, unless it waits. */
  async end(row: CaptureRow): Promise<void> {
    await this.#guard(async () => {
      if (this.#group.isOpen) {
        if (!this.#group.end(row)) await this.#writeGroup();
        return;
      }
      await this.#commitWith(row);
      this.#inTransaction = false;
    });
  }

  /** Commit the captures that wait. */
  async settle(): Promise<void> {
    await this.#guard(() => this.#writeGroup());
  }

  /** Roll back: the database is as it was before `begin`, or at the last `commit`. */
  async abandon(): Promise<void> {
    if (this.#group.isOpen) this.#group.takeOpen();
    else await this.#guard(() => this.#rollBack());
  }

  /** Roll back a capture that did not end, write everything else to the file, close it. */
  async close(): Promise<void> {
    await this.abandon();
    try {
      await this.settle();
    } finally {
      await this.#guard(async () => {
        for (const table of this.#appenders()) table.close();
        this.#database.close();
      });
    }
  }

  /** Begin a transaction; what the captures replace goes with it. The first of them is entered. */
  async #begin(captures: readonly SinkCapture[]): Promise<void> {
    await this.connection.run('BEGIN');
    this.#inTransaction = true;
    await this.#removeRows(captures.flatMap((capture) => this.#replacedBy(capture)));
    this.#enter(captures[0]!);
  }

  /** What is written next is of this capture, which gets an id. */
  #enter(capture: SinkCapture): void {
    this.#capture = capture;
    this.#hasRow = false;
    this.#id = this.#nextId++;
    this.#ids.fill(this.#id);
  }

  /** The open capture has a transaction of its own from now on. */
  async #waitNoLonger(): Promise<void> {
    const { capture, batches } = this.#group.takeOpen();
    await this.#writeGroup();
    await this.#begin([capture]);
    for (const set of batches) await this.#writeRows(set);
  }

  /** Write the captures that have ended and wait. If that fails, one by one: those in front of the fault are kept. */
  async #writeGroup(): Promise<void> {
    const ended = this.#group.takeEnded();
    if (ended.length === 0) return;
    try {
      await this.#writeTogether(ended);
    } catch (error) {
      if (ended.length === 1) throw error;
      for (const one of ended) await this.#writeTogether([one]);
    }
  }

  /** Captures, in one transaction; when it fails it is rolled back. */
  async #writeTogether(captures: readonly WholeCapture[]): Promise<void> {
    try {
      await this.#begin(captures.map(({ capture }) => capture));
      const rows: StoredCapture[] = [];
      for (const { capture, batches, row } of captures) {
        if (rows.length > 0) this.#enter(capture);
        for (const set of batches) await this.#writeRows(set);
        rows.push({ ...row, capture_id: this.#id });
      }
      await this.#commitRows(rows);
      this.#inTransaction = false;
      for (const [i, { capture }] of captures.entries()) this.#know(capture, rows[i]!.capture_id);
    } catch (error) {
      await this.#rollBack();
      throw error;
    }
  }

  /** Commit with the row of the capture, which may be there since a commit before. */
  async #commitWith(row: CaptureRow): Promise<void> {
    if (this.#hasRow) {
      await updateCapture(this.connection, this.#id, row);
      return this.#commitRows([]);
    }
    await this.#commitRows([{ ...row, capture_id: this.#id }]);
    this.#know(this.#capture!, this.#id);
    this.#hasRow = true;
  }

  /** Commit what was written, with these rows of captures. */
  async #commitRows(captures: readonly StoredCapture[]): Promise<void> {
    await this.#captures.append(columnsOf(PHYSICAL.captures.columns, captures), captures.length);
    for (const table of this.#appenders()) table.flush();
    await this.#mergedContents.merge();
    await this.#mergeCertificates();
    await this.connection.run('COMMIT');
  }

  /** Ids of captures whose rows go when those of this one come. */
  #replacedBy({ path, replaces }: SinkCapture): readonly number[] {
    return (replaces ?? path !== '-') ? (this.#idsOf.get(path) ?? []) : [];
  }

  /** The capture is in the database. */
  #know(capture: SinkCapture, id: number): void {
    const replaced = this.#replacedBy(capture);
    const others = (this.#idsOf.get(capture.path) ?? []).filter((other) => !replaced.includes(other));
    this.#idsOf.set(capture.path, [...others, id]);
  }

  async #rollBack(): Promise<void> {
    if (!this.#inTransaction) return;
    this.#inTransaction = false;
    for (const table of this.#appenders()) table.discard();
    this.#mergedContents.discard();
    this.#certificateContents.discard();
    this.#newCertificates.clear();
    try {
      await this.connection.run('ROLLBACK');
    } catch (error) {
      // A COMMIT that failed has rolled back already.
      if (!/no transaction is active/.test(String(error))) throw error;
    }
    await this.#loadKnown();
  }

  /** Replace the labels of fingerprints; not within a capture. */
  async loadLabels(rows: readonly Label[]): Promise<void> {
    await this.#guard(async () => {
      const labels = new TableAppender(this.connection, PHYSICAL.labels);
      await this.connection.run('BEGIN');
      try {
        await this.connection.run(`DELETE FROM ${PHYSICAL.labels.name}`);
        const columns = columnsOf(
          PHYSICAL.labels.columns,
          rows as readonly (Label & Record<string, string | null>)[],
        );
        await labels.append(columns, rows.length);
        labels.flush();
        await this.connection.run('COMMIT');
        labels.close();
      } catch (error) {
        labels.discard();
        await this.connection.run('ROLLBACK');
        throw error;
      }
    });
  }

  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      throw sinkError(this.#database.path, error);
    }
  }

  #appenders(): TableAppender[] {
    return [this.#captures, this.#clientHellos, this.#contents, this.#serverHellos, this.#certificates];
  }

  async #removeRows(ids: readonly number[]): Promise<void> {
    if (ids.length === 0) return;
    for (const table of CAPTURE_TABLES) {
      await this.connection.run(`DELETE FROM ${table.name} WHERE capture_id IN (${ids.join()})`);
    }
  }

  async #writeRows(batches: BatchSet): Promise<void> {
    await this.#clientHellos.append(this.#withId(batches.client_hellos), batches.client_hellos.rows);
    await this.#writeContents(batches.hello_contents);
    const servers = batches.server_hellos;
    await this.#serverHellos.append(this.#stored(this.#withId(servers), 'server_hellos'), servers.rows);
    await this.#writeCertificates(batches.certificates);
  }

  /** The columns of a batch with this database's own id of the capture in `capture_id`, and `protocol` as a number. */
  #withId(batch: Batch): ColumnView[] {
    return batch.columns.map((c) => {
      if (c.spec.name === 'protocol') return PROTOCOL_CODES.encode(c);
      return c.spec.name === 'capture_id' ? this.#idColumn(c) : c;
    });
  }

  /** Other sinks may want columns that are not stored here. */
  #stored(columns: readonly ColumnView[], group: keyof typeof STORED_GROUPS): ColumnView[] {
    return columns.filter((c) => this.wanted[group].has(c.spec.name));
  }

  #idColumn(column: ColumnView): ColumnView {
    if (this.#ids.length < column.rows) this.#ids = new Uint32Array(column.rows).fill(this.#id);
    const data = new Uint8Array(this.#ids.buffer, 0, 4 * column.rows);
    return { ...column, data, nullCount: 0, validity: null };
  }

  async #loadKnown(): Promise<void> {
    this.#known.clear();
    const { name } = PHYSICAL.contents;
    const count = await this.connection.runAndReadAll(`SELECT count(*) FROM ${name}`);
    const max = this.#options.maxKnownContents ?? DEFAULT_KNOWN_CONTENTS;
    this.#knowsAll = (count.getRowsJS()[0]![0] as bigint) <= max;
    if (!this.#knowsAll) return;
    const ids = await this.connection.stream(
      `SELECT (content_id & 4294967295)::UINTEGER, (content_id >> 32)::UINTEGER FROM ${name}`,
    );
    for await (const chunk of ids) {
      const low = chunk.getColumnValues(0) as number[];
      const high = chunk.getColumnValues(1) as number[];
      for (let i = 0; i < low.length; i++) this.#known.add(low[i]!, high[i]!);
    }
  }

  /** Contents that are new, once each. What cannot be told here, the database tells at the end. */
  async #writeContents(batch: Batch): Promise<void> {
    if (batch.rows === 0) return;
    const picks = this.#newContents(batch);
    if (picks.length === 0) return;
    const npf = batch.columns.find((c) => c.spec.name === 'npf')!;
    const stored = this.#stored(batch.columns, 'hello_contents').map((c) =>
      c.spec.name === 'npf_degreased' ? withoutRepeats(c, npf) : c,
    );
    const stretches = stretchesOf(picks);
    const columns = picks.length === batch.rows ? stored : stored.map((c) => takeStretches(c, stretches));
    await (this.#knowsAll ? this.#contents : this.#mergedContents).append(columns, picks.length);
    if (this.#known.size > (this.#options.maxKnownContents ?? DEFAULT_KNOWN_CONTENTS)) {
      this.#contents.flush();
      this.#known.clear();
      this.#knowsAll = false;
    }
  }

  #newContents(batch: Batch): Int32Array {
    const ids = batch.columns.find((c) => c.spec.name === 'content_id')!.data;
    const view = new DataView(ids.buffer, ids.byteOffset, ids.byteLength);
    const picks = new Int32Array(batch.rows);
    let count = 0;
    for (let row = 0; row < batch.rows; row++) {
      if (this.#known.add(view.getUint32(8 * row, true), view.getUint32(8 * row + 4, true)))
        picks[count++] = row;
    }
    return picks.subarray(0, count);
  }

  async #writeCertificates(batch: Batch): Promise<void> {
    if (batch.rows === 0) return;
    const der = batch.columns.find((c) => c.spec.name === 'der')!;
    // Loaded when the first certificate comes: TLS 1.3 shows none.
    this.#reader ??= new (await import('./certificate.js')).CertificateReader();
    const hashes: string[] = [];
    for (let row = 0; row < batch.rows; row++) {
      const bytes = der.data.subarray(der.offsets![row]!, der.offsets![row + 1]!);
      const fields = this.#reader.read(bytes);
      hashes.push(fields.sha256);
      if (!this.#newCertificates.has(fields.sha256)) {
        this.#newCertificates.set(fields.sha256, { ...fields, der: Uint8Array.from(bytes) });
      }
    }
    const facts = this.#withId(batch).filter((c) => c.spec.name !== 'der');
    const sha256 = columnOf(PHYSICAL.certificates.columns.at(-1)!, hashes);
    await this.#certificates.append([...facts, sha256], batch.rows);
    if (this.#newCertificates.size >= PENDING_CERTIFICATES) await this.#mergeCertificates();
  }

  async #mergeCertificates(): Promise<void> {
    const rows = [...this.#newCertificates.values()];
    this.#newCertificates.clear();
    await this.#certificateContents.append(
      columnsOf(PHYSICAL.certificateContents.columns, rows),
      rows.length,
    );
    await this.#certificateContents.merge();
  }
}
