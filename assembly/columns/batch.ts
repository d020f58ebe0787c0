import { arenaReserve } from '../core/arena';
import { copyShort } from '../core/bytes';
import { CONTROL, limit } from '../core/control';
import { orderPlace, orderRank } from '../core/order';
import {
  COLUMN_BYTES,
  COLUMN_CHILD_CAPACITY,
  COLUMN_CHILD_LENGTH,
  COLUMN_CHILD_OFFSETS,
  COLUMN_COUNT,
  COLUMN_DATA,
  COLUMN_DATA_CAPACITY,
  COLUMN_DATA_LENGTH,
  COLUMN_NULL_COUNT,
  COLUMN_NULLABLE,
  COLUMN_OFFSETS,
  COLUMN_TYPE,
  COLUMN_TYPES,
  COLUMN_UNWANTED,
  COLUMN_VALIDITY,
  CONTROL_ORDERS,
  CONTROL_ROWS,
  GROUP_COUNT,
  GROUP_STARTS,
  LIMIT_BATCH_ROWS,
  TYPE_BINARY,
  TYPE_BOOL,
  TYPE_LIST_U8,
  TYPE_LIST_UTF8,
  TYPE_U8,
  TYPE_U16,
  TYPE_U32,
} from '../generated/layout';

/**
 * Largest number of bytes that one packet can bring to the batches: a whole reassembly buffer or a whole captured
 * packet. What one packet adds to a column stays below `SLACK_BYTES`, its rows below `SLACK_ROWS`
 * (a hello has at least 43 bytes), so checking for room once per packet is enough.
 */
export const MAX_MESSAGE_BYTES: u32 = 1 << 20;
const MIN_HELLO_BYTES: u32 = 43;
const SLACK_ROWS: u32 = MAX_MESSAGE_BYTES / MIN_HELLO_BYTES;
/** Texts grow at most threefold (u16 to decimal and a separator); 8 bytes more per row for the constant parts. */
const SLACK_BYTES: u32 = MAX_MESSAGE_BYTES * 4;

/** Descriptors of all columns, in generated order. */
const DESCRIPTOR_TOTAL: i32 = 8192;
export const DESCRIPTORS: usize = memory.data(DESCRIPTOR_TOTAL, 64);

let rowCapacity: u32 = 0;
let rowTarget: u32 = 0;

@inline function descriptor(column: u32): usize {
  return DESCRIPTORS + column * COLUMN_BYTES;
}

/** One byte per column: 1 when the host wants its values. */
const WANTED: usize = memory.data(128, 64);

/** Note which columns the host wants (it has written that to the descriptors). */
export function batchNoteWanted(): void {
  for (let c: u32 = 0; c < COLUMN_COUNT; c++) {
    store<u8>(WANTED + c, load<u32>(descriptor(c), COLUMN_UNWANTED) == 0);
  }
}

/** Whether any column of a group is wanted: without, its rows need not be made. */
export function groupWanted(group: u32): bool {
  const end: u32 = load<u8>(GROUP_STARTS + group + 1);
  for (let c: u32 = load<u8>(GROUP_STARTS + group); c < end; c++) {
    if (wanted(c)) return true;
  }
  return false;
}

/**
 * Whether the host wants the values of a column. What goes into one that it does not want is left out, and what is
 * computed for it alone need not be.
 */
@inline export function wanted(column: u32): bool {
  return load<bool>(WANTED + column);
}

/** Rows in the batch of a group: the index of the row being written. */
@inline export function rowsOf(group: u32): u32 {
  return load<u32>(CONTROL + CONTROL_ROWS + (group << 2));
}

/** The row being written is whole. */
@inline export function commitRow(group: u32): void {
  const at = CONTROL + CONTROL_ROWS + (group << 2);
  const row = load<u32>(at);
  const order = <usize>load<u32>(CONTROL + CONTROL_ORDERS + (group << 2)) + ((<usize>row) << 4);
  store<f64>(order, orderPlace());
  store<f64>(order, orderRank(), 8);
  store<u32>(at, row + 1);
}

function fixedWidth(type: u32): u32 {
  if (type == TYPE_BOOL) return 0;
  if (type == TYPE_U8) return 1;
  if (type == TYPE_U16) return 2;
  return type == TYPE_U32 ? 4 : 8;
}

/** Reserve the buffers of every column. Returns false when memory cannot be had. */
export function batchInit(): bool {
  rowTarget = limit(LIMIT_BATCH_ROWS);
  rowCapacity = rowTarget + SLACK_ROWS;
  for (let c: u32 = 0; c < COLUMN_COUNT; c++) {
    if (!reserveColumn(c)) return false;
  }
  for (let g: u32 = 0; g < GROUP_COUNT; g++) {
    const orders = arenaReserve(rowCapacity << 4);
    if (!orders) return false;
    store<u32>(CONTROL + CONTROL_ORDERS + (g << 2), <u32>orders);
  }
  batchReset();
  return true;
}

/** Bytes per row planned for a column of variable width; a batch that needs more is handed over earlier. */
const PLANNED_BYTES: u32 = 256;

function reserveColumn(c: u32): bool {
  const d = descriptor(c);
  const type: u32 = load<u8>(COLUMN_TYPES + c);
  store<u32>(d, type, COLUMN_TYPE);
  if (load<u8>(COLUMN_NULLABLE + c)) {
    const validity = arenaReserve((rowCapacity + 7) >> 3);
    if (!validity) return false;
    store<u32>(d, <u32>validity, COLUMN_VALIDITY);
  }
  let bytes: u32;
  if (type <= 6) {
    bytes = type == TYPE_BOOL ? (rowCapacity + 7) >> 3 : rowCapacity * fixedWidth(type);
  } else {
    const offsets = arenaReserve((rowCapacity + 1) << 2);
    if (!offsets) return false;
    store<u32>(d, <u32>offsets, COLUMN_OFFSETS);
    bytes = rowTarget * PLANNED_BYTES + SLACK_BYTES;
  }
  if (type == TYPE_LIST_UTF8) {
    const capacity = rowTarget * 8 + SLACK_BYTES / 2;
    const children = arenaReserve((capacity + 1) << 2);
    if (!children) return false;
    store<u32>(d, <u32>children, COLUMN_CHILD_OFFSETS);
    store<u32>(d, capacity, COLUMN_CHILD_CAPACITY);
  }
  const data = arenaReserve(bytes + 64);
  store<u32>(d, <u32>data, COLUMN_DATA);
  store<u32>(d, bytes, COLUMN_DATA_CAPACITY);
  return data != 0;
}

/** Empty all batches; what the host was given is no longer valid. */
export function batchReset(): void {
  for (let g: u32 = 0; g < GROUP_COUNT; g++) {
    const rows = rowsOf(g);
    const end: u32 = load<u8>(GROUP_STARTS + g + 1);
    for (let c: u32 = load<u8>(GROUP_STARTS + g); c < end; c++) {
      const d = descriptor(c);
      const validity = <usize>load<u32>(d, COLUMN_VALIDITY);
      if (validity) memory.fill(validity, 0, (rows + 8) >> 3);
      if (load<u32>(d, COLUMN_TYPE) == TYPE_BOOL) memory.fill(<usize>load<u32>(d, COLUMN_DATA), 0, (rows + 8) >> 3);
      store<u32>(d, 0, COLUMN_DATA_LENGTH);
      store<u32>(d, 0, COLUMN_CHILD_LENGTH);
      store<u32>(d, 0, COLUMN_NULL_COUNT);
    }
    store<u32>(CONTROL + CONTROL_ROWS + (g << 2), 0);
  }
  full = false;
}

/** True once a batch has no room for what another packet could bring. */
export let full: bool = false;

@inline function noteFill(d: usize, length: u32): void {
  if (length + SLACK_BYTES >= load<u32>(d, COLUMN_DATA_CAPACITY)) full = true;
}

/** To be called after the rows of a packet: notes whether the batch of `group` is full. */
@inline export function noteRows(group: u32): void {
  if (rowsOf(group) >= rowTarget) full = true;
}

@inline function setValid(d: usize, row: u32): void {
  const validity = <usize>load<u32>(d, COLUMN_VALIDITY);
  if (!validity) return;
  const at = validity + (row >> 3);
  store<u8>(at, load<u8>(at) | <u8>(<u32>1 << (row & 7)));
}

@inline export function putU8(column: u32, row: u32, value: u32): void {
  if (wanted(column)) writeU8(column, row, value);
}

function writeU8(column: u32, row: u32, value: u32): void {
  const d = descriptor(column);
  store<u8>(<usize>load<u32>(d, COLUMN_DATA) + row, value);
  setValid(d, row);
}

@inline export function putU16(column: u32, row: u32, value: u32): void {
  if (wanted(column)) writeU16(column, row, value);
}

function writeU16(column: u32, row: u32, value: u32): void {
  const d = descriptor(column);
  store<u16>(<usize>load<u32>(d, COLUMN_DATA) + (row << 1), value);
  setValid(d, row);
}

@inline export function putU32(column: u32, row: u32, value: u32): void {
  if (wanted(column)) writeU32(column, row, value);
}

function writeU32(column: u32, row: u32, value: u32): void {
  const d = descriptor(column);
  store<u32>(<usize>load<u32>(d, COLUMN_DATA) + (row << 2), value);
  setValid(d, row);
}

@inline export function putU64(column: u32, row: u32, value: u64): void {
  if (wanted(column)) writeU64(column, row, value);
}

function writeU64(column: u32, row: u32, value: u64): void {
  const d = descriptor(column);
  store<u64>(<usize>load<u32>(d, COLUMN_DATA) + (row << 3), value);
  setValid(d, row);
}

@inline export function putBool(column: u32, row: u32, value: bool): void {
  if (wanted(column)) writeBool(column, row, value);
}

function writeBool(column: u32, row: u32, value: bool): void {
  const d = descriptor(column);
  if (value) {
    const at = <usize>load<u32>(d, COLUMN_DATA) + (row >> 3);
    store<u8>(at, load<u8>(at) | <u8>(<u32>1 << (row & 7)));
  }
  setValid(d, row);
}

/** A null (or, in a column without nulls, an empty value) of any type. */
@inline export function putNull(column: u32, row: u32): void {
  if (wanted(column)) writeNull(column, row);
}

function writeNull(column: u32, row: u32): void {
  const d = descriptor(column);
  const type = load<u32>(d, COLUMN_TYPE);
  if (type >= 7) writeOffset(d, row, type == TYPE_LIST_UTF8 ? load<u32>(d, COLUMN_CHILD_LENGTH) : elements(d, type));
  else if (type != TYPE_BOOL) {
    putZero(<usize>load<u32>(d, COLUMN_DATA), row, fixedWidth(type));
  }
  if (load<u32>(d, COLUMN_VALIDITY)) store<u32>(d, load<u32>(d, COLUMN_NULL_COUNT) + 1, COLUMN_NULL_COUNT);
}

@inline function putZero(data: usize, row: u32, width: u32): void {
  if (width == 1) store<u8>(data + row, 0);
  else if (width == 2) store<u16>(data + (row << 1), 0);
  else if (width == 4) store<u32>(data + (row << 2), 0);
  else store<u64>(data + (row << 3), 0);
}

/** Elements (bytes for text) in use of a column of variable width. */
@inline function elements(d: usize, type: u32): u32 {
  const bytes = load<u32>(d, COLUMN_DATA_LENGTH);
  if (type <= TYPE_BINARY || type == TYPE_LIST_U8) return bytes;
  return type == TYPE_LIST_U8 + 1 ? bytes >> 1 : bytes >> 3;
}

@inline function writeOffset(d: usize, row: u32, end: u32): void {
  const offsets = <usize>load<u32>(d, COLUMN_OFFSETS);
  if (row == 0) store<u32>(offsets, 0);
  store<u32>(offsets + (row << 2), end, 4);
}

/** Text (valid UTF-8) or bytes. */
@inline export function putBytes(column: u32, row: u32, source: usize, length: u32): void {
  if (wanted(column)) writeBytes(column, row, source, length);
}

/** Where the next value of a wanted column of variable width goes. */
@inline export function nextBytes(column: u32): usize {
  const d = descriptor(column);
  return <usize>load<u32>(d, COLUMN_DATA) + load<u32>(d, COLUMN_DATA_LENGTH);
}

/** The `length` bytes at `nextBytes` of a wanted column are its value. */
@inline export function keepBytes(column: u32, row: u32, length: u32): void {
  const d = descriptor(column);
  const used = load<u32>(d, COLUMN_DATA_LENGTH) + length;
  store<u32>(d, used, COLUMN_DATA_LENGTH);
  writeOffset(d, row, used);
  noteFill(d, used);
  setValid(d, row);
}

function writeBytes(column: u32, row: u32, source: usize, length: u32): void {
  copyShort(nextBytes(column), source, length);
  keepBytes(column, row, length);
}

/** A list of `n` elements of `1 << shift` bytes each, little-endian. */
@inline export function putList(column: u32, row: u32, source: usize, n: u32, shift: u32): void {
  if (wanted(column)) writeList(column, row, source, n, shift);
}

function writeList(column: u32, row: u32, source: usize, n: u32, shift: u32): void {
  const d = descriptor(column);
  const used = load<u32>(d, COLUMN_DATA_LENGTH);
  const bytes = n << shift;
  copyShort(<usize>load<u32>(d, COLUMN_DATA) + used, source, bytes);
  store<u32>(d, used + bytes, COLUMN_DATA_LENGTH);
  writeOffset(d, row, (used + bytes) >> shift);
  noteFill(d, used + bytes);
  setValid(d, row);
}

/** Add one element to the list<utf8> of the row being written; `endTextList` closes the list. */
@inline export function addText(column: u32, source: usize, length: u32): void {
  if (wanted(column)) writeText(column, source, length);
}

function writeText(column: u32, source: usize, length: u32): void {
  const d = descriptor(column);
  const used = load<u32>(d, COLUMN_DATA_LENGTH);
  const child = load<u32>(d, COLUMN_CHILD_LENGTH);
  const offsets = <usize>load<u32>(d, COLUMN_CHILD_OFFSETS);
  copyShort(<usize>load<u32>(d, COLUMN_DATA) + used, source, length);
  if (child == 0) store<u32>(offsets, 0);
  store<u32>(offsets + (child << 2), used + length, 4);
  store<u32>(d, used + length, COLUMN_DATA_LENGTH);
  store<u32>(d, child + 1, COLUMN_CHILD_LENGTH);
  noteFill(d, used + length);
  if (child + SLACK_BYTES / 2 >= load<u32>(d, COLUMN_CHILD_CAPACITY)) full = true;
}

/** Close the list<utf8> of the row being written. */
@inline export function endTextList(column: u32, row: u32): void {
  if (wanted(column)) writeTextListEnd(column, row);
}

function writeTextListEnd(column: u32, row: u32): void {
  const d = descriptor(column);
  const child = load<u32>(d, COLUMN_CHILD_LENGTH);
  if (child == 0) store<u32>(<usize>load<u32>(d, COLUMN_CHILD_OFFSETS), 0);
  writeOffset(d, row, child);
  setValid(d, row);
}
