import { batchReset, full } from './columns/batch';
import { CONTROL, noteLinkType, resetCapture } from './core/control';
import { buddyReset } from './core/buddy';
import { orderFrom } from './core/order';
import { setNextRecord, setRecord } from './core/packet';
import { clock, clockSet, isStepOpen, shift, sweepDone, sweepDue } from './flow/clock';
import { finishedMoveOut } from './flow/finished';
import { leftFlows, movedFlows, moveIn, moveOut } from './flow/moving';
import { FLOW_HASH, flowBehind, flowTableReset, isKnown, oldestWaiting } from './flow/table';
import {
  capturedOf,
  choose,
  chosen,
  chooseNone,
  chosenOnly,
  ENTRY_CLOCK,
  ENTRY_HASH,
  ENTRY_KIND,
  ENTRY_NUMBER,
  ENTRY_TS,
  isChosen,
  KIND_FRAGMENT,
  KIND_SWEEP,
  noteUncertain,
  trailBegin,
  trailOff,
} from './flow/trail';
import { STATUS_BATCH_FULL, STATUS_DONE } from './generated/codes';
import {
  CONTROL_CLOCK,
  CONTROL_CONSUMED,
  CONTROL_INTERFACES,
  CONTROL_LEFT,
  CONTROL_MOVED_FINISHED,
  CONTROL_MOVED_FLOWS,
  CONTROL_OFFSET,
  CONTROL_PACKET,
  CONTROL_SKIP,
  ENTRY_BYTES,
  FINISHED_BYTES,
} from './generated/layout';
import { fragmentReset, fragmentWaits } from './net/fragment';
import { forgetLinkType, MAX_LISTED_LINK_TYPES, sweep, walkRecord } from './pipeline';

/**
 * A stretch of a capture, read by a core that does not know what came before, and how the core that does joins it: the rows
 * and counters are then those of one core that reads all.
 *
 * 1. The core of the stretch reads the start of the capture, for its format and clock, and some records before the stretch,
 *    for the time there. It begins the stretch with no connections, and leaves a trail (`flow/trail`).
 * 2. The joining core has read up to the byte where the stretch begins. It chooses the connections that cross a border of the
 *    stretch: those that wait when it begins, those known then and touched in it, and those that hold memory when it ends. All
 *    others begin and end in it, or can be handed over as they are: for them nothing else than the stretch was needed.
 * 3. The packets of the chosen are read again, as the trail tells, by the joining core, and once more by a core without
 *    connections: what that one finds is what the first had found of them, and is taken out.
 * 4. The joining core takes over connections, counters, number, time and place.
 *
 * Connections do not depend on each other but through their hash, by which they are chosen, through time, and
 * where tables or memory are full.
 */

/**
 * What was read so far was for format and time: the stretch begins, at byte `offset` of the capture, with its first packet as number 1.
 * For the room see `trailBegin`.
 */
export function stretchBegin(
  entries: usize,
  entriesEnd: usize,
  hashes: usize,
  hashesEnd: usize,
  offset: u64,
): void {
  const number = load<u64>(CONTROL, CONTROL_PACKET);
  resetCapture();
  forgetLinkType();
  batchReset();
  flowTableReset();
  buddyReset();
  fragmentReset();
  store<u64>(CONTROL, 0, CONTROL_PACKET);
  store<u64>(CONTROL, offset, CONTROL_OFFSET);
  store<u64>(CONTROL, 0, CONTROL_SKIP);
  store<i64>(CONTROL, clock, CONTROL_CLOCK);
  sweepDone();
  trailBegin(entries, entriesEnd, hashes, hashesEnd);
  if (isStepOpen(number)) noteUncertain();
}

/** The stretch ends: its connections are copied to `[to, end)`. */
export function stretchEnd(to: usize, end: usize): void {
  const finished = finishedMoveOut(to, end);
  if (finished < 0 || !moveOut(to + finished * FINISHED_BYTES, end)) noteUncertain();
  store<u32>(CONTROL, max(finished, 0), CONTROL_MOVED_FINISHED);
  store<u32>(CONTROL, movedFlows, CONTROL_MOVED_FLOWS);
  store<u32>(CONTROL, leftFlows, CONTROL_LEFT);
  trailOff();
}

/**
 * Whether a stretch that begins where this core is began with the right time and with the interfaces that are known here.
 *
 * @param at time of the capture where the stretch begins, `moved` what packet times are moved by for it
 */
export function stretchFits(at: i64, moved: i64, interfaces: u32): bool {
  const number = load<u64>(CONTROL, CONTROL_PACKET);
  return (
    at == clock && moved == shift && interfaces == load<u32>(CONTROL, CONTROL_INTERFACES) && !isStepOpen(number) &&
    load<u64>(CONTROL, CONTROL_SKIP) == 0
  );
}

/** Look for connections that have waited too long, if it is time for that. False when the batches are full: call again. */
export function stretchSettle(): bool {
  return !sweepDue() || sweep();
}

/** Choose the connections that a stretch does not tell all of: it touched those of `touched` hashes, and holds memory for `left`. */
export function stretchChoose(hashes: usize, touched: u32, left: u32): void {
  chooseNone();
  for (let flow = oldestWaiting(); flow != 0; flow = flowBehind(flow)) choose(load<u32>(flow, FLOW_HASH));
  for (; touched > 0; touched--, hashes += 4) {
    const hash = load<u32>(hashes);
    if (isKnown(hash)) choose(hash);
  }
  for (; left > 0; left--, hashes += 4) choose(load<u32>(hashes));
}

/** Address of what was chosen, `CHOSEN_BYTES` of it: another core that reads the same again needs the same there. */
export function stretchChosen(): usize {
  return chosen;
}

/**
 * Leave only those of `n` entries that are to be read again, one for each packet.
 *
 * @returns how many; -1 when a fragment belongs to a datagram that began before the stretch
 */
export function stretchSelect(entries: usize, n: u32): i32 {
  let to = entries;
  let frame: u32 = 0;
  for (const end = entries + n * ENTRY_BYTES; entries < end; entries += ENTRY_BYTES) {
    const kind: u32 = load<u8>(entries, ENTRY_KIND);
    const hash = load<u32>(entries, ENTRY_HASH);
    if (kind == KIND_FRAGMENT && fragmentWaits(hash)) return -1;
    if (kind != KIND_FRAGMENT && kind != KIND_SWEEP && !isChosen(hash)) continue;
    if (kind != KIND_SWEEP && load<u32>(entries) == frame) continue;
    if (kind != KIND_SWEEP) frame = load<u32>(entries);
    if (to != entries) memory.copy(to, entries, ENTRY_BYTES);
    to += ENTRY_BYTES;
  }
  return <i32>((to - (entries - n * ENTRY_BYTES)) / ENTRY_BYTES);
}

/** Packets that lie so close together are read with what is between them. */
const GAP_BYTES: u32 = 2048;

/**
 * The bytes that the packets of `n` selected entries need: pieces of the stretch, each `u32 address, u32 bytes` as the core of
 * the stretch had them, at most `most` of them at `pieces`. They are to lie one behind the other from `to` on, where there is `room` for so
 * many bytes, and the entries say so.
 *
 * @returns how many pieces; -1 when there is no room
 */
export function stretchPlace(entries: usize, n: u32, to: usize, room: u32, pieces: usize, most: u32): i32 {
  let count: u32 = 0;
  // The piece in progress, and bytes in those before it.
  let from: u32 = 0;
  let end: u32 = 0;
  let before: u32 = 0;
  for (; n > 0; n--, entries += ENTRY_BYTES) {
    if (load<u8>(entries, ENTRY_KIND) == KIND_SWEEP) continue;
    const frame = load<u32>(entries);
    if (count == 0 || frame > end + GAP_BYTES) {
      if (count == most) return -1;
      before += end - from;
      from = frame;
      store<u32>(pieces + (count << 3), from);
      count++;
    }
    end = frame + capturedOf(entries);
    if (end - from + before > room) return -1;
    store<u32>(pieces + ((count - 1) << 3), end - from, 4);
    store<u32>(entries, <u32>to + before + (frame - from));
  }
  return <i32>count;
}

/**
 * Read the packets of `n` selected entries, of which the host has put the bytes where they say. CONTROL_CONSUMED is how many were read.
 * The places of the rows are counted from the start of the stretch.
 *
 * @param base number of the packet before the stretch
 * @param linkType of all of its packets
 * @returns STATUS_BATCH_FULL (call again with the rest) or STATUS_DONE
 */
export function stretchReplay(entries: usize, n: u32, base: u64, linkType: u32): i32 {
  chosenOnly();
  orderFrom(base);
  setNextRecord(0);
  let done: u32 = 0;
  for (; done < n && !full; done++, entries += ENTRY_BYTES) {
    const number = load<u32>(entries, ENTRY_NUMBER) + base;
    const ts = load<i64>(entries, ENTRY_TS);
    clockSet(load<i64>(entries, ENTRY_CLOCK));
    if (load<u8>(entries, ENTRY_KIND) == KIND_SWEEP) {
      store<u64>(CONTROL, number, CONTROL_PACKET);
      setRecord(number, ts);
      if (!sweep()) break;
    } else {
      walkRecord(number, load<u32>(entries), capturedOf(entries), linkType, ts);
    }
  }
  trailOff();
  orderFrom(0);
  store<u32>(CONTROL, done, CONTROL_CONSUMED);
  return done == n ? STATUS_DONE : STATUS_BATCH_FULL;
}

/**
 * The stretch is joined: take over its connections, and go on behind it.
 *
 * @param from where they are copied to (`stretchEnd`): `finished` records, `flows` slots
 * @param base number of the packet before the stretch, which has `packets` and ends at byte `offset` with the time `at`
 */
export function stretchJoin(
  from: usize,
  finished: u32,
  flows: u32,
  base: u64,
  packets: u64,
  offset: u64,
  at: i64,
): void {
  clockSet(at);
  store<u64>(CONTROL, base + packets, CONTROL_PACKET);
  store<u64>(CONTROL, offset, CONTROL_OFFSET);
  setRecord(base + packets, 0);
  moveIn(from, finished, flows, base);
}

/** A LINKTYPE of the stretch. */
export function stretchLinkType(linkType: u32): void {
  noteLinkType(linkType, MAX_LISTED_LINK_TYPES);
}
