import { COUNTER_COUNT } from '../generated/codes';
import {
  CONTROL_BYTES,
  CONTROL_COUNTERS,
  CONTROL_ERROR_DETAIL,
  CONTROL_ERROR_OFFSET,
  CONTROL_FIRST_TS,
  CONTROL_LAST_TS,
  CONTROL_LINK_TYPE_COUNT,
  CONTROL_LINK_TYPES,
  LIMIT_COUNT,
} from '../generated/layout';

/** The control block (fields: `src/schema/control.ts`). Read by the host between calls. */
export const CONTROL: usize = memory.data(CONTROL_BYTES, 64);

/** Values of the limits, u32 each, in declared order; written by the host before `init`. */
export const LIMIT_VALUES: usize = memory.data(256, 64);

/** Value of a limit (`LIMIT_...` of the generated layout). */
@inline export function limit(index: u32): u32 {
  return load<u32>(LIMIT_VALUES + (index << 2));
}

/** Add one to a counter of the capture. */
@inline export function count(counter: u32): void {
  const at = CONTROL + CONTROL_COUNTERS + (counter << 3);
  store<u64>(at, load<u64>(at) + 1);
}

/** The lower half of a counter of the capture. */
@inline export function counted(counter: u32): u32 {
  return load<u32>(CONTROL + CONTROL_COUNTERS + (counter << 3));
}

/** Add `n` to a counter of the capture. */
@inline export function countBy(counter: u32, n: u64): void {
  const at = CONTROL + CONTROL_COUNTERS + (counter << 3);
  store<u64>(at, load<u64>(at) + n);
}

/** Note where and on what value a fatal status arose; returns the status. */
export function fail(status: i32, offset: u64, detail: u64): i32 {
  store<u64>(CONTROL + CONTROL_ERROR_OFFSET, offset);
  store<u64>(CONTROL + CONTROL_ERROR_DETAIL, detail);
  return status;
}

/** Reset what belongs to one capture. */
export function resetCapture(): void {
  memory.fill(CONTROL + CONTROL_COUNTERS, 0, COUNTER_COUNT << 3);
  store<u64>(CONTROL + CONTROL_ERROR_OFFSET, 0);
  store<u64>(CONTROL + CONTROL_ERROR_DETAIL, 0);
  store<i64>(CONTROL + CONTROL_FIRST_TS, i64.MAX_VALUE);
  store<i64>(CONTROL + CONTROL_LAST_TS, i64.MIN_VALUE);
  store<u32>(CONTROL + CONTROL_LINK_TYPE_COUNT, 0);
}

/** Remember that the capture has packets of this LINKTYPE. */
export function noteLinkType(linkType: u32, capacity: u32): void {
  const n = load<u32>(CONTROL + CONTROL_LINK_TYPE_COUNT);
  for (let i: u32 = 0; i < n; i++) {
    if (load<u32>(CONTROL + CONTROL_LINK_TYPES + (i << 2)) == linkType) return;
  }
  if (n >= capacity) return;
  store<u32>(CONTROL + CONTROL_LINK_TYPES + (n << 2), linkType);
  store<u32>(CONTROL + CONTROL_LINK_TYPE_COUNT, n + 1);
}
