import { columnOf, type HostValue } from '../core/build.js';
import { columnReader } from '../core/rows.js';
import type { Batch, BatchSet, ColumnView } from '../core/views.js';
import type { CaptureRow } from '../schema/tables.js';
import type { Sink, SinkCapture } from '../sink/sink.js';
import { type Anonymizer, communityId } from './anonymizer.js';

const TCP = 6;
const UDP = 17;
/** What the Community ID is computed from. */
const ENDS = ['src_ip', 'dst_ip', 'src_port', 'dst_port', 'protocol', 'app'] as const;
/** Random values say nothing, but find the same hello again in another copy of the capture, or in a key log. */
const EMPTIED = new Set(['client_random', 'server_random']);

type Values = readonly HostValue[];

/** Values of a column, one per row. */
function valuesOf(column: ColumnView): HostValue[] {
  const read = columnReader(column);
  return Array.from({ length: column.rows }, (_, row) => read(row) as HostValue);
}

/**
 * Gives rows to another sink with pseudonyms in place of addresses, server names and flow ids, with Community IDs of the
 * pseudonyms, without the random values, and without certificates, which name the server in clear.
 */
export class AnonymizingSink implements Sink {
  readonly #inner: Sink;
  readonly #anonymizer: Anonymizer;
  readonly wanted?: NonNullable<Sink['wanted']>;

  constructor(inner: Sink, anonymizer: Anonymizer) {
    this.#inner = inner;
    this.#anonymizer = anonymizer;
    if (inner.wanted) this.wanted = withEnds(inner.wanted);
  }

  get layout(): Sink['layout'] {
    return this.#inner.layout;
  }

  get finished(): boolean {
    return this.#inner.finished ?? false;
  }

  begin(capture: SinkCapture): void | Promise<void> {
    return this.#inner.begin(capture);
  }

  write(batches: BatchSet): void | Promise<void> {
    return this.#inner.write({
      client_hellos: this.#batch(batches.client_hellos),
      hello_contents: batches.hello_contents,
      server_hellos: this.#batch(batches.server_hellos),
      certificates: emptied(batches.certificates),
    });
  }

  commit(row: CaptureRow): void | Promise<void> {
    return this.#inner.commit?.(row);
  }

  end(row: CaptureRow): void | Promise<void> {
    return this.#inner.end(row);
  }

  settle(): void | Promise<void> {
    return this.#inner.settle?.();
  }

  abandon(): void | Promise<void> {
    return this.#inner.abandon();
  }

  close(): void | Promise<void> {
    return this.#inner.close();
  }

  #batch(batch: Batch): Batch {
    const ids = this.#communityIds(batch);
    return { ...batch, columns: batch.columns.map((column) => this.#column(column, ids)) };
  }

  #column(column: ColumnView, ids: Values | null): ColumnView {
    const { address, name, flow } = this.#anonymizer;
    const map = (change: (value: NonNullable<HostValue>) => HostValue) =>
      columnOf(
        column.spec,
        valuesOf(column).map((value) => (value === null ? null : change(value))),
      );
    switch (column.spec.name) {
      case 'src_ip':
      case 'dst_ip':
        return map((value) => address(value as string));
      case 'sni':
        return map((value) => name(value as string));
      case 'flow_id':
        return map((value) => flow(value as bigint));
      case 'community_id':
        return columnOf(column.spec, ids!);
      default:
        return EMPTIED.has(column.spec.name) ? map(() => null) : column;
    }
  }

  /** Community IDs of the pseudonyms; null when nobody wants them. */
  #communityIds(batch: Batch): Values | null {
    const columns = new Map(batch.columns.map((column) => [column.spec.name, column]));
    const old = columns.get('community_id');
    if (!old) return null;
    const [src, dst, srcPort, dstPort, protocol, app] = ENDS.map((name) => columnReader(columns.get(name)!));
    const before = columnReader(old);
    const { address } = this.#anonymizer;
    return Array.from({ length: batch.rows }, (_, row) => {
      const ends = {
        src: src!(row) as string,
        dst: dst!(row) as string,
        srcPort: srcPort!(row) as number,
        dstPort: dstPort!(row) as number,
        protocol: protocol!(row) === 'tls' ? TCP : UDP,
      };
      // OpenVPN carries TLS over both; the Community ID that was there tells which it was.
      if (app!(row) === 'openvpn' && communityId(ends) !== before(row))
        ends.protocol = TCP + UDP - ends.protocol;
      return communityId({ ...ends, src: address(ends.src), dst: address(ends.dst) });
    });
  }
}

/** Community IDs need the ends of the connection, whoever asks for them. */
function withEnds(wanted: NonNullable<Sink['wanted']>): NonNullable<Sink['wanted']> {
  return Object.fromEntries(
    Object.entries(wanted).map(([group, names]) => [
      group,
      names.has('community_id') ? new Set([...names, ...ENDS]) : names,
    ]),
  );
}

/** The same columns without rows. */
function emptied(batch: Batch): Batch {
  return { ...batch, rows: 0, columns: batch.columns.map((column) => columnOf(column.spec, [])) };
}
