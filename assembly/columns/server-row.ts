import { count } from '../core/control';
import { md5HexMemo } from '../fingerprint/memo';
import { computeServerNpf, NPF } from '../fingerprint/npf';
import { writeByte, writeDecimal, writeDecimalList } from '../fingerprint/text';
import { rowAnomalies } from '../flow/context';
import { COUNT_SERVER_HELLOS } from '../generated/codes';
import {
  CH_CAPTURE_ID,
  CH_RECORD_VERSION,
  GROUP_SERVER_HELLOS,
  SH_ALPN,
  SH_CAPTURE_ID,
  SH_CIPHER_SUITE,
  SH_COMPRESSION_METHOD,
  SH_EXTENSIONS,
  SH_IS_RETRY,
  SH_JA3S,
  SH_JA3S_TEXT,
  SH_LEGACY_VERSION,
  SH_NPF,
  SH_RECORD_VERSION,
  SH_SELECTED_GROUP,
  SH_SERVER_RANDOM,
  SH_SESSION_RESUMED,
  SH_VERSION,
} from '../generated/layout';
import * as hello from '../tls/parse-server';
import {
  commitRow,
  groupWanted,
  noteRows,
  putBool,
  putBytes,
  putList,
  putNull,
  putU8,
  putU16,
  rowsOf,
  wanted,
} from './batch';
import { countIncomplete, putCarriage, putWhere } from './common';
import { escapeText, isPlain } from './text';

const WHERE_SHIFT: u32 = SH_CAPTURE_ID - CH_CAPTURE_ID;
const CARRIAGE_SHIFT: u32 = SH_RECORD_VERSION - CH_RECORD_VERSION;
const SAFE: usize = memory.data(1024, 16);
const JA3S_TEXT: usize = memory.data(6 * 16384 + 64, 16);
const JA3S: usize = memory.data(32, 16);

/** Whether there are to be rows; noted when a capture begins. */
let wantsRows: bool = true;
export function noteServerProjection(): void {
  wantsRows = groupWanted(GROUP_SERVER_HELLOS);
}

function putOptional16(column: u32, at: u32, value: i32): void {
  if (value >= 0) putU16(column, at, value);
  else putNull(column, at);
}

/** JA3S (salesforce/ja3 README): version, cipher, extensions in wire order; nothing is left out. */
function putJa3s(at: u32): void {
  if (!wanted(SH_JA3S) && !wanted(SH_JA3S_TEXT) && !wanted(SH_NPF)) return;
  let to = writeByte(writeDecimal(JA3S_TEXT, hello.legacyVersion), 0x2c);
  to = writeByte(writeDecimal(to, hello.cipherSuite), 0x2c);
  to = writeDecimalList(to, hello.EXTENSIONS, hello.extensionCount);
  const length = <u32>(to - JA3S_TEXT);
  md5HexMemo(JA3S_TEXT, length, JA3S);
  putBytes(SH_JA3S, at, JA3S, 32);
  putBytes(SH_JA3S_TEXT, at, JA3S_TEXT, length);
  const npf = computeServerNpf(
    hello.legacyVersion,
    hello.cipherSuite,
    hello.EXTENSION_DATA,
    hello.extensionCount,
  );
  if (npf) putBytes(SH_NPF, at, NPF, npf);
  else putNull(SH_NPF, at);
}

function putAlpn(at: u32): void {
  if (hello.alpnLength < 0) putNull(SH_ALPN, at);
  else if (isPlain(hello.alpn, hello.alpnLength)) putBytes(SH_ALPN, at, hello.alpn, hello.alpnLength);
  else putBytes(SH_ALPN, at, SAFE, escapeText(hello.alpn, hello.alpnLength, SAFE));
}

/**
 * Write the row of the ServerHello that was parsed last, with the context of `flow/context`.
 *
 * @param declared bytes of the message as declared, header included; `captured` of them are there
 */
export function putServerHello(declared: u32, captured: u32, complete: bool): void {
  count(COUNT_SERVER_HELLOS);
  if (!complete) countIncomplete(rowAnomalies | hello.anomalies);
  if (!wantsRows) return;
  const at = rowsOf(GROUP_SERVER_HELLOS);
  putWhere(at, WHERE_SHIFT);
  putCarriage(at, CARRIAGE_SHIFT, hello.sessionIdLength, declared, captured, complete, hello.anomalies);
  if (hello.random) putBytes(SH_SERVER_RANDOM, at, hello.random, 32);
  else putNull(SH_SERVER_RANDOM, at);
  putOptional16(SH_LEGACY_VERSION, at, hello.legacyVersion);
  putOptional16(SH_VERSION, at, hello.version);
  putOptional16(SH_CIPHER_SUITE, at, hello.cipherSuite);
  if (hello.compression >= 0) putU8(SH_COMPRESSION_METHOD, at, hello.compression);
  else putNull(SH_COMPRESSION_METHOD, at);
  putAlpn(at);
  putList(SH_EXTENSIONS, at, hello.EXTENSIONS, hello.extensionCount, 1);
  putOptional16(SH_SELECTED_GROUP, at, hello.selectedGroup);
  putBool(SH_IS_RETRY, at, hello.isRetry);
  if (hello.resumed >= 0) putBool(SH_SESSION_RESUMED, at, hello.resumed != 0);
  else putNull(SH_SESSION_RESUMED, at);
  if (complete && hello.cipherSuite >= 0) putJa3s(at);
  else {
    putNull(SH_JA3S, at);
    putNull(SH_JA3S_TEXT, at);
    putNull(SH_NPF, at);
  }
  commitRow(GROUP_SERVER_HELLOS);
  noteRows(GROUP_SERVER_HELLOS);
}
