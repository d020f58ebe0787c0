import {
  type DuckDBBlobValue,
  type DuckDBDateValue,
  type DuckDBDecimalType,
  type DuckDBDecimalValue,
  type DuckDBListType,
  type DuckDBListValue,
  type DuckDBResult,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
} from '@duckdb/node-api';
import {
  Binary,
  Bool,
  type Data,
  type DataType,
  DateDay,
  Decimal,
  Field,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  TimestampSecond,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
} from 'apache-arrow';
import { ArrowOutput } from './arrow-writer.js';
import type { OutputTarget } from './output.js';
import { textOfValue } from './value-text.js';

/** Rows of a record batch; DuckDB's chunks of 2,048 are too small for readers to be quick. */
const BATCH_ROWS = 65_536;

/** How the values of a DuckDB type become an Arrow column. */
interface Conversion {
  readonly type: DataType;
  data(values: readonly DuckDBValue[]): Data;
}

type Head = { type: DataType; length: number; nullCount: number; nullBitmap?: Uint8Array };

function headOf(type: DataType, values: readonly DuckDBValue[]): Head {
  const nullCount = values.reduce<number>((count, v) => count + (v === null ? 1 : 0), 0);
  if (nullCount === 0) return { type, length: values.length, nullCount };
  return { type, length: values.length, nullCount, nullBitmap: bitsOf(values, (v) => v !== null) };
}

function bitsOf(values: readonly DuckDBValue[], set: (value: DuckDBValue) => boolean): Uint8Array {
  const bits = new Uint8Array((values.length + 7) >> 3);
  for (let i = 0; i < values.length; i++) if (set(values[i]!)) bits[i >> 3]! |= 1 << (i & 7);
  return bits;
}

type Numbers = { new (length: number): { [index: number]: number | bigint } };

/** Values of fixed width; `of` makes a number of what DuckDB answers. */
function fixed(type: DataType, Words: Numbers, of: (value: never) => number | bigint): Conversion {
  return {
    type,
    data(values) {
      const data = new Words(values.length);
      for (let i = 0; i < values.length; i++) if (values[i] !== null) data[i] = of(values[i] as never);
      return makeData({ ...headOf(type, values), data } as never);
    },
  };
}

const same = (value: number | bigint) => value;

/** 128-bit numbers: DECIMAL, and HUGEINT as one without a fraction. */
function decimal(width: number, scale: number, of: (value: never) => bigint): Conversion {
  const type = new Decimal(scale, width, 128);
  return {
    type,
    data(values) {
      const words = new BigUint64Array(2 * values.length);
      for (let i = 0; i < values.length; i++) {
        if (values[i] === null) continue;
        const value = of(values[i] as never);
        words[2 * i] = BigInt.asUintN(64, value);
        words[2 * i + 1] = BigInt.asUintN(64, value >> 64n);
      }
      return makeData({ ...headOf(type, values), data: new Uint32Array(words.buffer) } as never);
    },
  };
}

function bytes(type: DataType, of: (value: DuckDBValue) => Uint8Array): Conversion {
  return {
    type,
    data(values) {
      const parts = values.map((v) => (v === null ? new Uint8Array() : of(v)));
      const valueOffsets = offsetsOf(parts);
      return makeData({
        ...headOf(type, values),
        valueOffsets,
        data: new Uint8Array(Buffer.concat(parts)),
      } as never);
    },
  };
}

function offsetsOf(parts: readonly { length: number }[]): Int32Array {
  const offsets = new Int32Array(parts.length + 1);
  for (let i = 0; i < parts.length; i++) offsets[i + 1] = offsets[i]! + parts[i]!.length;
  return offsets;
}

function list(element: Conversion): Conversion {
  const type = new List(new Field('item', element.type, true));
  return {
    type,
    data(values) {
      const lists = values.map((v) => (v === null ? [] : (v as DuckDBListValue).items));
      const child = element.data(lists.flat());
      return makeData({ ...headOf(type, values), valueOffsets: offsetsOf(lists), child } as never);
    },
  };
}

const boolean: Conversion = {
  type: new Bool(),
  data(values) {
    return makeData({ ...headOf(boolean.type, values), data: bitsOf(values, (v) => v === true) } as never);
  },
};

const encoder = new TextEncoder();
const text = bytes(new Utf8(), (v) => encoder.encode(textOfValue(v) ?? ''));
const ticks = (name: 'nanos' | 'micros' | 'millis' | 'seconds') => (v: Record<typeof name, bigint>) =>
  v[name];

const SIMPLE: Partial<Record<DuckDBTypeId, Conversion>> = {
  [DuckDBTypeId.BOOLEAN]: boolean,
  [DuckDBTypeId.TINYINT]: fixed(new Int8(), Int8Array, same),
  [DuckDBTypeId.SMALLINT]: fixed(new Int16(), Int16Array, same),
  [DuckDBTypeId.INTEGER]: fixed(new Int32(), Int32Array, same),
  [DuckDBTypeId.BIGINT]: fixed(new Int64(), BigInt64Array, same),
  [DuckDBTypeId.UTINYINT]: fixed(new Uint8(), Uint8Array, same),
  [DuckDBTypeId.USMALLINT]: fixed(new Uint16(), Uint16Array, same),
  [DuckDBTypeId.UINTEGER]: fixed(new Uint32(), Uint32Array, same),
  [DuckDBTypeId.UBIGINT]: fixed(new Uint64(), BigUint64Array, same),
  [DuckDBTypeId.FLOAT]: fixed(new Float32(), Float32Array, same),
  [DuckDBTypeId.DOUBLE]: fixed(new Float64(), Float64Array, same),
  [DuckDBTypeId.HUGEINT]: decimal(38, 0, (v: bigint) => v),
  [DuckDBTypeId.DATE]: fixed(new DateDay(), Int32Array, (v: DuckDBDateValue) => v.days),
  [DuckDBTypeId.TIMESTAMP]: fixed(new TimestampMicrosecond(), BigInt64Array, ticks('micros')),
  [DuckDBTypeId.TIMESTAMP_TZ]: fixed(new TimestampMicrosecond('UTC'), BigInt64Array, ticks('micros')),
  [DuckDBTypeId.TIMESTAMP_NS]: fixed(new TimestampNanosecond(), BigInt64Array, ticks('nanos')),
  [DuckDBTypeId.TIMESTAMP_MS]: fixed(new TimestampMillisecond(), BigInt64Array, ticks('millis')),
  [DuckDBTypeId.TIMESTAMP_S]: fixed(new TimestampSecond(), BigInt64Array, ticks('seconds')),
  [DuckDBTypeId.BLOB]: bytes(new Binary(), (v) => (v as DuckDBBlobValue).bytes),
};

/** Structures, maps, intervals and what else there is go as text (JSON where they are nested). */
function conversionOf(type: DuckDBType): Conversion {
  if (type.typeId === DuckDBTypeId.LIST) return list(conversionOf((type as DuckDBListType).valueType));
  if (type.typeId === DuckDBTypeId.DECIMAL) {
    const { width, scale } = type as DuckDBDecimalType;
    return decimal(width, scale, (v: DuckDBDecimalValue) => v.value);
  }
  return SIMPLE[type.typeId] ?? text;
}

/** Write a query result as Arrow IPC. */
export async function writeArrowResult(result: DuckDBResult, target: OutputTarget): Promise<void> {
  const names = result.deduplicatedColumnNames();
  const conversions = result.columnTypes().map(conversionOf);
  const schema = new Schema(names.map((name, i) => new Field(name, conversions[i]!.type, true)));
  const output = new ArrowOutput(schema, target);
  let columns: DuckDBValue[][] = names.map(() => []);
  let rows = 0;
  const flush = async () => {
    if (rows === 0) return;
    const children = columns.map((values, i) => conversions[i]!.data(values));
    const data = makeData({ type: new Struct(schema.fields), length: rows, nullCount: 0, children });
    columns = names.map(() => []);
    rows = 0;
    await output.write(new RecordBatch(schema, data));
  };
  for (
    let chunk = await result.fetchChunk();
    chunk !== null && chunk.rowCount > 0;
    chunk = await result.fetchChunk()
  ) {
    const from = chunk;
    columns.forEach((values, i) => {
      from.appendColumnValues(i, values);
    });
    rows += chunk.rowCount;
    if (rows >= BATCH_ROWS) await flush();
    if (output.finished) break;
  }
  await flush();
  await output.close();
}
