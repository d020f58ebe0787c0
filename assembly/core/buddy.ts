import { CONTROL_REASSEMBLY_USED } from '../generated/layout';
import { arenaReserve } from './arena';
import { nextPowerOfTwo } from './bytes';
import { CONTROL } from './control';

/**
 * Memory for partial streams: a binary buddy allocator over one region reserved at `init`.
 *
 * Blocks are powers of two from 4 KiB. A free block holds its list links in its first 8 bytes; `orders` has one
 * byte per 4 KiB unit: 0 = inside a block, 0x80 | order = first unit of a free block, 0x40 | order = of a block in use.
 */
const UNIT_SHIFT: u32 = 12;
const MAX_ORDER: u32 = 18;
const FREE: u8 = 0x80;
const USED: u8 = 0x40;

/** Bytes behind the region that wide loads may touch. */
const SLACK: u32 = 64;

const heads: usize = memory.data(80, 8);
let region: usize = 0;
let units: u32 = 0;
let orders: usize = 0;

/** Lay out `bytes` (rounded up to a power of two). Returns false when memory cannot be had. */
export function buddyInit(bytes: u32): bool {
  const size = nextPowerOfTwo(bytes);
  units = size >> UNIT_SHIFT;
  orders = arenaReserve(units);
  region = arenaReserve(size + SLACK);
  if (orders == 0 || region == 0) return false;
  buddyReset();
  return true;
}

/** Make everything free. */
export function buddyReset(): void {
  memory.fill(orders, 0, units);
  memory.fill(heads, 0, 80);
  store<u32>(CONTROL + CONTROL_REASSEMBLY_USED, 0);
  push(0, ctz<u32>(units));
}

@inline function addressOf(unit: u32): usize {
  return region + (<usize>unit << UNIT_SHIFT);
}

function push(unit: u32, order: u32): void {
  const block = addressOf(unit);
  const head = load<u32>(heads + (order << 2));
  store<u32>(block, 0);
  store<u32>(block, head, 4);
  if (head) store<u32>(<usize>head, <u32>block);
  store<u32>(heads + (order << 2), <u32>block);
  store<u8>(orders + unit, FREE | <u8>order);
}

function unlink(unit: u32, order: u32): void {
  const block = addressOf(unit);
  const previous = load<u32>(block);
  const next = load<u32>(block, 4);
  if (previous) store<u32>(<usize>previous, next, 4);
  else store<u32>(heads + (order << 2), next);
  if (next) store<u32>(<usize>next, previous);
  store<u8>(orders + unit, 0);
}

/**
 * A block of at least `bytes`. Its content is undefined.
 *
 * @returns its address, or 0 when there is no room
 */
export function buddyAllocate(bytes: u32): usize {
  if (bytes > 1 << (UNIT_SHIFT + MAX_ORDER)) return 0;
  const wanted: u32 = bytes <= 1 << UNIT_SHIFT ? 0 : 32 - clz<u32>((bytes - 1) >> UNIT_SHIFT);
  let order: u32 = wanted;
  while (order <= MAX_ORDER && load<u32>(heads + (order << 2)) == 0) order++;
  if (order > MAX_ORDER) return 0;
  const block = <usize>load<u32>(heads + (order << 2));
  const unit = <u32>((block - region) >> UNIT_SHIFT);
  unlink(unit, order);
  while (order > wanted) {
    order--;
    push(unit + (1 << order), order);
  }
  store<u8>(orders + unit, USED | <u8>wanted);
  const used = CONTROL + CONTROL_REASSEMBLY_USED;
  store<u32>(used, load<u32>(used) + (1 << (UNIT_SHIFT + wanted)));
  return block;
}

/** Bytes of a block in use. */
@inline export function buddySize(block: usize): u32 {
  return 1 << (UNIT_SHIFT + (load<u8>(orders + ((block - region) >> UNIT_SHIFT)) & 0x3f));
}

/** Give a block back; it joins its free buddies. */
export function buddyFree(block: usize): void {
  let unit = <u32>((block - region) >> UNIT_SHIFT);
  let order: u32 = load<u8>(orders + unit) & 0x3f;
  const used = CONTROL + CONTROL_REASSEMBLY_USED;
  store<u32>(used, load<u32>(used) - (1 << (UNIT_SHIFT + order)));
  store<u8>(orders + unit, 0);
  while (<u32>1 << order < units) {
    const buddy = unit ^ (1 << order);
    if (load<u8>(orders + buddy) != (FREE | <u8>order)) break;
    unlink(buddy, order);
    unit &= ~(1 << order);
    order++;
  }
  push(unit, order);
}
