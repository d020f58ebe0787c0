import { widthOf } from '../core/build.js';
import type { Batch, BatchSet, ColumnView } from '../core/views.js';

/** Rows `row[i]` of batch `source[i]`, in the order in which they are to stand. */
interface Order {
  readonly source: Uint8Array;
  readonly row: Uint32Array;
}

/** Packet numbers of a batch as floating point: exact up to 2^53. */
function packetsOf(batch: Batch): Float64Array {
  const column = batch.columns.find((c) => c.spec.name === 'packet')!;
  const words = new Uint32Array(column.data.buffer, column.data.byteOffset, batch.rows * 2);
  return Float64Array.from(
    { length: batch.rows },
    (_, i) => words[2 * i]! + words[2 * i + 1]! * 0x1_0000_0000,
  );
}

function orderByPacket(batches: readonly Batch[]): Order {
  const rows = batches.flatMap((batch, source) =>
    Array.from(packetsOf(batch), (packet, row) => ({ packet, source, row })),
  );
  rows.sort((a, b) => a.packet - b.packet || a.source - b.source || a.row - b.row);
  return { source: Uint8Array.from(rows, (r) => r.source), row: Uint32Array.from(rows, (r) => r.row) };
}

const bit = (bits: Uint8Array, at: number) => (bits[at >> 3]! >> (at & 7)) & 1;

function gatherBits(sources: readonly (Uint8Array | null)[], order: Order): Uint8Array {
  const out = new Uint8Array((order.row.length + 7) >> 3);
  for (let i = 0; i < order.row.length; i++) {
    const bits = sources[order.source[i]!];
    if (bits === null || bits === undefined || bit(bits, order.row[i]!)) out[i >> 3]! |= 1 << (i & 7);
  }
  return out;
}

function gatherFixed(columns: readonly ColumnView[], width: number, order: Order): Uint8Array {
  const out = new Uint8Array(order.row.length * width);
  for (let i = 0; i < order.row.length; i++) {
    const { data } = columns[order.source[i]!]!;
    const from = order.row[i]! * width;
    for (let b = 0; b < width; b++) out[i * width + b] = data[from + b]!;
  }
  return out;
}

/** Runs `[starts, ends)` of elements of `width` bytes, one after the other. */
function gatherRuns(
  columns: readonly ColumnView[],
  width: number,
  order: Order,
): { offsets: Int32Array; data: Uint8Array } {
  const n = order.row.length;
  const offsets = new Int32Array(n + 1);
  for (let i = 0; i < n; i++) {
    const from = columns[order.source[i]!]!.offsets!;
    offsets[i + 1] = offsets[i]! + from[order.row[i]! + 1]! - from[order.row[i]!]!;
  }
  const data = new Uint8Array(offsets[n]! * width);
  for (let i = 0; i < n; i++) {
    const column = columns[order.source[i]!]!;
    const from = column.offsets![order.row[i]!]! * width;
    const to = offsets[i]! * width;
    const bytes = (offsets[i + 1]! - offsets[i]!) * width;
    // Short runs, as most are, cost less byte by byte than as a view and a copy.
    if (bytes > 64) data.set(column.data.subarray(from, from + bytes), to);
    else for (let b = 0; b < bytes; b++) data[to + b] = column.data[from + b]!;
  }
  return { offsets, data };
}

function gatherTextLists(
  columns: readonly ColumnView[],
  order: Order,
): Pick<ColumnView, 'offsets' | 'childOffsets' | 'data'> {
  const source: number[] = [];
  const row: number[] = [];
  const offsets = new Int32Array(order.row.length + 1);
  for (let i = 0; i < order.row.length; i++) {
    const from = columns[order.source[i]!]!.offsets!;
    for (let e = from[order.row[i]!]!; e < from[order.row[i]! + 1]!; e++) {
      source.push(order.source[i]!);
      row.push(e);
    }
    offsets[i + 1] = row.length;
  }
  const elements = columns.map((c) => ({ ...c, offsets: c.childOffsets }));
  const runs = gatherRuns(elements, 1, { source: Uint8Array.from(source), row: Uint32Array.from(row) });
  return { offsets, childOffsets: runs.offsets, data: runs.data };
}

function gatherColumn(columns: readonly ColumnView[], order: Order): ColumnView {
  const { spec } = columns[0]!;
  const nullable = columns.some((c) => c.validity !== null);
  const validity = nullable
    ? gatherBits(
        columns.map((c) => c.validity),
        order,
      )
    : null;
  let nullCount = 0;
  if (validity) for (let i = 0; i < order.row.length; i++) nullCount += 1 - bit(validity, i);
  const head = { spec, rows: order.row.length, nullCount, validity: nullCount > 0 ? validity : null };
  const none = { offsets: null, childOffsets: null };
  if (spec.type === 'bool')
    return {
      ...head,
      ...none,
      data: gatherBits(
        columns.map((c) => c.data),
        order,
      ),
    };
  if (columns[0]!.offsets === null)
    return { ...head, ...none, data: gatherFixed(columns, widthOf(spec.type), order) };
  if (columns[0]!.childOffsets !== null) return { ...head, ...gatherTextLists(columns, order) };
  return { ...head, ...gatherRuns(columns, widthOf(spec.type) || 1, order), childOffsets: null };
}

function gather(batches: readonly Batch[], order: Order): Batch {
  const [first] = batches;
  const columns = first!.columns.map((_, c) =>
    gatherColumn(
      batches.map((b) => b.columns[c]!),
      order,
    ),
  );
  return { group: first!.group, rows: order.row.length, columns };
}

/**
 * Rows of several batch sets (wide layout, at most 256) as one, in the order of their packets. All must have the same
 * columns, `packet` among them.
 */
export function mergeByPacket(sets: readonly BatchSet[]): BatchSet {
  if (sets.length === 1) return sets[0]!;
  const clients = sets.map((s) => s.client_hellos);
  const order = orderByPacket(clients);
  const servers = sets.map((s) => s.server_hellos);
  const certificates = sets.map((s) => s.certificates);
  return {
    client_hellos: gather(clients, order),
    hello_contents: gather(
      sets.map((s) => s.hello_contents),
      order,
    ),
    server_hellos: gather(servers, orderByPacket(servers)),
    certificates: gather(certificates, orderByPacket(certificates)),
  };
}
