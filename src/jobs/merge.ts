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

function orderByPacket(batches: readonly Batch[]): RowOrder {
  const rows = batches.flatMap((batch, source) =>
    Array.from(packetsOf(batch), (packet, row) => ({ packet, source, row })),
  );
  rows.sort((a, b) => a.packet - b.packet || a.source - b.source || a.row - b.row);
  return { source: Uint8Array.from(rows, (r) => r.source), row: Uint32Array.from(rows, (r) => r.row) };
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
