import { be16, hashBytes } from '../core/bytes';
import { count, limit } from '../core/control';
import * as packet from '../core/packet';
import { assemblyData, assemblyFree, assemblyHasGap, assemblyHave } from '../flow/assembly';
import { rowCarriage, rowFromFlow, rowFromPacket } from '../flow/context';
import {
  MESSAGE_LENGTH,
  MESSAGE_PIECES,
  MESSAGE_RECORD_VERSION,
  MESSAGE_SEQUENCE,
  MESSAGE_TYPE,
  messageAllocate,
  messageAnomalies,
  messageBegin,
  messageFirstPacket,
  messageHasPacket,
  messageNoteAnomaly,
  messageNotePacket,
  messagePackets,
  messagePutGrowing,
  messageRowFromPast,
} from '../flow/message';
import {
  DIRECTION_BYTES,
  FLOW_DIRECTIONS,
  FLOW_FLAGS,
  FLOW_RETRIES,
  FLOW_SESSION,
  FLOW_STATE,
  FLOW_WAITING,
  flowCreate,
  flowFind,
  flowSetDone,
  flowSetWaiting,
  flowTouch,
  foundDirection,
} from '../flow/table';
import { makeRoom } from '../flow/room';
import { closeFlow } from '../flow/tcp';
import {
  ANOMALY_BUFFER_LIMIT,
  ANOMALY_CONNECTION_CLOSED,
  ANOMALY_IP_FRAGMENTED,
  ANOMALY_MISSING_SEGMENT,
  ANOMALY_OUT_OF_ORDER,
  ANOMALY_RECORD_SPLIT,
  ANOMALY_RETRANSMITTED,
  ANOMALY_SNAPLEN_CUT,
  COUNT_BUFFER_LIMIT_HITS,
  PROTOCOL_DTLS,
} from '../generated/codes';
import { LIMIT_MAX_HELLO_BYTES } from '../generated/layout';
import { certificateBody } from '../tls/certificate';
import { clientHelloBody } from '../tls/client-hello';
import { clientSessionHash } from '../tls/parse';
import { serverHelloBody, serverHelloIsRetry, serverHelloVersion } from '../tls/server-hello';
import {
  HANDSHAKE_CERTIFICATE,
  HANDSHAKE_CLIENT_HELLO,
  HANDSHAKE_HELLO_VERIFY_REQUEST,
  HANDSHAKE_SERVER_HELLO,
  HANDSHAKE_SERVER_HELLO_DONE,
} from '../tls/wire';

/**
 * Handshake messages of DTLS (RFC 6347 §4.2; RFC 9147 §5), put together from their fragments.
 *
 * A direction of a flow, at the place of a TCP direction in the flow slot:
 *
 *     0   u32 x 2 messages in progress; 0: none
 *     8   u64 hash of the body of the first hello of the handshake, u64 of the last one
 *     24  u64 hash of the random of the last one; 0: none
 *     32  u32 length of the last one, u16 its message_seq, u8 hellos of the handshake, u8 1 once there was one
 */
const MESSAGES: usize = 0;
const FIRST_HASH: usize = 8;
const LAST_HASH: usize = 16;
const LAST_RANDOM: usize = 24;
const LAST_LENGTH: usize = 32;
const LAST_SEQUENCE: usize = 36;
const HELLOS: usize = 38;
const HAS_LAST: usize = 39;

const UDP: u32 = 17;
/** Bits of FLOW_FLAGS. */
const IS_DTLS: u32 = 2;
const SERVER_HELLO_SEEN: u32 = 4;
/** First version whose number says that certificates are encrypted: 1.3; the numbers run down (RFC 9147 §5.3). */
const DTLS_13: i32 = 0xfefc;
/** Bytes up to the end of the random: version, random. */
const RANDOM_END: u32 = 34;
const MIN_HELLO: u32 = 38;
const MAX_HELLO: u32 = 0x20000;

/** The flow of the datagram being read and its direction in it; 0: none yet. */
let flow: usize = 0;
let direction: u32 = 0;
let datagramHash: u32 = 0;

/** How the message at hand came; for the row. */
let firstPacket: u64 = 0;
let packets: u32 = 0;
let anomalies: u32 = 0;
let recordVersion: u32 = 0;

@inline function directionAt(index: u32): usize {
  return flow + FLOW_DIRECTIONS + <usize>index * DIRECTION_BYTES;
}

/** A datagram with handshake records begins. */
export function beginDatagram(hash: u32): void {
  datagramHash = hash;
  flow = flowFind(hash, UDP);
  direction = foundDirection;
  if (flow && (load<u32>(flow, FLOW_FLAGS) & IS_DTLS) == 0) {
    closeFlow(flow, ANOMALY_CONNECTION_CLOSED);
    flow = 0;
  }
  if (flow && load<u8>(flow, FLOW_STATE) == FLOW_WAITING) flowTouch(flow);
}

/** A record that is encrypted, or a change_cipher_spec: behind a ServerHello nothing in clear follows. */
export function noteEncrypted(): void {
  if (flow && load<u32>(flow, FLOW_FLAGS) & SERVER_HELLO_SEEN) finish();
}

/** Whether bytes of a message can be those of a hello: the strict test that makes a flow. */
function isHello(type: u32, total: u32, offset: u32, p: usize, available: u32): bool {
  if (type != HANDSHAKE_CLIENT_HELLO && type != HANDSHAKE_SERVER_HELLO) return false;
  if (total < MIN_HELLO || total > MAX_HELLO) return false;
  if (offset != 0 || available < 2) return true;
  const version = be16(p);
  if (version >> 8 != 0xfe && version != 0x0100) return false;
  return available <= RANDOM_END || load<u8>(p, RANDOM_END) <= 32;
}

function create(): void {
  makeRoom(datagramHash);
  flow = flowCreate(datagramHash, UDP);
  direction = 0;
  if (flow) store<u32>(flow, IS_DTLS, FLOW_FLAGS);
}

/**
 * A fragment in clear of the datagram at hand.
 *
 * @param total bytes of the message's body, of which `bytes` from `offset` are in the fragment
 * @param available of these are captured, at `p`
 */
export function fragment(
  type: u32,
  total: u32,
  sequence: u32,
  offset: u32,
  p: usize,
  available: u32,
  bytes: u32,
  version: u32,
): void {
  if (!flow) {
    if (isHello(type, total, offset, p, available)) create();
    if (!flow) return;
  }
  if (type == HANDSHAKE_HELLO_VERIFY_REQUEST) {
    if (load<u8>(flow, FLOW_RETRIES) == 0) store<u8>(flow, 1, FLOW_RETRIES);
    return;
  }
  if (type == HANDSHAKE_SERVER_HELLO_DONE) return noteEncrypted();
  const hello = type == HANDSHAKE_CLIENT_HELLO || type == HANDSHAKE_SERVER_HELLO;
  if (!hello && (type != HANDSHAKE_CERTIFICATE || load<u8>(flow, FLOW_STATE) != FLOW_WAITING)) return;
  const at = slotOf(type, total, sequence);
  if (!load<u32>(at)) {
    if (hello && bytes < total && isRepeated(sequence, total, offset, p, available)) return;
    if (available == total) return whole(type, sequence, p, total, version);
    // Only a flow that waits may hold memory: the first piece of another handshake has come.
    if (load<u8>(flow, FLOW_STATE) != FLOW_WAITING) beginHandshake(direction);
  }
  part(at, type, total, sequence, offset, p, available, bytes, version);
}

/** A message in one fragment: read where it lies. */
function whole(type: u32, sequence: u32, p: usize, total: u32, version: u32): void {
  firstPacket = packet.number;
  packets = 1;
  anomalies = packet.fragmented ? ANOMALY_IP_FRAGMENTED : 0;
  recordVersion = version;
  rowFromPacket();
  message(direction, type, sequence, p, total, total);
}

/** Where the address of the message in progress is kept, or can be. */
function slotOf(type: u32, total: u32, sequence: u32): usize {
  const dir = directionAt(direction);
  let empty: usize = 0;
  for (let at = dir + MESSAGES; at < dir + MESSAGES + 8; at += 4) {
    const m = <usize>load<u32>(at);
    if (!m) empty = at;
    else if (
      load<u16>(m, MESSAGE_SEQUENCE) == sequence &&
      load<u8>(m, MESSAGE_TYPE) == type &&
      load<u32>(m, MESSAGE_LENGTH) == total
    ) {
      return at;
    }
  }
  if (empty) return empty;
  // No room for a third: the one that began first has lost a fragment.
  const second = messageFirstPacket(<usize>load<u32>(dir, MESSAGES + 4)) < messageFirstPacket(<usize>load<u32>(dir, MESSAGES));
  const oldest = dir + MESSAGES + (second ? 4 : 0);
  giveUp(direction, oldest, ANOMALY_MISSING_SEGMENT);
  return oldest;
}

/** A fragment of the last hello of the direction, sent again: known by its message_seq, its length and its random. */
function isRepeated(sequence: u32, total: u32, offset: u32, p: usize, available: u32): bool {
  const dir = directionAt(direction);
  if (!load<u8>(dir, HAS_LAST) || load<u16>(dir, LAST_SEQUENCE) != sequence) return false;
  if (load<u32>(dir, LAST_LENGTH) != total) return false;
  if (offset != 0 || available < RANDOM_END || randomHash(p, available) == load<u64>(dir, LAST_RANDOM)) return true;
  store<u8>(dir, 0, HAS_LAST);
  return false;
}

@inline function randomHash(p: usize, available: u32): u64 {
  return available >= RANDOM_END ? hashBytes(p + 2, RANDOM_END - 2) | 1 : 0;
}

/** One fragment of several, or one that was cut. */
function part(
  at: usize,
  type: u32,
  total: u32,
  sequence: u32,
  offset: u32,
  p: usize,
  available: u32,
  bytes: u32,
  version: u32,
): void {
  const tooLong = total > limit(LIMIT_MAX_HELLO_BYTES);
  if (tooLong && type == HANDSHAKE_CERTIFICATE) {
    count(COUNT_BUFFER_LIMIT_HITS);
    return;
  }
  let m = <usize>load<u32>(at);
  if (!m) {
    m = beginMessage(at, type, total, sequence, tooLong ? available : offset + available, version);
    if (!m) return;
  }
  notePiece(m, offset);
  if (available && !(tooLong && offset)) {
    m = messagePutGrowing(flow, m, offset, p, available);
    if (m) store<u32>(at, <u32>m);
  }
  if (tooLong || !m) giveUp(direction, at, ANOMALY_BUFFER_LIMIT);
  else if (assemblyHave(m) == total) complete(at);
  else if (available < bytes) giveUp(direction, at, ANOMALY_SNAPLEN_CUT);
}

function beginMessage(at: usize, type: u32, total: u32, sequence: u32, bytes: u32, version: u32): usize {
  const m = messageAllocate(flow, 0, bytes);
  if (!m) {
    count(COUNT_BUFFER_LIMIT_HITS);
    return 0;
  }
  messageBegin(m);
  store<u32>(m, total, MESSAGE_LENGTH);
  store<u16>(m, sequence, MESSAGE_SEQUENCE);
  store<u8>(m, type, MESSAGE_TYPE);
  store<u16>(m, version, MESSAGE_RECORD_VERSION);
  store<u32>(at, <u32>m);
  return m;
}

function notePiece(m: usize, offset: u32): void {
  const pieces: u32 = load<u8>(m, MESSAGE_PIECES);
  if (pieces < 255) store<u8>(m, pieces + 1, MESSAGE_PIECES);
  if (pieces) messageNoteAnomaly(m, ANOMALY_RECORD_SPLIT);
  if (offset > assemblyHave(m)) messageNoteAnomaly(m, ANOMALY_OUT_OF_ORDER);
  if (!messageHasPacket(m)) messageNotePacket(m);
}

function fromMessage(m: usize): void {
  firstPacket = messageFirstPacket(m);
  packets = messagePackets(m);
  anomalies = messageAnomalies(m);
  recordVersion = load<u16>(m, MESSAGE_RECORD_VERSION);
}

function complete(at: usize): void {
  const m = <usize>load<u32>(at);
  fromMessage(m);
  rowFromPacket();
  // What follows may end the flow, and must not take this message for one in progress.
  store<u32>(at, 0);
  const length = load<u32>(m, MESSAGE_LENGTH);
  message(direction, load<u8>(m, MESSAGE_TYPE), load<u16>(m, MESSAGE_SEQUENCE), assemblyData(m), length, length);
  assemblyFree(m);
}

/** The message in progress at `at` will not be completed: a row if it is a hello. Its memory is given back. */
function giveUp(index: u32, at: usize, reason: u32): void {
  const m = <usize>load<u32>(at);
  store<u32>(at, 0);
  if (reason == ANOMALY_BUFFER_LIMIT) count(COUNT_BUFFER_LIMIT_HITS);
  const type: u32 = load<u8>(m, MESSAGE_TYPE);
  if (type != HANDSHAKE_CERTIFICATE) {
    messageNoteAnomaly(m, reason);
    fromMessage(m);
    messageRowFromPast(m);
    const have = assemblyHave(m);
    message(index, type, load<u16>(m, MESSAGE_SEQUENCE), assemblyData(m), load<u32>(m, MESSAGE_LENGTH), have);
  }
  assemblyFree(m);
}

/** A message of a direction, `available` of the `total` bytes of its body at `p`. */
function message(index: u32, type: u32, sequence: u32, p: usize, total: u32, available: u32): void {
  if (type == HANDSHAKE_CERTIFICATE) {
    rowFromFlow(flow, index);
    certificateBody(p, total);
    if (load<u32>(flow, FLOW_FLAGS) & SERVER_HELLO_SEEN) finish();
    return;
  }
  const dir = directionAt(index);
  const hash = hashBytes(p, available);
  // Sent again, because the answer was late or lost.
  if (load<u8>(dir, HELLOS) && (hash == load<u64>(dir, LAST_HASH) || hash == load<u64>(dir, FIRST_HASH))) return;
  const random = randomHash(p, available);
  if (type == HANDSHAKE_CLIENT_HELLO) onClientHello(index, random, sequence, p, total, available);
  else onServerHello(index, p, total, available);
  if (load<u8>(dir, HELLOS) == 1) store<u64>(dir, hash, FIRST_HASH);
  store<u64>(dir, hash, LAST_HASH);
  store<u64>(dir, random, LAST_RANDOM);
  store<u32>(dir, total, LAST_LENGTH);
  store<u16>(dir, sequence, LAST_SEQUENCE);
  store<u8>(dir, 1, HAS_LAST);
  if (type == HANDSHAKE_SERVER_HELLO && !serverHelloIsRetry && serverHelloVersion == DTLS_13) finish();
}

function describe(index: u32, attempt: u32): void {
  rowFromFlow(flow, index);
  rowCarriage(PROTOCOL_DTLS, firstPacket, packets, anomalies, attempt, recordVersion, -1);
}

/**
 * The hello after a HelloVerifyRequest or HelloRetryRequest has the random of the first (RFC 6347 §4.2.1, RFC 8446
 * §4.1.2); another random begins another handshake between the same ends.
 */
function onClientHello(index: u32, random: u64, sequence: u32, p: usize, total: u32, available: u32): void {
  const dir = directionAt(index);
  const hellos: u32 = load<u8>(dir, HELLOS);
  const same = random != 0 && random == load<u64>(dir, LAST_RANDOM);
  const again = hellos != 0 && (same || (sequence != 0 && load<u8>(flow, FLOW_RETRIES) != 0));
  if (hellos && !again) beginHandshake(index);
  const attempt = again ? min<u32>(hellos + 1, 255) : 1;
  store<u8>(dir, attempt, HELLOS);
  describe(index, attempt);
  clientHelloBody(p, total + 4, available + 4, true);
  store<u32>(flow, clientSessionHash, FLOW_SESSION);
}

function beginHandshake(index: u32): void {
  giveUpDirection(index ^ 1, ANOMALY_CONNECTION_CLOSED);
  store<u8>(flow, 0, FLOW_RETRIES);
  store<u32>(flow, IS_DTLS, FLOW_FLAGS);
  flowSetWaiting(flow);
}

function onServerHello(index: u32, p: usize, total: u32, available: u32): void {
  const retries: u32 = load<u8>(flow, FLOW_RETRIES);
  store<u8>(directionAt(index), 1, HELLOS);
  describe(index, retries + 1);
  serverHelloBody(p, total + 4, available + 4, load<u32>(flow, FLOW_SESSION));
  if (!serverHelloIsRetry) store<u32>(flow, load<u32>(flow, FLOW_FLAGS) | SERVER_HELLO_SEEN, FLOW_FLAGS);
  else if (retries < 255) store<u8>(flow, retries + 1, FLOW_RETRIES);
}

/** The hellos are over. */
function finish(): void {
  giveUpMessages(flow, ANOMALY_MISSING_SEGMENT);
  flowSetDone(flow);
}

function giveUpDirection(index: u32, reason: u32): void {
  const dir = directionAt(index);
  for (let at = dir + MESSAGES; at < dir + MESSAGES + 8; at += 4) {
    const m = <usize>load<u32>(at);
    if (m) giveUp(index, at, assemblyHasGap(m) ? ANOMALY_MISSING_SEGMENT : reason);
  }
}

/** Give up the messages in progress of a flow, for `reason`, and release their memory. */
export function giveUpMessages(owner: usize, reason: u32): void {
  const current = flow;
  flow = owner;
  giveUpDirection(0, reason);
  giveUpDirection(1, reason);
  flow = current;
}
