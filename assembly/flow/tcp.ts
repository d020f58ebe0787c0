import { buddyFree } from '../core/buddy';
import { sameBytes } from '../core/bytes';
import { count, limit } from '../core/control';
import * as packet from '../core/packet';
import {
  ANOMALY_BUFFER_LIMIT,
  ANOMALY_CONNECTION_CLOSED,
  ANOMALY_IP_FRAGMENTED,
  ANOMALY_MISSING_SEGMENT,
  ANOMALY_NO_SYN,
  ANOMALY_OUT_OF_ORDER,
  ANOMALY_OVERLAP_DIFFERS,
  ANOMALY_RETRANSMITTED,
  ANOMALY_SNAPLEN_CUT,
  COUNT_SEGMENT_GAPS_LIMIT,
  COUNT_SEGMENTS_BUFFERED,
  COUNT_SEGMENTS_OUT_OF_ORDER,
  COUNT_SEGMENTS_RETRANSMITTED,
} from '../generated/codes';
import { LIMIT_MAX_GAPS, LIMIT_MAX_HELLO_BYTES } from '../generated/layout';
import { giveUp } from '../tls/give-up';
import { readDirect, readStream } from '../tls/stream';
import { beginsHandshakeRecord, beginsHello, beginsSslV2Hello, mayBeginHello, secondHello } from '../tls/wire';
import {
  assemblyData,
  assemblyFree,
  assemblyHasGap,
  assemblyHave,
  assemblyHighest,
  assemblyInsert,
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
  DIR_END_KNOWN,
  DIR_FIRST_PACKET,
  DIR_FRONT,
  DIR_LAST_PACKET,
  DIR_LAST_TS,
  DIR_MESSAGE,
  DIR_PACKETS,
  DIR_PADDING,
  DIR_PARKED,
  DIR_RAW,
  DIR_READY,
  DIR_RECORD_LEFT,
  DIR_START,
  DIR_STARTED,
  DIR_STATE,
  DIR_UNKNOWN,
  directionAt,
  noteAnomaly,
  PLACE_BEFORE,
  PLACE_ELSEWHERE,
  placeOf,
  startDirection,
} from './direction';
import { notePadding, saidZeros, ZEROS } from './padding';
import { ensureRoom, makeRoom } from './room';
import {
  FLOW_CLOSED,
  FLOW_EXTENSION,
  FLOW_DONE,
  FLOW_HASH,
  FLOW_PROTOCOL,
  FLOW_RETRIES,
  FLOW_SESSION,
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
} from './table';
import { releaseDatagramFlow } from './udp';

const TCP: u32 = 6;
const UDP: u32 = 17;
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
  const hello = captured >= 6 ? mayBeginHello(payload) : captured != 0 && beginsHandshakeRecord(payload, captured);
  if (!mayWait(hash) && !hello) {
    if (captured >= 11 && beginsSslV2Hello(payload, captured)) onUnexpectedHello(hash, seq, payload, captured, length);
    return;
  }
  const flow = flowFind(hash, TCP);
  if (!flow || load<u8>(flow, FLOW_STATE) == FLOW_DONE) {
    const begins = hello ? beginsHello(payload, captured) || (!flow && captured < 6) : beginsSslV2Hello(payload, captured);
    if (begins) onUnexpectedHello(hash, seq, payload, captured, length);
    return;
  }
  const direction = foundDirection;
  if (length) {
    flowTouch(flow);
    if (notePadding(directionAt(flow, direction), seq, flags, payload, captured, length)) return;
    streamBytes(flow, direction, seq, payload, captured, length);
    if (load<u8>(flow, FLOW_STATE) != FLOW_WAITING) return;
  }
  if (flags & (FIN | RST)) onEnd(flow, direction, flags);
}

function onSyn(hash: u32, flags: u32, seq: u32): void {
  let flow = flowFind(hash, TCP);
  if (flow) {
    const dir = directionAt(flow, foundDirection);
    // A copy of the SYN that we know, or one that comes after data.
    const started = load<u32>(dir, DIR_STARTED) != 0;
    if (started && load<u32>(dir, DIR_START) == seq + 1) return;
    if ((flags & ACK) != 0 || !started) {
      if (load<u8>(flow, FLOW_STATE) == FLOW_WAITING && isUntouched(dir)) {
        store<u32>(dir, 0, DIR_STARTED);
        startDirection(dir, seq + 1);
        flowTouch(flow);
      }
      return;
    }
    // The same ends with another initial sequence number: a new connection.
    closeFlow(flow, ANOMALY_CONNECTION_CLOSED);
  }
  makeRoom(hash);
  flow = flowCreate(hash, TCP);
  if (flow) startDirection(directionAt(flow, 0), seq + 1);
}

/** Nothing but a SYN has been seen of a direction: a SYN-ACK with another number may take its place (SYN cookies). */
function isUntouched(dir: usize): bool {
  const state: u32 = load<u8>(dir, DIR_STATE);
  if (state == DIR_UNKNOWN) return true;
  return state == DIR_READY && !load<u32>(dir, DIR_ASSEMBLY) && load<u32>(dir, DIR_BASE) == load<u32>(dir, DIR_START);
}

/** A segment begins a hello on a connection that is not followed, or whose handshake is over. */
function onUnexpectedHello(hash: u32, seq: u32, payload: usize, captured: u32, length: u32): void {
  let flow = flowFind(hash, TCP);
  let direction: u32 = 0;
  if (flow) {
    direction = foundDirection;
    const place = placeOf(directionAt(flow, direction), seq);
    if (place == PLACE_BEFORE) {
      count(COUNT_SEGMENTS_RETRANSMITTED);
      return;
    }
    if (place == PLACE_ELSEWHERE) {
      closeFlow(flow, ANOMALY_CONNECTION_CLOSED);
      flow = 0;
    } else beginAgain(flow, direction);
  }
  if (!flow) {
    makeRoom(hash);
    direction = 0;
    flow = flowCreate(hash, TCP);
    if (!flow) return;
  }
  beginHere(directionAt(flow, direction), seq);
  streamBytes(flow, direction, seq, payload, captured, length);
}

/** Another handshake on a connection: what was known of the last one is over. */
function beginAgain(flow: usize, direction: u32): void {
  if (load<u32>(directionAt(flow, direction), DIR_END_KNOWN)) {
    store<u8>(flow, 0, FLOW_RETRIES);
    store<u32>(flow, 0, FLOW_SESSION);
  }
  store<u8>(flow, 0, FLOW_CLOSED);
  finishFlow(flow, ANOMALY_MISSING_SEGMENT);
  flowSetWaiting(flow);
  store<u8>(directionAt(flow, direction ^ 1), DIR_UNKNOWN, DIR_STATE);
}

/** A hello begins in a direction of which the bytes before it were not followed. */
function beginHere(dir: usize, seq: u32): void {
  const anomaly = load<u32>(dir, DIR_STARTED) ? 0 : ANOMALY_NO_SYN;
  startDirection(dir, seq);
  store<u32>(dir, anomaly, DIR_ANOMALIES);
}

/**
 * Bytes of one direction of a stream: `captured` of `length` at `payload`, the first of them number `seq`.
 */
export function streamBytes(flow: usize, index: u32, seq: u32, payload: usize, captured: u32, length: u32): void {
  const dir = directionAt(flow, index);
  const state: u32 = load<u8>(dir, DIR_STATE);
  if (state == DIR_CLOSED) return;
  if (state == DIR_UNKNOWN) {
    if (captured < 6 || !beginsHello(payload, captured) || placeOf(dir, seq) == PLACE_BEFORE) return;
    beginHere(dir, seq);
  }
  const end = seq + length;
  if (state != DIR_PARKED) read(flow, index, dir, seq, payload, captured, length);
  else if (reopens(flow, index, dir, seq, payload, captured, length)) return;
  // Behind a ClientHello only the place of the next byte is wanted.
  if (load<u8>(dir, DIR_STATE) == DIR_PARKED && <i32>(end - load<u32>(dir, DIR_BASE)) > 0) {
    store<u32>(dir, end, DIR_BASE);
  }
}

/** Data of a direction that is followed. */
function read(flow: usize, index: u32, dir: usize, seq: u32, payload: usize, captured: u32, length: u32): void {
  if (load<u8>(dir, DIR_PADDING) != 0) {
    const zeros = saidZeros(dir, seq);
    if (zeros > 0) read(flow, index, dir, load<u32>(dir, DIR_BASE), ZEROS, zeros, zeros);
    if (load<u8>(dir, DIR_STATE) != DIR_READY) return;
  }
  let assembly = <usize>load<u32>(dir, DIR_ASSEMBLY);
  let have = assembly ? assemblyHave(assembly) : 0;
  let offset = <i32>(seq - load<u32>(dir, DIR_BASE));
  if (isLost(dir, assembly, have, offset) && captured >= 6 && beginsHello(payload, captured)) {
    // A hello is read where it begins, whatever should have come before it.
    releaseDirection(dir);
    startDirection(dir, seq);
    if (isElsewhere(offset)) store<u32>(dir, ANOMALY_NO_SYN, DIR_ANOMALIES);
    else noteAnomaly(dir, ANOMALY_OUT_OF_ORDER);
    assembly = 0;
    have = 0;
    offset = 0;
  }
  if (offset < <i32>have) {
    const known = <u32>(<i32>have - offset);
    count(COUNT_SEGMENTS_RETRANSMITTED);
    if (offset + <i32>captured > 0 && have) noteAgain(dir, assembly, offset, payload, min(known, captured));
    if (known >= captured) return;
    payload += known;
    captured -= known;
    length -= known;
    offset = <i32>have;
  }
  if (offset == 0 && !assembly) readHere(flow, index, dir, payload, captured, length);
  else keep(flow, index, dir, <u32>offset, payload, captured, length);
}

/** The next bytes of a direction of which nothing is kept. */
function readHere(flow: usize, index: u32, dir: usize, payload: usize, captured: u32, length: u32): void {
  const seq = load<u32>(dir, DIR_BASE);
  notePacket(dir, true);
  if (captured) readDirect(flow, index, seq, payload, captured);
  if (captured == length || load<u8>(dir, DIR_STATE) != DIR_READY) return;
  // Where nothing that looks like a message was cut it goes on behind the packet, unless nothing shows that it had any payload.
  if (load<u32>(dir, DIR_ASSEMBLY)) giveUp(flow, index, ANOMALY_SNAPLEN_CUT);
  else if (captured) store<u32>(dir, seq + length, DIR_BASE);
}

/** The segment does not follow what was read, and no message waits for the bytes between. */
function isLost(dir: usize, assembly: usize, have: u32, offset: i32): bool {
  if (offset >= 0 && <u32>offset <= have) return false;
  if (offset < 0 && (assembly || !isElsewhere(offset))) return false;
  if (!assembly) return true;
  return load<u32>(dir, DIR_MESSAGE) == 0 && load<u32>(dir, DIR_RECORD_LEFT) == 0;
}

/** Far from where the SYN said that the first bytes are: another SYN than the one that we follow was taken. */
@inline function isElsewhere(offset: i32): bool {
  const reach = <i32>limit(LIMIT_MAX_HELLO_BYTES);
  return offset < -reach || offset > reach;
}

/** `n` bytes at `offset` of the assembly come again: what is still there as it came is compared. */
function noteAgain(dir: usize, assembly: usize, offset: i32, payload: usize, n: u32): void {
  noteAnomaly(dir, ANOMALY_RETRANSMITTED);
  // Joining fragments has moved the bytes of a message of several records.
  const raw = load<u32>(dir, DIR_RAW);
  const from = load<u32>(dir, DIR_MESSAGE) == raw ? max(offset, 0) : max<i32>(offset, raw);
  const bytes = offset + <i32>n - from;
  if (bytes <= 0) return;
  if (!sameBytes(assemblyData(assembly) + from, payload + (from - offset), bytes)) {
    noteAnomaly(dir, ANOMALY_OVERLAP_DIFFERS);
  }
}

/**
 * A client that has sent its hello sends another, though no HelloRetryRequest was seen: the server may not be captured,
 * or this is another connection of the same ends. Returns true when the segment is read.
 */
function reopens(flow: usize, index: u32, dir: usize, seq: u32, payload: usize, captured: u32, length: u32): bool {
  if (captured < 6) return false;
  const before = secondHello(payload, captured);
  if (before < 0) return false;
  const place = placeOf(dir, seq);
  if (place == PLACE_BEFORE) return false;
  if (place == PLACE_ELSEWHERE) {
    onUnexpectedHello(load<u32>(flow, FLOW_HASH), seq, payload, captured, length);
    return true;
  }
  if (before && load<u8>(flow, FLOW_RETRIES) == 0) store<u8>(flow, 1, FLOW_RETRIES);
  startDirection(dir, seq);
  read(flow, index, dir, seq, payload, captured, length);
  return false;
}

/**
 * The packet being walked brings bytes of the message in progress.
 *
 * @param begins nothing is kept of the message yet
 */
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

/** Where in the assembly that is being read the payload of the packet being walked lies; an end of 0: not in one. */
let pieceFrom: i32 = 0;
let pieceEnd: i32 = 0;

/** The first `n` bytes of the assembly being read have been dropped. */
export function pieceMoved(n: u32): void {
  pieceFrom -= n;
  pieceEnd -= n;
}

/** The message in the assembly from `from` to `end` is whole: if this packet has all of it, no other carried it. */
export function notePiece(dir: usize, from: i32, end: u32): void {
  if (pieceFrom > from || <i32>end > pieceEnd) return;
  store<u64>(dir, packet.number, DIR_FIRST_PACKET);
  store<u16>(dir, 1, DIR_PACKETS);
}

/** Put a piece into the assembly and read on when that closed the gap at its front. */
function keep(flow: usize, index: u32, dir: usize, offset: u32, payload: usize, captured: u32, length: u32): void {
  const room = limit(LIMIT_MAX_HELLO_BYTES);
  let assembly = <usize>load<u32>(dir, DIR_ASSEMBLY);
  const have = assembly ? assemblyHave(assembly) : 0;
  const begins = !assembly || assemblyHighest(assembly) == 0;
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
  if (captured < length) noteCut(dir, offset + captured);
  if (captured) {
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
    notePacket(dir, begins);
    if (assemblyHave(assembly) != have) {
      pieceFrom = <i32>offset;
      pieceEnd = <i32>(offset + captured);
      readStream(flow, index);
      pieceEnd = 0;
    }
  }
  if (isCut(dir)) giveUp(flow, index, ANOMALY_SNAPLEN_CUT);
}

/** A packet was cut by the snap length at `offset` of the assembly: the first such place is kept. */
function noteCut(dir: usize, offset: u32): void {
  const known = load<u32>(dir, DIR_CUT);
  if (!known || offset + 1 < known) store<u32>(dir, offset + 1, DIR_CUT);
}

/** Whether what is kept of a direction ends where a packet was cut. */
function isCut(dir: usize): bool {
  const cut = load<u32>(dir, DIR_CUT);
  const assembly = <usize>load<u32>(dir, DIR_ASSEMBLY);
  if (!cut || !assembly || load<u8>(dir, DIR_STATE) != DIR_READY) return false;
  // The same bytes have come again, whole.
  if (assemblyHave(assembly) + 1 > cut) store<u32>(dir, 0, DIR_CUT);
  return assemblyHave(assembly) + 1 == cut;
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
  store<u32>(dir, 0, DIR_FRONT);
}

/** Rows for what is incomplete in both directions; the flow stays in the table as done. */
export function finishFlow(flow: usize, reason: u32): void {
  if (load<u8>(flow, FLOW_PROTOCOL) == UDP) {
    releaseDatagramFlow(flow, reason);
    return;
  }
  for (let index: u32 = 0; index < 2; index++) {
    const dir = directionAt(flow, index);
    const assembly = <usize>load<u32>(dir, DIR_ASSEMBLY);
    if (assembly) giveUp(flow, index, assemblyHasGap(assembly) ? ANOMALY_MISSING_SEGMENT : reason);
    releaseDirection(dir);
  }
  releaseExtension(flow);
  flowSetDone(flow);
}

/** Give back what is kept of a flow beside its directions. */
export function releaseExtension(flow: usize): void {
  const extension = <usize>load<u32>(flow, FLOW_EXTENSION);
  if (extension) buddyFree(extension);
  store<u32>(flow, 0, FLOW_EXTENSION);
}

/** Finish a flow and take it out of the table. */
export function closeFlow(flow: usize, reason: u32): void {
  finishFlow(flow, reason);
  flowRemove(flow);
}
