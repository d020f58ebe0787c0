import { batchInit, batchReset, DESCRIPTORS, full } from './columns/batch';
import { noteProjection, putKeyedRow, setWide } from './columns/client-row';
import { setCaptureId } from './columns/common';
import { noteServerProjection } from './columns/server-row';
import { ipTextInit } from './columns/ip-text';
import { arenaBegin } from './core/arena';
import { buddyInit, buddyReset } from './core/buddy';
import { CONTROL, LIMIT_VALUES, limit, resetCapture } from './core/control';
import { RECORDS_OTHER, RECORDS_PCAP, RECORDS_PCAPNG } from './core/packet';
import { cryptoInit } from './crypto/init';
import { contentInit, contentReset } from './fingerprint/content';
import { ja3Flush } from './fingerprint/ja3-lanes';
import { memoInit } from './fingerprint/memo';
import { textInit } from './fingerprint/text';
import { clockReset } from './flow/clock';
import { flowTableInit, flowTableReset } from './flow/table';
import { chooseNone, chosenOnly, trailOff } from './flow/trail';
import * as pcap from './framing/pcap';
import * as pcapng from './framing/pcapng';
import * as ring from './framing/ring';
import { STATUS_BATCH_FULL, STATUS_DONE } from './generated/codes';
import {
  CONTROL_FORMAT,
  CONTROL_WINDOW,
  CONTROL_WINDOW_BYTES,
  LIMIT_REASSEMBLY_BYTES,
  SCHEMA_HASH,
} from './generated/layout';
import { linesInit, writeLines } from './lines/lines';
import { fragmentInit, fragmentReset } from './net/fragment';
import { setOpened } from './quic/opened';
import * as quicOpener from './quic/opener';
import { beginCapture, expireFlows, FORMAT_PCAP, FORMAT_PCAPNG, finishCapture, processBlock } from './pipeline';
import * as stretch from './stretch';

/** First address of the input window; the null page and what V8 guards lie below. */
const WINDOW: u32 = 65536;
/** The static data begins here (`memoryBase` in asconfig.json). */
const WINDOW_END: u32 = 134217728;
/** Bytes behind the input that wide loads may touch. */
const WINDOW_SLACK: u32 = 64;

/** Hash over the schema that this module was built from; the host compares it with its own. */
export function schemaHash(): u64 {
  return SCHEMA_HASH;
}

/** Address of the limits: u32 values in declared order, to be written before `init`. */
export function limitsPtr(): usize {
  return LIMIT_VALUES;
}

/** Address of the control block. */
export function controlPtr(): usize {
  return CONTROL;
}

/** Address of the first column descriptor. */
export function descriptorPtr(): usize {
  return DESCRIPTORS;
}

function tellWindow(): void {
  store<u32>(CONTROL, WINDOW, CONTROL_WINDOW);
  store<u32>(CONTROL, WINDOW_END - WINDOW - WINDOW_SLACK, CONTROL_WINDOW_BYTES);
}

/**
 * Lay memory out from the limits. Once.
 *
 * @param wide 1: a row of hello_contents for every hello, 0: for every distinct content
 * @returns 0, or -1 when the engine does not give enough memory
 */
export function init(wide: u32): i32 {
  arenaBegin();
  cryptoInit();
  textInit();
  ipTextInit();
  tellWindow();
  setWide(wide != 0);
  const ok =
    flowTableInit() &&
    pcapng.pcapngInit() &&
    memoInit() &&
    contentInit() &&
    batchInit() &&
    fragmentInit() &&
    buddyInit(limit(LIMIT_REASSEMBLY_BYTES));
  return ok ? 0 : -1;
}

/**
 * A capture begins.
 *
 * @param captureId what stands in the rows' capture_id
 * @param keepFlows 1: it goes on where the last one ended, its connections are still open
 */
export function begin(captureId: u32, keepFlows: u32): void {
  trailOff();
  setOpened(0, 0);
  setCaptureId(captureId);
  noteProjection();
  noteServerProjection();
  resetCapture();
  if (!keepFlows) {
    flowTableReset();
    clockReset();
    buddyReset();
    fragmentReset();
  }
  beginCapture();
}

/** Forget the contents seen: the next sight of each is written to hello_contents again. */
export function forgetContents(): void {
  contentReset();
}

/** The host may read the batches now: the hashes that are still out are put into them. */
@inline function handOver(status: i32): i32 {
  ja3Flush();
  return status;
}

/** Consume the whole records among `length` bytes at `ptr`; see `STATUS` in the schema. */
export function process(ptr: usize, length: u32): i32 {
  return handOver(processBlock(ptr, length));
}

/** The host has taken the batches. */
export function resetBatches(): void {
  batchReset();
}

/** The capture has ended, `rest` bytes of it unconsumed; see `finishCapture`. */
export function finish(rest: u32, keepFlows: u32): i32 {
  return handOver(finishCapture(rest, keepFlows != 0));
}

export {
  stretchBegin,
  stretchChoose,
  stretchChosen,
  stretchEnd,
  stretchFits,
  stretchJoin,
  stretchLinkType,
  stretchPlace,
  stretchSelect,
} from './stretch';

/** Do what is due before the next packet; see `STATUS` in the schema. */
export function stretchSettle(): i32 {
  return handOver(stretch.stretchSettle() ? STATUS_DONE : STATUS_BATCH_FULL);
}

/** Read the packets of selected entries again. */
export function stretchReplay(entries: usize, n: u32, base: u64, linkType: u32): i32 {
  return handOver(stretch.stretchReplay(entries, n, base, linkType));
}

/** Keep no connection of the capture that was begun. */
export function keepNone(): void {
  chooseNone();
  chosenOnly();
}

/** Read a live ring, mapped into the input window, from its start; see `framing/ring`. */
export function ringAttach(
  index: u32,
  kind: u32,
  at: u32,
  buffers: u32,
  slots: u32,
  bytes: u32,
  extra: u32,
  region: u32,
): void {
  ring.ringAttach(index, kind, at, buffers, slots, bytes, extra, region);
}

/** Offer the slots of a ring (0), mask (1) or unmask (2) its interrupts, stop offering (3). */
export function ringControl(index: u32, action: u32): void {
  ring.ringControl(index, action);
}

/**
 * Read about `budget` packets of a ring; `nowMs` (ms since 1970) is the time of those that bring none. Answers their
 * number, or -1 less it when the batches are full.
 */
export function ringPoll(index: u32, budget: u32, nowMs: f64): i32 {
  return handOver(ring.ringPoll(index, budget, nanoseconds(nowMs)));
}

/** Give up connections that have waited too long at `nowMs`. */
export function expire(nowMs: f64): i32 {
  return handOver(expireFlows(nanoseconds(nowMs)));
}

/** A double holds ms since 1970 to a quarter of a microsecond, and ns only to 256. */
@inline function nanoseconds(ms: f64): i64 {
  const whole = floor<f64>(ms);
  return <i64>whole * 1_000_000 + <i64>((ms - whole) * 1_000_000);
}

/**
 * Make this instance one that computes fingerprints from keys (`fingerprint/key`), in place of `init`: its input window is free
 * memory for the host.
 *
 * @returns as `init`
 */
export function fingerprinter(): i32 {
  arenaBegin();
  cryptoInit();
  textInit();
  tellWindow();
  setWide(true);
  return memoInit() && contentInit() && batchInit() ? 0 : -1;
}

/** The host has said which columns of hello_contents are wanted from now on: forms of JA3 and JA4. */
export function fingerprintBegin(): void {
  noteProjection();
  contentReset();
}

/**
 * Rows of hello_contents from a column of `rows` keys in Arrow layout; `validity` 0: none is null. Stops behind a multiple of
 * eight rows when the batch is full.
 *
 * @returns the rows written
 */
export function fingerprintKeys(offsets: usize, data: usize, validity: usize, rows: u32): u32 {
  let at: u32 = 0;
  // Up to seven keys come after the batch is full; there is room for what they bring.
  for (; at < rows && (!full || (at & 7) != 0); at++) {
    const isValid = validity == 0 || ((load<u8>(validity + (at >> 3)) >> <u8>(at & 7)) & 1) != 0;
    const start = load<u32>(offsets + (at << 2));
    putKeyedRow(data + start, isValid ? load<u32>(offsets + (at << 2), 4) - start : 0);
  }
  ja3Flush();
  return at;
}

/**
 * Whether another instance can open Initials of this capture, of which the first records were read: their kind, for `opener`, or 0.
 */
export function openableRecords(): u32 {
  const format = load<u32>(CONTROL, CONTROL_FORMAT);
  if (format == FORMAT_PCAP && pcap.isPlainEthernet()) return RECORDS_PCAP;
  return format == FORMAT_PCAPNG && pcapng.isPlainEthernet() ? RECORDS_PCAPNG : RECORDS_OTHER;
}

/** Initials of packets still to come, opened by another instance, are `bytes` at `at`; see `quic/opened`. */
export function opened(at: usize, bytes: u32): void {
  setOpened(at, bytes);
}

/**
 * Make this instance one that opens Initials in records of a kind (`openableRecords`), in place of `init`: its input window is free
 * memory for the host.
 */
export function opener(records: u32): void {
  quicOpener.openerBegin(records);
  cryptoInit();
  tellWindow();
}

/** Open Initials in front of who walks the capture; see `quic/opener`. */
export function openAhead(p: usize, n: u32, place: u32, from: u32, out: usize): u32 {
  return quicOpener.openAhead(p, n, place, from, out);
}

/** Bytes that the last `openAhead` wrote. */
export function openedBytes(): u32 {
  return quicOpener.openedBytes;
}

/** Make this instance one that writes lines, in place of `init`: its input window is free memory for the host. */
export function lines(): void {
  tellWindow();
  linesInit();
}

/** Rows of columns in Arrow layout as text; see `lines/lines`. */
export function linesWrite(
  table: usize,
  columns: u32,
  from: u32,
  until: u32,
  csv: u32,
  to: usize,
  spare: usize,
  ends: usize,
): u32 {
  return writeLines(table, columns, from, until, csv, to, spare, ends);
}
