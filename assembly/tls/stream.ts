import { be16, be24 } from '../core/bytes';
import { count, limit } from '../core/control';
import * as packet from '../core/packet';
import {
  assemblyConsume,
  assemblyData,
  assemblyHasGap,
  assemblyHave,
  assemblyInsert,
} from '../flow/assembly';
import { rowFromPacket } from '../flow/context';
import {
  DIR_ANOMALIES,
  DIR_ASSEMBLY,
  DIR_BASE,
  DIR_CUT,
  DIR_FIRST_PACKET,
  DIR_FRONT,
  DIR_HEADER,
  DIR_MESSAGE,
  DIR_PACKETS,
  DIR_RAW,
  DIR_RECORD_LEFT,
  DIR_RECORD_VERSION,
  DIR_RECORDS,
  directionAt,
} from '../flow/direction';
import { ensureRoom } from '../flow/room';
import { FLOW_RETRIES } from '../flow/table';
import { finishFlow, notePiece, pieceMoved, releaseDirection } from '../flow/tcp';
import {
  ANOMALY_BUFFER_LIMIT,
  ANOMALY_MALFORMED,
  ANOMALY_MISSING_SEGMENT,
  ANOMALY_NO_SYN,
  COUNT_BUFFER_LIMIT_HITS,
} from '../generated/codes';
import { LIMIT_MAX_HELLO_BYTES } from '../generated/layout';
import { giveUp } from './give-up';
import { afterHello, message, MORE, STOP, stopDirection, wantedMessage } from './messages';
import { notTls } from './opening';
import {
  ALERT_CLOSE_NOTIFY,
  ALERT_WARNING,
  CONTENT_ALERT,
  CONTENT_CHANGE_CIPHER_SPEC,
  CONTENT_HANDSHAKE,
  HANDSHAKE_CLIENT_HELLO,
  isRecordHeader,
  RECORD_HEADER,
} from './wire';

/**
 * TLS over TCP: records and handshake messages of one direction (RFC 8446 §5.1, §4; RFC 5246 §6.2, §7.4).
 *
 * `readDirect` reads a segment where it lies; only when a message continues in a later segment is it copied to the
 * direction's assembly, and `readStream` goes on there, joining the fragments of successive records in place.
 */

/** A segment that comes in order while nothing is kept of its direction; `seq` is that of its first byte. */
export function readDirect(flow: usize, index: u32, seq: u32, p: usize, n: u32): void {
  const dir = directionAt(flow, index);
  let at: u32 = 0;
  while (at < n) {
    const q = p + at;
    const left = n - at;
    store<u32>(dir, seq + at, DIR_BASE);
    if (!isRecordHeader(q, left)) {
      notTls(flow, index, q, left);
      return;
    }
    if (left < RECORD_HEADER + 1) break;
    const length = be16(q + 3);
    const type: u32 = load<u8>(q);
    if (type != CONTENT_HANDSHAKE) {
      if (otherRecord(flow, index, type, q, left) == STOP) return;
      if (left < RECORD_HEADER + length) break;
      at += RECORD_HEADER + length;
      continue;
    }
    if (!wantedMessage(flow, index, load<u8>(q, 5)) && !afterHello(flow, index)) {
      notTls(flow, index, q, left);
      return;
    }
    const consumed = directMessages(flow, index, q + RECORD_HEADER, length, left - RECORD_HEADER);
    if (consumed < 0) return;
    if (<u32>consumed < length) {
      const start = at + RECORD_HEADER + consumed;
      carry(flow, index, seq + start, p + start, n - start, length - consumed, be16(q + 1));
      return;
    }
    at += RECORD_HEADER + length;
  }
  store<u32>(dir, seq + at, DIR_BASE);
  if (at < n) carry(flow, index, seq + at, p + at, n - at, 0, 0);
}

/**
 * Messages at the start of a record's fragment of `length` bytes, of which `available` are in this segment.
 *
 * @returns bytes of whole messages, or -1 when the direction stops
 */
function directMessages(flow: usize, index: u32, fragment: usize, length: u32, available: u32): i32 {
  const dir = directionAt(flow, index);
  const bound = min(length, available);
  let at: u32 = 0;
  while (at + 4 <= bound) {
    const total = be24(fragment + at + 1) + 4;
    if (total > bound - at) break;
    store<u16>(dir, be16(fragment - 4), DIR_RECORD_VERSION);
    store<u8>(dir, 1, DIR_RECORDS);
    rowFromPacket();
    const end = load<u32>(dir, DIR_BASE) + RECORD_HEADER + at + total;
    const next = fragment + at + total;
    const follows = helloFollows(next, available - at - total, length - at - total);
    if (message(flow, index, fragment + at, total, end, follows) == STOP) return -1;
    at += total;
    restartMessage(dir);
  }
  return <i32>at;
}

/** The next message begins in the packet being walked. */
function restartMessage(dir: usize): void {
  store<u64>(dir, packet.number, DIR_FIRST_PACKET);
  store<u16>(dir, 1, DIR_PACKETS);
  store<u32>(dir, load<u32>(dir, DIR_ANOMALIES) & ANOMALY_NO_SYN, DIR_ANOMALIES);
  store<u8>(dir, 0, DIR_RECORDS);
}

/** Keep the tail of a segment: `n` bytes from sequence number `seq`, inside a record with `recordLeft` to go. */
export function carry(flow: usize, index: u32, seq: u32, p: usize, n: u32, recordLeft: u32, version: u32): void {
  const dir = directionAt(flow, index);
  store<u32>(dir, seq, DIR_BASE);
  const whole = recordLeft >= 4 && n >= 4 ? 4 + be24(p + 1) : 0;
  const assembly = ensureRoom(dir, 0, max(n, min(whole + 64, limit(LIMIT_MAX_HELLO_BYTES))));
  if (!assembly) {
    count(COUNT_BUFFER_LIMIT_HITS);
    stopDirection(flow, index);
    return;
  }
  assemblyInsert(assembly, 0, p, n, 1);
  store<u32>(dir, recordLeft, DIR_RECORD_LEFT);
  store<u8>(dir, recordLeft ? 1 : 0, DIR_RECORDS);
  store<u16>(dir, version, DIR_RECORD_VERSION);
  readStream(flow, index);
}

/** Go on reading the assembly of a direction: its gapless front has grown. */
export function readStream(flow: usize, index: u32): void {
  readOn(flow, index);
  const dir = directionAt(flow, index);
  const assembly = <usize>load<u32>(dir, DIR_ASSEMBLY);
  if (assembly) dropRead(dir, assembly, load<u32>(dir, DIR_FRONT));
}

/** The first `n` bytes of the assembly are done with. Once for all messages of a segment: it moves what is behind them. */
export function dropRead(dir: usize, assembly: usize, n: u32): void {
  if (!n) return;
  assemblyConsume(assembly, n);
  pieceMoved(n);
  store<u32>(dir, load<u32>(dir, DIR_BASE) + n, DIR_BASE);
  store<u32>(dir, load<u32>(dir, DIR_RAW) - n, DIR_RAW);
  store<u32>(dir, 0, DIR_FRONT);
  store<i32>(dir, load<i32>(dir, DIR_HEADER) - <i32>n, DIR_HEADER);
  const cut = load<u32>(dir, DIR_CUT);
  store<u32>(dir, cut > n ? cut - n : 0, DIR_CUT);
}

function readOn(flow: usize, index: u32): void {
  const dir = directionAt(flow, index);
  for (;;) {
    const assembly = <usize>load<u32>(dir, DIR_ASSEMBLY);
    if (!assembly) return;
    const data = assemblyData(assembly);
    const have = assemblyHave(assembly);
    const raw = load<u32>(dir, DIR_RAW);
    if (load<u32>(dir, DIR_RECORD_LEFT) == 0) {
      if (!nextRecord(flow, index, data, raw, have)) return;
      continue;
    }
    if (!joinFragment(dir, data, have) && !messageReady(dir, data)) return;
    if (!streamMessages(flow, index)) return;
  }
}

/** Read a record header at `raw`. Returns false when there is nothing to go on with. */
function nextRecord(flow: usize, index: u32, data: usize, raw: u32, have: u32): bool {
  const dir = directionAt(flow, index);
  const left = have - raw;
  if (left == 0) {
    settle(dir);
    return false;
  }
  const q = data + raw;
  if (!isRecordHeader(q, left)) {
    if (load<u32>(dir, DIR_MESSAGE)) giveUp(flow, index, ANOMALY_MALFORMED);
    else notTls(flow, index, q, left);
    return load<u32>(dir, DIR_ASSEMBLY) != 0 && load<u32>(dir, DIR_RAW) != raw;
  }
  if (left < RECORD_HEADER + 1) return false;
  const length = be16(q + 3);
  const type: u32 = load<u8>(q);
  if (type == CONTENT_HANDSHAKE) {
    if (load<u32>(dir, DIR_MESSAGE) == 0) {
      if (!wantedMessage(flow, index, load<u8>(q, 5)) && !afterHello(flow, index)) {
        notTls(flow, index, q, left);
        return load<u32>(dir, DIR_ASSEMBLY) != 0 && load<u32>(dir, DIR_RAW) != raw;
      }
      store<u16>(dir, be16(q + 1), DIR_RECORD_VERSION);
      store<u8>(dir, 0, DIR_RECORDS);
      store<i32>(dir, raw, DIR_HEADER);
    }
    const records: u32 = load<u8>(dir, DIR_RECORDS);
    if (records < 255) store<u8>(dir, records + 1, DIR_RECORDS);
    store<u32>(dir, raw + RECORD_HEADER, DIR_RAW);
    store<u32>(dir, length, DIR_RECORD_LEFT);
    return true;
  }
  if (otherRecord(flow, index, type, q, left) == STOP) return false;
  if (left < RECORD_HEADER + length) return false;
  store<u32>(dir, raw + RECORD_HEADER + length, DIR_RAW);
  return true;
}

/** Nothing unread is left: the memory can go. */
export function settle(dir: usize): void {
  const assembly = <usize>load<u32>(dir, DIR_ASSEMBLY);
  if (load<u32>(dir, DIR_MESSAGE) || assemblyHasGap(assembly)) return;
  store<u32>(dir, load<u32>(dir, DIR_BASE) + load<u32>(dir, DIR_RAW), DIR_BASE);
  releaseDirection(dir);
}

/** Move what is there of the current record's fragment behind the message so far. False when nothing came. */
function joinFragment(dir: usize, data: usize, have: u32): bool {
  const raw = load<u32>(dir, DIR_RAW);
  const joined = load<u32>(dir, DIR_MESSAGE);
  const recordLeft = load<u32>(dir, DIR_RECORD_LEFT);
  const take = min(recordLeft, have - raw);
  if (take == 0) return false;
  if (joined == 0) store<u32>(dir, raw, DIR_FRONT);
  const to = load<u32>(dir, DIR_FRONT) + joined;
  if (to != raw) memory.copy(data + to, data + raw, take);
  store<u32>(dir, joined + take, DIR_MESSAGE);
  store<u32>(dir, raw + take, DIR_RAW);
  store<u32>(dir, recordLeft - take, DIR_RECORD_LEFT);
  return true;
}

@inline function messageReady(dir: usize, data: usize): bool {
  const joined = load<u32>(dir, DIR_MESSAGE);
  return joined >= 4 && joined >= 4 + be24(data + load<u32>(dir, DIR_FRONT) + 1);
}

/** Handle the whole messages among the joined bytes. Returns false when the direction has stopped. */
function streamMessages(flow: usize, index: u32): bool {
  const dir = directionAt(flow, index);
  while (load<u32>(dir, DIR_MESSAGE) >= 4) {
    const assembly = <usize>load<u32>(dir, DIR_ASSEMBLY);
    const data = assemblyData(assembly);
    const front = load<u32>(dir, DIR_FRONT);
    const joined = load<u32>(dir, DIR_MESSAGE);
    const total = be24(data + front + 1) + 4;
    if (total > limit(LIMIT_MAX_HELLO_BYTES) && total > joined) {
      giveUp(flow, index, ANOMALY_BUFFER_LIMIT);
      return false;
    }
    if (total > joined) break;
    rowFromPacket();
    const raw = load<u32>(dir, DIR_RAW);
    const rest = joined - total;
    const left = load<u32>(dir, DIR_RECORD_LEFT);
    const follows = rest
      ? helloFollows(data + front + total, rest, rest + left)
      : helloFollows(data + raw, assemblyHave(assembly) - raw, left);
    // What follows may end the flow, and must not take this message for one in progress.
    store<u32>(dir, 0, DIR_MESSAGE);
    notePiece(dir, load<i32>(dir, DIR_HEADER), raw - rest);
    const end = load<u32>(dir, DIR_BASE) + raw - rest;
    if (message(flow, index, data + front, total, end, follows) == STOP) return false;
    // The rest of the joined bytes moves up to the unread record bytes, if it is not there already.
    const next = raw - rest;
    if (next != front + total) memory.copy(data + next, data + front + total, rest);
    store<u32>(dir, next, DIR_FRONT);
    store<i32>(dir, next, DIR_HEADER);
    store<u32>(dir, rest, DIR_MESSAGE);
    restartMessage(dir);
    if (rest) store<u8>(dir, 1, DIR_RECORDS);
  }
  return true;
}

/** change_cipher_spec, alert, application_data, heartbeat: the record at `p`, of which `n` bytes are there. */
function otherRecord(flow: usize, index: u32, type: u32, p: usize, n: u32): i32 {
  if (type == CONTENT_CHANGE_CIPHER_SPEC && load<u8>(flow, FLOW_RETRIES)) return MORE;
  if (type == CONTENT_CHANGE_CIPHER_SPEC && !afterHello(flow, index)) return MORE;
  if (type == CONTENT_ALERT && !afterHello(flow, index) && !afterHello(flow, index ^ 1)) {
    notTls(flow, index, 0, 0);
    return STOP;
  }
  if (type == CONTENT_ALERT && mayBeWarning(p, n)) return MORE;
  finishFlow(flow, ANOMALY_MISSING_SEGMENT);
  return STOP;
}

/**
 * Whether an alert leaves the handshake going (RFC 5246 §7.2: a warning other than close_notify), as unrecognized_name
 * before a ServerHello does. One that is not all there may.
 */
function mayBeWarning(p: usize, n: u32): bool {
  if (be16(p + 3) != 2) return false;
  return n < RECORD_HEADER + 2 || (load<u8>(p, 5) == ALERT_WARNING && load<u8>(p, 6) != ALERT_CLOSE_NOTIFY);
}

/**
 * Whether another ClientHello comes at once behind one: `n` bytes are there at `p`, `recordLeft` bytes of the record
 * are to come. A record that goes on behind a ClientHello can hold nothing else that is wanted.
 */
function helloFollows(p: usize, n: u32, recordLeft: u32): bool {
  if (recordLeft) return n == 0 || load<u8>(p) == HANDSHAKE_CLIENT_HELLO;
  if (n == 0 || load<u8>(p) != CONTENT_HANDSHAKE || !isRecordHeader(p, n)) return false;
  return n <= RECORD_HEADER || load<u8>(p, 5) == HANDSHAKE_CLIENT_HELLO;
}
