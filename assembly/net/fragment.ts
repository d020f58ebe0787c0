import { arenaReserve } from '../core/arena';
import { buddySize } from '../core/buddy';
import { hashBytes, nextPowerOfTwo } from '../core/bytes';
import { count, limit } from '../core/control';
import * as packet from '../core/packet';
import {
  assemblyBytes,
  assemblyCapacity,
  assemblyData,
  assemblyFree,
  assemblyGrow,
  assemblyHave,
  assemblyInsert,
  assemblyNew,
  INSERT_DUPLICATE,
  INSERT_TOO_MANY_GAPS,
  insertAnomalies,
  MAX_RANGES,
} from '../flow/assembly';
import { noteFragment } from '../flow/trail';
import {
  COUNT_FRAGMENT_OVERLAPS,
  COUNT_FRAGMENTS,
  COUNT_FRAGMENTS_DROPPED,
  COUNT_FRAGMENTS_REASSEMBLED,
} from '../generated/codes';
import {
  LIMIT_FRAGMENT_TIMEOUT_SECONDS,
  LIMIT_MAX_FRAGMENTED_DATAGRAMS,
  LIMIT_REASSEMBLY_BYTES,
} from '../generated/layout';

/**
 * IP datagrams being put together from fragments (RFC 791 §3.2, RFC 8200 §4.5): a fixed number of slots,
 * found by a hash of the key, in a list by age. The bytes lie in an assembly of reassembly memory.
 *
 *     0   key: source, destination (16 bytes each), identification (u32), version (u8),
 *         protocol (u8, 0 for IPv6), zero (u16), hash of the tunnel text (u64)
 *     48  i64 time of the fragment seen first, ns
 *     56  u32 assembly
 *     60  u32 total       bytes of the whole payload; 0 = the last fragment is not here yet
 *     64  u32 next header of the fragment with offset 0 (IPv6), protocol (IPv4)
 *     68  u32 chain       next slot of the same hash bucket; of the free list
 *     72  u32 older, u32 younger
 *     80  u32 hash
 */
const SLOT_BYTES: u32 = 88;
const KEY_BYTES: u32 = 48;
const TIME: usize = 48;
const ASSEMBLY: usize = 56;
const TOTAL: usize = 60;
const PROTOCOL: usize = 64;
const CHAIN: usize = 68;
const OLDER: usize = 72;
const YOUNGER: usize = 76;
const HASH: usize = 80;

/** Largest payload of a datagram (RFC 791: total length has 16 bits; RFC 8200: payload length). */
const MAX_DATAGRAM: u32 = 65_535;
const FIRST_CAPACITY: u32 = 3584;

const KEY: usize = memory.data(48, 16);

let slots: usize = 0;
let buckets: usize = 0;
let bucketMask: u32 = 0;
let free: usize = 0;
let oldest: usize = 0;
let youngest: usize = 0;
/** Bytes of reassembly memory held. */
let held: u32 = 0;

/** Bytes that may be held: a quarter of reassembly memory, so that fragments cannot starve TCP. */
@inline function quota(): u32 {
  return limit(LIMIT_REASSEMBLY_BYTES) >> 2;
}

/** Reserve the slots. False when memory cannot be had. */
export function fragmentInit(): bool {
  const n = limit(LIMIT_MAX_FRAGMENTED_DATAGRAMS);
  slots = arenaReserve(n * SLOT_BYTES);
  bucketMask = nextPowerOfTwo(n) - 1;
  buckets = arenaReserve((bucketMask + 1) << 2);
  if (slots == 0 || buckets == 0) return false;
  fragmentReset();
  return true;
}

/** Forget everything, uncounted; reassembly memory is reset with it. */
export function fragmentReset(): void {
  memory.fill(buckets, 0, (bucketMask + 1) << 2);
  free = 0;
  for (let i = limit(LIMIT_MAX_FRAGMENTED_DATAGRAMS); i > 0; i--) {
    const slot = slots + (i - 1) * SLOT_BYTES;
    store<u32>(slot, <u32>free, CHAIN);
    free = slot;
  }
  oldest = 0;
  youngest = 0;
  held = 0;
}

/** Whether a datagram with this hash is not complete. */
export function fragmentWaits(hash: u32): bool {
  let slot = <usize>load<u32>(buckets + ((hash & bucketMask) << 2));
  while (slot && load<u32>(slot, HASH) != hash) slot = <usize>load<u32>(slot, CHAIN);
  return slot != 0;
}

/** The capture has ended: give up what is incomplete. */
export function fragmentFinish(): void {
  while (oldest) drop(oldest);
}

/** The datagram that the last `fragment` completed: payload and its protocol. Its buffer is `completed`. */
export let completed: usize = 0;
export let completedBytes: u32 = 0;
export let completedProtocol: u32 = 0;

/** Address of the payload of the completed datagram. */
@inline export function completedPayload(): usize {
  return assemblyData(completed);
}

/** Free the buffer that `fragment` handed over. */
@inline export function fragmentRelease(buffer: usize): void {
  assemblyFree(buffer);
}

/**
 * Add a fragment of the packet being walked (its addresses are in core/packet).
 *
 * @param id identification, as loaded
 * @param protocol of IPv4, or next header of the fragment header
 * @param offset of its first byte in the payload of the datagram
 * @param more whether others follow it
 * @param payload `captured` bytes of `length`
 * @returns true when the datagram is whole: see `completed`; the caller frees it with `fragmentRelease`
 */
export function fragment(
  id: u32,
  protocol: u32,
  offset: u32,
  more: bool,
  payload: usize,
  captured: u32,
  length: u32,
): bool {
  count(COUNT_FRAGMENTS);
  expire();
  writeKey(id, packet.ipVersion == 4 ? protocol : 0);
  const hash = <u32>hashBytes(KEY, KEY_BYTES);
  noteFragment(hash);
  let slot = find(hash);
  const tooLong = offset + length > MAX_DATAGRAM;
  // All but the last are multiples of 8 bytes; an empty one says nothing.
  if (tooLong || length == 0 || (more && (length & 7) != 0)) {
    if (slot) drop(slot);
    else count(COUNT_FRAGMENTS_DROPPED);
    return false;
  }
  if (!slot) slot = take(hash);
  if (!slot) {
    count(COUNT_FRAGMENTS_DROPPED);
    return false;
  }
  if (offset == 0) store<u32>(slot, protocol, PROTOCOL);
  if (!keep(slot, offset, more, payload, captured, length)) return false;
  return complete(slot);
}

function writeKey(id: u32, protocol: u32): void {
  store<u64>(KEY, packet.srcHi);
  store<u64>(KEY, packet.srcLo, 8);
  store<u64>(KEY, packet.dstHi, 16);
  store<u64>(KEY, packet.dstLo, 24);
  store<u32>(KEY, id, 32);
  store<u32>(KEY, packet.ipVersion | (protocol << 8), 36);
  store<u64>(KEY, packet.tunnelLength ? hashBytes(packet.TUNNEL, packet.tunnelLength) : 0, 40);
}

function find(hash: u32): usize {
  let slot = <usize>load<u32>(buckets + ((hash & bucketMask) << 2));
  while (slot && !sameKey(slot)) slot = <usize>load<u32>(slot, CHAIN);
  return slot;
}

function sameKey(slot: usize): bool {
  for (let i: u32 = 0; i < KEY_BYTES; i += 8) {
    if (load<u64>(slot + i) != load<u64>(KEY + i)) return false;
  }
  return true;
}

/** A slot for the datagram of `KEY`; the oldest gives way. 0 when reassembly memory is full. */
function take(hash: u32): usize {
  while (oldest && held + FIRST_CAPACITY > quota()) drop(oldest);
  const assembly = assemblyNew(FIRST_CAPACITY);
  if (!assembly) return 0;
  if (!free) drop(oldest);
  const slot = free;
  free = <usize>load<u32>(slot, CHAIN);
  memory.copy(slot, KEY, KEY_BYTES);
  store<i64>(slot, packet.ts, TIME);
  store<u32>(slot, <u32>assembly, ASSEMBLY);
  store<u32>(slot, 0, TOTAL);
  store<u32>(slot, 0, PROTOCOL);
  store<u32>(slot, hash, HASH);
  const bucket = buckets + ((hash & bucketMask) << 2);
  store<u32>(slot, load<u32>(bucket), CHAIN);
  store<u32>(bucket, <u32>slot);
  store<u32>(slot, <u32>youngest, OLDER);
  store<u32>(slot, 0, YOUNGER);
  if (youngest) store<u32>(youngest, <u32>slot, YOUNGER);
  else oldest = slot;
  youngest = slot;
  held += buddySize(assembly);
  return slot;
}

/** Put the bytes in. False when the datagram was given up, or the fragment was of no use. */
function keep(slot: usize, offset: u32, more: bool, payload: usize, captured: u32, length: u32): bool {
  const total = load<u32>(slot, TOTAL);
  const end = offset + length;
  if (total && (end > total || (!more && end != total))) {
    // It contradicts the end that was seen first.
    count(COUNT_FRAGMENT_OVERLAPS);
    return false;
  }
  if (!more) store<u32>(slot, end, TOTAL);
  const assembly = room(slot, offset + captured);
  if (!assembly) {
    drop(slot);
    return false;
  }
  const before = assemblyBytes(assembly);
  const outcome = assemblyInsert(assembly, offset, payload, captured, MAX_RANGES);
  if (outcome == INSERT_TOO_MANY_GAPS) {
    drop(slot);
    return false;
  }
  // The same bytes once more are a repetition, not an overlap.
  const overlaps = assemblyBytes(assembly) - before < captured;
  if (overlaps && (outcome != INSERT_DUPLICATE || insertAnomalies != 0)) count(COUNT_FRAGMENT_OVERLAPS);
  return true;
}

/** The assembly of a slot with room for `bytes`; 0 when there is none. */
function room(slot: usize, bytes: u32): usize {
  const assembly = <usize>load<u32>(slot, ASSEMBLY);
  if (assemblyCapacity(assembly) >= bytes) return assembly;
  while (held + bytes > quota()) {
    const victim = oldest == slot ? <usize>load<u32>(slot, YOUNGER) : oldest;
    if (!victim) break;
    drop(victim);
  }
  const old = buddySize(assembly);
  const larger = assemblyGrow(assembly, bytes);
  if (!larger) return 0;
  held += buddySize(larger) - old;
  store<u32>(slot, <u32>larger, ASSEMBLY);
  return larger;
}

/** Hand the datagram over if nothing of it is missing. */
function complete(slot: usize): bool {
  const total = load<u32>(slot, TOTAL);
  const assembly = <usize>load<u32>(slot, ASSEMBLY);
  if (total == 0 || assemblyHave(assembly) < total) return false;
  completed = assembly;
  completedBytes = total;
  completedProtocol = load<u32>(slot, PROTOCOL);
  release(slot);
  count(COUNT_FRAGMENTS_REASSEMBLED);
  return true;
}

function expire(): void {
  const before = packet.ts - <i64>limit(LIMIT_FRAGMENT_TIMEOUT_SECONDS) * 1_000_000_000;
  while (oldest && load<i64>(oldest, TIME) < before) drop(oldest);
}

/** Give a datagram up. */
function drop(slot: usize): void {
  const assembly = <usize>load<u32>(slot, ASSEMBLY);
  release(slot);
  assemblyFree(assembly);
  count(COUNT_FRAGMENTS_DROPPED);
}

/** Take a slot out of its lists; its assembly is the caller's from now on. */
function release(slot: usize): void {
  held -= buddySize(<usize>load<u32>(slot, ASSEMBLY));
  let link = buckets + ((load<u32>(slot, HASH) & bucketMask) << 2);
  while (<usize>load<u32>(link) != slot) link = <usize>load<u32>(link) + CHAIN;
  store<u32>(link, load<u32>(slot, CHAIN));
  const older = <usize>load<u32>(slot, OLDER);
  const younger = <usize>load<u32>(slot, YOUNGER);
  if (older) store<u32>(older, <u32>younger, YOUNGER);
  else oldest = younger;
  if (younger) store<u32>(younger, <u32>older, OLDER);
  else youngest = older;
  store<u32>(slot, <u32>free, CHAIN);
  free = slot;
}
