/** Sorting of u16 lists in place, ascending; duplicates are kept. */

/** Below this many values insertion sort is quickest: the lists of ordinary hellos. */
const SMALL: u32 = 48;
const COUNTS: usize = memory.data(65536 * 2, 16);

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

/** Counting sort: linear, so that a hello of tens of thousands of values costs no more per value. */
function countingSort(list: usize, n: u32): void {
  for (let i: u32 = 0; i < n; i++) {
    const at = COUNTS + ((<usize>load<u16>(list + (i << 1))) << 1);
    store<u16>(at, load<u16>(at) + 1);
  }
  let to: u32 = 0;
  for (let v: u32 = 0; v < 65536; v++) {
    const at = COUNTS + (v << 1);
    let times: u32 = load<u16>(at);
    if (!times) continue;
    store<u16>(at, 0);
    for (; times > 0; times--) store<u16>(list + (to++ << 1), v);
  }
}

/** Sort `n` (at most 65,535) values at `list`. */
export function sort16(list: usize, n: u32): void {
  if (n <= SMALL) insertionSort(list, n);
  else countingSort(list, n);
}
