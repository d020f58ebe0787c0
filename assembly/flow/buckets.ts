import { arenaReserve } from '../core/arena';
import { nextPowerOfTwo } from '../core/bytes';

/**
 * Where flows are found: buckets of one cache line, 16 u32 entries of `tag << 21 | place`. The tag is the upper 11 bits of
 * the hash. A place is the number of a slot of the flow table, from 1, or `FINISHED` with a number in the ring of finished
 * connections; 0: the entry is empty.
 */
const ENTRIES: u32 = 16;
export const BUCKET_BYTES: u32 = 64;
const PLACE_MASK: u32 = 0x1fffff;
/** Bit of a place: not a slot, but a record of `flow/finished`. */
export const FINISHED: u32 = 0x100000;

let buckets: usize = 0;
let mask: u32 = 0;

/** Reserve memory for so many slots, and as many finished connections. */
export function bucketsInit(slots: u32): bool {
  const count = max<u32>(nextPowerOfTwo(slots) >> 3, 16);
  mask = count - 1;
  buckets = arenaReserve(count * BUCKET_BYTES);
  return buckets != 0;
}

export function bucketsReset(): void {
  memory.fill(buckets, 0, (mask + 1) * BUCKET_BYTES);
}

@inline export function bucketOf(hash: u32): usize {
  return buckets + (hash & mask) * BUCKET_BYTES;
}

/** The entries of a bucket of which the bits `bits` are `value`, one bit each. */
@inline function entriesWith(bucket: usize, bits: u32, value: u32): u32 {
  if (ASC_FEATURE_SIMD) {
    const m = i32x4.splat(bits);
    const v = i32x4.splat(value);
    const a = i32x4.eq(v128.and(v128.load(bucket), m), v);
    const b = i32x4.eq(v128.and(v128.load(bucket, 16), m), v);
    const c = i32x4.eq(v128.and(v128.load(bucket, 32), m), v);
    const d = i32x4.eq(v128.and(v128.load(bucket, 48), m), v);
    return i8x16.bitmask(i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d)));
  }
  let set: u32 = 0;
  for (let i: u32 = 0; i < ENTRIES; i++) {
    set |= u32((load<u32>(bucket + (i << 2)) & bits) == value) << i;
  }
  return set;
}

/** The entries, empty ones among them, that have the tag of a hash. */
@inline export function entriesTagged(bucket: usize, hash: u32): u32 {
  return entriesWith(bucket, ~PLACE_MASK, hash & ~PLACE_MASK);
}

/** The entries that lead to a place. */
@inline export function entriesAt(bucket: usize, place: u32): u32 {
  return entriesWith(bucket, PLACE_MASK, place);
}

/** Address of the first of a set of entries. */
@inline export function entryAt(bucket: usize, set: u32): usize {
  return bucket + (ctz<u32>(set) << 2);
}

@inline export function placeIn(entry: usize): u32 {
  return load<u32>(entry) & PLACE_MASK;
}

@inline export function setEntry(entry: usize, hash: u32, place: u32): void {
  store<u32>(entry, (hash & ~PLACE_MASK) | place);
}

/** Let an entry lead elsewhere. */
@inline export function setPlace(entry: usize, place: u32): void {
  store<u32>(entry, (load<u32>(entry) & ~PLACE_MASK) | place);
}

@inline export function clearEntry(entry: usize): void {
  store<u32>(entry, 0);
}
