import { full } from '../columns/batch';
import { CONTROL } from '../core/control';
import { CONTROL_FORMAT } from '../generated/layout';
import { FORMAT_RING } from '../pipeline';
import * as memif from './memif';
import {
  KIND_MEMIF,
  RING_ADDRESS,
  RING_BUFFERS,
  RING_COUNT,
  RING_EXTRA,
  RING_KIND,
  RING_REGION,
  RING_UNIT,
  ringAt,
  ringClear,
} from './ring-state';
import { tpacketPoll } from './tpacket';

/**
 * Rings of packets that somebody else writes while we read: memif (DPDK, VPP) and TPACKET_V3 (Linux). The host maps
 * the shared memory into the input window and attaches each ring here; the packets are walked where they lie.
 *
 * Nothing the peer can write decides an address: slots are found by their number, lengths are read once and clamped.
 */

/** Actions of `ringControl`, memif only. */
const OFFER_ALL: u32 = 0;
const MASK_INTERRUPTS: u32 = 1;
const UNMASK_INTERRUPTS: u32 = 2;
const STOP_REFILL: u32 = 3;

/**
 * Read a ring from its start.
 *
 * @param index which of ours, below MAX_RINGS
 * @param ring address of the ring header (memif) or the first block (packet)
 * @param buffers memif: address of the buffer of slot 0
 * @param slots memif: slots; packet: blocks
 * @param bytes of a buffer or block
 * @param extra memif: cache line of the peer, 64 or 128; packet: LINKTYPE
 * @param region memif: address that the peer counts the offsets of buffers from
 */
export function ringAttach(
  index: u32,
  kind: u32,
  ring: u32,
  buffers: u32,
  slots: u32,
  bytes: u32,
  extra: u32,
  region: u32,
): void {
  const r = ringClear(index);
  store<u32>(r, kind, RING_KIND);
  store<u32>(r, ring, RING_ADDRESS);
  store<u32>(r, buffers, RING_BUFFERS);
  store<u32>(r, slots, RING_COUNT);
  store<u32>(r, bytes, RING_UNIT);
  store<u32>(r, extra, RING_EXTRA);
  store<u32>(r, region, RING_REGION);
  store<u32>(CONTROL, FORMAT_RING, CONTROL_FORMAT);
}

/** 0 offer every slot to the peer; 1, 2 ask it for no or for interrupts; 3 offer no slot again from now on. */
export function ringControl(index: u32, action: u32): void {
  const r = ringAt(index);
  if (action == OFFER_ALL) memif.offerAgain(r);
  else if (action == MASK_INTERRUPTS) memif.maskInterrupts(r, true);
  else if (action == UNMASK_INTERRUPTS) memif.maskInterrupts(r, false);
  else if (action == STOP_REFILL) memif.offerNoMore(r);
}

/**
 * Read at most about `budget` packets of a ring.
 *
 * @param now ns since 1970: the time of packets that bring none
 * @returns packets read; -1 less that number when the batches are full and have to be taken first
 */
export function ringPoll(index: u32, budget: u32, now: i64): i32 {
  const r = ringAt(index);
  const packets = load<u32>(r, RING_KIND) == KIND_MEMIF ? memif.memifPoll(r, budget, now) : tpacketPoll(r, budget);
  return full ? -1 - packets : packets;
}
