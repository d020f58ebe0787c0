import { buddyAllocate } from '../core/buddy';
import { be16, be32, be64 } from '../core/bytes';
import { directionAt, noteAnomaly, startDirection } from '../flow/direction';
import { makeRoom } from '../flow/room';
import {
  CARRIED,
  FLOW_APP,
  FLOW_EXTENSION,
  FLOW_STATE,
  FLOW_WAITING,
  flowCreate,
  flowFind,
  flowTouch,
  foundDirection,
  mayWait,
} from '../flow/table';
import { closeFlow, finishFlow, streamBytes } from '../flow/tcp';
import { ANOMALY_CONNECTION_CLOSED, ANOMALY_MISSING_SEGMENT, ANOMALY_OUT_OF_ORDER, APP_OPENVPN } from '../generated/codes';
import { beginsHello } from '../tls/wire';
import { PRE_TLS_DROP, PRE_TLS_WAIT } from './outcome';

/**
 * The control channel of OpenVPN (openvpn-rfc draft, §4; OpenVPN 2.x `ssl_pkt.h`): TLS in numbered pieces.
 *
 *     u8 opcode << 3 | key id;  u64 session id;  [HMAC, u32 packet id, u32 time: with tls-auth]
 *     u8 n;  u32 acknowledged[n];  [u64 session id of the peer: if n];  u32 message id;  TLS bytes
 *
 * Over TCP a u16 length stands before each. A connection begins with a reset of the client, message 0, whose length tells
 * how long the HMAC is; over UDP, where the capture may begin later, a packet in which a hello begins tells it too. The TLS
 * bytes of both sides are read as the stream of a connection of its own, which has the same ends and CARRIED in its
 * protocol. Pieces that come before their turn are kept in a block that the flow has as its extension:
 *
 *     0   u32 bytes in use, this header counted; u32 spare
 *     8   {u32 message id, u16 direction, u16 bytes, the bytes}*
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

/** Opcodes of data, with any key id: the handshake is over. */
const DATA_V1: u32 = 6;
const DATA_V2: u32 = 9;

/** Message id of the first control packet with TLS; 0 is the reset. */
const FIRST_ID: u32 = 1;
/** How far ahead of the next message one may be that is kept: what OpenVPN itself keeps (TLS_RELIABLE_N_REC_BUFFERS). */
const WINDOW: u32 = 12;
const KEPT_BYTES: u32 = 16384;
const KEPT_HEADER: u32 = 8;

/**
 * Behind the fields of a TCP direction: start of the session id (0: not seen), message id that comes next, TLS bytes so far;
 * in direction 0 the HMAC's bytes.
 */
const DIR_SESSION: usize = 96;
const DIR_NEXT: usize = 100;
const DIR_SENT: usize = 104;
const DIR_AUTH: usize = 108;

/** Bytes of an HMAC with what follows it: none, MD5, SHA-1, SHA-224, SHA-256, SHA-384, SHA-512. */
const AUTHS: usize = memory.data<u8>([0, 24, 28, 36, 40, 56, 72]);
const AUTH_COUNT: usize = 7;

/** Of the control packet that `parse` took apart. */
let messageId: u32 = 0;
let piece: usize = 0;
let pieceBytes: u32 = 0;

/** Take a control packet apart, of which `n` bytes are there. Returns false when its lengths do not fit. */
function parse(p: usize, n: u32, auth: u32): bool {
  let at: u32 = 9 + auth;
  if (at >= n) return false;
  const acknowledged: u32 = load<u8>(p + at);
  if (acknowledged > MAX_ACKNOWLEDGED) return false;
  at += 5 + 4 * acknowledged + (acknowledged ? 8 : 0);
  if (at >= n) return false;
  messageId = be32(p + at - 4);
  piece = p + at;
  pieceBytes = n - at;
  return true;
}

/** Bytes of the HMAC of a control packet in which a hello begins; -1: it is no such packet. */
function authOfHello(p: usize, n: u32): i32 {
  if (load<u8>(p) != CONTROL) return -1;
  for (let i: usize = 0; i < AUTH_COUNT; i++) {
    const auth: u32 = load<u8>(AUTHS + i);
    if (parse(p, n, auth) && pieceBytes >= 6 && beginsHello(piece, pieceBytes)) return auth;
  }
  return -1;
}

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
    if (!openvpnPacket(hash, protocol, p + at + 2, length, length)) return -1;
    at += 2 + length;
  }
  return <i32>at;
}

/** Whether a datagram may be one that matters here. */
@inline export function mayBeOpenvpn(first: u32): bool {
  return first == CLIENT_RESET || first == CONTROL;
}

/**
 * One packet, a datagram or of a stream: `captured` of its `length` bytes, at least 14, at `p`. Returns false when its TLS is
 * over, or was never followed.
 */
export function openvpnPacket(hash: u32, protocol: u32, p: usize, captured: u32, length: u32): bool {
  const reset = captured == length && isReset(p, length);
  if (!reset && load<u8>(p) != CONTROL && !mayWait(hash)) return false;
  const flow = flowFind(hash, protocol | CARRIED);
  const direction = foundDirection;
  if (flow && isSession(flow, direction, p)) return follow(flow, direction, p, captured, length);
  const auth = reset ? <i32>(length - RESET_BYTES) : authOfHello(p, captured);
  if (auth < 0) return flow != 0 && load<u8>(flow, FLOW_STATE) == FLOW_WAITING;
  if (flow) closeFlow(flow, ANOMALY_CONNECTION_CLOSED);
  begin(hash, protocol, auth, p, captured, length);
  return true;
}

/** Whether a packet is of the session that its end has shown first. */
function isSession(flow: usize, direction: u32, p: usize): bool {
  const at = directionAt(flow, direction) + DIR_SESSION;
  const id = load<u32>(p, 1) | 1;
  if (load<u32>(at) == 0) store<u32>(at, id);
  return load<u32>(at) == id;
}

function follow(flow: usize, direction: u32, p: usize, captured: u32, length: u32): bool {
  if (load<u8>(flow, FLOW_STATE) != FLOW_WAITING) return false;
  flowTouch(flow);
  const opcode = load<u8>(p) >> 3;
  if (opcode == DATA_V1 || opcode == DATA_V2) {
    finishFlow(flow, ANOMALY_MISSING_SEGMENT);
    return false;
  }
  if (load<u8>(p) == CONTROL) control(flow, direction, p, captured, length);
  return true;
}

/** A new session, with a reset or with the packet in which its hello begins. */
function begin(hash: u32, protocol: u32, auth: u32, p: usize, captured: u32, length: u32): void {
  makeRoom(hash);
  const flow = flowCreate(hash, protocol | CARRIED);
  if (!flow) return;
  const reset = load<u8>(p) == CLIENT_RESET;
  store<u8>(flow, APP_OPENVPN, FLOW_APP);
  store<u32>(directionAt(flow, 0), auth, DIR_AUTH);
  store<u32>(directionAt(flow, 0), load<u32>(p, 1) | 1, DIR_SESSION);
  for (let i: u32 = 0; i < 2; i++) {
    startDirection(directionAt(flow, i), 0);
    store<u32>(directionAt(flow, i), FIRST_ID, DIR_NEXT);
  }
  if (reset) return;
  store<u32>(directionAt(flow, 0), messageId, DIR_NEXT);
  control(flow, 0, p, captured, length);
}

/** Pass the TLS bytes of a control packet on if it is the next, and those that waited for it. */
function control(flow: usize, direction: u32, p: usize, captured: u32, length: u32): void {
  if (!parse(p, captured, load<u32>(directionAt(flow, 0), DIR_AUTH))) return;
  const dir = directionAt(flow, direction);
  const ahead = messageId - load<u32>(dir, DIR_NEXT);
  if (ahead) {
    if (ahead <= WINDOW && captured == length) keep(flow, direction);
    return;
  }
  pass(flow, direction, piece, pieceBytes, pieceBytes + (length - captured));
  for (let at = nextKept(flow, direction); at != 0; at = nextKept(flow, direction)) {
    const bytes: u32 = load<u16>(at, 6);
    noteAnomaly(dir, ANOMALY_OUT_OF_ORDER);
    pass(flow, direction, at + KEPT_HEADER, bytes, bytes);
  }
}

/** The next bytes of the TLS stream: `captured` of `bytes` at `p`. */
function pass(flow: usize, direction: u32, p: usize, captured: u32, bytes: u32): void {
  const dir = directionAt(flow, direction);
  const sent = load<u32>(dir, DIR_SENT);
  store<u32>(dir, load<u32>(dir, DIR_NEXT) + 1, DIR_NEXT);
  store<u32>(dir, sent + bytes, DIR_SENT);
  streamBytes(flow, direction, sent, p, captured, bytes);
}

/** Keep the piece at hand for its turn, if there is room. */
function keep(flow: usize, direction: u32): void {
  let kept = <usize>load<u32>(flow, FLOW_EXTENSION);
  if (!kept) {
    kept = buddyAllocate(KEPT_BYTES);
    if (!kept) return;
    store<u32>(kept, KEPT_HEADER);
    store<u32>(flow, <u32>kept, FLOW_EXTENSION);
  }
  const used = load<u32>(kept);
  if (used + KEPT_HEADER + pieceBytes > KEPT_BYTES) return;
  const at = kept + used;
  store<u32>(at, messageId);
  store<u16>(at, direction, 4);
  store<u16>(at, pieceBytes, 6);
  memory.copy(at + KEPT_HEADER, piece, pieceBytes);
  store<u32>(kept, used + KEPT_HEADER + pieceBytes);
}

/** The kept piece whose turn it is, or 0; also when the flow wants no more. */
function nextKept(flow: usize, direction: u32): usize {
  const kept = <usize>load<u32>(flow, FLOW_EXTENSION);
  if (!kept || load<u8>(flow, FLOW_STATE) != FLOW_WAITING) return 0;
  const next = load<u32>(directionAt(flow, direction), DIR_NEXT);
  const end = kept + load<u32>(kept);
  for (let at = kept + KEPT_HEADER; at < end; at += KEPT_HEADER + load<u16>(at, 6)) {
    if (load<u32>(at) == next && load<u16>(at, 4) == direction) return at;
  }
  return 0;
}
