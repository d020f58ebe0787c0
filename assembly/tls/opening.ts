import { be16 } from '../core/bytes';
import { limit } from '../core/control';
import { assemblyData } from '../flow/assembly';
import { rowFromPacket } from '../flow/context';
import {
  DIR_ASSEMBLY,
  DIR_BASE,
  DIR_MESSAGE,
  DIR_RAW,
  DIR_RECORD_VERSION,
  directionAt,
} from '../flow/direction';
import {
  CARRIED,
  FLOW_APP,
  FLOW_HASH,
  FLOW_PRE_TLS,
  FLOW_PROTOCOL,
  FLOW_STATE,
  FLOW_WAITING,
  flowRemove,
} from '../flow/table';
import { finishFlow, releaseDirection, releaseExtension } from '../flow/tcp';
import { ANOMALY_MISSING_SEGMENT, APP_OPENVPN } from '../generated/codes';
import { LIMIT_MAX_PRE_TLS_BYTES } from '../generated/layout';
import { openvpnStream } from '../starttls/openvpn';
import { PRE_TLS_DROP, PRE_TLS_WAIT } from '../starttls/outcome';
import { preTls } from '../starttls/pre-tls';
import { sslV2ClientHello } from './client-hello';
import { afterClientHello, afterHello, describe } from './messages';
import { carry, dropRead, readDirect, readStream, settle } from './stream';
import {
  beginsHello,
  beginsSslV2Hello,
  CONTENT_HANDSHAKE,
  isRecordHeader,
  mayBeginSslV2Hello,
  RECORD_HEADER,
  sslV2Length,
} from './wire';

/**
 * How a connection may open before, or instead of, TLS records: an SSL 2.0 hello, OpenVPN, a protocol that turns to TLS
 * later (STARTTLS, proxies), or nothing for us.
 */

/**
 * Bytes that are no TLS record at `p`: an SSL 2.0 hello, a protocol that may turn to TLS later, or nothing for us.
 * The bytes are `n` in order, from the packet or from the assembly.
 */
export function notTls(flow: usize, index: u32, p: usize, n: u32): void {
  const dir = directionAt(flow, index);
  if (n && beginsSslV2Hello(p, n) && n >= sslV2Length(p)) {
    rowFromPacket();
    sslV2Hello(flow, index, p, n);
    return;
  }
  if (afterHello(flow, index) || !n) {
    finishFlow(flow, ANOMALY_MISSING_SEGMENT);
    return;
  }
  if (beginsSslV2Hello(p, n) || mayBeginSslV2Hello(p, n)) {
    awaitMore(flow, index, p, n);
    return;
  }
  const seen = load<u32>(flow, FLOW_PRE_TLS) + n;
  if (load<u8>(flow, FLOW_APP) == APP_OPENVPN && load<u8>(flow, FLOW_PROTOCOL) < CARRIED) {
    passOpenvpn(flow, index, p, n);
    return;
  }
  const app = seen > limit(LIMIT_MAX_PRE_TLS_BYTES) * 2 ? PRE_TLS_DROP : preTls(flow, p, n);
  if (app == PRE_TLS_WAIT) {
    awaitMore(flow, index, p, n);
    return;
  }
  if (app == PRE_TLS_DROP) {
    dropFlow(flow, index);
    return;
  }
  store<u8>(flow, app, FLOW_APP);
  store<u32>(flow, seen, FLOW_PRE_TLS);
  if (app == APP_OPENVPN) passOpenvpn(flow, index, p, n);
  else skipPreTls(flow, index, p, n);
}

/** Packets of OpenVPN in the stream of the connection: their TLS is read as a stream of its own. */
function passOpenvpn(flow: usize, index: u32, p: usize, n: u32): void {
  const done = openvpnStream(load<u32>(flow, FLOW_HASH), load<u8>(flow, FLOW_PROTOCOL), p, n);
  // Room was made for the inner stream: this connection may have given way to it.
  if (load<u8>(flow, FLOW_STATE) != FLOW_WAITING || load<u8>(flow, FLOW_PROTOCOL) >= CARRIED) return;
  if (done < 0) {
    dropFlow(flow, index);
    return;
  }
  if (done == 0) awaitMore(flow, index, p, n);
  else passOver(flow, index, p, n, done);
}

/** Keep the bytes until more of them tell what they are. */
function awaitMore(flow: usize, index: u32, p: usize, n: u32): void {
  const dir = directionAt(flow, index);
  if (!load<u32>(dir, DIR_ASSEMBLY)) carry(flow, index, load<u32>(dir, DIR_BASE), p, n, 0, 0);
}

/** Row of an SSL 2.0 compatible hello at `p`, of which `n` bytes are there. */
export function sslV2Hello(flow: usize, index: u32, p: usize, n: u32): void {
  const dir = directionAt(flow, index);
  store<u16>(dir, be16(p + 3), DIR_RECORD_VERSION);
  describe(flow, index, 1);
  const total = sslV2Length(p);
  sslV2ClientHello(p, total, n);
  afterClientHello(flow, index, load<u32>(dir, DIR_BASE) + min(total, n));
}

/** The connection does not turn to TLS. One that has shown a hello stays known, so that the hello counts once. */
function dropFlow(flow: usize, index: u32): void {
  if (afterHello(flow, index ^ 1)) {
    finishFlow(flow, ANOMALY_MISSING_SEGMENT);
    return;
  }
  releaseDirection(directionAt(flow, index));
  releaseDirection(directionAt(flow, index ^ 1));
  releaseExtension(flow);
  flowRemove(flow);
}

/** Whether a hello, or as much of one as the bytes hold, begins at `p`. */
@inline function mayBeginTls(p: usize, left: u32): bool {
  if (load<u8>(p) != CONTENT_HANDSHAKE) return false;
  return left >= RECORD_HEADER + 1 ? beginsHello(p, left) : isRecordHeader(p, left);
}

/** Pass over bytes that came before TLS, up to a hello among them if there is one. */
function skipPreTls(flow: usize, index: u32, p: usize, n: u32): void {
  let at: u32 = 1;
  while (at < n && !mayBeginTls(p + at, n - at)) at++;
  passOver(flow, index, p, n, at);
}

/** Go on behind the first `at` of `n` bytes at `p`. */
function passOver(flow: usize, index: u32, p: usize, n: u32, at: u32): void {
  const dir = directionAt(flow, index);
  const assembly = <usize>load<u32>(dir, DIR_ASSEMBLY);
  if (assembly) {
    const past = <u32>(p - assemblyData(assembly)) + at;
    store<u32>(dir, past, DIR_RAW);
    dropRead(dir, assembly, past);
    store<u32>(dir, 0, DIR_MESSAGE);
    if (at == n) settle(dir);
    else readStream(flow, index);
    return;
  }
  const base = load<u32>(dir, DIR_BASE) + at;
  store<u32>(dir, base, DIR_BASE);
  if (at < n) readDirect(flow, index, base, p + at, n - at);
}
