import { assemblyHighest } from '../flow/assembly';
import { rowCarriage, rowFromFlow } from '../flow/context';
import {
  DIR_ANOMALIES,
  DIR_ASSEMBLY,
  DIR_BASE,
  DIR_CLOSED,
  DIR_END,
  DIR_END_KNOWN,
  DIR_FIRST_PACKET,
  DIR_PACKETS,
  DIR_PARKED,
  DIR_READY,
  DIR_RECORD_VERSION,
  DIR_RECORDS,
  DIR_STATE,
  directionAt,
} from '../flow/direction';
import { FLOW_APP, FLOW_RETRIES, FLOW_SESSION, flowSetDone } from '../flow/table';
import { finishFlow, releaseDirection } from '../flow/tcp';
import { ANOMALY_MISSING_SEGMENT, ANOMALY_RECORD_SPLIT, APP_MSSQL, PROTOCOL_TLS } from '../generated/codes';
import { certificateMessage } from './certificate';
import { clientHello } from './client-hello';
import { clientSessionHash } from './parse';
import { draftRetry, serverHello, serverHelloIsRetry, serverHelloVersion } from './server-hello';
import {
  HANDSHAKE_CERTIFICATE,
  HANDSHAKE_CLIENT_HELLO,
  HANDSHAKE_HELLO_RETRY_REQUEST,
  HANDSHAKE_SERVER_HELLO,
  HANDSHAKE_SERVER_HELLO_DONE,
} from './wire';

/**
 * Whole handshake messages of a TLS connection (RFC 8446 §4, RFC 5246 §7.4): which become rows, and what is wanted of the
 * connection after each.
 */

/** Read on after a message. */
export const MORE: i32 = 0;

/** The direction wants no more bytes. */
export const STOP: i32 = 1;

/** Only these begin something that becomes a row; a HelloRetryRequest of its own kind (drafts) only as an answer. */
@inline export function wantedMessage(flow: usize, index: u32, type: u32): bool {
  if (type == HANDSHAKE_HELLO_RETRY_REQUEST) return afterHello(flow, index ^ 1);
  return type == HANDSHAKE_CLIENT_HELLO || type == HANDSHAKE_SERVER_HELLO || type == 0;
}

/** True once the direction has sent a hello: other handshake messages may follow. */
@inline export function afterHello(flow: usize, index: u32): bool {
  return load<u32>(directionAt(flow, index), DIR_END_KNOWN) != 0;
}

/**
 * One whole handshake message. `end` is the sequence number behind what was read of the stream; `follows` says
 * that a ClientHello comes behind it.
 */
export function message(flow: usize, index: u32, p: usize, total: u32, end: u32, follows: bool): i32 {
  const dir = directionAt(flow, index);
  const type: u32 = load<u8>(p);
  if (type == HANDSHAKE_CLIENT_HELLO) {
    describe(flow, index, load<u8>(flow, FLOW_RETRIES) + 1);
    clientHello(p, total, total);
    store<u32>(flow, clientSessionHash, FLOW_SESSION);
    if (follows) {
      store<u32>(dir, end, DIR_END);
      store<u32>(dir, 1, DIR_END_KNOWN);
      return MORE;
    }
    afterClientHello(flow, index, end);
    return STOP;
  }
  if (type == HANDSHAKE_SERVER_HELLO) {
    describe(flow, index, load<u8>(flow, FLOW_RETRIES) + 1);
    serverHello(p, total, total, load<u32>(flow, FLOW_SESSION));
    return afterServerHello(flow, index, end);
  }
  if (type == HANDSHAKE_HELLO_RETRY_REQUEST && afterHello(flow, index ^ 1)) {
    describe(flow, index, load<u8>(flow, FLOW_RETRIES) + 1);
    draftRetry(p, total);
    return afterServerHello(flow, index, end);
  }
  if (type == HANDSHAKE_CERTIFICATE) {
    rowFromFlow(flow, index);
    certificateMessage(p, total);
    finishFlow(flow, ANOMALY_MISSING_SEGMENT);
    return STOP;
  }
  if (type == HANDSHAKE_SERVER_HELLO_DONE) {
    finishFlow(flow, ANOMALY_MISSING_SEGMENT);
    return STOP;
  }
  return MORE;
}

export function describe(flow: usize, index: u32, attempt: u32): void {
  const dir = directionAt(flow, index);
  let anomalies = load<u32>(dir, DIR_ANOMALIES);
  if (load<u8>(dir, DIR_RECORDS) > 1) anomalies |= ANOMALY_RECORD_SPLIT;
  rowFromFlow(flow, index);
  const packets: u32 = load<u16>(dir, DIR_PACKETS);
  const first = load<u64>(dir, DIR_FIRST_PACKET);
  rowCarriage(PROTOCOL_TLS, first, packets, anomalies, attempt, load<u16>(dir, DIR_RECORD_VERSION), -1);
}

/** The ClientHello is seen: now the other side's answer is wanted; this side only after a HelloRetryRequest. */
export function afterClientHello(flow: usize, index: u32, end: u32): void {
  const dir = directionAt(flow, index);
  const assembly = <usize>load<u32>(dir, DIR_ASSEMBLY);
  // What was seen behind it (early data) is not wanted: the next hello comes after that.
  const behind = assembly ? load<u32>(dir, DIR_BASE) + assemblyHighest(assembly) : end;
  releaseDirection(dir);
  store<u32>(dir, end, DIR_END);
  store<u32>(dir, 1, DIR_END_KNOWN);
  store<u32>(dir, behind, DIR_BASE);
  store<u8>(dir, DIR_PARKED, DIR_STATE);
  const other = directionAt(flow, index ^ 1);
  if (load<u8>(other, DIR_STATE) == DIR_CLOSED) flowSetDone(flow);
}

function afterServerHello(flow: usize, index: u32, end: u32): i32 {
  const dir = directionAt(flow, index);
  store<u32>(dir, end, DIR_END);
  store<u32>(dir, 1, DIR_END_KNOWN);
  if (serverHelloIsRetry) {
    store<u8>(flow, load<u8>(flow, FLOW_RETRIES) + 1, FLOW_RETRIES);
    const client = directionAt(flow, index ^ 1);
    if (load<u8>(client, DIR_STATE) == DIR_PARKED) {
      store<u8>(client, DIR_READY, DIR_STATE);
      store<u32>(client, 0, DIR_ANOMALIES);
    }
    return MORE;
  }
  // Up to TLS 1.2 the certificates follow in clear; those of SQL Server are cut up by packet headers.
  if (serverHelloVersion <= 0x0303 && load<u8>(flow, FLOW_APP) != APP_MSSQL) return MORE;
  finishFlow(flow, ANOMALY_MISSING_SEGMENT);
  return STOP;
}

/** Give up this direction without a row; the flow ends when nothing else is wanted of it. */
export function stopDirection(flow: usize, index: u32): void {
  const dir = directionAt(flow, index);
  releaseDirection(dir);
  store<u8>(dir, DIR_CLOSED, DIR_STATE);
  if (load<u8>(directionAt(flow, index ^ 1), DIR_STATE) == DIR_CLOSED) flowSetDone(flow);
}
