import type { ColumnSpec, ColumnType } from '../schema/column.js';
import type { ColumnView } from './views.js';

const decoder = new TextDecoder();

type Read = (row: number) => unknown;

function at(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function elementReader(type: string, data: Uint8Array): Read {
  const view = at(data);
  switch (type) {
    case 'u8':
      return (i) => data[i];
    case 'u16':
      return (i) => view.getUint16(2 * i, true);
    case 'u32':
      return (i) => view.getUint32(4 * i, true);
    case 'ts':
      return (i) => view.getBigInt64(8 * i, true);
    default:
      return (i) => view.getBigUint64(8 * i, true);
  }
}

function slices(offsets: Int32Array, data: Uint8Array, make: (bytes: Uint8Array) => unknown): Read {
  return (i) => make(data.subarray(offsets[i]!, offsets[i + 1]!));
}

function valueReader(type: ColumnType, column: ColumnView): Read {
  const { data, offsets } = column;
  if (type === 'bool') return (i) => ((data[i >> 3]! >> (i & 7)) & 1) === 1;
  if (offsets === null) return elementReader(type, data);
  if (type === 'utf8') return slices(offsets, data, (bytes) => decoder.decode(bytes));
  if (type === 'binary') return slices(offsets, data, (bytes) => bytes.slice());
  const element = column.childOffsets
    ? slices(column.childOffsets, data, (bytes) => decoder.decode(bytes))
    : elementReader(type.slice(5, -1), data);
  return (i) => {
    const list: unknown[] = [];
    for (let e = offsets[i]!; e < offsets[i + 1]!; e++) list.push(element(e));
    return list;
  };
}

/** Reader of one column's values as JavaScript values (bigint for u64 and ts); null where the bit is not set. */
export function columnReader(column: ColumnView): Read {
  const value = valueReader(column.spec.type, column);
  const { validity } = column;
  if (validity === null) return value;
  return (i) => (((validity[i >> 3]! >> (i & 7)) & 1) === 1 ? value(i) : null);
}

/**
 * Rows of a batch as plain objects by column name, internal columns left out. Copies: they outlive the batch.
 *
 * @param extra values of columns that are the same in all rows
 */
export function* rowObjects<Row>(
  columns: readonly ColumnView[],
  extra: Readonly<Record<string, unknown>>,
): Generator<Row> {
  const rows = columns[0]?.rows ?? 0;
  const shown = columns.filter((c) => !(c.spec as ColumnSpec).internal);
  const readers = shown.map((c) => [c.spec.name, columnReader(c)] as const);
  for (let i = 0; i < rows; i++) {
    const row: Record<string, unknown> = { ...extra };
    for (const [name, read] of readers) row[name] = read(i);
    yield row as Row;
  }
}
