import { be16, copyShort, sameBytes } from '../core/bytes';
import * as packet from '../core/packet';
import { QUIC_KEYS_BYTES, QUIC_SECRET_BYTES } from '../crypto/quic-keys';
import { quicClientKeys4 } from '../crypto/quic-keys-x4';
import { frame, frameBytes, NO_RECORD, step } from '../framing/ahead';
import { bucketOf, entriesTagged } from '../flow/buckets';
import { hashEnds } from '../flow/table';
import { wouldAdmit } from '../flow/trail';
import { ETHERNET_HEADER, IPV4_LOADED, IPV6_LOADED } from '../link/ethernet-header';
import { MAX_ID, MIN_DATAGRAM, MIN_ID, UDP, UDP_HEADER } from './plain-frame';

/**
 * Reading ahead for connections about to begin (SIMD build only). Four connections' keys are derived in little more time
 * than two connections', so when one begins, the packets behind it are looked at for three more.
 *
 * What is found is a guess: a datagram that looks like a client's first. Keys depend on version and connection id alone,
 * and are found again by these. A wrong guess costs time, of which there is a bound, and changes nothing else.
 */

const LANES: u32 = 4;
/** With fewer, one after the other is as fast. */
const WORTH_WHILE: u32 = 3;
/** Records looked at: further away than this there is too little QUIC to gain by it. */
const MAX_RECORDS: u32 = 48;

/** What was derived last. Per connection: keys of the client, secret of the server, u32 length of the id, the id. */
const entries: usize = memory.data(640, 16);
/** Offset of the server's secret behind the client's keys that {@link keysAhead} answers. */
export const AHEAD_SECRET: usize = <usize>QUIC_KEYS_BYTES;
const LENGTH: usize = AHEAD_SECRET + <usize>QUIC_SECRET_BYTES;
const ID: usize = LENGTH + 4;
/** With room for wide stores. */
const ENTRY_BYTES: usize = ID + 36;
/** Version and number of the entries. */
let keysVersion: u32 = 0;
let filled: u32 = 0;

/** While looking: u32 addresses and lengths of the ids found. */
const ids: usize = memory.data(16, 16);
const lengths: usize = memory.data(16, 16);
/** Connections for which nothing is looked for any more, since the last looks found too little: twice as many each time. */
let pause: u32 = 0;
let lastPause: u32 = 0;
const MAX_PAUSE: u32 = 64;

/** The keys of the client of a connection derived before, and AHEAD_SECRET behind them the server's secret; 0: none. */
export function keysAhead(version: u32, id: usize, length: u32): usize {
  if (version != keysVersion) return 0;
  for (let i: u32 = 0; i < filled; i++) {
    const entry = entries + <usize>i * ENTRY_BYTES;
    if (load<u32>(entry, LENGTH) == length && sameBytes(entry + ID, id, length)) return entry;
  }
  return 0;
}

/**
 * Derive the keys of the connection of the Initial at `p`, in the packet being walked, together with others that follow.
 *
 * @param id, length  connection id of the Initial
 * @returns as {@link keysAhead}; 0 when there are too few others
 */
export function deriveAhead(p: usize, version: u32, id: usize, length: u32): usize {
  if (packet.nextRecord == 0 || length > MAX_ID || pause > 0) {
    if (pause > 0) pause--;
    return 0;
  }
  note(0, id, length);
  const found = look(p);
  if (found < WORTH_WHILE) return 0;
  for (let i = found; i < LANES; i++) note(i, id, length);
  quicClientKeys4(version, ids, lengths, entries, entries + AHEAD_SECRET, ENTRY_BYTES);
  for (let i: usize = 0; i < <usize>found; i++) {
    const entry = entries + i * ENTRY_BYTES;
    const n = load<u32>(lengths + (i << 2));
    store<u32>(entry, n, LENGTH);
    copyShort(entry + ID, <usize>load<u32>(ids + (i << 2)), n);
  }
  keysVersion = version;
  filled = found;
  return entries;
}

@inline function note(lane: u32, id: usize, length: u32): void {
  store<u32>(ids + (<usize>lane << 2), <u32>id);
  store<u32>(lengths + (<usize>lane << 2), length);
}

/** Look for Initials like the one at `p`; returns how many ids are noted, that one's included. */
function look(p: usize): u32 {
  const end = packet.inputEnd;
  let at = packet.nextRecord;
  let found: u32 = 1;
  let left = MAX_RECORDS;
  for (; left > 0 && found < LANES; left--) {
    at = step(packet.recordKind, at, end);
    if (at <= NO_RECORD) break;
    const q = initialIn(frame, frameBytes, p);
    if (q && isNew(q + 6, load<u8>(q, 5), found)) note(found++, q + 6, load<u8>(q, 5));
  }
  // That the input ends says nothing about the traffic.
  if (found >= WORTH_WHILE) lastPause = 0;
  else if (left == 0) pause = lastPause = min(2 * lastPause + 1, MAX_PAUSE);
  return found;
}

/** Whether none of the first `n` lanes has this id. */
function isNew(id: usize, length: u32, n: u32): bool {
  for (let i: usize = 0; i < <usize>n; i++) {
    const other = <usize>load<u32>(ids + (i << 2));
    if (load<u32>(lengths + (i << 2)) == length && sameBytes(other, id, length)) return false;
  }
  return true;
}

/** The payload of the Ethernet frame if it looks like a client's first Initial, of the kind of that at `p`, or 0. */
function initialIn(frame: usize, captured: u32, p: usize): usize {
  if (captured < MIN_DATAGRAM + 42) return 0;
  const ip = frame + ETHERNET_HEADER;
  const type: u32 = load<u16>(frame, 12);
  if (type == IPV4_LOADED) {
    if (load<u8>(ip) != 0x45 || load<u8>(ip, 9) != UDP) return 0;
    const udp = ip + 20;
    if (!isAlike(udp + UDP_HEADER, p)) return 0;
    return isFirst(0, load<u32>(ip, 12), 0, load<u32>(ip, 16), udp) ? udp + UDP_HEADER : 0;
  }
  if (type != IPV6_LOADED || captured < MIN_DATAGRAM + 62 || load<u8>(ip, 6) != UDP) return 0;
  const udp = ip + 40;
  if (!isAlike(udp + UDP_HEADER, p)) return 0;
  return isFirst(load<u64>(ip, 8), load<u64>(ip, 16), load<u64>(ip, 24), load<u64>(ip, 32), udp) ? udp + UDP_HEADER : 0;
}

/** A long header of the same type and version, with an id as a client chooses it, for the same service. */
@inline function isAlike(q: usize, p: usize): bool {
  const length: u32 = load<u8>(q, 5);
  const sameType = ((load<u8>(q) ^ load<u8>(p)) & 0xb0) == 0;
  return sameType && load<u32>(q, 1) == load<u32>(p, 1) && length >= MIN_ID && length <= MAX_ID && be16(q - 6) == packet.dstPort;
}

/** Whether no connection between the ends is known, and one would be kept here. */
function isFirst(sHi: u64, sLo: u64, dHi: u64, dLo: u64, udp: usize): bool {
  const hash = hashEnds(sHi, sLo, be16(udp), dHi, dLo, be16(udp + 2), UDP);
  return wouldAdmit(hash) && !entriesTagged(bucketOf(hash), hash);
}
