import * as packet from '../core/packet';
import { counted } from '../core/control';
import {
  ANOMALY_BUFFER_LIMIT,
  ANOMALY_EVICTED,
  COUNT_CLIENT_HELLOS,
  COUNT_SERVER_HELLOS,
} from '../generated/codes';
import { FLOW_BYTES } from '../generated/layout';
import { assemblyCapacity, assemblyGrow, assemblyNew, assemblySetTunnel } from './assembly';
import { DIR_ASSEMBLY, DIR_CUT, DIR_FRONT, DIR_HEADER, DIR_MESSAGE, DIR_RAW, DIR_RECORD_LEFT } from './direction';
import {
  bucketVictim,
  countEvicted,
  oldestWaiting,
  tableFull,
} from './table';
import { closeFlow } from './tcp';

/**
 * Room for new flows and partial streams. Who has waited longest gives way, with a row for what it had begun.
 */

/** Rows that giving way may bring in one packet; the batches have room for so many (`columns/batch`). */
const MAX_ROWS: u32 = 8;

/** Hellos so far: what is given up for one packet is bounded by how many it adds. */
@inline export function helloRows(): u32 {
  return counted(COUNT_CLIENT_HELLOS) + counted(COUNT_SERVER_HELLOS);
}

/** Whether more may give way for the packet being walked, `before` being `helloRows` as it began. */
@inline export function mayGiveWay(before: u32): bool {
  return helloRows() - before < MAX_ROWS;
}

/** Room for one more flow with this hash: when there is none, the oldest goes. */
export function makeRoom(hash: u32): void {
  const victim = bucketVictim(hash);
  if (victim) {
    countEvicted();
    closeFlow(victim, ANOMALY_EVICTED);
  }
  if (!tableFull()) return;
  const oldest = oldestWaiting();
  if (!oldest) return;
  countEvicted();
  closeFlow(oldest, ANOMALY_EVICTED);
}

/** The assembly of a direction, made or grown to hold `bytes`; 0 when reassembly memory is full. */
export function ensureRoom(dir: usize, assembly: usize, bytes: u32): usize {
  if (assembly && assemblyCapacity(assembly) >= bytes) return assembly;
  const before = helloRows();
  let fresh: usize = 0;
  for (;;) {
    fresh = assembly ? assemblyGrow(assembly, bytes) : assemblyNew(bytes);
    if (fresh) break;
    const oldest = oldestWaiting();
    // Not the flow that the direction is part of.
    if (!oldest || dir - oldest < FLOW_BYTES || !mayGiveWay(before)) return 0;
    countEvicted();
    closeFlow(oldest, ANOMALY_BUFFER_LIMIT);
  }
  if (!assembly) {
    store<u32>(dir, 0, DIR_MESSAGE);
    store<u32>(dir, 0, DIR_RAW);
    store<u32>(dir, 0, DIR_RECORD_LEFT);
    store<u32>(dir, 0, DIR_CUT);
    store<u32>(dir, 0, DIR_FRONT);
    store<i32>(dir, 0, DIR_HEADER);
    assemblySetTunnel(fresh, packet.TUNNEL, packet.tunnelLength);
  }
  store<u32>(dir, <u32>fresh, DIR_ASSEMBLY);
  return fresh;
}
