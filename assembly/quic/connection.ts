import { be32, copyShort, sameBytes } from '../core/bytes';
import { count } from '../core/control';
import { QUIC_KEYS_BYTES, QUIC_SECRET_BYTES, quicClientKeys, quicClientKeysOf, quicServerKeys } from '../crypto/quic-keys';
import { isReservedVersion, OTHER_RESERVED_SALTS, otherReservedSalt } from '../crypto/quic-salts';
import {
  FLOW_FLAGS,
  FLOW_STATE,
  FLOW_WAITING,
  flowCreate,
  flowFind,
  flowTouch,
  foundDirection,
} from '../flow/table';
import { makeRoom } from '../flow/room';
import { closeFlow } from '../flow/tcp';
import {
  ANOMALY_CONNECTION_CLOSED,
  COUNT_QUIC_INITIALS,
  COUNT_QUIC_INITIALS_DECRYPTED,
  COUNT_QUIC_UNDECRYPTABLE,
  COUNT_QUIC_UNKNOWN_VERSION,
} from '../generated/codes';
import { AHEAD_SECRET, deriveAhead, keysAhead } from './ahead';
import { readInitial, restart } from './handshake';
import {
  dcid,
  dcidLength,
  HEADER_BROKEN,
  HEADER_OK,
  HEADER_UNKNOWN_VERSION,
  MAX_ID,
  numberOffset,
  packetLength,
  packetType,
  readLongHeader,
  scid,
  scidLength,
  TYPE_INITIAL,
  TYPE_RETRY,
  version,
} from './header';
import { openInitial, recallInitial } from './initial';
import { OPENED_KEYS, OPENED_NUMBER, OPENED_PLAIN, OPENED_SECRET, OPENED_TEXT, openedAt, ownOpenedAt, wasOpenedBy } from './opened';
import {
  CLIENT,
  CLIENT_DIRECTION,
  CLIENT_KEYS,
  clearFlag,
  directionOf,
  FLAG_RETRY,
  FLAG_SERVER_HELLO,
  hasFlag,
  KEY_ID,
  KEY_ID_LENGTH,
  SERVER,
  SERVER_ID,
  SERVER_ID_LENGTH,
  SERVER_KEYS,
  setFlag,
  setVersion,
  versionOf,
} from './state';

/**
 * QUIC connections: which keys open an Initial (RFC 9001 §5.2).
 *
 * Keys come from the destination connection id of the client's first Initial. Another client Initial may carry another
 * id: that of a Retry (RFC 9000 §17.2.5), from which new keys come; that which the server has chosen, and the keys stay;
 * or that of a new connection between the same ends. The tag tells.
 */

const UDP: u32 = 17;
/** FLOW_FLAGS of a flow that is a QUIC connection. */
export const FLOW_IS_QUIC: u32 = 1;
/** A client's datagrams with Initials are at least so long (RFC 9000 §14.1), and so are its first connection ids (§7.2). */
const MIN_DATAGRAM: u32 = 1200;
const MIN_FIRST_ID: u32 = 8;
/** Q046, the only version of Google QUIC with a long header of another form: DCIL, SCIL in one byte, as drafts to 21. */
const GQUIC: u32 = 0x51303430;

/** Keys of a client, and from what its server's follow. */
const derivedKeys: usize = memory.data(QUIC_KEYS_BYTES, 16);
const derivedSecret: usize = memory.data(QUIC_SECRET_BYTES, 16);

/** A datagram of `length` bytes, `captured` of them at `p`, that begins with a long header. */
export function quicDatagram(hash: u32, p: usize, captured: u32, length: u32): void {
  let at: u32 = 0;
  while (at < captured) {
    const found = readLongHeader(p + at, captured - at);
    if (found == HEADER_OK && packetType == TYPE_INITIAL) initial(hash, p + at);
    else if (found == HEADER_OK && packetType == TYPE_RETRY) retry(hash);
    else if (found == HEADER_UNKNOWN_VERSION && at == 0) unknownVersion(p, captured, length);
    else if (found == HEADER_BROKEN && packetType == TYPE_INITIAL && dcidLength <= MAX_ID) undecryptable();
    if (found != HEADER_OK || packetLength == 0) return;
    at += packetLength;
  }
}

/** An Initial that was cut by the snap length, or whose lengths lead astray. */
function undecryptable(): void {
  count(COUNT_QUIC_INITIALS);
  count(COUNT_QUIC_UNDECRYPTABLE);
}

/** Count what is a client's first packet in all likelihood. */
function unknownVersion(p: usize, captured: u32, length: u32): void {
  if (captured < 7 || length < MIN_DATAGRAM || (load<u8>(p) & 0x40) == 0) return;
  const id: u32 = load<u8>(p, 5);
  const google = (be32(p + 1) & 0xfffffff0) == GQUIC;
  if (google || (id >= MIN_FIRST_ID && id <= MAX_ID)) count(COUNT_QUIC_UNKNOWN_VERSION);
}

/** The flow of the packet being walked if it is a QUIC connection, or 0. */
function connection(hash: u32): usize {
  const flow = flowFind(hash, UDP);
  if (!flow || load<u32>(flow, FLOW_FLAGS) == FLOW_IS_QUIC) return flow;
  closeFlow(flow, ANOMALY_CONNECTION_CLOSED);
  return 0;
}

function initial(hash: u32, p: usize): void {
  count(COUNT_QUIC_INITIALS);
  const flow = connection(hash);
  if (!flow) {
    if (!openFirst(p)) count(COUNT_QUIC_UNDECRYPTABLE);
    else begin(hash);
    return;
  }
  const direction = foundDirection;
  if (load<u8>(flow, FLOW_STATE) == FLOW_WAITING) flowTouch(flow);
  const opened = direction == directionOf(flow, CLIENT) ? fromClient(flow, direction, p) : fromServer(flow, direction, p);
  if (!opened) count(COUNT_QUIC_UNDECRYPTABLE);
}

/** Bytes of frames of the packet opened last, or -1. */
let plainLength: i32 = -1;

function open(keys: usize, p: usize): bool {
  const opened = openedAt(p, packetLength);
  plainLength =
    opened && wasOpenedBy(opened, keys)
      ? recallInitial(opened + OPENED_TEXT, load<i32>(opened, OPENED_PLAIN), load<u32>(opened, OPENED_NUMBER))
      : openInitial(keys, p, numberOffset, packetLength);
  if (plainLength < 0) return false;
  count(COUNT_QUIC_INITIALS_DECRYPTED);
  return true;
}

/** Open it as the first Initial of a client. */
function openOwn(p: usize): bool {
  const opened = ownOpenedAt(p, packetLength);
  if (opened) takeKeys(opened + OPENED_KEYS, opened + OPENED_SECRET);
  else if (dcidLength == 0 || !quicClientKeys(version, dcid, dcidLength, derivedKeys, derivedSecret)) return false;
  return openDerived(p);
}

/** Open it with the keys derived last, or, as the version is a reserved one, with those of another salt. */
function openDerived(p: usize): bool {
  if (open(derivedKeys, p)) return true;
  if (!isReservedVersion(version)) return false;
  for (let i: u32 = 0; i < OTHER_RESERVED_SALTS; i++) {
    quicClientKeysOf(otherReservedSalt(i), dcid, dcidLength, derivedKeys, derivedSecret);
    if (open(derivedKeys, p)) return true;
  }
  return false;
}

function takeKeys(keys: usize, secret: usize): void {
  copyShort(derivedKeys, keys, QUIC_KEYS_BYTES);
  copyShort(derivedSecret, secret, QUIC_SECRET_BYTES);
}

/** The same when no connection is known between the ends: more such may follow. */
function openFirst(p: usize): bool {
  if (!ASC_FEATURE_SIMD || dcidLength == 0 || ownOpenedAt(p, packetLength)) return openOwn(p);
  let keys = keysAhead(version, dcid, dcidLength);
  if (!keys) keys = deriveAhead(p, version, dcid, dcidLength);
  if (!keys) return openOwn(p);
  takeKeys(keys, keys + AHEAD_SECRET);
  return openDerived(p);
}

/** A new flow for the Initial that `openFirst` opened. */
function begin(hash: u32): void {
  makeRoom(hash);
  const flow = flowCreate(hash, UDP);
  if (!flow) return;
  store<u32>(flow, FLOW_IS_QUIC, FLOW_FLAGS);
  adopt(flow);
  readInitial(flow, CLIENT, plainLength);
}

/** The client's keys of the connection are those that opened the packet at hand. */
function adopt(flow: usize): void {
  copyShort(flow + KEY_ID, dcid, dcidLength);
  store<u8>(flow, dcidLength, KEY_ID_LENGTH);
  adoptKeys(flow);
}

function adoptKeys(flow: usize): void {
  copyShort(flow + CLIENT_KEYS, derivedKeys, QUIC_KEYS_BYTES);
  copyShort(flow + SERVER_KEYS, derivedSecret, QUIC_SECRET_BYTES);
  setVersion(flow, CLIENT, version);
  setVersion(flow, SERVER, 0);
}

/** Open it with keys from its own id: the answer to a Retry, or a new connection between the same ends. */
function openAnew(flow: usize, direction: u32, p: usize): bool {
  if (!openOwn(p)) return false;
  if (!hasFlag(flow, FLAG_RETRY)) restart(flow, ANOMALY_CONNECTION_CLOSED);
  clearFlag(flow, FLAG_RETRY);
  store<u8>(flow, direction, CLIENT_DIRECTION);
  adopt(flow);
  readInitial(flow, CLIENT, plainLength);
  return true;
}

@inline function hasId(flow: usize, id: usize, idLength: usize): bool {
  return dcidLength == load<u8>(flow + idLength) && sameBytes(dcid, flow + id, dcidLength);
}

/** An Initial in the direction of the client. Returns false when no key opens it. */
function fromClient(flow: usize, direction: u32, p: usize): bool {
  const sameKeys = hasId(flow, KEY_ID, KEY_ID_LENGTH);
  const known = sameKeys || (!hasFlag(flow, FLAG_RETRY) && hasId(flow, SERVER_ID, SERVER_ID_LENGTH));
  const done = load<u8>(flow, FLOW_STATE) != FLOW_WAITING;
  // Acknowledgements and what is sent again: no hello can be in it.
  if (known && done && version == versionOf(flow, CLIENT)) return true;
  if (known && openOld(flow, p)) return true;
  if (!sameKeys && openAnew(flow, direction, p)) return true;
  return !known && openOld(flow, p);
}

/**
 * Open it with the keys of the connection. The version may have changed on the way, and the id that keys come from stays
 * (RFC 9368 §2.3): to one that the server has chosen, or back to one that it understands.
 */
function openOld(flow: usize, p: usize): bool {
  let keys = flow + CLIENT_KEYS;
  const changed = version != versionOf(flow, CLIENT);
  if (changed) {
    deriveAgain(flow);
    keys = derivedKeys;
  }
  if (!open(keys, p)) return false;
  if (changed) adoptKeys(flow);
  readInitial(flow, CLIENT, plainLength);
  return true;
}

/** An Initial in the direction of the server. Returns false when no key opens it. */
function fromServer(flow: usize, direction: u32, p: usize): bool {
  if (!hasFlag(flow, FLAG_RETRY)) noteServerId(flow);
  if (hasFlag(flow, FLAG_SERVER_HELLO)) return true;
  if (version != versionOf(flow, SERVER)) {
    deriveServer(flow);
  }
  if (open(flow + SERVER_KEYS, p)) {
    readInitial(flow, SERVER, plainLength);
    return true;
  }
  return openAnew(flow, direction, p);
}

/** Keys for the version of the packet at hand, from the id of the connection. The version is known: its header was read. */
function deriveAgain(flow: usize): void {
  quicClientKeys(version, flow + KEY_ID, load<u8>(flow, KEY_ID_LENGTH), derivedKeys, derivedSecret);
}

/** The server's keys for the version of the packet at hand. */
function deriveServer(flow: usize): void {
  let secret = flow + SERVER_KEYS;
  if (versionOf(flow, SERVER) != 0 || versionOf(flow, CLIENT) != version) {
    deriveAgain(flow);
    secret = derivedSecret;
  }
  quicServerKeys(version, secret, flow + SERVER_KEYS);
  setVersion(flow, SERVER, version);
}

/** The client will use the id that the server gives itself. */
function noteServerId(flow: usize): void {
  copyShort(flow + SERVER_ID, scid, scidLength);
  store<u8>(flow, scidLength, SERVER_ID_LENGTH);
}

/** A Retry: the client's next Initial has keys from the id that it gives. */
function retry(hash: u32): void {
  const flow = connection(hash);
  if (!flow || foundDirection == directionOf(flow, CLIENT) || hasFlag(flow, FLAG_SERVER_HELLO)) return;
  noteServerId(flow);
  setFlag(flow, FLAG_RETRY);
}
