import { full } from '../columns/batch';
import { CONTROL, count } from '../core/control';
import { COUNT_RING_MALFORMED, COUNT_RING_RESYNCS } from '../generated/codes';
import { CONTROL_FORMAT } from '../generated/layout';
import { LINKTYPE_ETHERNET } from '../link/link';
import { FORMAT_RING, NO_VLAN, packetRecord, taggedRecord } from '../pipeline';
import { MAX_CAPTURED } from './pcap';

/**
 * Rings of packets that somebody else writes while we read: memif (DPDK, VPP) and TPACKET_V3 (Linux). The host maps
 * the shared memory into the input window and attaches each ring here; the packets are walked where they lie.
 *
 * Nothing the peer can write decides an address: slots are found by their number, lengths are read once and clamped.
 *
 * State of a ring, u32 each:
 *
 *     0   kind                        KIND_MEMIF, KIND_PACKET
 *     4   ring                        memif: address of the ring header; packet: of the first block
 *     8   buffers                     memif: address of the first buffer
 *     12  count                       memif: slots (a power of two); packet: blocks
 *     16  bytes                       of a buffer, of a block
 *     20  tail offset, link type      memif: of `tail` in the header; packet: LINKTYPE of the interface
 *     24  descriptors offset          memif: of the first descriptor in the header
 *     28  position                    memif: next slot to read, free-running; packet: block being read
 *     32  refill, left                memif: 1 = slots are offered again; packet: packets left in the block
 *     36  next                        packet: address of the next packet header
 *     40  region                      memif: address that the peer counts offsets from
 */
const RING_BYTES: usize = 64;
export const MAX_RINGS: u32 = 64;
const rings: usize = memory.data(4096, 64);

export const KIND_MEMIF: u32 = 1;
export const KIND_PACKET: u32 = 2;

/** Actions of `ringControl`, memif only. */
const OFFER_ALL: u32 = 0;
const MASK_INTERRUPTS: u32 = 1;
const UNMASK_INTERRUPTS: u32 = 2;
const STOP_REFILL: u32 = 3;

/** Offsets in a memif ring header. `tail` and the descriptors come behind one and two cache lines. */
const MEMIF_FLAGS: usize = 4;
const MEMIF_HEAD: usize = 6;
/** Descriptor: u16 flags, u16 region, u32 length, u32 offset, u32 metadata. */
const DESCRIPTOR_BYTES: usize = 16;
const DESCRIPTOR_NEXT: u32 = 1;

/** Offsets in a TPACKET_V3 block (struct tpacket_block_desc). */
const BLOCK_STATUS: usize = 8;
const BLOCK_PACKETS: usize = 12;
const BLOCK_FIRST: usize = 16;
const BLOCK_OURS: u32 = 1;
/** Offsets in its packet header (struct tpacket3_hdr). */
const PACKET_NEXT: usize = 0;
const PACKET_SECONDS: usize = 4;
const PACKET_NANOSECONDS: usize = 8;
const PACKET_CAPTURED: usize = 12;
const PACKET_LENGTH: usize = 16;
const PACKET_STATUS: usize = 20;
const PACKET_MAC: usize = 24;
const PACKET_VLAN_TCI: usize = 32;
const PACKET_VLAN_TPID: usize = 36;
const PACKET_HEADER_BYTES: u32 = 48;
const STATUS_VLAN_VALID: u32 = 0x10;
const STATUS_VLAN_TPID_VALID: u32 = 0x40;
const ETHERTYPE_VLAN: u32 = 0x8100;

@inline function ringAt(index: u32): usize {
  return rings + <usize>index * RING_BYTES;
}

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
  const r = ringAt(index);
  memory.fill(r, 0, RING_BYTES);
  store<u32>(r, kind);
  store<u32>(r, ring, 4);
  store<u32>(r, buffers, 8);
  store<u32>(r, slots, 12);
  store<u32>(r, bytes, 16);
  store<u32>(r, extra, 20);
  store<u32>(r, extra << 1, 24);
  store<u32>(r, region, 40);
  store<u32>(CONTROL, FORMAT_RING, CONTROL_FORMAT);
}

/** 0 offer every slot to the peer; 1, 2 ask it for no or for interrupts; 3 offer no slot again from now on. */
export function ringControl(index: u32, action: u32): void {
  const r = ringAt(index);
  const ring = <usize>load<u32>(r, 4);
  if (action == OFFER_ALL) {
    store<u32>(r, 1, 32);
    offerAll(r);
  } else if (action == MASK_INTERRUPTS) atomic.store<u16>(ring + MEMIF_FLAGS, 1);
  else if (action == UNMASK_INTERRUPTS) atomic.store<u16>(ring + MEMIF_FLAGS, 0);
  else if (action == STOP_REFILL) store<u32>(r, 0, 32);
}

/**
 * Read at most about `budget` packets of a ring.
 *
 * @param now ns since 1970: the time of packets that bring none
 * @returns packets read; -1 less that number when the batches are full and have to be taken first
 */
export function ringPoll(index: u32, budget: u32, now: i64): i32 {
  const r = ringAt(index);
  const packets = load<u32>(r) == KIND_MEMIF ? memifPoll(r, budget, now) : packetPoll(r, budget);
  return full ? -1 - packets : packets;
}

/** Write every descriptor and publish all slots. */
function offerAll(r: usize): void {
  const ring = <usize>load<u32>(r, 4);
  const slots = load<u32>(r, 12);
  const bytes = load<u32>(r, 16);
  const offset = load<u32>(r, 8) - load<u32>(r, 40);
  for (let slot: u32 = 0; slot < slots; slot++) {
    const descriptor = ring + load<u32>(r, 24) + <usize>slot * DESCRIPTOR_BYTES;
    store<u64>(descriptor, <u64>bytes << 32);
    store<u32>(descriptor, offset + slot * bytes, 8);
    store<u32>(descriptor, 0, 12);
  }
  atomic.store<u16>(ring + MEMIF_HEAD, <u16>(load<u32>(r, 28) + slots));
}

function memifPoll(r: usize, budget: u32, now: i64): i32 {
  const ring = <usize>load<u32>(r, 4);
  const slots = load<u32>(r, 12);
  const start = load<u32>(r, 28);
  const tail: u32 = atomic.load<u16>(ring + load<u32>(r, 20));
  const available = (tail - start) & 0xffff;
  if (available == 0) return 0;
  if (available > slots) {
    // The peer overran what it was offered: what lies there is of no known packet.
    count(COUNT_RING_RESYNCS);
    store<u32>(r, tail, 28);
    if (load<u32>(r, 32)) offerAll(r);
    return 0;
  }
  const buffers = <usize>load<u32>(r, 8);
  const bytes = load<u32>(r, 16);
  const descriptors = ring + load<u32>(r, 24);
  let read: u32 = 0;
  let packets: u32 = 0;
  for (; read < available && packets < budget && !full; packets++) {
    const slot = (start + read) & (slots - 1);
    // Flags, region and length in one load: the peer may change them while we look.
    const word = load<u64>(descriptors + <usize>slot * DESCRIPTOR_BYTES);
    const length = <u32>(word >> 32);
    if ((<u32>word & DESCRIPTOR_NEXT) != 0) {
      read += chainedPacket(r, start + read, available - read, word, now);
      continue;
    }
    if (length <= bytes) packetRecord(buffers + <usize>slot * bytes, length, length, LINKTYPE_ETHERNET, now);
    else count(COUNT_RING_MALFORMED);
    read++;
  }
  store<u32>(r, (start + read) & 0xffff, 28);
  if (load<u32>(r, 32)) refill(r, start, read);
  return packets;
}

/** Walk the packet over several buffers that begins with descriptor `word`; answers how many slots it took. */
function chainedPacket(r: usize, position: u32, available: u32, word: u64, now: i64): u32 {
  const descriptors = <usize>load<u32>(r, 4) + load<u32>(r, 24);
  const mask = load<u32>(r, 12) - 1;
  const bytes = load<u32>(r, 16);
  let slot = position & mask;
  const packet = <usize>load<u32>(r, 8) + <usize>slot * bytes;
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
  const ring = <usize>load<u32>(r, 4);
  const descriptors = ring + load<u32>(r, 24);
  const slots = load<u32>(r, 12);
  const word = <u64>load<u32>(r, 16) << 32;
  for (let i: u32 = 0; i < n; i++) {
    store<u64>(descriptors + <usize>((start + i) & (slots - 1)) * DESCRIPTOR_BYTES, word);
  }
  atomic.store<u16>(ring + MEMIF_HEAD, <u16>(start + n + slots));
}

function packetPoll(r: usize, budget: u32): i32 {
  const blocks = load<u32>(r, 12);
  const bytes = load<u32>(r, 16);
  let packets: u32 = 0;
  while (packets < budget && !full) {
    const index = load<u32>(r, 28);
    const block = <usize>load<u32>(r, 4) + <usize>index * bytes;
    let left = load<u32>(r, 32);
    if (left == 0) {
      if ((atomic.load<u32>(block + BLOCK_STATUS) & BLOCK_OURS) == 0) break;
      left = load<u32>(block, BLOCK_PACKETS);
      store<u32>(r, <u32>block + load<u32>(block, BLOCK_FIRST), 36);
    }
    let at = <usize>load<u32>(r, 36);
    while (left > 0 && packets < budget && !full) {
      packets++;
      left--;
      const step = blockPacket(at, <u32>(block + bytes - at), load<u32>(r, 20));
      if (step == 0) left = 0;
      at += step;
    }
    store<u32>(r, <u32>at, 36);
    store<u32>(r, left, 32);
    if (left == 0) {
      atomic.store<u32>(block + BLOCK_STATUS, 0);
      store<u32>(r, index + 1 == blocks ? 0 : index + 1, 28);
    }
  }
  return packets;
}

/** Walk the packet whose header is at `p`, `room` bytes before the end of its block; answers the way to the next. */
function blockPacket(p: usize, room: u32, linkType: u32): u32 {
  const captured = room >= PACKET_HEADER_BYTES ? load<u32>(p, PACKET_CAPTURED) : 0;
  const mac: u32 = room >= PACKET_HEADER_BYTES ? load<u16>(p, PACKET_MAC) : room;
  const next = room >= PACKET_HEADER_BYTES ? load<u32>(p, PACKET_NEXT) : 0;
  if (mac > room || captured > room - mac) {
    count(COUNT_RING_MALFORMED);
    return 0;
  }
  const ts = <i64>load<u32>(p, PACKET_SECONDS) * 1_000_000_000 + load<u32>(p, PACKET_NANOSECONDS);
  const status = load<u32>(p, PACKET_STATUS);
  let vlan = NO_VLAN;
  if (status & STATUS_VLAN_VALID) {
    const type: u32 = status & STATUS_VLAN_TPID_VALID ? load<u16>(p, PACKET_VLAN_TPID) : ETHERTYPE_VLAN;
    vlan = (type << 16) | load<u16>(p, PACKET_VLAN_TCI);
  }
  taggedRecord(p + mac, captured, load<u32>(p, PACKET_LENGTH), linkType, ts, vlan);
  return next < room ? next : 0;
}
