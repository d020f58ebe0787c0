import { be16, copyShort, hashBytes, sameBytes } from '../core/bytes';
import { QUIC_KEYS_BYTES, QUIC_SECRET_BYTES, quicClientKeys, quicServerKeys } from '../crypto/quic-keys';
import { quicClientKeys4 } from '../crypto/quic-keys-x4';
import { dcid, dcidLength, HEADER_OK, numberOffset, packetLength, packetType, readLongHeader, scid, scidLength, TYPE_INITIAL, version } from './header';
import { hashEnds } from '../flow/table';
import { frame, frameBytes, NO_RECORD, NOT_WHOLE, step } from '../framing/ahead';
import { openInitial, PLAINTEXT, packetNumber } from './initial';
import {
  KIND_OWN,
  KIND_SERVER,
  OPENED_BYTES,
  OPENED_KEYS,
  OPENED_KIND,
  OPENED_LENGTH,
  OPENED_NUMBER,
  OPENED_PLACE,
  OPENED_PLAIN,
  OPENED_SECRET,
  OPENED_TAG,
  OPENED_TEXT,
  TAG_BYTES,
} from './opened';
import { ETHERNET_HEADER, IPV4_LOADED, IPV6_LOADED } from '../link/ethernet-header';
import { MAX_ID, MIN_DATAGRAM, MIN_ID, UDP, UDP_HEADER } from './plain-frame';

/**
 * Opens Initials of a capture for the instance that walks it, in front of that (`quic/opened`): nearly all that QUIC
 * costs is their keys and AES. It keeps no connections and looks at plain Ethernet only. Which packets it opens is a
 * guess; what it makes of each is not.
 */

/** Bytes of a long header that are looked at first. */
const MIN_HEADER: u32 = 7;
/** Longer datagrams are left alone. */
const MAX_DATAGRAM: u32 = 2048;

/** Packets opened at a time: u32 address, u32 bytes of the datagram that are there, u32 kind of its keys, u32 place among the ends. */
const AT_A_TIME: u32 = 32;
const found: usize = memory.data(32 * 16, 16);

/** Keys derived lately, by the hash of the id: u32 version, u32 length of the id, the id, keys, secret. */
const KNOWN: u32 = 1024;
const KNOWN_ID: usize = 8;
const KNOWN_KEYS: usize = 48;
const KNOWN_SECRET: usize = KNOWN_KEYS + <usize>QUIC_KEYS_BYTES;
const KNOWN_BYTES: usize = KNOWN_SECRET + <usize>QUIC_SECRET_BYTES;
const known: usize = memory.data(1024 * 160, 16);

/** Hashes of ids that servers have given themselves: no keys come from these. */
const SERVER_IDS: u32 = 4096;
const serverIds: usize = memory.data(4096 * 8, 16);

/** Clients waiting for an answer, by the hash of the ends: u32 that hash, u32 version, u32 length of the id, the id. */
const ENDS: u32 = 1024;
const ENDS_ID: usize = 12;
const ENDS_BYTES: usize = 48;
const ends: usize = memory.data(1024 * 48, 16);
const serverKeys: usize = memory.data(QUIC_KEYS_BYTES, 16);

/** Those whose keys are still to be derived, four at a time: addresses of entries of `known`. */
const LANES: u32 = 4;
const waiting: usize = memory.data(16, 16);
let waits: u32 = 0;
let waitsVersion: u32 = 0;
const ids: usize = memory.data(16, 16);
const lengths: usize = memory.data(16, 16);
const LANE_BYTES: usize = <usize>QUIC_KEYS_BYTES + <usize>QUIC_SECRET_BYTES;
const lanes: usize = memory.data(4 * 112, 16);

/** Bytes of what was opened by the last `openAhead`. */
export let openedBytes: u32 = 0;

/** Kind of the records (RECORDS of `core/packet`). */
let records: u32 = 0;

/** A capture with records of this kind is to be looked at. */
export function openerBegin(kind: u32): void {
  records = kind;
}

/**
 * Open what clients' Initials are found in the records at `p`, of which `n` bytes are there; at most AT_A_TIME of them, which have
 * room in OPENED_INITIALS_BYTES.
 *
 * @param place of `p` in the capture, its lower 32 bits
 * @param from bytes behind `p` from which on packets are to be opened
 * @param out where they go
 * @returns bytes of whole records that were looked at; n + 1 when these are no records
 */
export function openAhead(p: usize, n: u32, place: u32, from: u32, out: usize): u32 {
  const end = p + n;
  let at = p;
  let count: u32 = 0;
  openedBytes = 0;
  while (count < AT_A_TIME) {
    const next = step(records, at, end);
    if (next == NO_RECORD) return n + 1;
    if (next == NOT_WHOLE) break;
    if (<u32>(at - p) >= from && isInitial(frame, frameBytes)) {
      const entry = found + (count << 4);
      store<u32>(entry, <u32>payload);
      store<u32>(entry, payloadBytes, 4);
      store<u32>(entry, kind, 8);
      store<u32>(entry, <u32>peers, 12);
      count++;
    }
    at = next;
  }
  for (let i: u32 = 0; i < count; i++) {
    if (load<u32>(found + (i << 4), 8) == KIND_OWN) prepare(i);
  }
  derive();
  let to = out;
  for (let i: u32 = 0; i < count; i++) to = open(i, place - <u32>p, to);
  openedBytes = <u32>(to - out);
  return <u32>(at - p);
}

/** Of the Initial found last: the datagram, how many bytes of it are there, the kind of its keys and the entry of `ends`. */
let payload: usize = 0;
let payloadBytes: u32 = 0;
let kind: u32 = 0;
let peers: usize = 0;

/** Whether the frame of `captured` bytes begins with an Initial that may be opened here. */
function isInitial(frame: usize, captured: u32): bool {
  if (captured < 100) return false;
  const ip = frame + ETHERNET_HEADER;
  const type: u32 = load<u16>(frame, 12);
  if (type == IPV4_LOADED && load<u8>(ip) == 0x45 && load<u8>(ip, 9) == UDP) {
    return isLongHeader(ip + 20, frame + captured) && isOf(hash4(ip));
  }
  if (type != IPV6_LOADED || load<u8>(ip, 6) != UDP) return false;
  return isLongHeader(ip + 40, frame + captured) && isOf(hash6(ip));
}

@inline function hash4(ip: usize): u32 {
  const udp = ip + 20;
  return hashEnds(0, load<u32>(ip, 12), be16(udp), 0, load<u32>(ip, 16), be16(udp + 2), UDP);
}

@inline function hash6(ip: usize): u32 {
  const udp = ip + 40;
  const s = be16(udp);
  const d = be16(udp + 2);
  return hashEnds(load<u64>(ip, 8), load<u64>(ip, 16), s, load<u64>(ip, 24), load<u64>(ip, 32), d, UDP);
}

/** Whether the datagram at `udp`, of which the bytes in front of `end` are there, begins with a whole Initial. */
function isLongHeader(udp: usize, end: usize): bool {
  payload = udp + UDP_HEADER;
  if (payload + MIN_HEADER > end || (load<u8>(payload) & 0x80) == 0) return false;
  const length = be16(udp + 4);
  if (length < <u32>UDP_HEADER + MIN_HEADER || length > MAX_DATAGRAM) return false;
  payloadBytes = min<u32>(length - <u32>UDP_HEADER, <u32>(end - payload));
  if (readLongHeader(payload, payloadBytes) != HEADER_OK) return false;
  // Servers have the lower port.
  kind = be16(udp) < be16(udp + 2) ? KIND_SERVER : KIND_OWN;
  return packetType == TYPE_INITIAL;
}

/** Whether the Initial whose header was read is one of a client with keys of its own, or the answer to one. */
function isOf(hash: u32): bool {
  peers = ends + <usize>(hash & (ENDS - 1)) * ENDS_BYTES;
  if (kind == KIND_SERVER) {
    const id = hashBytes(scid, scidLength);
    store<u64>(serverIds + (<usize>(id & (SERVER_IDS - 1)) << 3), id);
    return load<u32>(peers) == hash && load<u32>(peers, 4) == version;
  }
  if (payloadBytes < MIN_DATAGRAM || dcidLength < MIN_ID || dcidLength > MAX_ID) return false;
  const id = hashBytes(dcid, dcidLength);
  if (load<u64>(serverIds + (<usize>(id & (SERVER_IDS - 1)) << 3)) == id) return false;
  store<u32>(peers, hash);
  store<u32>(peers, version, 4);
  store<u32>(peers, dcidLength, 8);
  copyShort(peers + ENDS_ID, dcid, dcidLength);
  return true;
}

/** Where keys of an id of `length` bytes are in `known`, if they are. */
@inline function knownEntry(id: usize, length: u32): usize {
  return known + <usize>(hashBytes(id, length) & (KNOWN - 1)) * KNOWN_BYTES;
}

@inline function isKnown(entry: usize, id: usize, length: u32): bool {
  return load<u32>(entry) == version && load<u32>(entry, 4) == length && sameBytes(entry + KNOWN_ID, id, length);
}

/** Read the header of the packet found as number `i` again; answers where it is. */
function readFound(i: u32): usize {
  const q = <usize>load<u32>(found + (i << 4));
  readLongHeader(q, load<u32>(found + (i << 4), 4));
  return q;
}

/** See to it that there will be keys for the packet found as number `i`. */
function prepare(i: u32): void {
  readFound(i);
  const entry = knownEntry(dcid, dcidLength);
  if (isKnown(entry, dcid, dcidLength)) return;
  let taken = waits == LANES || (waits > 0 && waitsVersion != version);
  for (let lane: u32 = 0; lane < waits; lane++) taken = taken || <usize>load<u32>(waiting + (lane << 2)) == entry;
  if (taken) derive();
  store<u32>(entry, version);
  store<u32>(entry, dcidLength, 4);
  copyShort(entry + KNOWN_ID, dcid, dcidLength);
  store<u32>(waiting + (waits << 2), <u32>entry);
  waits++;
  waitsVersion = version;
}

/** Derive the keys that wait. */
function derive(): void {
  if (!ASC_FEATURE_SIMD || waits < 3) {
    for (let lane: u32 = 0; lane < waits; lane++) {
      const entry = <usize>load<u32>(waiting + (lane << 2));
      const length = load<u32>(entry, 4);
      quicClientKeys(waitsVersion, entry + KNOWN_ID, length, entry + KNOWN_KEYS, entry + KNOWN_SECRET);
    }
  } else {
    for (let lane: u32 = 0; lane < LANES; lane++) {
      const entry = <usize>load<u32>(waiting + (min(lane, waits - 1) << 2));
      store<u32>(ids + (lane << 2), <u32>(entry + KNOWN_ID));
      store<u32>(lengths + (lane << 2), load<u32>(entry, 4));
    }
    quicClientKeys4(waitsVersion, ids, lengths, lanes, lanes + QUIC_KEYS_BYTES, LANE_BYTES);
    for (let lane: u32 = 0; lane < waits; lane++) {
      copyShort(<usize>load<u32>(waiting + (lane << 2)) + KNOWN_KEYS, lanes + <usize>lane * LANE_BYTES, <u32>LANE_BYTES);
    }
  }
  waits = 0;
}

/** Open the packet found as number `i` and write what comes of it to `to`; answers the place behind. */
function open(i: u32, distance: u32, to: usize): usize {
  const q = readFound(i);
  if (packetLength < numberOffset + 4 + TAG_BYTES) return to;
  const side = load<u32>(found + (i << 4), 8);
  const client = <usize>load<u32>(found + (i << 4), 12);
  const id = side == KIND_OWN ? dcid : client + ENDS_ID;
  const length = side == KIND_OWN ? dcidLength : load<u32>(client, 8);
  const entry = knownEntry(id, length);
  // Another one may have taken its place since.
  if (!isKnown(entry, id, length)) return to;
  let keys = entry + KNOWN_KEYS;
  if (side == KIND_SERVER) {
    keys = serverKeys;
    quicServerKeys(version, entry + KNOWN_SECRET, keys);
  }
  const plain = openInitial(keys, q, numberOffset, packetLength);
  // A server's first Initial has the ServerHello: no other is waited for.
  if (side == KIND_SERVER && plain >= 0) store<u32>(client, 0, 4);
  const text = plain < 0 ? 0 : <u32>plain;
  const bytes = (<u32>OPENED_TEXT + text + 31) & ~15;
  store<u32>(to, <u32>q + distance, OPENED_PLACE);
  store<u32>(to, bytes, OPENED_BYTES);
  store<u32>(to, packetLength, OPENED_LENGTH);
  store<i32>(to, plain, OPENED_PLAIN);
  store<u32>(to, packetNumber, OPENED_NUMBER);
  store<u32>(to, side, OPENED_KIND);
  copyShort(to + OPENED_TAG, q + packetLength - TAG_BYTES, TAG_BYTES);
  copyShort(to + OPENED_KEYS, keys, QUIC_KEYS_BYTES);
  if (side == KIND_OWN) copyShort(to + OPENED_SECRET, entry + KNOWN_SECRET, QUIC_SECRET_BYTES);
  copyShort(to + OPENED_TEXT, PLAINTEXT, text);
  return to + bytes;
}
