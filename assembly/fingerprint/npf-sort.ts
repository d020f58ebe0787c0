/** Sorting of 64-bit keys: merge sort, for a hostile hello has more than a thousand extensions; insertion where there are few. */

const FEW: u32 = 32;

/** Pairs of u32 address and u32 length that keys of extensions are numbered after; 0: keys are compared as numbers. */
let entries: usize = 0;

/**
 * Sort keys of extensions: type in the top 16 bits, length in the next 16, number in `table` in the lowest. Those of one
 * type and length are put in the order of their bytes.
 *
 * @returns where the sorted keys lie: `keys` or `spare`, both with room for `n`
 */
export function sortExtensions(keys: usize, spare: usize, n: u32, table: usize): usize {
  if (n <= FEW) {
    insertionSort(keys, n);
    if (!hasTwins(keys, n)) return keys;
  }
  entries = table;
  return sort(keys, spare, n);
}

function insertionSort(keys: usize, n: u32): void {
  for (let i: u32 = 1; i < n; i++) {
    const key = keyAt(keys, i);
    let at = keys + (i << 3);
    while (at > keys) {
      const before = load<u64>(at - 8);
      if (before < key) break;
      store<u64>(at, before);
      at -= 8;
    }
    store<u64>(at, key);
  }
}

/** Whether two of the sorted keys are of one type and length: then their bytes decide. */
function hasTwins(keys: usize, n: u32): bool {
  for (let i: u32 = 1; i < n; i++) {
    if (keyAt(keys, i) >> 32 == keyAt(keys, i - 1) >> 32) return true;
  }
  return false;
}

/** Sort keys as unsigned numbers; returns where they lie. */
export function sortNumbers(keys: usize, spare: usize, n: u32): usize {
  entries = 0;
  return sort(keys, spare, n);
}

function sort(from: usize, to: usize, n: u32): usize {
  for (let width: u32 = 1; width < n; width <<= 1) {
    for (let low: u32 = 0; low < n; low += width << 1) {
      merge(from, to, low, min(low + width, n), min(low + (width << 1), n));
    }
    const sorted = to;
    to = from;
    from = sorted;
  }
  return from;
}

/** Merge the sorted runs [low, middle) and [middle, high). */
function merge(from: usize, to: usize, low: u32, middle: u32, high: u32): void {
  let left = low;
  let right = middle;
  for (let i = low; i < high; i++) {
    const takeLeft = right == high || (left < middle && !isLess(keyAt(from, right), keyAt(from, left)));
    store<u64>(to + (i << 3), keyAt(from, takeLeft ? left++ : right++));
  }
}

@inline function keyAt(keys: usize, i: u32): u64 {
  return load<u64>(keys + (i << 3));
}

function isLess(a: u64, b: u64): bool {
  if (entries == 0) return a < b;
  if (a >> 32 != b >> 32) return a < b;
  return compareBytes(dataOf(a), dataOf(b), <u32>(a >> 32) & 0xffff) < 0;
}

@inline function dataOf(key: u64): usize {
  return <usize>load<u32>(entries + ((<usize>key & 0xffff) << 3));
}

function compareBytes(a: usize, b: usize, n: u32): i32 {
  for (let i: u32 = 0; i < n; i++) {
    const difference = <i32>load<u8>(a + i) - <i32>load<u8>(b + i);
    if (difference) return difference;
  }
  return 0;
}
