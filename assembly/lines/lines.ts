import { copyShort } from '../core/bytes';
import { hexEncode } from '../crypto/hex';
import {
  TYPE_BINARY,
  TYPE_LIST_U16,
  TYPE_LIST_U64,
  TYPE_LIST_UTF8,
  TYPE_LIST_U8,
  TYPE_TS,
  TYPE_U16,
  TYPE_U32,
  TYPE_U64,
  TYPE_U8,
  TYPE_UTF8,
} from '../generated/layout';
import { numbersInit, writeTime, writeU32, writeU64 } from './numbers';
import { writeCsvText, writeJsonText } from './text';

/**
 * Rows as lines of text, JSON objects or CSV, from columns in Arrow layout. Apart from the walk of packets: an instance
 * that does this does nothing else.
 *
 * A column is described by u32 values:
 *
 *     0   type (TYPE_...); 0: the same text in every row
 *     4   validity bits, 0: no nulls
 *     8   offsets (i32, rows + 1), 0 for fixed width
 *     12  data; address of what offset 0 points at
 *     16  list<utf8>: offsets of the elements
 *     20  bytes of the constant text at `data`
 *     24  text before the value, 28 its length
 */
export const LINE_COLUMN_BYTES: u32 = 32;

const JSON: u32 = 0;
const QUOTE: u32 = 0x22;
const NULL: u32 = 0x6c6c756e;
const TRUE: u32 = 0x65757274;
const FALSE: u32 = 0x736c6166;

/** Build the tables. Once. */
export function linesInit(): void {
  numbersInit();
}

/** Value `i` of fixed width as JSON; times and numbers look the same in CSV, without quotes. */
function writeFixed(to: usize, type: u32, data: usize, i: u32): usize {
  switch (type) {
    case TYPE_U8:
    case TYPE_LIST_U8:
      return writeU32(to, load<u8>(data + i));
    case TYPE_U16:
    case TYPE_LIST_U16:
      return writeU32(to, load<u16>(data + (i << 1)));
    case TYPE_U32:
      return writeU32(to, load<u32>(data + (i << 2)));
    case TYPE_U64:
    case TYPE_LIST_U64:
      return writeU64(to, load<u64>(data + (i << 3)));
    case TYPE_TS:
      return writeTime(to, load<i64>(data + (i << 3)));
    default:
      if ((load<u8>(data + (i >> 3)) >> <u8>(i & 7)) & 1) {
        store<u32>(to, TRUE);
        return to + 4;
      }
      store<u32>(to, FALSE);
      store<u8>(to, 0x65, 4);
      return to + 5;
  }
}

/** The elements `from` to `until` of a list as a JSON array. */
function writeList(to: usize, column: usize, type: u32, from: u32, until: u32): usize {
  const data = <usize>load<u32>(column, 12);
  const children = <usize>load<u32>(column, 16);
  store<u8>(to++, 0x5b);
  for (let e = from; e < until; e++) {
    if (e > from) store<u8>(to++, 0x2c);
    if (type == TYPE_LIST_UTF8) {
      const start = load<u32>(children + (e << 2));
      to = writeJsonText(to, data + start, load<u32>(children + (e << 2), 4) - start);
    } else to = writeFixed(to, type, data, e);
  }
  store<u8>(to, 0x5d);
  return to + 1;
}

/** The value of a row that is not null. `spare` is free memory for a value that is written twice. */
function writeValue(to: usize, column: usize, row: u32, csv: u32, spare: usize): usize {
  const type = load<u32>(column);
  const data = <usize>load<u32>(column, 12);
  if (type == 0) {
    const bytes = load<u32>(column, 20);
    copyShort(to, data, bytes);
    return to + bytes;
  }
  const offsets = <usize>load<u32>(column, 8);
  if (!offsets) {
    const quoted = type == TYPE_TS && csv == JSON;
    if (quoted) store<u8>(to++, QUOTE);
    to = writeFixed(to, type, data, row);
    if (quoted) store<u8>(to++, QUOTE);
    return to;
  }
  const from = load<u32>(offsets + (row << 2));
  const until = load<u32>(offsets + (row << 2), 4);
  if (type == TYPE_UTF8) {
    return csv ? writeCsvText(to, data + from, until - from) : writeJsonText(to, data + from, until - from);
  }
  if (type == TYPE_BINARY) {
    // An empty value is told from null by its quotes.
    const quoted = csv == JSON || from == until;
    if (quoted) store<u8>(to++, QUOTE);
    hexEncode(data + from, until - from, to);
    to += (until - from) << 1;
    if (quoted) store<u8>(to++, QUOTE);
    return to;
  }
  if (csv == JSON) return writeList(to, column, type, from, until);
  const end = writeList(spare, column, type, from, until);
  return writeCsvText(to, spare, <u32>(end - spare));
}

/**
 * Write rows `from` to `until` of `columns` columns described at `table` to `to`.
 *
 * @param csv 0: JSON objects, 1: comma-separated values
 * @param spare as much free memory as the longest value takes
 * @param ends where the ends of the lines go, bytes from the first, u32 each; 0: they are not wanted
 * @returns bytes written; up to 16 behind them may have been overwritten
 */
export function writeLines(
  table: usize,
  columns: u32,
  from: u32,
  until: u32,
  csv: u32,
  to: usize,
  spare: usize,
  ends: usize,
): u32 {
  const start = to;
  for (let row = from; row < until; row++) {
    for (let c: u32 = 0; c < columns; c++) {
      const column = table + c * LINE_COLUMN_BYTES;
      const before = load<u32>(column, 28);
      copyShort(to, <usize>load<u32>(column, 24), before);
      to += before;
      const validity = <usize>load<u32>(column, 4);
      if (validity == 0 || (load<u8>(validity + (row >> 3)) >> <u8>(row & 7)) & 1) {
        to = writeValue(to, column, row, csv, spare);
      } else if (csv == JSON) {
        store<u32>(to, NULL);
        to += 4;
      }
    }
    if (csv == JSON) store<u8>(to++, 0x7d);
    store<u8>(to++, 0x0a);
    if (ends) store<u32>(ends + ((row - from) << 2), <u32>(to - start));
  }
  return <u32>(to - start);
}
