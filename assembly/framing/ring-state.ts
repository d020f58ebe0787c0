/**
 * What is known of each attached ring, u32 each:
 *
 *     0   kind                        KIND_MEMIF, KIND_PACKET
 *     4   ring                        memif: address of the ring header; packet: of the first block
 *     8   buffers                     memif: address of the first buffer
 *     12  count                       memif: slots (a power of two); packet: blocks
 *     16  bytes                       of a buffer, of a block
 *     20  extra                       memif: of the cache line of the peer, 64 or 128; packet: LINKTYPE of the interface
 *     24  position                    memif: next slot to read, free-running; packet: block being read
 *     28  refill, left                memif: 1 = slots are offered again; packet: packets left in the block
 *     32  next                        packet: address of the next packet header
 *     36  region                      memif: address that the peer counts offsets from
 */
const RING_BYTES: i32 = 64;
const MAX_RINGS: i32 = 64;
const rings: usize = memory.data(MAX_RINGS * RING_BYTES, 64);

export const RING_KIND: usize = 0;
export const RING_ADDRESS: usize = 4;
export const RING_BUFFERS: usize = 8;
export const RING_COUNT: usize = 12;
export const RING_UNIT: usize = 16;
export const RING_EXTRA: usize = 20;
export const RING_POSITION: usize = 24;
export const RING_REFILL: usize = 28;
export const RING_LEFT: usize = 28;
export const RING_NEXT: usize = 32;
export const RING_REGION: usize = 36;

export const KIND_MEMIF: u32 = 1;
export const KIND_PACKET: u32 = 2;

@inline export function ringAt(index: u32): usize {
  return rings + <usize>index * RING_BYTES;
}

/** Forget what was known of ring `index`; answers its address. */
export function ringClear(index: u32): usize {
  const r = ringAt(index);
  memory.fill(r, 0, RING_BYTES);
  return r;
}
