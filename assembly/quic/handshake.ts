import { be24, hashBytes } from '../core/bytes';
import { count, limit } from '../core/control';
import {
  ASSEMBLY_HEADER,
  assemblyConsume,
  assemblyData,
  assemblyHasGap,
  assemblyHave,
  assemblyHighest,
} from '../flow/assembly';
import { rowCarriage, rowFromFlow, rowFromPacket } from '../flow/context';
import {
  MESSAGE_PACKET_NUMBER,
  messageAllocate,
  messageAnomalies,
  messageBegin,
  messageFirstPacket,
  messageNoteAnomaly,
  messageNotePacket,
  messagePackets,
  messagePut,
  messageRestart,
  messageRowFromPast,
} from '../flow/message';
import { FLOW_SESSION, FLOW_STATE, FLOW_WAITING, flowSetDone, flowSetWaiting } from '../flow/table';
import {
  ANOMALY_BUFFER_LIMIT,
  ANOMALY_CONNECTION_CLOSED,
  ANOMALY_MISSING_SEGMENT,
  ANOMALY_OUT_OF_ORDER,
  COUNT_BUFFER_LIMIT_HITS,
  PROTOCOL_QUIC,
} from '../generated/codes';
import { LIMIT_MAX_HELLO_BYTES } from '../generated/layout';
import { clientHello } from '../tls/client-hello';
import { clientSessionHash } from '../tls/parse';
import { serverHello, serverHelloIsRetry } from '../tls/server-hello';
import { HANDSHAKE_CLIENT_HELLO, HANDSHAKE_SERVER_HELLO } from '../tls/wire';
import { beginFrames, cryptoData, cryptoLength, cryptoOffset, nextCrypto } from './frames';
import { PLAINTEXT, packetNumber } from './initial';
import {
  baseOf,
  CLIENT,
  CLIENT_HELLOS,
  directionOf,
  FLAG_SERVER_HELLO,
  hasFlag,
  HELLO_HASH,
  messageOf,
  releaseMessage,
  RETRIES,
  SERVER,
  setBase,
  setFlag,
  setMessage,
  versionOf,
  FLAGS,
} from './state';

/**
 * The CRYPTO streams of the Initials of a connection (RFC 9001 §4): the client's holds its ClientHello and, after a
 * HelloRetryRequest, the second one behind it; the server's likewise its ServerHello.
 *
 * The message of the packet being read is put together at WORK; what is not complete with it is kept in a block as large
 * as what has come. Bytes before the message in progress were read before: an Initial that is sent again gives no second
 * row (Wireshark shows its hello again), nor does the same hello sent with a Retry's token.
 */

/** The largest value of max_hello_bytes, with the header of an assembly and room for wide loads. */
const WORK_BYTES: i32 = (1 << 20) + 512 + 64;
const WORK: usize = memory.data(WORK_BYTES, 16);

/** Offset and length of the random in a ClientHello (RFC 8446 §4.1.2). */
const RANDOM: usize = 6;
const RANDOM_END: u32 = 38;

/** Read the `n` bytes of frames at PLAINTEXT that `side` of the connection has sent. */
export function readInitial(flow: usize, side: u32, n: u32): void {
  if (side == CLIENT && beginsOtherHello(flow, n)) restart(flow, ANOMALY_CONNECTION_CLOSED);
  const kept = messageOf(flow, side);
  if (kept) {
    memory.copy(WORK, kept, ASSEMBLY_HEADER + assemblyHighest(kept));
    releaseMessage(flow, side);
  } else messageBegin(WORK);
  putFrames(flow, side, n);
  if (readMessages(flow, side)) keep(flow, side);
  endIfComplete(flow);
}

/** A CRYPTO frame of the packet at hand leads beyond max_hello_bytes. */
let tooLong: bool = false;

/** Put the CRYPTO frames of the packet at hand where they belong at WORK. */
function putFrames(flow: usize, side: u32, n: u32): void {
  const base: u64 = baseOf(flow, side);
  let carried = false;
  tooLong = false;
  beginFrames(PLAINTEXT, n);
  while (nextCrypto()) {
    const end = cryptoOffset + cryptoLength;
    if (end <= base || cryptoLength == 0) continue;
    if (end - base > limit(LIMIT_MAX_HELLO_BYTES)) {
      tooLong = true;
      continue;
    }
    const known = <u32>(cryptoOffset < base ? base - cryptoOffset : 0);
    messagePut(WORK, <u32>(cryptoOffset + known - base), cryptoData + known, cryptoLength - known);
    carried = true;
  }
  if (carried) notePacket();
}

/** The packet at hand begins another ClientHello than the one that was read: the client has begun anew. */
function beginsOtherHello(flow: usize, n: u32): bool {
  if (baseOf(flow, CLIENT) == 0) return false;
  beginFrames(PLAINTEXT, n);
  while (nextCrypto()) {
    if (cryptoOffset == 0 && cryptoLength >= RANDOM_END) return load<u64>(flow, HELLO_HASH) != helloHash(cryptoData);
  }
  return false;
}

@inline function helloHash(hello: usize): u64 {
  return hashBytes(hello + RANDOM, RANDOM_END - <u32>RANDOM) | 1;
}

/** Frames are in any order inside a packet by design; packets that overtake each other are worth a note. */
function notePacket(): void {
  const before = load<u32>(WORK, MESSAGE_PACKET_NUMBER);
  if (messagePackets(WORK) && packetNumber < before) messageNoteAnomaly(WORK, ANOMALY_OUT_OF_ORDER);
  store<u32>(WORK, max(before, packetNumber), MESSAGE_PACKET_NUMBER);
  messageNotePacket(WORK);
}

/** Handle the whole messages at the front of WORK. Returns true when there is something left to be kept. */
function readMessages(flow: usize, side: u32): bool {
  const data = assemblyData(WORK);
  const wanted = side == CLIENT ? HANDSHAKE_CLIENT_HELLO : HANDSHAKE_SERVER_HELLO;
  while (assemblyHave(WORK) >= 4) {
    // Whatever else an Initial carries, no hello can follow it.
    if (load<u8>(data) != wanted) return false;
    const total = be24(data + 1) + 4;
    if (total > limit(LIMIT_MAX_HELLO_BYTES)) {
      giveUp(flow, side, WORK, ANOMALY_BUFFER_LIMIT);
      return false;
    }
    if (total > assemblyHave(WORK)) break;
    rowFromPacket();
    if (side == CLIENT) onClientHello(flow, data, total);
    else onServerHello(flow, data, total);
    setBase(flow, side, baseOf(flow, side) + total);
    assemblyConsume(WORK, total);
    if (assemblyHighest(WORK)) messageRestart(WORK);
  }
  return assemblyHighest(WORK) != 0;
}

function onClientHello(flow: usize, data: usize, total: u32): void {
  const hash = total >= RANDOM_END ? helloHash(data) : 0;
  const first = baseOf(flow, CLIENT) == 0;
  if (first && hash != 0 && hash == load<u64>(flow, HELLO_HASH)) return noteHello(flow, hash);
  describe(flow, CLIENT, WORK, <u32>load<u8>(flow, CLIENT_HELLOS) + 1);
  clientHello(data, total, total);
  store<u32>(flow, clientSessionHash, FLOW_SESSION);
  noteHello(flow, hash);
}

function noteHello(flow: usize, hash: u64): void {
  store<u64>(flow, hash, HELLO_HASH);
  const hellos: u32 = load<u8>(flow, CLIENT_HELLOS);
  if (hellos < 255) store<u8>(flow, hellos + 1, CLIENT_HELLOS);
}

function onServerHello(flow: usize, data: usize, total: u32): void {
  const retries: u32 = load<u8>(flow, RETRIES);
  describe(flow, SERVER, WORK, retries + 1);
  serverHello(data, total, total, load<u32>(flow, FLOW_SESSION));
  if (!serverHelloIsRetry) setFlag(flow, FLAG_SERVER_HELLO);
  else if (retries < 255) store<u8>(flow, retries + 1, RETRIES);
}

/** The context of the row of the message `m` of a side. */
function describe(flow: usize, side: u32, m: usize, attempt: u32): void {
  rowFromFlow(flow, directionOf(flow, side));
  const version = <i64>versionOf(flow, side);
  rowCarriage(PROTOCOL_QUIC, messageFirstPacket(m), messagePackets(m), messageAnomalies(m), attempt, -1, version);
}

/** Keep what is at WORK for later packets. */
function keep(flow: usize, side: u32): void {
  const bytes = assemblyHighest(WORK);
  // Behind a ServerHello nothing is wanted of the server, nor anything on a connection that is done.
  if (load<u8>(flow, FLOW_STATE) != FLOW_WAITING || (side == SERVER && hasFlag(flow, FLAG_SERVER_HELLO))) return;
  const m: usize = tooLong ? 0 : messageAllocate(flow, 0, bytes);
  if (!m) {
    giveUp(flow, side, WORK, ANOMALY_BUFFER_LIMIT);
    return;
  }
  memory.copy(m, WORK, ASSEMBLY_HEADER + bytes);
  setMessage(flow, side, m);
}

/** Nothing more is wanted once the ServerHello is there and no ClientHello is half read. */
function endIfComplete(flow: usize): void {
  if (!hasFlag(flow, FLAG_SERVER_HELLO) || messageOf(flow, CLIENT) || baseOf(flow, CLIENT) == 0) return;
  releaseMessage(flow, SERVER);
  flowSetDone(flow);
}

/** A row for the incomplete message `m`. */
function giveUp(flow: usize, side: u32, m: usize, reason: u32): void {
  const limited = reason == ANOMALY_BUFFER_LIMIT;
  if (limited) count(COUNT_BUFFER_LIMIT_HITS);
  const data = assemblyData(m);
  const have = assemblyHave(m);
  const total = have >= 4 ? be24(data + 1) + 4 : max<u32>(assemblyHighest(m), 4);
  messageNoteAnomaly(m, reason);
  messageRowFromPast(m);
  setBase(flow, side, baseOf(flow, side) + total);
  if (side == CLIENT) {
    describe(flow, side, m, <u32>load<u8>(flow, CLIENT_HELLOS) + 1);
    clientHello(data, total, have);
    // Should it still come in full, that is worth a row.
    noteHello(flow, limited && have >= RANDOM_END ? helloHash(data) : 0);
    return;
  }
  describe(flow, side, m, <u32>load<u8>(flow, RETRIES) + 1);
  serverHello(data, total, have, load<u32>(flow, FLOW_SESSION));
  setFlag(flow, FLAG_SERVER_HELLO);
}

/** Rows for what is half read on both sides, whose memory is given back. */
export function giveUpHellos(flow: usize, reason: u32): void {
  const answered = hasFlag(flow, FLAG_SERVER_HELLO);
  for (let side = CLIENT; side <= SERVER; side++) {
    const m = messageOf(flow, side);
    if (!m) continue;
    giveUp(flow, side, m, answered || assemblyHasGap(m) ? ANOMALY_MISSING_SEGMENT : reason);
    releaseMessage(flow, side);
  }
}

/** Another connection begins between the same ends: what the last one has left half read is given up for `reason`. */
export function restart(flow: usize, reason: u32): void {
  giveUpHellos(flow, reason);
  setBase(flow, CLIENT, 0);
  setBase(flow, SERVER, 0);
  store<u8>(flow, 0, CLIENT_HELLOS);
  store<u8>(flow, 0, RETRIES);
  store<u8>(flow, 0, FLAGS);
  flowSetWaiting(flow);
}
