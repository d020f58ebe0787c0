import { arenaReserve } from '../core/arena';
import { copyShort, nextPowerOfTwo } from '../core/bytes';
import { bucketOf, clearEntry, entriesAt, entryAt, FINISHED } from './buckets';
import { FINISHED_BYTES } from '../generated/layout';
import { clock } from './clock';
import { DIR_END, DIR_END_KNOWN, DIR_START, DIR_STARTED, directionAt } from './direction';
import { FLOW_DIRECTIONS, FLOW_DONE, FLOW_FREE, FLOW_HASH, FLOW_ID, FLOW_STATE, idleTime } from './table';

/**
 * Finished TCP connections, kept for a while so that retransmissions of their hellos are known for what they are. A ring of
 * short records, written one behind the other:
 *
 *     0   as in a flow slot, up to its directions
 *     96  direction a -> b: u32 start, u32 end, u8 started, u8 end known (`flow/direction`); 112 direction b -> a
 */
const SIDE_BYTES: usize = 16;
/** Finished connections are kept so long, ns. */
const KEPT_NANOSECONDS: i64 = 4_000_000_000;

let ring: usize = 0;
let mask: u32 = 0;
/** Records written, and dropped, since the start. */
let head: u32 = 0;
let tail: u32 = 0;

/** Reserve memory for `connections`. */
export function finishedInit(connections: u32): bool {
  mask = nextPowerOfTwo(connections) - 1;
  ring = arenaReserve((mask + 1) * FINISHED_BYTES);
  return ring != 0;
}

export function finishedReset(): void {
  head = 0;
  tail = 0;
}

@inline export function isFinishedPlace(place: u32): bool {
  return (place & FINISHED) != 0;
}

/** The record at a place: its first 96 bytes are those of a flow. */
@inline export function finishedAt(place: u32): usize {
  return ring + (place & mask) * FINISHED_BYTES;
}

/** Whether a done flow has outlived its use: found or not, it must make no difference when it is dropped. */
@inline export function isForgotten(flow: usize): bool {
  return load<u8>(flow, FLOW_STATE) == FLOW_DONE && idleTime(flow, clock) > KEPT_NANOSECONDS;
}

/** The place of the next record; the oldest gives way when the ring is full. */
@inline function nextPlace(): u32 {
  if (head - tail > mask) finishedRemove(FINISHED | (tail++ & mask));
  return FINISHED | (head++ & mask);
}

/** Keep the record of a flow. Returns its place. */
export function finishedAdd(flow: usize): u32 {
  const place = nextPlace();
  const record = finishedAt(place);
  copyShort(record, flow, <u32>FLOW_DIRECTIONS);
  store<u8>(record, FLOW_DONE, FLOW_STATE);
  keepSide(record + FLOW_DIRECTIONS, directionAt(flow, 0));
  keepSide(record + FLOW_DIRECTIONS + SIDE_BYTES, directionAt(flow, 1));
  return place;
}

@inline function keepSide(side: usize, dir: usize): void {
  store<u32>(side, load<u32>(dir, DIR_START));
  store<u32>(side, load<u32>(dir, DIR_END), 4);
  store<u8>(side, load<u32>(dir, DIR_STARTED), 8);
  store<u8>(side, load<u32>(dir, DIR_END_KNOWN), 9);
}

/** Move a record to an empty slot; its entry in the bucket is the caller's to change. */
export function finishedRestore(place: u32, flow: usize): void {
  const record = finishedAt(place);
  copyShort(flow, record, <u32>FLOW_DIRECTIONS);
  restoreSide(directionAt(flow, 0), record + FLOW_DIRECTIONS);
  restoreSide(directionAt(flow, 1), record + FLOW_DIRECTIONS + SIDE_BYTES);
  store<u8>(record, FLOW_FREE, FLOW_STATE);
}

@inline function restoreSide(dir: usize, side: usize): void {
  store<u32>(dir, load<u32>(side), DIR_START);
  store<u32>(dir, load<u32>(side, 4), DIR_END);
  store<u32>(dir, load<u8>(side, 8), DIR_STARTED);
  store<u32>(dir, load<u8>(side, 9), DIR_END_KNOWN);
}

/** Forget a record, if it is still one. */
export function finishedRemove(place: u32): void {
  const record = finishedAt(place);
  if (load<u8>(record, FLOW_STATE) == FLOW_FREE) return;
  store<u8>(record, FLOW_FREE, FLOW_STATE);
  const bucket = bucketOf(load<u32>(record, FLOW_HASH));
  const at = entriesAt(bucket, place);
  if (at) clearEntry(entryAt(bucket, at));
}

/** Forget the record that was added last if it is that of flow `id`. */
export function finishedRemoveLast(id: u64): void {
  if (head == tail) return;
  const place = FINISHED | ((head - 1) & mask);
  if (load<u64>(finishedAt(place), FLOW_ID) == id) finishedRemove(place);
}

/** Forget at most `most` of the oldest records whose time is up. */
export function finishedDropOld(most: u32): void {
  for (; most != 0 && tail != head; most--) {
    const place = FINISHED | (tail & mask);
    const record = finishedAt(place);
    if (load<u8>(record, FLOW_STATE) == FLOW_DONE && !isForgotten(record)) return;
    finishedRemove(place);
    tail++;
  }
}

/** Copy the records that may still be of use, oldest first, to `[to, end)`. Returns how many, or -1: there is no room. */
export function finishedMoveOut(to: usize, end: usize): i32 {
  let n: i32 = 0;
  for (let i = tail; i != head; i++) {
    const record = finishedAt(FINISHED | (i & mask));
    if (load<u8>(record, FLOW_STATE) != FLOW_DONE || isForgotten(record)) continue;
    if (to + FINISHED_BYTES > end) return -1;
    memory.copy(to, record, FINISHED_BYTES);
    to += FINISHED_BYTES;
    n++;
  }
  return n;
}

/** Take a record over that `finishedMoveOut` of another core copied. Returns its place. */
export function finishedMoveIn(from: usize): u32 {
  const place = nextPlace();
  memory.copy(finishedAt(place), from, FINISHED_BYTES);
  return place;
}
