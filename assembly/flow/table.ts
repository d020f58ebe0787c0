import { arenaReserve } from '../core/arena';
import { clearShort, mix64 } from '../core/bytes';
import { CONTROL, count, limit } from '../core/control';
import * as packet from '../core/packet';
import { COUNT_FLOWS, COUNT_FLOWS_EVICTED, COUNT_FLOWS_EXPIRED } from '../generated/codes';
import { CONTROL_OPEN_FLOWS, FLOW_BYTES, LIMIT_MAX_FLOWS } from '../generated/layout';
import {
  BUCKET_BYTES,
  bucketOf,
  bucketsInit,
  bucketsReset,
  clearEntry,
  entriesAt,
  entriesTagged,
  entryAt,
  placeIn,
  setEntry,
  setPlace,
} from './buckets';
import { clock, idleFor, isTooLong } from './clock';
import {
  finishedAdd,
  finishedAt,
  finishedDropOld,
  finishedInit,
  finishedMoveIn,
  finishedRemove,
  finishedRemoveLast,
  finishedReset,
  finishedRestore,
  isFinishedPlace,
  isForgotten,
} from './finished';
import { noteTouched } from './trail';

/**
 * The flow table: fixed slots, found through buckets of one cache line (`flow/buckets`).
 *
 * Slots are in one of two lists in order of last use: *waiting* (a hello may still come; these are also counted in a
 * filter that answers for almost every packet of an ordinary connection that nothing has to be looked up) and *done*
 * (kept only to recognise retransmissions; given up first, at no loss). A TCP connection that is done moves to a shorter
 * record (`flow/finished`), so that its slot, still in the cache, serves the next one.
 *
 *     0   u64 aHi, aLo, bHi, bLo   ends; `a` sent the first packet seen
 *     32  u16 aPort, bPort         host order
 *     36  u8 protocol (6, 17), ipVersion, state, app
 *     40  u32 next               in its list
 *     44  u32 number of the packet that used it last, its lower bits
 *     48  i64 time of that by the clock of the capture (`flow/clock`), ns
 *     56  u32 hash
 *     60  u32 previous           in its list
 *     68  u32 flags
 *     72  u32 session id hash of the last ClientHello
 *     76  u8 retries seen, u8 closed directions, u16 spare
 *     80  u32 extension block (OpenVPN), 84 u32 pre-TLS bytes
 *     88  u64 id
 *     96  direction a -> b, 112 bytes; 208 direction b -> a
 */
export const FLOW_ID: usize = 88;
export const FLOW_LAST_TS: usize = 48;
export const FLOW_HASH: usize = 56;
const FLOW_PREVIOUS: usize = 60;
const FLOW_NEXT: usize = 40;
/** Lower bits of the number of the packet that used a flow last: the order of the waiting ones. */
export const FLOW_USED: usize = 44;
export const FLOW_FLAGS: usize = 68;
export const FLOW_SESSION: usize = 72;
export const FLOW_RETRIES: usize = 76;
export const FLOW_CLOSED: usize = 77;
export const FLOW_EXTENSION: usize = 80;
export const FLOW_PRE_TLS: usize = 84;
export const FLOW_PROTOCOL: usize = 36;
export const FLOW_IP_VERSION: usize = 37;
export const FLOW_STATE: usize = 38;
export const FLOW_APP: usize = 39;
export const FLOW_DIRECTIONS: usize = 96;
export const DIRECTION_BYTES: usize = 112;

/** Bit of FLOW_PROTOCOL: the flow is a stream inside another protocol (OpenVPN) on a connection with the same ends. */
export const CARRIED: u32 = 0x80;

/** States of a flow. */
export const FLOW_FREE: u32 = 0;
export const FLOW_WAITING: u32 = 1;
export const FLOW_DONE: u32 = 2;

const FILTER_BITS: u32 = 16;

let slots: usize = 0;
let slotCount: u32 = 0;
const filter: usize = memory.data(65536, 64);
const TCP: u32 = 6;
/** Heads and tails of the lists: free (head only), waiting, done. */
let freeHead: u32 = 0;
let neverUsed: u32 = 1;
const lists: usize = memory.data(32, 8);
const WAITING_LIST: usize = 0;
const DONE_LIST: usize = 8;

export function flowTableInit(): bool {
  slotCount = limit(LIMIT_MAX_FLOWS) + 1;
  slots = arenaReserve(slotCount * FLOW_BYTES);
  if (!slots || !bucketsInit(slotCount) || !finishedInit(limit(LIMIT_MAX_FLOWS))) return false;
  flowTableReset();
  return true;
}

/** Forget every flow. */
export function flowTableReset(): void {
  bucketsReset();
  finishedReset();
  memory.fill(filter, 0, 1 << FILTER_BITS);
  memory.fill(lists, 0, 32);
  freeHead = 0;
  neverUsed = 1;
  store<u32>(CONTROL + CONTROL_OPEN_FLOWS, 0);
}

@inline export function flowAt(slot: u32): usize {
  return slots + slot * FLOW_BYTES;
}
@inline function slotOf(flow: usize): u32 {
  return <u32>(flow - slots) / FLOW_BYTES;
}

/** Hash of two ends; the same for both directions. Addresses as raw bytes, IPv4 with `...Hi` = 0. */
@inline export function hashEnds(
  srcHi: u64,
  srcLo: u64,
  srcPort: u32,
  dstHi: u64,
  dstLo: u64,
  dstPort: u32,
  protocol: u32,
): u32 {
  const s = (srcLo * 0x9e3779b97f4a7c15) ^ rotl<u64>(srcHi * 0xc2b2ae3d27d4eb4f, 31);
  const d = (dstLo * 0x9e3779b97f4a7c15) ^ rotl<u64>(dstHi * 0xc2b2ae3d27d4eb4f, 31);
  const a = (s ^ srcPort) * 0x165667b19e3779f9;
  const b = (d ^ dstPort) * 0x165667b19e3779f9;
  const h = ((a ^ (a >> 29)) + (b ^ (b >> 29)) + protocol) * 0xff51afd7ed558ccd;
  return <u32>(h >> 32);
}

/** Hash of the ends of the packet being walked; the same for both directions. */
@inline export function flowHash(protocol: u32): u32 {
  return hashEnds(packet.srcHi, packet.srcLo, packet.srcPort, packet.dstHi, packet.dstLo, packet.dstPort, protocol);
}

/** False: no waiting flow has this hash. True: one may have. */
@inline export function mayWait(hash: u32): bool {
  return load<u8>(filter + (hash & 0xffff)) != 0;
}

@inline function filterAdd(hash: u32): void {
  const at = filter + (hash & 0xffff);
  const n = load<u8>(at);
  // A counter that is full stays full: look-ups it lets pass cost time, never a hello.
  if (n != 255) store<u8>(at, n + 1);
}
@inline function filterRemove(hash: u32): void {
  const at = filter + (hash & 0xffff);
  const n = load<u8>(at);
  if (n != 255) store<u8>(at, n - 1);
}

/** 0 when the packet goes a -> b, 1 when b -> a, -1 when it is not of this flow. */
@inline function directionOf(flow: usize, protocol: u32): i32 {
  if (load<u8>(flow, FLOW_PROTOCOL) != protocol) return -1;
  const aPort: u32 = load<u16>(flow, 32);
  const bPort: u32 = load<u16>(flow, 34);
  if (
    aPort == packet.srcPort &&
    bPort == packet.dstPort &&
    load<u64>(flow, 8) == packet.srcLo &&
    load<u64>(flow, 24) == packet.dstLo &&
    load<u64>(flow) == packet.srcHi &&
    load<u64>(flow, 16) == packet.dstHi
  ) {
    return 0;
  }
  if (
    aPort == packet.dstPort &&
    bPort == packet.srcPort &&
    load<u64>(flow, 8) == packet.dstLo &&
    load<u64>(flow, 24) == packet.srcLo &&
    load<u64>(flow) == packet.dstHi &&
    load<u64>(flow, 16) == packet.srcHi
  ) {
    return 1;
  }
  return -1;
}

/** Direction (0, 1) of the packet in the flow that `flowFind` returned last. */
export let foundDirection: u32 = 0;

/** The flow of the packet being walked, or 0. Sets `foundDirection`. */
export function flowFind(hash: u32, protocol: u32): usize {
  const bucket = bucketOf(hash);
  for (let found = entriesTagged(bucket, hash); found != 0; found &= found - 1) {
    const entry = entryAt(bucket, found);
    const place = placeIn(entry);
    if (place == 0) continue;
    const isFinished = isFinishedPlace(place);
    const flow = isFinished ? finishedAt(place) : flowAt(place);
    const direction = directionOf(flow, protocol);
    if (direction < 0) continue;
    foundDirection = <u32>direction;
    if (isForgotten(flow)) {
      if (isFinished) finishedRemove(place);
      else flowRemove(flow);
      return 0;
    }
    return isFinished ? takeBack(place, entry) : flow;
  }
  return 0;
}

/** A finished connection is met again: it gets a slot, as a done flow. Returns 0 when there is none to be had. */
function takeBack(place: u32, entry: usize): usize {
  const slot = takeSlot();
  if (!slot) {
    finishedRemove(place);
    return 0;
  }
  const flow = flowAt(slot);
  clearShort(flow, FLOW_BYTES);
  finishedRestore(place, flow);
  setPlace(entry, slot);
  listAppend(DONE_LIST, flow);
  return flow;
}

function listRemove(list: usize, flow: usize): void {
  const previous = load<u32>(flow, FLOW_PREVIOUS);
  const next = load<u32>(flow, FLOW_NEXT);
  if (previous) store<u32>(flowAt(previous), next, FLOW_NEXT);
  else store<u32>(lists + list, next);
  if (next) store<u32>(flowAt(next), previous, FLOW_PREVIOUS);
  else store<u32>(lists + list, previous, 4);
}

function listAppend(list: usize, flow: usize): void {
  const slot = slotOf(flow);
  const tail = load<u32>(lists + list, 4);
  store<u32>(flow, tail, FLOW_PREVIOUS);
  store<u32>(flow, 0, FLOW_NEXT);
  if (tail) store<u32>(flowAt(tail), slot, FLOW_NEXT);
  else store<u32>(lists + list, slot);
  store<u32>(lists + list, slot, 4);
}

/** Put a flow into a list behind slot `previous`; 0: in front of all. */
function listInsert(list: usize, flow: usize, previous: u32): void {
  const slot = slotOf(flow);
  const next = previous ? load<u32>(flowAt(previous), FLOW_NEXT) : load<u32>(lists + list);
  store<u32>(flow, previous, FLOW_PREVIOUS);
  store<u32>(flow, next, FLOW_NEXT);
  if (previous) store<u32>(flowAt(previous), slot, FLOW_NEXT);
  else store<u32>(lists + list, slot);
  if (next) store<u32>(flowAt(next), slot, FLOW_PREVIOUS);
  else store<u32>(lists + list, slot, 4);
}

/** The flow behind another in the list that both are in, or 0. */
@inline export function flowBehind(flow: usize): usize {
  const slot = load<u32>(flow, FLOW_NEXT);
  return slot ? flowAt(slot) : 0;
}

/** Oldest waiting flow, or 0. */
export function oldestWaiting(): usize {
  const slot = load<u32>(lists + WAITING_LIST);
  return slot ? flowAt(slot) : 0;
}

/** The flow that has been done longest, or 0. */
export function oldestDone(): usize {
  const slot = load<u32>(lists + DONE_LIST);
  return slot ? flowAt(slot) : 0;
}

/** How long ago a flow was used, by the clock of the capture, ns. */
@inline export function idleTime(flow: usize, now: i64): i64 {
  return idleFor(load<i64>(flow, FLOW_LAST_TS), load<u32>(flow, FLOW_USED), now);
}

/** The oldest waiting flow if its time is up at `now` (ns), or 0. */
@inline export function expiredFlow(now: i64): usize {
  const flow = oldestWaiting();
  return flow && isTooLong(idleTime(flow, now)) ? flow : 0;
}

/** True when `flowCreate` would have to take the slot of a waiting flow. */
@inline export function tableFull(): bool {
  return neverUsed >= slotCount && freeHead == 0 && load<u32>(lists + DONE_LIST) == 0;
}

/**
 * The waiting flow that has to go so that a flow with this hash finds room in its bucket, or 0. A finished one is
 * dropped at once.
 */
export function bucketVictim(hash: u32): usize {
  const bucket = bucketOf(hash);
  if (entriesAt(bucket, 0)) return 0;
  let oldest: usize = 0;
  for (let i: usize = 0; i < BUCKET_BYTES; i += 4) {
    const place = placeIn(bucket + i);
    if (isFinishedPlace(place)) {
      finishedRemove(place);
      return 0;
    }
    const flow = flowAt(place);
    if (load<u8>(flow, FLOW_STATE) == FLOW_DONE) {
      flowRemove(flow);
      return 0;
    }
    if (!oldest || load<i64>(flow, FLOW_LAST_TS) < load<i64>(oldest, FLOW_LAST_TS)) oldest = flow;
  }
  return oldest;
}

function takeSlot(): u32 {
  if (freeHead) {
    const slot = freeHead;
    freeHead = load<u32>(flowAt(slot), FLOW_NEXT);
    return slot;
  }
  if (neverUsed < slotCount) return neverUsed++;
  const done = load<u32>(lists + DONE_LIST);
  if (!done) return 0;
  flowRemove(flowAt(done));
  return takeSlot();
}

/**
 * A new waiting flow for the packet being walked, its sender as end `a`. The caller has made room
 * (`tableFull`, `bucketVictim`).
 */
export function flowCreate(hash: u32, protocol: u32): usize {
  const slot = takeSlot();
  if (!slot) return 0;
  const flow = flowAt(slot);
  clearShort(flow, FLOW_BYTES);
  store<u64>(flow, packet.srcHi);
  store<u64>(flow, packet.srcLo, 8);
  store<u64>(flow, packet.dstHi, 16);
  store<u64>(flow, packet.dstLo, 24);
  store<u16>(flow, packet.srcPort, 32);
  store<u16>(flow, packet.dstPort, 34);
  store<u8>(flow, protocol, FLOW_PROTOCOL);
  store<u8>(flow, packet.ipVersion, FLOW_IP_VERSION);
  store<u8>(flow, FLOW_WAITING, FLOW_STATE);
  noteUse(flow);
  store<u32>(flow, hash, FLOW_HASH);
  const ends = (packet.srcLo * 0x9e3779b97f4a7c15) ^ rotl<u64>(packet.srcHi, 17) ^ packet.srcPort;
  const others = (packet.dstLo * 0xc2b2ae3d27d4eb4f) ^ rotl<u64>(packet.dstHi, 19) ^ packet.dstPort;
  store<u64>(flow, mix64(mix64(ends) + others * 3 + mix64(<u64>packet.ts + protocol)), FLOW_ID);
  const bucket = bucketOf(hash);
  const room = entriesAt(bucket, 0);
  if (room) setEntry(entryAt(bucket, room), hash, slot);
  listAppend(WAITING_LIST, flow);
  filterAdd(hash);
  count(COUNT_FLOWS);
  noteTouched(hash);
  addOpen(1);
  return flow;
}

@inline function addOpen(n: i32): void {
  const at = CONTROL + CONTROL_OPEN_FLOWS;
  store<u32>(at, load<u32>(at) + n);
}

@inline function noteUse(flow: usize): void {
  store<i64>(flow, clock, FLOW_LAST_TS);
  store<u32>(flow, <u32>packet.number, FLOW_USED);
}

/** A packet of it came: it is now the youngest of the waiting ones. */
@inline export function flowTouch(flow: usize): void {
  noteUse(flow);
  if (load<u32>(flow, FLOW_NEXT) == 0) return;
  listRemove(WAITING_LIST, flow);
  listAppend(WAITING_LIST, flow);
}

/** Nothing more is expected of it: packets of it no longer find it through the filter. */
export function flowSetDone(flow: usize): void {
  if (load<u8>(flow, FLOW_STATE) != FLOW_WAITING) return;
  const hash = load<u32>(flow, FLOW_HASH);
  listRemove(WAITING_LIST, flow);
  filterRemove(hash);
  addOpen(-1);
  if (load<u8>(flow, FLOW_PROTOCOL) == TCP) {
    const slot = slotOf(flow);
    const bucket = bucketOf(hash);
    const at = entriesAt(bucket, slot);
    if (at) setPlace(entryAt(bucket, at), finishedAdd(flow));
    freeSlot(flow, slot);
  } else {
    store<u8>(flow, FLOW_DONE, FLOW_STATE);
    listAppend(DONE_LIST, flow);
  }
  if (++doneSince == DROP_EVERY) dropOldDone();
}

/** Flows that became done since old ones were dropped last. */
let doneSince: u32 = 0;
/** Dropped together, for each of them is far away in memory: so the processor waits for several of them at once. */
const DROP_EVERY: u32 = 64;

/** Let the flows go that have been done longest, when their time is up. */
function dropOldDone(): void {
  doneSince = 0;
  finishedDropOld(DROP_EVERY * 2);
  for (let i: u32 = 0; i < DROP_EVERY * 2; i++) {
    const slot = load<u32>(lists + DONE_LIST);
    if (!slot || !isForgotten(flowAt(slot))) return;
    flowRemove(flowAt(slot));
  }
}

/** A hello may come on it again. */
export function flowSetWaiting(flow: usize): void {
  if (load<u8>(flow, FLOW_STATE) != FLOW_DONE) return;
  listRemove(DONE_LIST, flow);
  filterAdd(load<u32>(flow, FLOW_HASH));
  store<u8>(flow, FLOW_WAITING, FLOW_STATE);
  noteUse(flow);
  listAppend(WAITING_LIST, flow);
  addOpen(1);
}

/** Out of the list, and out of the filter, that it is in. */
function leaveLists(flow: usize): void {
  if (load<u8>(flow, FLOW_STATE) == FLOW_DONE) {
    listRemove(DONE_LIST, flow);
    return;
  }
  listRemove(WAITING_LIST, flow);
  filterRemove(load<u32>(flow, FLOW_HASH));
  addOpen(-1);
}

/** Give its slot back. The owner has released what its directions and extension hold. */
export function flowRemove(flow: usize): void {
  if (load<u8>(flow, FLOW_STATE) == FLOW_FREE) {
    // It has become done just now, and its slot is free already; or it was old then, and has been dropped with that.
    finishedRemoveLast(load<u64>(flow, FLOW_ID));
    return;
  }
  const slot = slotOf(flow);
  leaveLists(flow);
  const bucket = bucketOf(load<u32>(flow, FLOW_HASH));
  const at = entriesAt(bucket, slot);
  if (at) clearEntry(entryAt(bucket, at));
  freeSlot(flow, slot);
}

@inline function freeSlot(flow: usize, slot: u32): void {
  store<u8>(flow, FLOW_FREE, FLOW_STATE);
  store<u32>(flow, freeHead, FLOW_NEXT);
  freeHead = slot;
}

/** Whether a connection with this hash is known, waiting or done. */
export function isKnown(hash: u32): bool {
  const bucket = bucketOf(hash);
  for (let found = entriesTagged(bucket, hash); found != 0; found &= found - 1) {
    const place = placeIn(entryAt(bucket, found));
    if (place == 0) continue;
    const flow = isFinishedPlace(place) ? finishedAt(place) : flowAt(place);
    if (load<u32>(flow, FLOW_HASH) == hash) return true;
  }
  return false;
}

/**
 * Take a flow over that stood in the table of another core: the copy of its slot at `from`. The caller has made room
 * (`tableFull`, `bucketVictim`).
 *
 * @param base the number of the packet before the first of the other core; what uses the flows here is numbered from it on
 */
export function flowMoveIn(from: usize, base: u32): void {
  const slot = takeSlot();
  if (!slot) return;
  const flow = flowAt(slot);
  memory.copy(flow, from, FLOW_BYTES);
  const used = load<u32>(flow, FLOW_USED);
  const hash = load<u32>(flow, FLOW_HASH);
  const bucket = bucketOf(hash);
  const room = entriesAt(bucket, 0);
  if (room) setEntry(entryAt(bucket, room), hash, slot);
  if (load<u8>(flow, FLOW_STATE) == FLOW_DONE) {
    listAppend(DONE_LIST, flow);
    return;
  }
  // Behind those that were used before it.
  let previous = load<u32>(lists + WAITING_LIST, 4);
  while (previous && <i32>(load<u32>(flowAt(previous), FLOW_USED) - base) > <i32>(used - base)) {
    previous = load<u32>(flowAt(previous), FLOW_PREVIOUS);
  }
  listInsert(WAITING_LIST, flow, previous);
  filterAdd(hash);
  addOpen(1);
}

/** Take over what `finishedMoveOut` of another core copied to `from`; there is room in the bucket. */
export function flowMoveInFinished(from: usize): void {
  const hash = load<u32>(from, FLOW_HASH);
  const bucket = bucketOf(hash);
  const room = entriesAt(bucket, 0);
  if (room) setEntry(entryAt(bucket, room), hash, finishedMoveIn(from));
}

@inline export function countEvicted(): void {
  count(COUNT_FLOWS_EVICTED);
}
@inline export function countExpired(): void {
  count(COUNT_FLOWS_EXPIRED);
}
