import { clearShort } from '../core/bytes';
import { count, limit } from '../core/control';
import * as packet from '../core/packet';
import { ANOMALY_BUFFER_LIMIT, ANOMALY_IP_FRAGMENTED, ANOMALY_RETRANSMITTED, COUNT_SEGMENT_GAPS_LIMIT } from '../generated/codes';
import { LIMIT_MAX_GAPS } from '../generated/layout';
import {
  ASSEMBLY_OWNER,
  assemblyCapacity,
  assemblyClear,
  assemblyGrow,
  assemblyHave,
  assemblyInsert,
  assemblyNew,
  assemblySetTunnel,
  assemblyTunnel,
  assemblyTunnelLength,
  INSERT_DUPLICATE,
  INSERT_TOO_MANY_GAPS,
  insertAnomalies,
} from './assembly';
import { rowFromPast } from './context';
import { countEvicted, oldestWaiting } from './table';
import { closeFlow } from './tcp';

/**
 * A handshake message that comes in pieces of several datagrams: an assembly, and in the owner's part of its header what
 * the row will say of how it came.
 *
 *     464 u64 first packet, u64 last packet, i64 its time (ns)
 *     488 u32 anomalies
 *     492 u32 declared bytes (DTLS), u16 packets, u16 record version, u16 message_seq, u8 type, u8 pieces
 *     504 u32 highest packet number (QUIC)
 */
const FIRST_PACKET: usize = ASSEMBLY_OWNER;
const LAST_PACKET: usize = ASSEMBLY_OWNER + 8;
const LAST_TS: usize = ASSEMBLY_OWNER + 16;
const ANOMALIES: usize = ASSEMBLY_OWNER + 24;
export const MESSAGE_LENGTH: usize = ASSEMBLY_OWNER + 28;
const PACKETS: usize = ASSEMBLY_OWNER + 32;
export const MESSAGE_RECORD_VERSION: usize = ASSEMBLY_OWNER + 34;
export const MESSAGE_SEQUENCE: usize = ASSEMBLY_OWNER + 36;
export const MESSAGE_TYPE: usize = ASSEMBLY_OWNER + 38;
export const MESSAGE_PIECES: usize = ASSEMBLY_OWNER + 39;
export const MESSAGE_PACKET_NUMBER: usize = ASSEMBLY_OWNER + 40;

/** Make an assembly (its memory may hold anything) that of a message which begins in the packet being walked. */
export function messageBegin(m: usize): void {
  assemblyClear(m);
  clearShort(m + ASSEMBLY_OWNER, 48);
  assemblySetTunnel(m, packet.TUNNEL, packet.tunnelLength);
  store<u64>(m, packet.number, FIRST_PACKET);
}

/** What is left in the assembly of a message that was read is the start of the next, in the packet being walked. */
export function messageRestart(m: usize): void {
  clearShort(m + ASSEMBLY_OWNER, 48);
  store<u64>(m, packet.number, FIRST_PACKET);
  messageNotePacket(m);
}

/**
 * Memory for a message of `flow`, in place of `old` (0: none), whose content it takes over. When there is none left, the
 * flows that have waited longest give way.
 *
 * @returns 0 when there is no room even so; `old` is kept then
 */
export function messageAllocate(flow: usize, old: usize, bytes: u32): usize {
  let m = old ? assemblyGrow(old, bytes) : assemblyNew(bytes);
  while (!m) {
    const oldest = oldestWaiting();
    if (!oldest || oldest == flow) break;
    countEvicted();
    closeFlow(oldest, ANOMALY_BUFFER_LIMIT);
    m = old ? assemblyGrow(old, bytes) : assemblyNew(bytes);
  }
  return m;
}

/** The packet being walked carries a piece of it. */
export function messageNotePacket(m: usize): void {
  const n: u32 = load<u16>(m, PACKETS);
  if (n < 0xffff) store<u16>(m, n + 1, PACKETS);
  store<u64>(m, packet.number, LAST_PACKET);
  store<i64>(m, packet.ts, LAST_TS);
  if (packet.fragmented) messageNoteAnomaly(m, ANOMALY_IP_FRAGMENTED);
}

@inline export function messageNoteAnomaly(m: usize, bits: u32): void {
  store<u32>(m, load<u32>(m, ANOMALIES) | bits, ANOMALIES);
}

/** Whether the packet being walked has already been noted. */
@inline export function messageHasPacket(m: usize): bool {
  return load<u64>(m, LAST_PACKET) == packet.number;
}

/** Put a piece where the caller has made sure that there is room. */
export function messagePut(m: usize, offset: u32, p: usize, n: u32): void {
  if (offset < assemblyHave(m)) messageNoteAnomaly(m, ANOMALY_RETRANSMITTED);
  const outcome = assemblyInsert(m, offset, p, n, limit(LIMIT_MAX_GAPS));
  messageNoteAnomaly(m, insertAnomalies);
  if (outcome == INSERT_DUPLICATE) messageNoteAnomaly(m, ANOMALY_RETRANSMITTED);
  else if (outcome == INSERT_TOO_MANY_GAPS) count(COUNT_SEGMENT_GAPS_LIMIT);
}

/** As `messagePut`, growing the block when needed. Returns its address, which may change, or 0 (`m` is kept then). */
export function messagePutGrowing(flow: usize, m: usize, offset: u32, p: usize, n: u32): usize {
  if (offset + n > assemblyCapacity(m)) {
    m = messageAllocate(flow, m, offset + n);
    if (!m) return 0;
  }
  messagePut(m, offset, p, n);
  return m;
}

/** The row in the making is that of a message given up: it stands where its last piece was seen. */
export function messageRowFromPast(m: usize): void {
  rowFromPast(load<u64>(m, LAST_PACKET), load<i64>(m, LAST_TS), assemblyTunnel(m), assemblyTunnelLength(m));
}

@inline export function messageFirstPacket(m: usize): u64 {
  return load<u64>(m, FIRST_PACKET);
}
@inline export function messagePackets(m: usize): u32 {
  return load<u16>(m, PACKETS);
}
@inline export function messageAnomalies(m: usize): u32 {
  return load<u32>(m, ANOMALIES);
}
