import {
  Binary,
  Bool,
  type DataType,
  Field,
  List,
  Schema,
  TimestampNanosecond,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
} from 'apache-arrow';
import type { ColumnSpec, ColumnType } from './column.js';

const list = (type: DataType) => new List(new Field('item', type, false));

/** Times carry no zone, as DuckDB's TIMESTAMP_NS: they are UTC. */
const TYPES: Record<ColumnType, DataType> = {
  bool: new Bool(),
  u8: new Uint8(),
  u16: new Uint16(),
  u32: new Uint32(),
  u64: new Uint64(),
  ts: new TimestampNanosecond(),
  utf8: new Utf8(),
  binary: new Binary(),
  'list<u8>': list(new Uint8()),
  'list<u16>': list(new Uint16()),
  'list<u64>': list(new Uint64()),
  'list<utf8>': list(new Utf8()),
};

/** Arrow's type of a logical type. */
export function arrowType(type: ColumnType): DataType {
  return TYPES[type];
}

/** Arrow schema of columns: names, types and nullability as declared, the meaning as metadata of the field. */
export function arrowSchema(columns: readonly ColumnSpec[]): Schema {
  return new Schema(
    columns.map((c) => new Field(c.name, arrowType(c.type), c.nullable, new Map([['meaning', c.meaning]]))),
  );
}
