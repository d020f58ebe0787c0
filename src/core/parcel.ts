import { type Batch, type BatchSet, type ColumnView, GROUPS, mapGroups } from './views.js';

const align = (bytes: number) => (bytes + 7) & ~7;

function columnBytes(column: ColumnView): number {
  return (
    align(column.validity?.byteLength ?? 0) +
    align(column.offsets?.byteLength ?? 0) +
    align(column.data.byteLength) +
    align(column.childOffsets?.byteLength ?? 0)
  );
}

const batchesOf = (set: BatchSet): Batch[] => GROUPS.map((group) => set[group]);

function bytesOf(set: BatchSet): number {
  let bytes = 0;
  for (const batch of batchesOf(set)) for (const column of batch.columns) bytes += columnBytes(column);
  return bytes;
}

/** A copy of borrowed batches in one piece of memory, to be posted to another thread without a further copy. */
export interface Parcel {
  readonly batches: BatchSet;
  /** Holds all of it, and is to be transferred. */
  readonly buffer: ArrayBuffer;
}

/** Copy a set into `buffer`, which must have room for it. */
export function pack(set: BatchSet, buffer = new ArrayBuffer(bytesOf(set))): Parcel {
  const copies = copyAll(batchesOf(set), buffer);
  return { batches: mapGroups((_, i) => copies[i]!), buffer };
}

/** Memory that comes back and is used again: fresh pages would cost as much as copying into them. */
export class BufferPool {
  readonly #free: ArrayBuffer[] = [];

  /** A buffer of at least so many bytes. */
  take(bytes: number): ArrayBuffer {
    const kept = this.#free.pop();
    // With room to spare: the next is seldom of the same size.
    return kept && kept.byteLength >= bytes ? kept : new ArrayBuffer(bytes + (bytes >> 2));
  }

  /** Take memory back, which may have been in another thread meanwhile. */
  putBack(...buffers: readonly ArrayBuffer[]): void {
    this.#free.push(...buffers);
  }
}

/** Parcels in memory that comes back. */
export class ParcelPool extends BufferPool {
  pack(set: BatchSet): Parcel {
    return pack(set, this.take(bytesOf(set)));
  }
}

function copyAll(batches: readonly Batch[], buffer: ArrayBuffer): Batch[] {
  let at = 0;
  const copy = <T extends Uint8Array | Int32Array>(part: T | null): T | null => {
    if (part === null) return null;
    const bytes = new Uint8Array(buffer, at, part.byteLength);
    bytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    const own = part instanceof Int32Array ? new Int32Array(buffer, at, part.length) : bytes;
    at += align(part.byteLength);
    return own as T;
  };
  return batches.map((batch) => ({
    ...batch,
    columns: batch.columns.map((column) => ({
      ...column,
      validity: copy(column.validity),
      offsets: copy(column.offsets),
      data: copy(column.data)!,
      childOffsets: copy(column.childOffsets),
    })),
  }));
}
