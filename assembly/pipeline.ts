import { full } from './columns/batch';
import { CONTROL, countBy, fail, noteLinkType } from './core/control';
import { orderBehind, orderByPacket, orderUsed } from './core/order';
import { setFrame, setRecord, tunnelClear } from './core/packet';
import { TUNNEL_QINQ, TUNNEL_VLAN } from './core/tunnel-names';
import { clock, clockReach, clockTo, shift, sweepDone } from './flow/clock';
import { countExpired, expiredFlow, FLOW_USED, oldestWaiting } from './flow/table';
import { closeFlow } from './flow/tcp';
import { noteSweep, noteUncertain } from './flow/trail';
import * as pcap from './framing/pcap';
import * as pcapng from './framing/pcapng';
import {
  ANOMALY_END_OF_CAPTURE,
  ANOMALY_EVICTED,
  COUNT_BYTES,
  COUNT_CAPTURED_BYTES,
  COUNT_PACKETS,
  COUNT_SNAPLEN_CUT_PACKETS,
  STATUS_BATCH_FULL,
  STATUS_DONE,
  STATUS_NEED_INPUT,
  STATUS_NOT_A_CAPTURE,
  STATUS_TRUNCATED,
} from './generated/codes';
import {
  CONTROL_CLOCK,
  CONTROL_CLOCK_SHIFT,
  CONTROL_CONSUMED,
  CONTROL_FIRST_TS,
  CONTROL_FORMAT,
  CONTROL_LAST_TS,
  CONTROL_OFFSET,
  CONTROL_PACKET,
  CONTROL_SKIP,
  CONTROL_STOP,
} from './generated/layout';
import { ETHERTYPE_VLAN, enter } from './link/ethernet';
import { LINKTYPE_ETHERNET, link } from './link/link';
import { fragmentFinish } from './net/fragment';
import { ordinary } from './transport/ordinary';

/**
 * The walk of the data: framing -> link -> net -> transport -> flow -> handshake -> fingerprint -> columns.
 */

export const FORMAT_UNKNOWN: u32 = 0;
export const FORMAT_PCAP: u32 = 1;
export const FORMAT_PCAPNG: u32 = 2;
export const FORMAT_RING: u32 = 3;

export const MAX_LISTED_LINK_TYPES: u32 = 32;
const NO_LINK_TYPE: u32 = 0xffffffff;
let lastLinkType: u32 = NO_LINK_TYPE;

/** No packet has been counted yet (`resetCapture`). */
export function forgetLinkType(): void {
  lastLinkType = NO_LINK_TYPE;
}

/** A new capture begins. */
export function beginCapture(): void {
  forgetLinkType();
  store<u32>(CONTROL, FORMAT_UNKNOWN, CONTROL_FORMAT);
  store<u64>(CONTROL, 0, CONTROL_OFFSET);
  store<u64>(CONTROL, u64.MAX_VALUE, CONTROL_STOP);
  store<u64>(CONTROL, 0, CONTROL_SKIP);
  store<u64>(CONTROL, 0, CONTROL_PACKET);
  store<u32>(CONTROL, 0, CONTROL_CONSUMED);
  pcapng.pcapngBegin();
}

/** One packet: `captured` of `original` bytes at `p`, of a LINKTYPE, at a time (ns since 1970). */
export function packetRecord(p: usize, captured: u32, original: u32, linkType: u32, ts: i64): void {
  walkRecord(countRecord(captured, original, linkType, ts), p, captured, linkType, ts);
}

/** As `packetRecord`, of a packet that the caller counts (`countRecords`): its number in the capture is `number`. */
@inline export function walkRecord(number: u64, p: usize, captured: u32, linkType: u32, ts: i64): void {
  store<u64>(CONTROL, number, CONTROL_PACKET);
  if (linkType == LINKTYPE_ETHERNET && ordinary(p, captured, number, ts)) return;
  setRecord(number, ts);
  setFrame(p, captured);
  tunnelClear();
  link(linkType, p, captured);
}

/** As `packetRecord`, of a packet whose VLAN tag (EtherType `type`, tag `tci`) was taken out on its way to us. */
export function taggedRecord(p: usize, captured: u32, original: u32, linkType: u32, ts: i64, type: u32, tci: u32): void {
  setRecord(countRecord(captured, original, linkType, ts), ts);
  tunnelClear();
  if (enter(type == ETHERTYPE_VLAN ? TUNNEL_VLAN : TUNNEL_QINQ, tci & 0xfff)) link(linkType, p, captured);
}

/** Count a packet; returns its number. */
@inline function countRecord(captured: u32, original: u32, linkType: u32, ts: i64): u64 {
  countRecords(1, original, captured, u32(captured < original), linkType, ts, ts);
  clockTo(ts);
  const number = nextNumber();
  store<u64>(CONTROL, number, CONTROL_PACKET);
  return number;
}

/** Number of the next packet. */
@inline export function nextNumber(): u64 {
  return load<u64>(CONTROL, CONTROL_PACKET) + 1;
}

/**
 * Count `packets` of a LINKTYPE: their bytes on the wire and in the capture, how many of them are cut, and their earliest
 * and latest time.
 */
@inline export function countRecords(
  packets: u64,
  bytes: u64,
  captured: u64,
  cut: u64,
  linkType: u32,
  earliest: i64,
  latest: i64,
): void {
  countBy(COUNT_PACKETS, packets);
  countBy(COUNT_BYTES, bytes);
  countBy(COUNT_CAPTURED_BYTES, captured);
  countBy(COUNT_SNAPLEN_CUT_PACKETS, cut);
  if (earliest < load<i64>(CONTROL, CONTROL_FIRST_TS)) store<i64>(CONTROL, earliest, CONTROL_FIRST_TS);
  if (latest > load<i64>(CONTROL, CONTROL_LAST_TS)) store<i64>(CONTROL, latest, CONTROL_LAST_TS);
  if (linkType == lastLinkType || packets == 0) return;
  // A trail does not tell the link type of each packet.
  if (lastLinkType != NO_LINK_TYPE) noteUncertain();
  lastLinkType = linkType;
  noteLinkType(linkType, MAX_LISTED_LINK_TYPES);
}

/** Consume whole records of `n` bytes at `p` (`CONTROL_CONSUMED` of them); zlib-like statuses. */
export function processBlock(p: usize, n: u32): i32 {
  store<u32>(CONTROL, 0, CONTROL_CONSUMED);
  let at: u32 = 0;
  if (load<u32>(CONTROL, CONTROL_FORMAT) == FORMAT_UNKNOWN) {
    const header = readHeader(p, n);
    if (header < 0) return header;
    if (load<u32>(CONTROL, CONTROL_FORMAT) == FORMAT_UNKNOWN) return STATUS_NEED_INPUT;
    at = header;
  }
  const skip = load<u64>(CONTROL, CONTROL_SKIP);
  if (skip) {
    const skipped = <u32>min<u64>(skip, n - at);
    store<u64>(CONTROL, skip - skipped, CONTROL_SKIP);
    at += skipped;
  }
  const offset = load<u64>(CONTROL, CONTROL_OFFSET) + at;
  let status: i32;
  if (load<u32>(CONTROL, CONTROL_FORMAT) == FORMAT_PCAP) {
    status = pcap.pcapRecords(p + at, n - at, offset);
    at += pcap.consumed;
  } else {
    status = pcapng.pcapngBlocks(p + at, n - at, offset);
    at += pcapng.consumed;
    if (pcapng.skip) store<u64>(CONTROL, pcapng.skip, CONTROL_SKIP);
  }
  store<u32>(CONTROL, at, CONTROL_CONSUMED);
  store<u64>(CONTROL, load<u64>(CONTROL, CONTROL_OFFSET) + at, CONTROL_OFFSET);
  store<i64>(CONTROL, clock, CONTROL_CLOCK);
  store<i64>(CONTROL, shift, CONTROL_CLOCK_SHIFT);
  return status;
}

/**
 * The last address at which a record may begin that is to be read, of `n` bytes at `p`, byte `offset` of the capture: there must be
 * room for its first `header` bytes, and the host may want none from a place on.
 */
@inline export function lastRecord(p: usize, n: u32, offset: u64, header: u32): usize {
  const stop = load<u64>(CONTROL, CONTROL_STOP);
  if (stop <= offset || n < header) return p - 1;
  return p + <usize>min<u64>(stop - offset - 1, n - header);
}

/** Recognise the format by its first bytes. Returns bytes consumed, or a fatal status. */
function readHeader(p: usize, n: u32): i32 {
  if (n < 4) return 0;
  if (pcap.isPcap(p)) {
    const header = pcap.pcapHeader(p, n);
    if (header > 0) store<u32>(CONTROL, FORMAT_PCAP, CONTROL_FORMAT);
    return header;
  }
  if (pcapng.isPcapng(p)) {
    store<u32>(CONTROL, FORMAT_PCAPNG, CONTROL_FORMAT);
    return 0;
  }
  return fail(STATUS_NOT_A_CAPTURE, 0, load<u32>(p));
}

/**
 * Give up the connections that have waited too long at `now` (ns since 1970), though no packet tells the time.
 *
 * @returns STATUS_BATCH_FULL (call again) or STATUS_DONE
 */
export function expireFlows(now: i64): i32 {
  clockReach(now);
  return sweep() ? STATUS_DONE : STATUS_BATCH_FULL;
}

/**
 * Give up the connections that have waited too long by the clock of the capture. Called between two packets, so that it
 * depends on nothing but the packets before.
 *
 * @returns false when the batches are full: call again
 */
export function sweep(): bool {
  orderBehind(load<u64>(CONTROL, CONTROL_PACKET));
  noteSweep(load<u64>(CONTROL, CONTROL_PACKET));
  let flow = expiredFlow(clock);
  for (; flow != 0 && !full; flow = expiredFlow(clock)) {
    countExpired();
    orderUsed(load<u32>(flow, FLOW_USED));
    closeFlow(flow, ANOMALY_EVICTED);
  }
  orderByPacket();
  if (flow) return false;
  sweepDone();
  return true;
}

/** Give up whatever waits. False when the batches are full. */
function giveUpAll(): bool {
  orderBehind(u64.MAX_VALUE);
  let flow = oldestWaiting();
  for (; flow != 0 && !full; flow = oldestWaiting()) {
    orderUsed(load<u32>(flow, FLOW_USED));
    closeFlow(flow, ANOMALY_END_OF_CAPTURE);
  }
  orderByPacket();
  return flow == 0;
}

/**
 * The capture has ended with `rest` bytes that make no whole record.
 *
 * @param keepFlows true when another capture goes on where this one ended: flows stay open
 * @returns STATUS_BATCH_FULL (call again), STATUS_DONE, or STATUS_TRUNCATED when bytes were left over
 */
export function finishCapture(rest: u32, keepFlows: bool): i32 {
  if (!keepFlows) {
    fragmentFinish();
    if (!giveUpAll()) return STATUS_BATCH_FULL;
  }
  const missing = load<u64>(CONTROL, CONTROL_SKIP);
  if (rest == 0 && missing == 0) return STATUS_DONE;
  return fail(STATUS_TRUNCATED, load<u64>(CONTROL, CONTROL_OFFSET), rest);
}
