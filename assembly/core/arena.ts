import { alignUp } from './bytes';

/** Pages of 64 KiB asked for at a time: each growth costs the engine about a millisecond. */
const GROW_PAGES: i32 = 2048;
/** Next free address; 0 before `arenaBegin`. */
let top: usize = 0;

/**
 * Start laying out memory above the static data. Everything is reserved at `init`; afterwards memory never grows,
 * so views of it stay valid.
 */
export function arenaBegin(): void {
  top = alignUp(<u32>__heap_base, 4096);
}

/**
 * Reserve `bytes` of zeroed memory, 64-byte aligned. Growing happens here and only during `init`.
 *
 * @returns the address, or 0 when the engine refuses to give more memory
 */
export function arenaReserve(bytes: u32): usize {
  const at = top;
  const end = <u64>at + alignUp(bytes, 64);
  if (end > 0xffff0000) return 0;
  const pages = <i32>((end + 0xffff) >> 16);
  const missing = pages - memory.size();
  if (missing > 0 && memory.grow(max(missing, GROW_PAGES)) < 0 && memory.grow(missing) < 0) return 0;
  top = <usize>end;
  return at;
}
