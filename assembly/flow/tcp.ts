import { count, limit } from '../core/control';
import * as packet from '../core/packet';
import {
  ANOMALY_BUFFER_LIMIT,
  ANOMALY_CONNECTION_CLOSED,
  ANOMALY_EVICTED,
  ANOMALY_IP_FRAGMENTED,
  ANOMALY_MISSING_SEGMENT,
  ANOMALY_NO_SYN,
  ANOMALY_OUT_OF_ORDER,
  ANOMALY_RETRANSMITTED,
  ANOMALY_SNAPLEN_CUT,
  COUNT_SEGMENT_GAPS_LIMIT,
  COUNT_SEGMENTS_BUFFERED,
  COUNT_SEGMENTS_OUT_OF_ORDER,
  COUNT_SEGMENTS_RETRANSMITTED,
} from '../generated/codes';
import { LIMIT_MAX_GAPS, LIMIT_MAX_HELLO_BYTES } from '../generated/layout';
import { giveUp, readDirect, readStream } from '../tls/stream';
import { beginsHandshakeRecord, beginsHello, beginsSslV2Hello, mayBeginHello, secondHello } from '../tls/wire';
import {
  assemblyCapacity,
  assemblyFree,
  assemblyGrow,
  assemblyHasGap,
  assemblyHave,
  assemblyInsert,
  assemblyNew,
  assemblySetTunnel,
  INSERT_DUPLICATE,
  INSERT_TOO_MANY_GAPS,
  insertAnomalies,
} from './assembly';
import {
  DIR_ANOMALIES,
  DIR_ASSEMBLY,
  DIR_BASE,
  DIR_CLOSED,
  DIR_CUT,
  DIR_END,
  DIR_END_KNOWN,
  DIR_FIRST_PACKET,
  DIR_LAST_PACKET,
  DIR_LAST_TS,
  DIR_MESSAGE,
  DIR_PACKETS,
  DIR_PARKED,
  DIR_RAW,
  DIR_READY,
  DIR_RECORD_LEFT,
  DIR_STATE,
  DIR_UNKNOWN,
  directionAt,
} from './direction';
import {
  bucketVictim,
  countEvicted,
  countExpired,
  expiredFlow,
  FLOW_CLOSED,
  FLOW_DONE,
  FLOW_PROTOCOL,
  FLOW_RETRIES,
  FLOW_STATE,
  FLOW_WAITING,
  flowCreate,
  flowFind,
  flowRemove,
  flowSetDone,
  flowSetWaiting,
  flowTouch,
  foundDirection,
  mayWait,
  oldestWaiting,
  tableFull,
} from './table';
import { releaseDatagramFlow } from './udp';

const TCP: u32 = 6;
/** Flag bits of the TCP header (RFC 9293 §3.1). */
const FIN: u32 = 1;
const SYN: u32 = 2;
const RST: u32 = 4;
const ACK: u32 = 16;

/**
 * A TCP segment of the packet being walked.
 *
 * @param hash of its ends (`flowHash`)
 * @param payload address of its first payload byte; `captured` bytes of `length` are there
 */
export function tcpSegment(hash: u32, flags: u32, seq: u32, payload: usize, captured: u32, length: u32): void {
  if (flags & SYN) {
    onSyn(hash, flags, seq);
    seq++;
    if (length == 0) return;
  }
  const hello = captured >= 6 ? mayBeginHello(payload) : beginsHandshakeRecord(payload, captured);
  if (!mayWait(hash) && !hello) {
    if (captured >= 11 && beginsSslV2Hello(payload, captured)) onUnexpectedHello(hash, seq, payload, captured, length);
    return;
  }
  const flow = flowFind(hash, TCP);
  if (!flow || load<u8>(flow, FLOW_STATE) == FLOW_DONE) {
    if (hello && (beginsHello(payload, captured) || (!flow && captured < 6))) {
      onUnexpectedHello(hash, seq, payload, captured, length);
    }
    return;
  }
  const direction = foundDirection;
  if (length) {
    flowTouch(flow);
    onData(flow, direction, seq, payload, captured, length);
    if (load<u8>(flow, FLOW_STATE) != FLOW_WAITING) return;
  }
  if (flags & (FIN | RST)) onEnd(flow, direction, flags);
}

/** Room for one more flow: what is too old goes, then the oldest. */
export function makeRoom(hash: u32): void {
  for (let old = expiredFlow(packet.ts); old != 0; old = expiredFlow(packet.ts)) {
    countExpired();
    closeFlow(old, ANOMALY_EVICTED);
  }
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

function onSyn(hash: u32, flags: u32, seq: u32): void {
  let flow = flowFind(hash, TCP);
  let direction = foundDirection;
  if (flow) {
    const dir = directionAt(flow, direction);
    const state: u32 = load<u8>(dir, DIR_STATE);
    const fresh = state == DIR_UNKNOWN || (state == DIR_READY && load<u32>(dir, DIR_ASSEMBLY) == 0);
    if (state != DIR_UNKNOWN && load<u32>(dir, DIR_BASE) == seq + 1 && fresh) return;
    if (load<u8>(flow, FLOW_STATE) != FLOW_DONE && (state == DIR_UNKNOWN || (flags & ACK) != 0)) {
      if (state == DIR_UNKNOWN) startDirection(dir, seq + 1);
      flowTouch(flow);
      return;
    }
    if ((flags & ACK) != 0) return;
    // The same ends with another initial sequence number: a new connection.
    if (load<u8>(dir, DIR_END_KNOWN) && <i32>(seq + 1 - load<u32>(dir, DIR_END)) <= 0 && sameStart(dir, seq)) return;
    closeFlow(flow, ANOMALY_CONNECTION_CLOSED);
  }
  makeRoom(hash);
  flow = flowCreate(hash, TCP);
  if (flow) startDirection(directionAt(flow, 0), seq + 1);
}

/** A late copy of the SYN of a connection that is done: its first hello began within a window of it. */
function sameStart(dir: usize, seq: u32): bool {
  return load<u32>(dir, DIR_END) - seq < 0x100000;
}

function startDirection(dir: usize, seq: u32): void {
  store<u32>(dir, seq, DIR_BASE);
  store<u8>(dir, DIR_READY, DIR_STATE);
  store<u32>(dir, 0, DIR_ANOMALIES);
}

/** A segment begins a hello on a connection that is not followed, or whose handshake is over. */
function onUnexpectedHello(hash: u32, seq: u32, payload: usize, captured: u32, length: u32): void {
  let flow = flowFind(hash, TCP);
  let direction: u32 = 0;
  if (flow) {
    direction = foundDirection;
    const dir = directionAt(flow, direction);
    if (load<u32>(dir, DIR_END_KNOWN) && <i32>(seq - load<u32>(dir, DIR_END)) < 0) {
      count(COUNT_SEGMENTS_RETRANSMITTED);
      return;
    }
    flowSetWaiting(flow);
    const other = directionAt(flow, direction ^ 1);
    releaseDirection(other);
    store<u8>(other, DIR_UNKNOWN, DIR_STATE);
  } else {
    makeRoom(hash);
    flow = flowCreate(hash, TCP);
    if (!flow) return;
  }
  const dir = directionAt(flow, direction);
  releaseDirection(dir);
  startDirection(dir, seq);
  if (!load<u32>(dir, DIR_END_KNOWN)) store<u32>(dir, ANOMALY_NO_SYN, DIR_ANOMALIES);
  onData(flow, direction, seq, payload, captured, length);
}

function onData(flow: usize, index: u32, seq: u32, payload: usize, captured: u32, length: u32): void {
  const dir = directionAt(flow, index);
  const state: u32 = load<u8>(dir, DIR_STATE);
  if (state == DIR_CLOSED) return;
  if (state == DIR_UNKNOWN) {
    if (captured < 6 || !beginsHello(payload, captured)) return;
    if (load<u32>(dir, DIR_END_KNOWN) && <i32>(seq - load<u32>(dir, DIR_END)) < 0) return;
    startDirection(dir, seq);
    store<u32>(dir, ANOMALY_NO_SYN, DIR_ANOMALIES);
  }
  if (state == DIR_PARKED && !reopens(flow, dir, seq, payload, captured)) {
    const end = seq + length;
    if (<i32>(end - load<u32>(dir, DIR_BASE)) > 0) store<u32>(dir, end, DIR_BASE);
    return;
  }
  const assembly = <usize>load<u32>(dir, DIR_ASSEMBLY);
  const have = assembly ? assemblyHave(assembly) : 0;
  let offset = <i32>(seq - load<u32>(dir, DIR_BASE));
  if (!assembly && isElsewhere(dir, offset) && captured >= 6 && beginsHello(payload, captured)) {
    startDirection(dir, seq);
    store<u32>(dir, ANOMALY_NO_SYN, DIR_ANOMALIES);
    offset = 0;
  }
  if (offset < <i32>have) {
    const known = <u32>(<i32>have - offset);
    count(COUNT_SEGMENTS_RETRANSMITTED);
    if (have) noteAnomaly(dir, ANOMALY_RETRANSMITTED);
    if (known >= captured) return;
    payload += known;
    captured -= known;
    length -= known;
    offset = <i32>have;
  }
  notePacket(dir, offset == 0 && have == 0);
  if (offset == 0 && !assembly) {
    if (captured == length) {
      readDirect(flow, index, seqOf(dir, 0), payload, captured);
      return;
    }
    if (captured) readDirect(flow, index, seqOf(dir, 0), payload, captured);
    if (load<u8>(dir, DIR_STATE) == DIR_READY) giveUpCut(flow, index, dir, length);
    return;
  }
  keep(flow, index, dir, <u32>offset, payload, captured, length);
}

/** Far from where the SYN said that the first bytes are: another SYN than the one that we follow was taken. */
@inline function isElsewhere(dir: usize, offset: i32): bool {
  const reach = <i32>limit(LIMIT_MAX_HELLO_BYTES);
  return (offset < -reach || offset > reach) && !load<u32>(dir, DIR_END_KNOWN);
}

/** A client that has sent its hello sends another, though no HelloRetryRequest was seen: the server may not be captured. */
function reopens(flow: usize, dir: usize, seq: u32, payload: usize, captured: u32): bool {
  if (captured < 6 || <i32>(seq - load<u32>(dir, DIR_BASE)) < 0) return false;
  const before = secondHello(payload, captured);
  if (before < 0) return false;
  if (before && load<u8>(flow, FLOW_RETRIES) == 0) store<u8>(flow, 1, FLOW_RETRIES);
  startDirection(dir, seq);
  return true;
}

@inline function seqOf(dir: usize, offset: u32): u32 {
  return load<u32>(dir, DIR_BASE) + offset;
}

@inline function noteAnomaly(dir: usize, bit: u32): void {
  store<u32>(dir, load<u32>(dir, DIR_ANOMALIES) | bit, DIR_ANOMALIES);
}

function notePacket(dir: usize, begins: bool): void {
  if (begins) {
    store<u64>(dir, packet.number, DIR_FIRST_PACKET);
    store<u16>(dir, 0, DIR_PACKETS);
  }
  const n: u32 = load<u16>(dir, DIR_PACKETS);
  if (n < 0xffff) store<u16>(dir, n + 1, DIR_PACKETS);
  store<u64>(dir, packet.number, DIR_LAST_PACKET);
  store<i64>(dir, packet.ts, DIR_LAST_TS);
  if (packet.fragmented) noteAnomaly(dir, ANOMALY_IP_FRAGMENTED);
}

/** The first bytes of a message were read, and the rest of its packet was not captured. */
function giveUpCut(flow: usize, index: u32, dir: usize, length: u32): void {
  const assembly = <usize>load<u32>(dir, DIR_ASSEMBLY);
  if (!assembly) {
    // Nothing that looks like a message was cut: go on behind the packet.
    store<u32>(dir, load<u32>(dir, DIR_BASE) + length, DIR_BASE);
    return;
  }
  giveUp(flow, index, ANOMALY_SNAPLEN_CUT);
}

/** Put a piece into the assembly and read on when that closed the gap at its front. */
function keep(flow: usize, index: u32, dir: usize, offset: u32, payload: usize, captured: u32, length: u32): void {
  const room = limit(LIMIT_MAX_HELLO_BYTES);
  let assembly = <usize>load<u32>(dir, DIR_ASSEMBLY);
  const have = assembly ? assemblyHave(assembly) : 0;
  if (offset > room || captured > room - offset) {
    giveUp(flow, index, offset > have ? ANOMALY_MISSING_SEGMENT : ANOMALY_BUFFER_LIMIT);
    return;
  }
  assembly = ensureRoom(dir, assembly, offset + captured);
  if (!assembly) {
    giveUp(flow, index, ANOMALY_BUFFER_LIMIT);
    return;
  }
  if (offset > have) {
    count(COUNT_SEGMENTS_OUT_OF_ORDER);
    noteAnomaly(dir, ANOMALY_OUT_OF_ORDER);
  }
  const outcome = assemblyInsert(assembly, offset, payload, captured, limit(LIMIT_MAX_GAPS));
  noteAnomaly(dir, insertAnomalies);
  if (outcome == INSERT_DUPLICATE) {
    count(COUNT_SEGMENTS_RETRANSMITTED);
    noteAnomaly(dir, ANOMALY_RETRANSMITTED);
    return;
  }
  if (outcome == INSERT_TOO_MANY_GAPS) {
    count(COUNT_SEGMENT_GAPS_LIMIT);
    return;
  }
  count(COUNT_SEGMENTS_BUFFERED);
  if (captured < length) store<u32>(dir, offset + captured + 1, DIR_CUT);
  if (assemblyHave(assembly) == have) return;
  readStream(flow, index);
  if (load<u8>(dir, DIR_STATE) != DIR_READY) return;
  const cut = load<u32>(dir, DIR_CUT);
  const now = <usize>load<u32>(dir, DIR_ASSEMBLY);
  if (cut && now && assemblyHave(now) + 1 == cut) giveUp(flow, index, ANOMALY_SNAPLEN_CUT);
}

/** The assembly of a direction, made or grown to hold `bytes`; 0 when reassembly memory is full. */
export function ensureRoom(dir: usize, assembly: usize, bytes: u32): usize {
  if (assembly && assemblyCapacity(assembly) >= bytes) return assembly;
  let fresh: usize = 0;
  for (;;) {
    fresh = assembly ? assemblyGrow(assembly, bytes) : assemblyNew(bytes);
    if (fresh) break;
    // The oldest partial stream gives way, unless that is the one being read.
    const oldest = oldestWaiting();
    if (!oldest || dir - oldest < 512) return 0;
    countEvicted();
    closeFlow(oldest, ANOMALY_BUFFER_LIMIT);
  }
  if (!assembly) {
    store<u32>(dir, 0, DIR_MESSAGE);
    store<u32>(dir, 0, DIR_RAW);
    store<u32>(dir, 0, DIR_RECORD_LEFT);
    store<u32>(dir, 0, DIR_CUT);
    assemblySetTunnel(fresh, packet.TUNNEL, packet.tunnelLength);
  }
  store<u32>(dir, <u32>fresh, DIR_ASSEMBLY);
  return fresh;
}

function onEnd(flow: usize, direction: u32, flags: u32): void {
  const closed: u32 = load<u8>(flow, FLOW_CLOSED) | (1 << direction);
  store<u8>(flow, closed, FLOW_CLOSED);
  // Segments that were overtaken by the FIN may still come: only both FINs, or a RST, end it.
  if ((flags & RST) != 0 || closed == 3) finishFlow(flow, ANOMALY_CONNECTION_CLOSED);
}

/** Give the memory of a direction back. */
export function releaseDirection(dir: usize): void {
  const assembly = <usize>load<u32>(dir, DIR_ASSEMBLY);
  if (assembly) assemblyFree(assembly);
  store<u32>(dir, 0, DIR_ASSEMBLY);
  store<u32>(dir, 0, DIR_MESSAGE);
  store<u32>(dir, 0, DIR_RAW);
  store<u32>(dir, 0, DIR_RECORD_LEFT);
  store<u32>(dir, 0, DIR_CUT);
}

/** Rows for what is incomplete in both directions; the flow stays in the table as done. */
export function finishFlow(flow: usize, reason: u32): void {
  if (load<u8>(flow, FLOW_PROTOCOL) != TCP) {
    releaseDatagramFlow(flow, reason);
    return;
  }
  for (let index: u32 = 0; index < 2; index++) {
    const dir = directionAt(flow, index);
    const assembly = <usize>load<u32>(dir, DIR_ASSEMBLY);
    if (assembly) giveUp(flow, index, assemblyHasGap(assembly) ? ANOMALY_MISSING_SEGMENT : reason);
    releaseDirection(dir);
  }
  flowSetDone(flow);
}

/** Finish a flow and take it out of the table. */
export function closeFlow(flow: usize, reason: u32): void {
  finishFlow(flow, reason);
  flowRemove(flow);
}
