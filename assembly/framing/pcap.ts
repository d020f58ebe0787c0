import { full } from '../columns/batch';
import { fail } from '../core/control';
import { RECORDS_PCAP, setInput, setNextRecord } from '../core/packet';
import { STATUS_BAD_RECORD, STATUS_BAD_VERSION, STATUS_BATCH_FULL, STATUS_NEED_INPUT } from '../generated/codes';
import { clockTo, sweepDue } from '../flow/clock';
import { LINKTYPE_ETHERNET } from '../link/link';
import { countRecords, lastRecord, nextNumber, packetRecord, sweep, walkRecord } from '../pipeline';
import { MAX_CAPTURED, RECORD_HEADER } from './formats';

/**
 * Classic pcap (draft-ietf-opsawg-pcap): a 24-byte file header, then records of a 16-byte header and the captured bytes.
 * Both byte orders, microseconds (a1b2c3d4) and nanoseconds (a1b23c4d); the modified format of Alexey Kuznetzov
 * (a1b2cd34) has 8 more bytes in its record header.
 */
const FILE_HEADER: u32 = 24;

let swapped: bool = false;
let nanoseconds: bool = false;
let recordHeader: u32 = RECORD_HEADER;
let linkType: u32 = 0;

@inline function u32At(p: usize): u32 {
  const v = load<u32>(p);
  return swapped ? bswap<u32>(v) : v;
}

@inline function u16At(p: usize): u32 {
  const v = load<u16>(p);
  return swapped ? bswap<u16>(v) : v;
}

/** Whether 4 bytes at `p` are the magic of a pcap file; remembers which. */
export function isPcap(p: usize): bool {
  const magic = load<u32>(p);
  const swappedMagic = bswap<u32>(magic);
  const known = isMagic(magic);
  if (!known && !isMagic(swappedMagic)) return false;
  swapped = !known;
  const value = known ? magic : swappedMagic;
  nanoseconds = value == 0xa1b23c4d;
  recordHeader = value == 0xa1b2cd34 ? RECORD_HEADER + 8 : RECORD_HEADER;
  return true;
}

@inline function isMagic(v: u32): bool {
  return v == 0xa1b2c3d4 || v == 0xa1b23c4d || v == 0xa1b2cd34;
}

/** Read the file header. Returns bytes consumed, 0 = more input needed, negative = fatal status. */
export function pcapHeader(p: usize, n: u32): i32 {
  if (n < FILE_HEADER) return 0;
  const major = u16At(p + 4);
  if (major != 2) return fail(STATUS_BAD_VERSION, 4, major);
  // The upper bits say whether frames end in a check sequence; its length is part of neither IP nor TCP.
  linkType = u32At(p + 20) & 0xffff;
  return FILE_HEADER;
}

/** Whether records are those that `framing/ahead` is for, of Ethernet. */
export function isPlainEthernet(): bool {
  return recordHeader == RECORD_HEADER && !swapped && linkType == LINKTYPE_ETHERNET;
}

/** Bytes of the block that `pcapRecords` consumed: whole records. */
export let consumed: u32 = 0;

/**
 * Walk the records in `n` bytes at `p`; `offset` is their place in the file.
 *
 * @returns STATUS_NEED_INPUT, STATUS_BATCH_FULL, or a fatal status
 */
export function pcapRecords(p: usize, n: u32, offset: u64): i32 {
  const status = recordHeader == RECORD_HEADER && !swapped ? plainRecords(p, n, offset) : otherRecords(p, n, offset);
  setNextRecord(0);
  return status;
}

/** Records of another byte order or with a longer header. */
function otherRecords(p: usize, n: u32, offset: u64): i32 {
  const end = p + n;
  let status: i32 = STATUS_NEED_INPUT;
  let at = p;
  const last = lastRecord(p, n, offset, recordHeader);
  while (at <= last) {
    const captured = u32At(at + 8);
    if (captured > MAX_CAPTURED) {
      status = fail(STATUS_BAD_RECORD, offset + <u64>(at - p), captured);
      break;
    }
    const data = at + recordHeader;
    if (captured > <u32>(end - data)) break;
    if (full || (sweepDue() && !sweep())) {
      status = STATUS_BATCH_FULL;
      break;
    }
    const ts = <i64>u32At(at) * 1_000_000_000 + <i64>u32At(at + 4) * (nanoseconds ? 1 : 1000);
    packetRecord(data, captured, u32At(at + 12), linkType, ts);
    at = data + captured;
  }
  consumed = <u32>(at - p);
  return status;
}

/** Records as nearly all files have them: in our byte order, with 16 bytes of header. They are counted together. */
function plainRecords(p: usize, n: u32, offset: u64): i32 {
  const end = p + n;
  const first = nextNumber();
  const unit: i64 = nanoseconds ? 1 : 1000;
  const type = linkType;
  let status: i32 = STATUS_NEED_INPUT;
  let at = p;
  let number = first;
  let bytes: u64 = 0;
  let cut: u64 = 0;
  let earliest: i64 = i64.MAX_VALUE;
  let latest: i64 = i64.MIN_VALUE;
  setInput(RECORDS_PCAP, p, end, offset);
  const last = lastRecord(p, n, offset, RECORD_HEADER);
  while (at <= last) {
    const captured = load<u32>(at, 8);
    if (captured > MAX_CAPTURED) {
      status = fail(STATUS_BAD_RECORD, offset + <u64>(at - p), captured);
      break;
    }
    const next = at + RECORD_HEADER + captured;
    if (next > end) break;
    if (full || (sweepDue() && !sweep())) {
      status = STATUS_BATCH_FULL;
      break;
    }
    const original = load<u32>(at, 12);
    const ts = <i64>load<u32>(at) * 1_000_000_000 + <i64>load<u32>(at, 4) * unit;
    bytes += original;
    cut += u64(captured < original);
    if (ts < earliest) earliest = ts;
    if (ts > latest) latest = ts;
    clockTo(ts);
    setNextRecord(next);
    walkRecord(number++, at + RECORD_HEADER, captured, type, ts);
    at = next;
  }
  consumed = <u32>(at - p);
  const packets = number - first;
  countRecords(packets, bytes, consumed - packets * RECORD_HEADER, cut, type, earliest, latest);
  return status;
}
