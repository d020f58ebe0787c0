import { be16, be32, be64 } from '../core/bytes';
import { directionAt, startDirection } from '../flow/direction';
import { makeRoom } from '../flow/room';
import {
  CARRIED,
  FLOW_APP,
  FLOW_STATE,
  FLOW_WAITING,
  flowCreate,
  flowFind,
  flowTouch,
  foundDirection,
  mayWait,
} from '../flow/table';
import { closeFlow, streamBytes } from '../flow/tcp';
import { ANOMALY_CONNECTION_CLOSED, APP_OPENVPN } from '../generated/codes';
import { PRE_TLS_DROP, PRE_TLS_WAIT } from './outcome';

/**
 * The control channel of OpenVPN (openvpn-rfc draft, §4; OpenVPN 2.x `ssl_pkt.h`): TLS in numbered pieces.
 *
 *     u8 opcode << 3 | key id;  u64 session id;  [HMAC, u32 packet id, u32 time: with tls-auth]
 *     u8 n;  u32 acknowledged[n];  [u64 session id of the peer: if n];  u32 message id;  TLS bytes
 *
 * Over TCP a u16 length stands before each. A connection begins with a reset of the client, message 0, whose length tells
 * how long the HMAC is. The TLS bytes of both sides are read as the stream of a connection of its own, which has the same
 * ends and CARRIED in its protocol; pieces that come before their turn are left for the copy that OpenVPN sends again.
 */
const CONTROL: u32 = 4 << 3;
const CLIENT_RESET: u32 = 7 << 3;
/** A reset without HMAC: opcode, session id, n = 0, message id 0. */
const RESET_BYTES: u32 = 14;
/** Longest HMAC (SHA-512) with what follows it. */
const MAX_AUTH_BYTES: u32 = 72;
const MAX_PACKET_BYTES: u32 = 4096;
/** What fits into the acknowledgement list of OpenVPN (RELIABLE_ACK_SIZE). */
const MAX_ACKNOWLEDGED: u32 = 8;

/** Message id of the first control packet with TLS; 0 is the reset. */
const FIRST_ID: u32 = 1;

/** Behind the fields of a TCP direction: message id that comes next, TLS bytes so far; in direction 0 the HMAC's bytes. */
const DIR_NEXT: usize = 100;
const DIR_SENT: usize = 104;
const DIR_AUTH: usize = 108;

/** Whether `n` bytes, a whole packet, are the reset with which a client begins. */
function isReset(p: usize, n: u32): bool {
  if (n < RESET_BYTES || n > RESET_BYTES + MAX_AUTH_BYTES || load<u8>(p) != CLIENT_RESET) return false;
  const auth = n - RESET_BYTES;
  // A hash of 16 bytes or more, packet id, time.
  if (auth && (auth < 24 || auth & 3)) return false;
  return be64(p + 1) != 0 && load<u8>(p + n - 5) == 0 && be32(p + n - 4) == 0;
}

/** Whether a TCP connection begins with OpenVPN: an opener, see `preTls`. */
export function openvpn(p: usize, n: u32): i32 {
  if (load<u8>(p) != 0) return PRE_TLS_DROP;
  if (n < 3) return PRE_TLS_WAIT;
  const length = be16(p);
  if (length < RESET_BYTES || length > RESET_BYTES + MAX_AUTH_BYTES || load<u8>(p, 2) != CLIENT_RESET) return PRE_TLS_DROP;
  if (n < 2 + length) return PRE_TLS_WAIT;
  return isReset(p + 2, length) ? APP_OPENVPN : PRE_TLS_DROP;
}

/**
 * Read the packets at the front of a TCP stream.
 *
 * @param protocol 6
 * @returns bytes of whole packets, or -1 when nothing more is wanted
 */
export function openvpnStream(hash: u32, protocol: u32, p: usize, n: u32): i32 {
  let at: u32 = 0;
  while (at + 2 <= n) {
    const length = be16(p + at);
    if (length < RESET_BYTES || length > MAX_PACKET_BYTES) return -1;
    if (at + 2 + length > n) break;
    if (!openvpnPacket(hash, protocol, p + at + 2, length)) return -1;
    at += 2 + length;
  }
  return <i32>at;
}

/** Whether a datagram may be one that matters here. */
@inline export function mayBeOpenvpn(first: u32): bool {
  return first == CLIENT_RESET || first == CONTROL;
}

/** One packet, a datagram or of a stream. Returns false when its TLS is over, or was never followed. */
export function openvpnPacket(hash: u32, protocol: u32, p: usize, n: u32): bool {
  const reset = isReset(p, n);
  if (!reset && !mayWait(hash)) return false;
  const flow = flowFind(hash, protocol | CARRIED);
  const direction = foundDirection;
  if (reset) {
    // Sent again, or of another connection with the same ends.
    if (flow && load<u32>(directionAt(flow, 0), DIR_NEXT) == FIRST_ID) return true;
    if (flow) closeFlow(flow, ANOMALY_CONNECTION_CLOSED);
    begin(hash, protocol, n - RESET_BYTES);
    return true;
  }
  if (!flow || load<u8>(flow, FLOW_STATE) != FLOW_WAITING) return false;
  flowTouch(flow);
  if (load<u8>(p) == CONTROL) control(flow, direction, p, n);
  return true;
}

function begin(hash: u32, protocol: u32, auth: u32): void {
  makeRoom(hash);
  const flow = flowCreate(hash, protocol | CARRIED);
  if (!flow) return;
  store<u8>(flow, APP_OPENVPN, FLOW_APP);
  store<u32>(directionAt(flow, 0), auth, DIR_AUTH);
  for (let i: u32 = 0; i < 2; i++) {
    startDirection(directionAt(flow, i), 0);
    store<u32>(directionAt(flow, i), FIRST_ID, DIR_NEXT);
  }
}

/** Pass the TLS bytes of a control packet on, if it is the next. */
function control(flow: usize, direction: u32, p: usize, n: u32): void {
  const dir = directionAt(flow, direction);
  let at: u32 = 9 + load<u32>(directionAt(flow, 0), DIR_AUTH);
  if (at >= n) return;
  const acknowledged: u32 = load<u8>(p + at);
  if (acknowledged > MAX_ACKNOWLEDGED) return;
  at += 1 + 4 * acknowledged + (acknowledged ? 8 : 0);
  if (at + 4 >= n || be32(p + at) != load<u32>(dir, DIR_NEXT)) return;
  at += 4;
  const sent = load<u32>(dir, DIR_SENT);
  store<u32>(dir, load<u32>(dir, DIR_NEXT) + 1, DIR_NEXT);
  store<u32>(dir, sent + n - at, DIR_SENT);
  streamBytes(flow, direction, sent, p + at, n - at, n - at);
}
