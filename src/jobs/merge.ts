import { gatherColumn, type RowOrder } from '../core/gather.js';
import type { Batch, BatchSet } from '../core/views.js';

/** Packet numbers of a batch as floating point: exact up to 2^53. */
export function packetsOf(batch: Batch): Float64Array<ArrayBuffer> {
  const column = batch.columns.find((c) => c.spec.name === 'packet')!;
  const words = new Uint32Array(column.data.buffer, column.data.byteOffset, batch.rows * 2);
  const packets = new Float64Array(batch.rows);
  for (let i = 0; i < packets.length; i++) packets[i] = words[2 * i]! + words[2 * i + 1]! * 0x1_0000_0000;
  return packets;
}

/** Whether no number is below the one before it. */
export function isRising(packets: Float64Array, before = Number.NEGATIVE_INFINITY): boolean {
  let last = before;
  for (let i = 0; i < packets.length; i++) {
    if (packets[i]! < last) return false;
    last = packets[i]!;
  }
  return true;
}

/** Rows of several batches by packet; of one packet, those of the earlier batch stand first, each batch's as they stood. */
function orderByPacket(batches: readonly Batch[]): RowOrder {
  const packets = batches.map(packetsOf);
  if (!packets.every((of) => isRising(of))) return sortedOrder(packets);
  const total = packets.reduce((sum, of) => sum + of.length, 0);
  const order = { source: new Uint16Array(total), row: new Uint32Array(total) };
  const next = new Uint32Array(batches.length);
  // Packet of the next row of each batch; infinite behind the last.
  const heads = Float64Array.from(packets, (of) => of[0] ?? Number.POSITIVE_INFINITY);
  for (let i = 0; i < total; i++) {
    let first = 0;
    for (let b = 1; b < heads.length; b++) if (heads[b]! < heads[first]!) first = b;
    order.source[i] = first;
    order.row[i] = next[first]!++;
    heads[first] = packets[first]![next[first]!] ?? Number.POSITIVE_INFINITY;
  }
  return order;
}

/** The same of batches that hold rows out of order: hellos given up late. */
function sortedOrder(packets: readonly Float64Array[]): RowOrder {
  const rows = packets.flatMap((of, source) => Array.from(of, (packet, row) => ({ packet, source, row })));
  rows.sort((a, b) => a.packet - b.packet || a.source - b.source || a.row - b.row);
  return { source: Uint16Array.from(rows, (r) => r.source), row: Uint32Array.from(rows, (r) => r.row) };
}

function gather(batches: readonly Batch[], order: RowOrder): Batch {
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
 * Rows of several batch sets (wide layout, at most 65,536) as one, in the order of their packets. All must have the same
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
