import { full } from '../columns/batch';
import { arenaReserve } from '../core/arena';
import { CONTROL, count, fail, limit } from '../core/control';
import { RECORDS_PCAPNG, setInput, setNextRecord } from '../core/packet';
import {
  COUNT_SKIPPED_BLOCKS,
  STATUS_BAD_RECORD,
  STATUS_BAD_VERSION,
  STATUS_BATCH_FULL,
  STATUS_NEED_INPUT,
  STATUS_NO_INTERFACE,
  STATUS_TOO_MANY_INTERFACES,
} from '../generated/codes';
import { noteUncertain } from '../flow/trail';
import { CONTROL_INTERFACES, LIMIT_MAX_INTERFACES } from '../generated/layout';
import { clockTo, sweepDue } from '../flow/clock';
import { countRecords, lastRecord, nextNumber, packetRecord, sweep, walkRecord } from '../pipeline';
import { LINKTYPE_ETHERNET } from '../link/link';
import {
  BYTE_ORDER,
  ENHANCED_PACKET,
  INTERFACE,
  MAX_BLOCK,
  MIN_BLOCK,
  PACKET,
  PACKET_FRAME,
  PACKET_HEADER,
  SECTION_HEADER,
  SIMPLE_PACKET,
} from './formats';

/**
 * pcapng (draft-ietf-opsawg-pcapng): sections of blocks, each `u32 type, u32 total length, body, u32 total length`, in
 * the byte order of its section header. Each interface has its own link type, time resolution and time offset.
 */
/** Options of an interface description: if_tsresol, if_tsoffset (draft §4.2). */
const IF_TSRESOL: u32 = 9;
const IF_TSOFFSET: u32 = 14;

/**
 * Interface: u32 link type, u32 snap length, i64 offset (s), u64 units per second, u32 kind (0 = microseconds,
 * 1 = nanoseconds, 2 = other), u32 spare.
 */
const INTERFACE_BYTES: u32 = 32;

let interfaces: usize = 0;
let interfaceCount: u32 = 0;
let swapped: bool = false;
let lastTs: i64 = 0;

/** Bytes of the block that `pcapngBlocks` consumed. */
export let consumed: u32 = 0;
/** Bytes to skip behind what was consumed: the rest of a large block without packets. */
export let skip: u64 = 0;

export function pcapngInit(): bool {
  interfaces = arenaReserve(limit(LIMIT_MAX_INTERFACES) * INTERFACE_BYTES);
  return interfaces != 0;
}

/** A new capture begins. */
export function pcapngBegin(): void {
  interfaceCount = 0;
  lastTs = 0;
  skip = 0;
  store<u32>(CONTROL, 0, CONTROL_INTERFACES);
}

/** What the records that follow mean may change. */
function noteInterfaces(): void {
  store<u32>(CONTROL, load<u32>(CONTROL, CONTROL_INTERFACES) + 1, CONTROL_INTERFACES);
  noteUncertain();
}

/** Whether blocks are those that `framing/ahead` is for, and the first interface is Ethernet. */
export function isPlainEthernet(): bool {
  return !swapped && interfaceCount > 0 && load<u32>(interfaces) == LINKTYPE_ETHERNET;
}

@inline export function isPcapng(p: usize): bool {
  return load<u32>(p) == SECTION_HEADER;
}

@inline function u32At(p: usize): u32 {
  const v = load<u32>(p);
  return swapped ? bswap<u32>(v) : v;
}
@inline function u16At(p: usize): u32 {
  const v = load<u16>(p);
  return swapped ? bswap<u16>(v) : v;
}

/**
 * Walk the blocks in `n` bytes at `p`; `offset` is their place in the file.
 *
 * @returns STATUS_NEED_INPUT (look at `skip`), STATUS_BATCH_FULL, or a fatal status
 */
export function pcapngBlocks(p: usize, n: u32, offset: u64): i32 {
  setInput(RECORDS_PCAPNG, p, p + n, offset);
  const status = blocks(p, n, offset);
  setNextRecord(0);
  return status;
}

function blocks(p: usize, n: u32, offset: u64): i32 {
  const end = p + n;
  let at = p;
  skip = 0;
  let status = STATUS_NEED_INPUT;
  const last = lastRecord(p, n, offset, MIN_BLOCK);
  while (at <= last) {
    const type = load<u32>(at);
    if (type == ENHANCED_PACKET && !swapped) {
      const behind = plainPackets(at, last, end);
      if (behind != at) {
        at = behind;
        continue;
      }
    }
    if (type == SECTION_HEADER) {
      const order = load<u32>(at, 8);
      if (order != BYTE_ORDER && bswap<u32>(order) != BYTE_ORDER) {
        status = fail(STATUS_BAD_RECORD, offset + (at - p) + 8, order);
        break;
      }
      swapped = order != BYTE_ORDER;
    }
    const length = u32At(at + 4);
    if (length < MIN_BLOCK || (length & 3) != 0) {
      status = fail(STATUS_BAD_RECORD, offset + (at - p) + 4, length);
      break;
    }
    const kind = swapped ? bswap<u32>(type) : type;
    const packets = kind == ENHANCED_PACKET || kind == SIMPLE_PACKET || kind == PACKET;
    if (packets && length > MAX_BLOCK) {
      status = fail(STATUS_BAD_RECORD, offset + (at - p) + 4, length);
      break;
    }
    if (length > <u32>(end - at)) {
      if (packets || kind == INTERFACE || type == SECTION_HEADER || length < 65536) break;
      // A large block of another kind (secrets, name resolution): nothing of it has to be in memory.
      skip = <u64>length - <u64>(end - at);
      at = end;
      count(COUNT_SKIPPED_BLOCKS);
      break;
    }
    if (packets && (full || (sweepDue() && !sweep()))) {
      status = STATUS_BATCH_FULL;
      break;
    }
    setNextRecord(swapped ? 0 : at + length);
    status = block(type, kind, at, length, offset + (at - p));
    if (status < 0) break;
    at += length;
  }
  consumed = <u32>(at - p);
  return status;
}

/**
 * Walk the blocks that nearly all of a capture are: Enhanced Packet Blocks in our byte order, from that at `at` on as long as they
 * are of its interface and begin at `last` or before. They are counted together. What is wrong is left to `block`.
 *
 * @returns the place of the next block
 */
function plainPackets(at: usize, last: usize, end: usize): usize {
  const id = load<u32>(at, 8);
  if (id >= interfaceCount) return at;
  const entry = interfaces + id * INTERFACE_BYTES;
  const type = load<u32>(entry);
  const first = nextNumber();
  let number = first;
  let bytes: u64 = 0;
  let there: u64 = 0;
  let cut: u64 = 0;
  let earliest: i64 = i64.MAX_VALUE;
  let latest: i64 = i64.MIN_VALUE;
  while (at <= last && load<u32>(at) == ENHANCED_PACKET && load<u32>(at, 8) == id) {
    const length = load<u32>(at, 4);
    if (length < PACKET_FRAME || length > MAX_BLOCK || (length & 3) != 0 || length > <u32>(end - at)) break;
    const captured = load<u32>(at, 20);
    if (captured > length - PACKET_FRAME || full || (sweepDue() && !sweep())) break;
    const original = load<u32>(at, 24);
    const ts = toNanoseconds(entry, load<u32>(at, 12), load<u32>(at, 16));
    bytes += original;
    there += captured;
    cut += u64(captured < original);
    if (ts < earliest) earliest = ts;
    if (ts > latest) latest = ts;
    lastTs = ts;
    clockTo(ts);
    setNextRecord(at + length);
    walkRecord(number++, at + PACKET_HEADER, captured, type, ts);
    at += length;
  }
  countRecords(number - first, bytes, there, cut, type, earliest, latest);
  return at;
}

function block(type: u32, kind: u32, at: usize, length: u32, offset: u64): i32 {
  if (type == SECTION_HEADER) return sectionHeader(at, length, offset);
  switch (kind) {
    case ENHANCED_PACKET:
      return timedPacket(at, length, offset, length < PACKET_FRAME ? 0 : u32At(at + 8));
    case SIMPLE_PACKET:
      return simplePacket(at, length, offset);
    case PACKET:
      return timedPacket(at, length, offset, length < PACKET_FRAME ? 0 : u16At(at + 8));
    case INTERFACE:
      return interfaceDescription(at, length, offset);
    default:
      count(COUNT_SKIPPED_BLOCKS);
      return STATUS_NEED_INPUT;
  }
}

function sectionHeader(at: usize, length: u32, offset: u64): i32 {
  if (length < 28) return fail(STATUS_BAD_RECORD, offset + 4, length);
  noteInterfaces();
  const major = u16At(at + 12);
  if (major != 1) return fail(STATUS_BAD_VERSION, offset + 12, major);
  interfaceCount = 0;
  return STATUS_NEED_INPUT;
}

function interfaceDescription(at: usize, length: u32, offset: u64): i32 {
  if (length < 20) return fail(STATUS_BAD_RECORD, offset + 4, length);
  noteInterfaces();
  if (interfaceCount >= limit(LIMIT_MAX_INTERFACES)) {
    return fail(STATUS_TOO_MANY_INTERFACES, offset, interfaceCount);
  }
  const entry = interfaces + interfaceCount * INTERFACE_BYTES;
  interfaceCount++;
  store<u32>(entry, u16At(at + 8));
  store<u32>(entry, u32At(at + 12), 4);
  store<i64>(entry, 0, 8);
  store<u64>(entry, 1_000_000, 16);
  store<u32>(entry, 0, 24);
  const end = at + length - 4;
  let option = at + 16;
  while (option + 4 <= end) {
    const code = u16At(option);
    const bytes = u16At(option + 2);
    const value = option + 4;
    if (code == 0 || bytes > <u32>(end - value)) break;
    if (code == IF_TSRESOL && bytes >= 1) setResolution(entry, load<u8>(value));
    if (code == IF_TSOFFSET && bytes >= 8) {
      const raw = load<u64>(value);
      store<i64>(entry, <i64>(swapped ? bswap<u64>(raw) : raw), 8);
    }
    option = value + ((bytes + 3) & ~3);
  }
  return STATUS_NEED_INPUT;
}

/** if_tsresol: a power of ten, or of two when the top bit is set. */
function setResolution(entry: usize, resolution: u32): void {
  let units: u64 = 1;
  if (resolution & 0x80) units = (resolution & 0x7f) < 64 ? <u64>1 << (resolution & 0x7f) : 0;
  else for (let i: u32 = 0; i < resolution && i < 19; i++) units *= 10;
  store<u64>(entry, units, 16);
  store<u32>(entry, units == 1_000_000 ? 0 : units == 1_000_000_000 ? 1 : 2, 24);
}

/** Time in units of the interface to ns since 1970. */
function toNanoseconds(entry: usize, high: u32, low: u32): i64 {
  const raw = ((<u64>high) << 32) | low;
  const seconds = load<i64>(entry, 8) * 1_000_000_000;
  const kind = load<u32>(entry, 24);
  if (kind == 0) return seconds + <i64>(raw * 1000);
  if (kind == 1) return seconds + <i64>raw;
  const units = load<u64>(entry, 16);
  if (units == 0) return seconds;
  const whole = raw / units;
  const rest = raw % units;
  const fraction = units < 0x400000000 ? (rest * 1_000_000_000) / units : fineFraction(rest, units);
  return seconds + <i64>(whole * 1_000_000_000 + fraction);
}

/** `rest` of `units` per second (2^34 or more, a power of two or ten) to ns, rounded down, without overflow. */
function fineFraction(rest: u64, units: u64): u64 {
  if (popcnt<u64>(units) > 1) return rest / (units / 1_000_000_000);
  const high = (rest >> 32) * 1_000_000_000;
  const low = ((rest & 0xffffffff) * 1_000_000_000) >> 32;
  return (high + low) >> (ctz<u64>(units) - 32);
}

/** Enhanced Packet Block and the obsolete Packet Block: the same fields from byte 12 on. */
function timedPacket(at: usize, length: u32, offset: u64, id: u32): i32 {
  if (length < PACKET_FRAME) return fail(STATUS_BAD_RECORD, offset + 4, length);
  if (id >= interfaceCount) return fail(STATUS_NO_INTERFACE, offset + 8, id);
  const captured = u32At(at + 20);
  if (captured > length - PACKET_FRAME) return fail(STATUS_BAD_RECORD, offset + 20, captured);
  const entry = interfaces + id * INTERFACE_BYTES;
  lastTs = toNanoseconds(entry, u32At(at + 12), u32At(at + 16));
  packetRecord(at + PACKET_HEADER, captured, u32At(at + 24), load<u32>(entry), lastTs);
  return STATUS_NEED_INPUT;
}

/** Simple Packet Block: first interface, no time (that of the packet before is taken). */
function simplePacket(at: usize, length: u32, offset: u64): i32 {
  if (length < 16) return fail(STATUS_BAD_RECORD, offset + 4, length);
  if (interfaceCount == 0) return fail(STATUS_NO_INTERFACE, offset, 0);
  noteUncertain();
  const original = u32At(at + 8);
  const snap = load<u32>(interfaces, 4);
  let captured = min(original, length - 16);
  if (snap) captured = min(captured, snap);
  packetRecord(at + 12, captured, original, load<u32>(interfaces), lastTs);
  return STATUS_NEED_INPUT;
}
