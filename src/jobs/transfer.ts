import type { Batch, BatchSet, ColumnView } from '../core/views.js';

/** A batch whose buffers are its own: it can be posted to another thread without being copied again. */
export interface OwnBatches {
  readonly batches: BatchSet;
  readonly buffers: ArrayBuffer[];
}

/** Copy borrowed batches; all buffers of a column lie in one piece of memory. */
export function ownBatches(batches: BatchSet): OwnBatches {
  const buffers: ArrayBuffer[] = [];
  const own = (batch: Batch): Batch => ({
    ...batch,
    columns: batch.columns.map((c) => ownColumn(c, buffers)),
  });
  return {
    batches: {
      client_hellos: own(batches.client_hellos),
      hello_contents: own(batches.hello_contents),
      server_hellos: own(batches.server_hellos),
      certificates: own(batches.certificates),
    },
    buffers,
  };
}

const align = (bytes: number) => (bytes + 7) & ~7;

function ownColumn(column: ColumnView, buffers: ArrayBuffer[]): ColumnView {
  const parts = [column.validity, column.offsets, column.data, column.childOffsets];
  const buffer = new ArrayBuffer(parts.reduce((sum, part) => sum + align(part?.byteLength ?? 0), 0));
  buffers.push(buffer);
  let at = 0;
  const move = <T extends Uint8Array | Int32Array>(part: T | null): T | null => {
    if (part === null) return null;
    const bytes = new Uint8Array(buffer, at, part.byteLength);
    bytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    const moved = part instanceof Int32Array ? new Int32Array(buffer, at, part.length) : bytes;
    at += align(part.byteLength);
    return moved as T;
  };
  return {
    ...column,
    validity: move(column.validity),
    offsets: move(column.offsets),
    data: move(column.data)!,
    childOffsets: move(column.childOffsets),
  };
}
