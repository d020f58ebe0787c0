import { count } from '../core/control';
import { COMMUNITY_ID, COMMUNITY_ID_LENGTH, computeCommunityId } from '../fingerprint/community-id';
import * as row from '../flow/context';
import {
  ANOMALY_NAMES,
  APP_NAMES,
  COUNT_INCOMPLETE_SNAPLEN_CUT,
  PROTOCOL_NAMES,
} from '../generated/codes';
import {
  CH_ANOMALIES,
  CH_APP,
  CH_ATTEMPT,
  CH_CAPTURE_ID,
  CH_CAPTURED_BYTES,
  CH_COMMUNITY_ID,
  CH_COMPLETE,
  CH_DST_IP,
  CH_DST_PORT,
  CH_FIRST_PACKET,
  CH_FLOW_ID,
  CH_HELLO_BYTES,
  CH_PACKET,
  CH_PACKETS,
  CH_PROTOCOL,
  CH_QUIC_VERSION,
  CH_RECORD_VERSION,
  CH_SESSION_ID_LENGTH,
  CH_SRC_IP,
  CH_SRC_PORT,
  CH_TS,
  CH_TUNNEL,
} from '../generated/layout';
import {
  addText,
  endTextList,
  putBool,
  putBytes,
  putNull,
  putU8,
  putU16,
  putU32,
  putU64,
  wanted,
} from './batch';
import { IP_TEXT_BYTES, writeIp } from './ip-text';

/** Row of `captures` that the rows being written belong to. */
export let captureId: u32 = 0;
export function setCaptureId(id: u32): void {
  captureId = id;
}

const ADDRESS: usize = memory.data(IP_TEXT_BYTES, 16);

/** Text of a generated name table. */
export function putName(column: u32, at: u32, table: usize, index: u32): void {
  const entry = table + (index << 3);
  putBytes(column, at, table + load<u32>(entry), load<u32>(entry, 4));
}

function putAddress(column: u32, at: u32, hi: u64, lo: u64): void {
  if (wanted(column)) putBytes(column, at, ADDRESS, writeIp(ADDRESS, row.rowIpVersion, hi, lo));
}

/**
 * The columns that say when, where and on which connection: they stand in the same order in client_hellos and
 * server_hellos, so `shift` (distance of the column indices) serves both.
 */
export function putWhere(at: u32, shift: u32): void {
  putU32(CH_CAPTURE_ID + shift, at, captureId);
  putU64(CH_PACKET + shift, at, row.rowPacket);
  putU64(CH_FIRST_PACKET + shift, at, row.rowFirstPacket);
  putU64(CH_TS + shift, at, <u64>row.rowTs);
  if (wanted(CH_PROTOCOL + shift)) putName(CH_PROTOCOL + shift, at, PROTOCOL_NAMES, row.rowProtocol);
  if (row.rowApp) putName(CH_APP + shift, at, APP_NAMES, row.rowApp);
  else putNull(CH_APP + shift, at);
  putAddress(CH_SRC_IP + shift, at, row.rowSrcHi, row.rowSrcLo);
  putAddress(CH_DST_IP + shift, at, row.rowDstHi, row.rowDstLo);
  putU16(CH_SRC_PORT + shift, at, row.rowSrcPort);
  putU16(CH_DST_PORT + shift, at, row.rowDstPort);
  putU64(CH_FLOW_ID + shift, at, row.rowFlowId);
  if (wanted(CH_COMMUNITY_ID + shift)) {
    computeCommunityId();
    putBytes(CH_COMMUNITY_ID + shift, at, COMMUNITY_ID, COMMUNITY_ID_LENGTH);
  }
  if (row.rowTunnelLength) putBytes(CH_TUNNEL + shift, at, row.rowTunnel, row.rowTunnelLength);
  else putNull(CH_TUNNEL + shift, at);
}

/**
 * The columns that say how the message was carried; `shift` as in `putWhere`, for these columns.
 *
 * @param sessionIdLength -1: not captured
 * @param declared bytes the message declares, header included; `captured` of them are there
 */
export function putCarriage(
  at: u32,
  shift: u32,
  sessionIdLength: i32,
  declared: u32,
  captured: u32,
  complete: bool,
  anomalies: u32,
): void {
  if (row.rowRecordVersion >= 0) putU16(CH_RECORD_VERSION + shift, at, row.rowRecordVersion);
  else putNull(CH_RECORD_VERSION + shift, at);
  if (row.rowQuicVersion >= 0) putU32(CH_QUIC_VERSION + shift, at, <u32>row.rowQuicVersion);
  else putNull(CH_QUIC_VERSION + shift, at);
  if (sessionIdLength >= 0) putU8(CH_SESSION_ID_LENGTH + shift, at, sessionIdLength);
  else putNull(CH_SESSION_ID_LENGTH + shift, at);
  putU32(CH_HELLO_BYTES + shift, at, declared);
  putU32(CH_CAPTURED_BYTES + shift, at, captured);
  putU16(CH_PACKETS + shift, at, row.rowPackets);
  putU8(CH_ATTEMPT + shift, at, row.rowAttempt);
  putBool(CH_COMPLETE + shift, at, complete);
  putAnomalies(at, shift, row.rowAnomalies | anomalies);
}

/** Count why a hello is incomplete: the first seven anomalies are reasons, with counters in the same order. */
export function countIncomplete(anomalies: u32): void {
  const reasons = anomalies & ((1 << 7) - 1);
  if (reasons) count(COUNT_INCOMPLETE_SNAPLEN_CUT + ctz<u32>(reasons));
}

/** The names of the anomaly bits. */
export function putAnomalies(at: u32, shift: u32, bits: u32): void {
  for (; bits != 0; bits &= bits - 1) {
    const i = ctz<u32>(bits);
    const entry = ANOMALY_NAMES + (i << 3);
    addText(CH_ANOMALIES + shift, ANOMALY_NAMES + load<u32>(entry), load<u32>(entry, 4));
  }
  endTextList(CH_ANOMALIES + shift, at);
}
