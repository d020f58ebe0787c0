import { buddyAllocate, buddyFree, buddySize } from '../core/buddy';
import { sameBytes } from '../core/bytes';
import { ANOMALY_OVERLAP_DIFFERS } from '../generated/codes';

/**
 * An assembly: bytes of one stream (or datagram, or message) that arrive in pieces, any order, any overlap.
 * One block of reassembly memory; bytes seen first are kept.
 *
 *     0   u32 have        bytes present from offset 0 without a gap
 *     4   u32 ranges      number of further ranges, sorted, disjoint, not touching
 *     8   u32 highest     end of the last range (or `have`)
 *     12  u32 tunnel      bytes of tunnel text
 *     16  u32 spare x 2   for the owner
 *     24  {u32 start, u32 end} x 31
 *     272 tunnel text, up to 192 bytes
 *     464 48 bytes for the owner
 *     512 data
 */
export const ASSEMBLY_HEADER: u32 = 512;
export const ASSEMBLY_OWNER: usize = 464;
export const MAX_RANGES: u32 = 31;
const RANGES: usize = 24;
const TUNNEL_TEXT: usize = 272;

/** What `assemblyInsert` did. */
export const INSERTED: i32 = 0;
/** Every byte was there already. */
export const INSERT_DUPLICATE: i32 = 1;
/** More ranges than `MAX_RANGES` (or the limit): the piece was not kept. */
export const INSERT_TOO_MANY_GAPS: i32 = 2;

/** Bits of `ANOMALY_...` raised by the last insert (overlap with other content). */
export let insertAnomalies: u32 = 0;

/** A new assembly with room for `capacity` bytes, or 0 when reassembly memory is full. */
export function assemblyNew(capacity: u32): usize {
  const a = buddyAllocate(capacity + ASSEMBLY_HEADER);
  if (a) assemblyClear(a);
  return a;
}

/** Make it an empty one; its memory may have held anything. */
@inline export function assemblyClear(a: usize): void {
  store<u64>(a, 0);
  store<u64>(a, 0, 8);
  store<u64>(a, 0, 16);
}

@inline export function assemblyFree(a: usize): void {
  buddyFree(a);
}

/** Bytes it has room for. */
@inline export function assemblyCapacity(a: usize): u32 {
  return buddySize(a) - ASSEMBLY_HEADER;
}

@inline export function assemblyData(a: usize): usize {
  return a + ASSEMBLY_HEADER;
}

/** Bytes present from the start. */
@inline export function assemblyHave(a: usize): u32 {
  return load<u32>(a);
}

/** End of the last byte that is there. */
@inline export function assemblyHighest(a: usize): u32 {
  return load<u32>(a, 8);
}

/** Whether bytes are missing before others that are there. */
@inline export function assemblyHasGap(a: usize): bool {
  return load<u32>(a, 4) != 0;
}

/** Bytes present, with or without a gap before them. */
export function assemblyBytes(a: usize): u32 {
  const n = load<u32>(a, 4);
  let bytes = load<u32>(a);
  for (let i: u32 = 0; i < n; i++) {
    bytes += load<u32>(a + RANGES + (i << 3), 4) - load<u32>(a + RANGES + (i << 3));
  }
  return bytes;
}

/** Copy into a larger block, freeing the old one. Returns the new block, or 0 (the old one stays). */
export function assemblyGrow(a: usize, capacity: u32): usize {
  const b = buddyAllocate(capacity + ASSEMBLY_HEADER);
  if (!b) return 0;
  memory.copy(b, a, ASSEMBLY_HEADER + load<u32>(a, 8));
  buddyFree(a);
  return b;
}

/** Keep the tunnel text of the packet that began it. */
export function assemblySetTunnel(a: usize, text: usize, length: u32): void {
  store<u32>(a, length, 12);
  if (length) memory.copy(a + TUNNEL_TEXT, text, length);
}
@inline export function assemblyTunnelLength(a: usize): u32 {
  return load<u32>(a, 12);
}
@inline export function assemblyTunnel(a: usize): usize {
  return a + TUNNEL_TEXT;
}

/** Put bytes where nothing is yet; compare where something is. Returns true if any byte was new. */
function place(a: usize, offset: u32, source: usize, length: u32): bool {
  const data = a + ASSEMBLY_HEADER;
  const end = offset + length;
  let at = offset;
  let fresh = false;
  const have = load<u32>(a);
  if (at < have) at = skipKnown(data, at, min(have, end), offset, source);
  const n = load<u32>(a, 4);
  for (let i: u32 = 0; i < n && at < end; i++) {
    const start = load<u32>(a + RANGES + (i << 3));
    const stop = load<u32>(a + RANGES + (i << 3), 4);
    if (stop <= at) continue;
    if (start >= end) break;
    if (start > at) {
      memory.copy(data + at, source + (at - offset), start - at);
      fresh = true;
      at = start;
    }
    at = skipKnown(data, at, min(stop, end), offset, source);
  }
  if (at < end) {
    memory.copy(data + at, source + (at - offset), end - at);
    fresh = true;
  }
  return fresh;
}

function skipKnown(data: usize, at: u32, stop: u32, offset: u32, source: usize): u32 {
  if (!sameBytes(data + at, source + (at - offset), stop - at)) insertAnomalies |= ANOMALY_OVERLAP_DIFFERS;
  return stop;
}

/** Merge [offset, end) into the sorted ranges. Returns false when there would be more than `maxRanges`. */
function merge(a: usize, offset: u32, end: u32, maxRanges: u32): bool {
  const n = load<u32>(a, 4);
  const list = a + RANGES;
  let first: u32 = 0;
  while (first < n && load<u32>(list + (first << 3), 4) < offset) first++;
  let last = first;
  let start = offset;
  let stop = end;
  while (last < n && load<u32>(list + (last << 3)) <= end) {
    start = min(start, load<u32>(list + (last << 3)));
    stop = max(stop, load<u32>(list + (last << 3), 4));
    last++;
  }
  if (last == first && n >= maxRanges) return false;
  const to = list + ((first + 1) << 3);
  if (n > last) memory.copy(to, list + (last << 3), (n - last) << 3);
  store<u32>(list + (first << 3), start);
  store<u32>(list + (first << 3), stop, 4);
  store<u32>(a, n + 1 - (last - first), 4);
  return true;
}

/** Ranges that now touch the gapless front become part of it. */
function absorb(a: usize): void {
  const n = load<u32>(a, 4);
  const list = a + RANGES;
  let have = load<u32>(a);
  let taken: u32 = 0;
  while (taken < n && load<u32>(list + (taken << 3)) <= have) {
    have = max(have, load<u32>(list + (taken << 3), 4));
    taken++;
  }
  store<u32>(a, have);
  if (taken == 0) return;
  if (n > taken) memory.copy(list, list + (taken << 3), (n - taken) << 3);
  store<u32>(a, n - taken, 4);
}

/**
 * Add `length` bytes at `offset`. The caller has made sure that `offset + length` fits (`assemblyCapacity`).
 *
 * @returns INSERTED, INSERT_DUPLICATE or INSERT_TOO_MANY_GAPS
 */
export function assemblyInsert(a: usize, offset: u32, source: usize, length: u32, maxRanges: u32): i32 {
  insertAnomalies = 0;
  const end = offset + length;
  const have = load<u32>(a);
  if (offset > have) {
    const n = load<u32>(a, 4);
    const extends_ = n > 0 && offset <= load<u32>(a, 8);
    if (n >= min(maxRanges, MAX_RANGES) && !extends_) return INSERT_TOO_MANY_GAPS;
  }
  const fresh = place(a, offset, source, length);
  if (!fresh) return INSERT_DUPLICATE;
  if (offset <= have) {
    store<u32>(a, max(have, end));
    absorb(a);
  } else if (!merge(a, offset, end, min(maxRanges, MAX_RANGES))) return INSERT_TOO_MANY_GAPS;
  store<u32>(a, max(load<u32>(a, 8), end), 8);
  return INSERTED;
}

/** Drop the first `n` bytes (n <= have): offsets of everything kept move down by `n`. */
export function assemblyConsume(a: usize, n: u32): void {
  if (n == 0) return;
  const highest = load<u32>(a, 8);
  const data = a + ASSEMBLY_HEADER;
  if (highest > n) memory.copy(data, data + n, highest - n);
  store<u32>(a, load<u32>(a) - n);
  store<u32>(a, highest - n, 8);
  const ranges = load<u32>(a, 4);
  for (let i: u32 = 0; i < ranges; i++) {
    const at = a + RANGES + (i << 3);
    store<u32>(at, load<u32>(at) - n);
    store<u32>(at, load<u32>(at, 4) - n, 4);
  }
}
