import { type Data, type DataType, makeData, RecordBatch, type Schema, Struct } from 'apache-arrow';
import { arrowType } from '../schema/arrow.js';
import type { ColumnView } from './views.js';

const WORDS = {
  u8: Uint8Array,
  u16: Uint16Array,
  u32: Uint32Array,
  u64: BigUint64Array,
  ts: BigInt64Array,
} as const;

function typed(type: string, bytes: Uint8Array): ArrayBufferView {
  const Words = WORDS[type as keyof typeof WORDS];
  return new Words(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength / Words.BYTES_PER_ELEMENT);
}

function childData(column: ColumnView): Data {
  const { spec, data, offsets, childOffsets, rows } = column;
  const type = (arrowType(spec.type) as { children: { type: DataType }[] } & DataType).children[0]!.type;
  const length = offsets![rows]!;
  if (childOffsets !== null) {
    return makeData({ type, length, nullCount: 0, valueOffsets: childOffsets, data } as never);
  }
  const values = typed(spec.type.slice(5, -1), data);
  return makeData({ type, length, nullCount: 0, data: values } as never);
}

/** Arrow `Data` of a column: views on the same buffers, no copy. Borrowed like the column. */
export function arrowData(column: ColumnView): Data {
  const { spec, rows: length, nullCount, validity, data, offsets } = column;
  const type = arrowType(spec.type);
  const head = { type, length, nullCount, ...(validity === null ? {} : { nullBitmap: validity }) };
  if (spec.type.startsWith('list')) {
    return makeData({ ...head, valueOffsets: offsets!, child: childData(column) } as never);
  }
  if (offsets !== null) return makeData({ ...head, valueOffsets: offsets, data } as never);
  return makeData({ ...head, data: spec.type === 'bool' ? data : typed(spec.type, data) } as never);
}

/** A `RecordBatch` over the columns of a batch, in the order of the schema. Borrowed: valid as long as the columns. */
export function recordBatch(schema: Schema, rows: number, columns: readonly ColumnView[]): RecordBatch {
  const data = makeData({
    type: new Struct(schema.fields),
    length: rows,
    nullCount: 0,
    children: columns.map(arrowData),
  });
  return new RecordBatch(schema, data);
}
