import { full } from '../columns/batch';
import { count } from '../core/control';
import { clockTo } from '../flow/clock';
import { COUNT_RING_MALFORMED, COUNT_RING_RESYNCS } from '../generated/codes';
import { LINKTYPE_ETHERNET } from '../link/link';
import { countRecords, nextNumber, packetRecord, walkRecord } from '../pipeline';
import { MAX_CAPTURED } from './formats';
import {
  RING_ADDRESS,
  RING_BUFFERS,
  RING_COUNT,
  RING_EXTRA,
  RING_POSITION,
  RING_REFILL,
  RING_REGION,
  RING_UNIT,
} from './ring-state';

/**
 * A ring of memif (libmemif `memif.h`, protocol 2.0): a header with `head` and `tail`, descriptors of 16 bytes, and a
 * buffer for each of them. The packets of a poll are framed in batches, then decoded.
 */

/** Offsets in a ring header. `tail` and the descriptors come behind one and two cache lines. */
const MEMIF_FLAGS: usize = 4;
const MEMIF_HEAD: usize = 6;
/** Descriptor: u16 flags, u16 region, u32 length, u32 offset, u32 metadata. */
const DESCRIPTOR_BYTES: usize = 16;
const DESCRIPTOR_NEXT: u32 = 1;

/** Packets that are framed before the first of them is decoded. */
const BATCH: u32 = 32;
/** Their lengths, u32 each. */
const lengths: usize = memory.data(128, 64);
/** Keeps the loads that nothing else is done with. */
let touched: u32 = 0;

@inline function headerOf(r: usize): usize {
  return <usize>load<u32>(r, RING_ADDRESS);
}
@inline function descriptorsOf(r: usize): usize {
  return headerOf(r) + (load<u32>(r, RING_EXTRA) << 1);
}

/** Offer every slot to the peer, now and again when it has been read. */
export function offerAgain(r: usize): void {
  store<u32>(r, 1, RING_REFILL);
  offerAll(r);
}

/** Offer no slot again from now on. */
export function offerNoMore(r: usize): void {
  store<u32>(r, 0, RING_REFILL);
}

/** Ask the peer for no interrupts, or for interrupts. */
export function maskInterrupts(r: usize, masked: bool): void {
  atomic.store<u16>(headerOf(r) + MEMIF_FLAGS, <u16>masked);
}

/** Write every descriptor and publish all slots. */
function offerAll(r: usize): void {
  const descriptors = descriptorsOf(r);
  const slots = load<u32>(r, RING_COUNT);
  const bytes = load<u32>(r, RING_UNIT);
  const offset = load<u32>(r, RING_BUFFERS) - load<u32>(r, RING_REGION);
  for (let slot: u32 = 0; slot < slots; slot++) {
    const descriptor = descriptors + <usize>slot * DESCRIPTOR_BYTES;
    store<u64>(descriptor, <u64>bytes << 32);
    store<u32>(descriptor, offset + slot * bytes, 8);
    store<u32>(descriptor, 0, 12);
  }
  atomic.store<u16>(headerOf(r) + MEMIF_HEAD, <u16>(load<u32>(r, RING_POSITION) + slots));
}

/** Read about `budget` packets, of the time `now` (ns since 1970); answers how many. */
export function memifPoll(r: usize, budget: u32, now: i64): i32 {
  const slots = load<u32>(r, RING_COUNT);
  const start = load<u32>(r, RING_POSITION);
  const tail: u32 = atomic.load<u16>(headerOf(r) + load<u32>(r, RING_EXTRA));
  const available = (tail - start) & 0xffff;
  if (available == 0) return 0;
  if (available > slots) {
    // The peer overran what it was offered: what lies there is of no known packet.
    count(COUNT_RING_RESYNCS);
    store<u32>(r, tail, RING_POSITION);
    if (load<u32>(r, RING_REFILL)) offerAll(r);
    return 0;
  }
  let read: u32 = 0;
  let packets: u32 = 0;
  while (read < available && packets < budget && !full) {
    const framed = frame(r, start + read, min(available - read, budget - packets));
    if (framed) {
      const walked = decode(r, start + read, framed, now);
      packets += walked;
      read += walked;
    } else {
      packets++;
      read += otherPacket(r, start + read, available - read, now);
    }
  }
  store<u32>(r, (start + read) & 0xffff, RING_POSITION);
  if (load<u32>(r, RING_REFILL)) refill(r, start, read);
  return packets;
}

/**
 * Frame the packets in the next of `available` slots from `position` on that are well formed and have one buffer each, BATCH at most:
 * what a descriptor says is read once, for the peer may change it while we look. Their headers are asked for here, so that
 * the processor waits for all of them at once: another one has written them.
 *
 * @returns how many; 0: the first is none of these
 */
function frame(r: usize, position: u32, available: u32): u32 {
  const descriptors = descriptorsOf(r);
  const buffers = <usize>load<u32>(r, RING_BUFFERS);
  const mask = load<u32>(r, RING_COUNT) - 1;
  const bytes = load<u32>(r, RING_UNIT);
  const most = min(available, BATCH);
  let first: u32 = 0;
  let n: u32 = 0;
  for (; n < most; n++) {
    const slot = (position + n) & mask;
    const word = load<u64>(descriptors + <usize>slot * DESCRIPTOR_BYTES);
    const length = <u32>(word >> 32);
    if ((<u32>word & DESCRIPTOR_NEXT) != 0 || length > bytes) break;
    store<u32>(lengths + (n << 2), length);
    first ^= load<u32>(buffers + <usize>slot * bytes);
  }
  touched = first;
  return n;
}

/** Walk the `framed` packets from `position` on, unless the batches become full; answers how many. They are counted together. */
function decode(r: usize, position: u32, framed: u32, now: i64): u32 {
  const buffers = <usize>load<u32>(r, RING_BUFFERS);
  const mask = load<u32>(r, RING_COUNT) - 1;
  const bytes = load<u32>(r, RING_UNIT);
  const number = nextNumber();
  let sum: u64 = 0;
  let n: u32 = 0;
  for (; n < framed && !full; n++) {
    const length = load<u32>(lengths + (n << 2));
    sum += length;
    clockTo(now);
    walkRecord(number + n, buffers + <usize>((position + n) & mask) * bytes, length, LINKTYPE_ETHERNET, now);
  }
  countRecords(n, sum, sum, 0, LINKTYPE_ETHERNET, now, now);
  return n;
}

/** Walk a packet over several buffers, or count one that is malformed; answers how many slots it took. */
function otherPacket(r: usize, position: u32, available: u32, now: i64): u32 {
  const descriptors = descriptorsOf(r);
  const mask = load<u32>(r, RING_COUNT) - 1;
  const bytes = load<u32>(r, RING_UNIT);
  let slot = position & mask;
  const packet = <usize>load<u32>(r, RING_BUFFERS) + <usize>slot * bytes;
  let word = load<u64>(descriptors + <usize>slot * DESCRIPTOR_BYTES);
  let length = <u32>(word >> 32);
  let taken: u32 = 1;
  let whole = length <= bytes;
  let captured = length;
  let original = length;
  let contiguous = length == bytes;
  while ((<u32>word & DESCRIPTOR_NEXT) != 0 && whole) {
    if (taken == available) {
      whole = false;
      break;
    }
    slot = (position + taken++) & mask;
    word = load<u64>(descriptors + <usize>slot * DESCRIPTOR_BYTES);
    length = <u32>(word >> 32);
    whole = length <= bytes;
    original += length;
    // Full buffers of adjacent slots are one piece of memory; what lies beyond the end of the ring is left out.
    contiguous = contiguous && slot != 0;
    if (contiguous) captured += length;
    contiguous = contiguous && length == bytes;
  }
  if (whole) packetRecord(packet, min(captured, MAX_CAPTURED), original, LINKTYPE_ETHERNET, now);
  else count(COUNT_RING_MALFORMED);
  return taken;
}

/** Offer `n` slots from `start` on to the peer again. Flags must be cleared: peers leave NEXT standing. */
function refill(r: usize, start: u32, n: u32): void {
  const descriptors = descriptorsOf(r);
  const slots = load<u32>(r, RING_COUNT);
  const word = <u64>load<u32>(r, RING_UNIT) << 32;
  for (let i: u32 = 0; i < n; i++) {
    store<u64>(descriptors + <usize>((start + i) & (slots - 1)) * DESCRIPTOR_BYTES, word);
  }
  atomic.store<u16>(headerOf(r) + MEMIF_HEAD, <u16>(start + n + slots));
}
