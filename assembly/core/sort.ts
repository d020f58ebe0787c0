import { copyShort } from './bytes';

/** Sorting of u16 lists in place, ascending; duplicates are kept. */

/** Up to so many values are sorted by counting, for each, the smaller ones: work n^2 / 8, without a branch to mispredict. */
const RANKED: u32 = 64;
/** Below so many insertion sort is quickest. */
const INSERTED: u32 = 24;
const BIASED: usize = memory.data(2 * 64, 16);
const RANKS: usize = memory.data(2 * 64, 16);
const SORTED: usize = memory.data(2 * 65536 + 16, 16);
/** How many values have a byte, for each byte. */
const COUNTS: usize = memory.data(256 * 4, 16);

function insertionSort(list: usize, n: u32): void {
  for (let i: u32 = 1; i < n; i++) {
    const v: u32 = load<u16>(list + (i << 1));
    let j = i;
    while (j > 0) {
      const before: u32 = load<u16>(list + ((j - 1) << 1));
      if (before <= v) break;
      store<u16>(list + (j << 1), before);
      j--;
    }
    store<u16>(list + (j << 1), v);
  }
}

/** One stable pass of a radix sort, by the byte at `shift`. */
function radixPass(from: usize, to: usize, n: u32, shift: u32): void {
  memory.fill(COUNTS, 0, 1024);
  for (let i: u32 = 0; i < n; i++) {
    const at = COUNTS + (((<u32>load<u16>(from + (i << 1)) >> shift) & 0xff) << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
  let before: u32 = 0;
  for (let b: u32 = 0; b < 1024; b += 4) {
    const times = load<u32>(COUNTS + b);
    store<u32>(COUNTS + b, before);
    before += times;
  }
  for (let i: u32 = 0; i < n; i++) {
    const v: u32 = load<u16>(from + (i << 1));
    const at = COUNTS + (((v >> shift) & 0xff) << 2);
    const place = load<u32>(at);
    store<u32>(at, place + 1);
    store<u16>(to + (place << 1), v);
  }
}

/** Linear, so that a hello of tens of thousands of values costs no more per value. */
function radixSort(list: usize, n: u32): void {
  radixPass(list, SORTED, n, 0);
  radixPass(SORTED, list, n, 8);
}

/** The place of each value is the number of smaller ones. False, nothing changed, when two are the same. */
function rankSort(list: usize, n: u32): bool {
  const bytes = n << 1;
  // Signed comparisons are one instruction on x86, unsigned ones three.
  const bias = i16x8.splat(-32768);
  for (let at: u32 = 0; at < bytes; at += 16) v128.store(BIASED + at, v128.xor(v128.load(list + at), bias));
  for (let at: u32 = 0; at < bytes; at += 16) {
    const block = v128.load(BIASED + at);
    let ranks = i16x8.splat(0);
    for (let i: u32 = 0; i < bytes; i += 2) {
      ranks = i16x8.sub(ranks, i16x8.gt_s(block, v128.load_splat<u16>(BIASED + i)));
    }
    v128.store(RANKS + at, ranks);
  }
  let sum: u32 = 0;
  for (let i: u32 = 0; i < bytes; i += 2) {
    const rank: u32 = load<u16>(RANKS + i);
    sum += rank;
    store<u16>(SORTED + (rank << 1), load<u16>(list + i));
  }
  if (sum != (n * (n - 1)) >> 1) return false;
  copyShort(list, SORTED, bytes);
  return true;
}

/** Sort `n` (at most 65,535) values at `list`, behind which 16 bytes may be overwritten. */
export function sort16(list: usize, n: u32): void {
  if (n < 2) return;
  if (ASC_FEATURE_SIMD) {
    if (n <= RANKED && rankSort(list, n)) return;
  }
  if (n <= INSERTED) insertionSort(list, n);
  else radixSort(list, n);
}
