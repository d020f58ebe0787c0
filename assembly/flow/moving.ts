import { FINISHED_BYTES, FLOW_BYTES } from '../generated/layout';
import { FLOW_IS_QUIC } from '../quic/connection';
import { CLIENT, messageOf, SERVER } from '../quic/state';
import { DIR_ASSEMBLY, DIR_FIRST_PACKET, DIR_LAST_PACKET, directionAt } from './direction';
import { isForgotten } from './finished';
import { makeRoom } from './room';
import {
  bucketVictim,
  FLOW_DONE,
  FLOW_EXTENSION,
  FLOW_FLAGS,
  FLOW_HASH,
  FLOW_PROTOCOL,
  FLOW_STATE,
  FLOW_USED,
  flowBehind,
  flowMoveIn,
  flowMoveInFinished,
  oldestDone,
  oldestWaiting,
} from './table';
import { isChosen } from './trail';

/**
 * Connections on their way from the core that read a stretch of a capture to the one that joins it: copies of their slots,
 * which hold no addresses unless something of a message is kept.
 */

const UDP: u32 = 17;

/** Whether reassembly memory is held for a flow. */
function holdsMemory(flow: usize): bool {
  if (load<u32>(flow, FLOW_EXTENSION)) return true;
  if (load<u8>(flow, FLOW_PROTOCOL) != UDP) {
    return load<u32>(directionAt(flow, 0), DIR_ASSEMBLY) != 0 || load<u32>(directionAt(flow, 1), DIR_ASSEMBLY) != 0;
  }
  if (load<u32>(flow, FLOW_FLAGS) == FLOW_IS_QUIC) return messageOf(flow, CLIENT) != 0 || messageOf(flow, SERVER) != 0;
  // DTLS: the messages in progress stand first in a direction.
  return (load<u64>(directionAt(flow, 0)) | load<u64>(directionAt(flow, 1))) != 0;
}

/**
 * Copy the flows of the table to `[to, end)`: those done first, then those that wait, in the order of their use. Of those for which memory is held only
 * the hash is noted, from the end of the room downwards.
 *
 * @returns false when there is no room
 */
export function moveOut(to: usize, end: usize): bool {
  movedFlows = 0;
  leftFlows = 0;
  for (let flow = oldestDone(); flow != 0; flow = flowBehind(flow)) {
    if (isForgotten(flow)) continue;
    if (to + FLOW_BYTES > end) return false;
    memory.copy(to, flow, FLOW_BYTES);
    to += FLOW_BYTES;
    movedFlows++;
  }
  for (let flow = oldestWaiting(); flow != 0; flow = flowBehind(flow)) {
    if (to + FLOW_BYTES + 4 > end) return false;
    if (holdsMemory(flow)) {
      end -= 4;
      store<u32>(end, load<u32>(flow, FLOW_HASH));
      leftFlows++;
      continue;
    }
    memory.copy(to, flow, FLOW_BYTES);
    to += FLOW_BYTES;
    movedFlows++;
  }
  return true;
}

/** Of the last `moveOut`: flows copied, and flows left. */
export let movedFlows: u32 = 0;
export let leftFlows: u32 = 0;

/**
 * Take over the flows that another core copied to `from`: records of `finished` ones, then slots of `flows`. Those of which the
 * connection was chosen, and read here, are passed over.
 *
 * @param base number of the packet before the first of that core
 */
export function moveIn(from: usize, finished: u32, flows: u32, base: u64): void {
  const before = <u32>base;
  for (; finished > 0; finished--, from += FINISHED_BYTES) {
    if (isChosen(load<u32>(from, FLOW_HASH))) continue;
    store<u32>(from, load<u32>(from, FLOW_USED) + before, FLOW_USED);
    bucketVictim(load<u32>(from, FLOW_HASH));
    flowMoveInFinished(from);
  }
  for (; flows > 0; flows--, from += FLOW_BYTES) {
    const hash = load<u32>(from, FLOW_HASH);
    if (isChosen(hash)) continue;
    store<u32>(from, load<u32>(from, FLOW_USED) + before, FLOW_USED);
    if (load<u8>(from, FLOW_PROTOCOL) != UDP) {
      renumber(directionAt(from, 0), base);
      renumber(directionAt(from, 1), base);
    }
    if (load<u8>(from, FLOW_STATE) == FLOW_DONE) bucketVictim(hash);
    else makeRoom(hash);
    flowMoveIn(from, before);
  }
}

function renumber(dir: usize, base: u64): void {
  store<u64>(dir, load<u64>(dir, DIR_FIRST_PACKET) + base, DIR_FIRST_PACKET);
  store<u64>(dir, load<u64>(dir, DIR_LAST_PACKET) + base, DIR_LAST_PACKET);
}
