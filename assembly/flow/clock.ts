import { CONTROL, limit } from '../core/control';
import { noteUncertain } from './trail';
import { CONTROL_PACKET, LIMIT_FLOW_TIMEOUT_SECONDS } from '../generated/layout';

/**
 * The time of a capture as its connections see it, ns. It never goes back: packets a little out of order do not turn it, and
 * behind a step back (another capture appended, a clock set) it goes on from where it was. Nor does a single packet with a
 * wrong time move it: a step further than connections are waited for takes two in a row.
 *
 * Every packet counts, also those that are of no interest here, so that all who read a capture agree on it whatever part
 * of the connections they keep.
 */
export let clock: i64 = 0;

/** So far from any time of a packet that the first one is a step. */
const DAWN: i64 = -(1 << 62);
const SECOND: i64 = 1_000_000_000;
let timeout: i64 = 0;
/** What packet times are moved by. */
export let shift: i64 = 0;
let started: bool = false;
/** When it was last looked for connections that have waited too long. */
let swept: i64 = 0;
/** The packet that a step was seen at last, and whether it was a step back. */
let stepAt: u64 = 0;
let stepBack: bool = false;
/** The packet that the last step ahead began with: lower bits of its number; and the time that it led to. */
let leaper: u32 = 0;
let leaptTo: i64 = 0;

export function clockReset(): void {
  clock = DAWN;
  swept = DAWN;
  leaptTo = DAWN;
  shift = 0;
  started = false;
  stepAt = u64.MAX_VALUE;
  timeout = <i64>limit(LIMIT_FLOW_TIMEOUT_SECONDS) * SECOND;
}

/** A packet of the time `ts`, ns since 1970, is about to be walked; CONTROL_PACKET is still that before it. */
@inline export function clockTo(ts: i64): void {
  const ahead = ts + shift - clock;
  if (<u64>ahead <= <u64>timeout) clock += ahead;
  else if (ahead > 0 || -ahead > timeout) step(ahead);
}

function step(ahead: i64): void {
  noteUncertain();
  const number = load<u64>(CONTROL, CONTROL_PACKET) + 1;
  const confirmed = number == stepAt + 1 && stepBack == ahead < 0;
  stepAt = number;
  stepBack = ahead < 0;
  if (started && !confirmed) return;
  if (started && ahead > 0) {
    clock += ahead;
    leaper = <u32>number - 1;
    leaptTo = clock;
  } else shift -= ahead;
  started = true;
}

/** It is at least `ts`, ns since 1970, though no packet tells: so the first one after a silence is no step. */
export function clockReach(ts: i64): void {
  clock = max(clock, ts + shift);
  started = true;
}

/** Whether it is time to look for connections that have waited too long: once a second. */
@inline export function sweepDue(): bool {
  return clock - swept >= SECOND;
}

export function sweepDone(): void {
  // From the same seconds on, wherever reading began.
  swept = clock - ((clock - DAWN) % SECOND);
}

/** Set it as it was when a packet was read by another core, of a trail (`flow/trail`). */
export function clockSet(to: i64): void {
  clock = to;
}

/** Whether packet `number` was a step that the next one has to confirm. */
export function isStepOpen(number: u64): bool {
  return started && stepAt == number;
}

/** How long ago it is at `now` that a connection was used: at `last`, by the packet whose number ends in `packet`. */
@inline export function idleFor(last: i64, packet: u32, now: i64): i64 {
  // What the first packet of a step used was dated by the clock before it.
  return now - (packet == leaper ? max(last, leaptTo) : last);
}

/** Whether a connection has waited too long that was not used for so long. */
@inline export function isTooLong(idle: i64): bool {
  return idle > timeout;
}
