import { CONTROL } from '../core/control';
import * as packet from '../core/packet';
import { CHOSEN_BYTES, CONTROL_TOUCHED, CONTROL_TRAIL, CONTROL_UNCERTAIN, ENTRY_BYTES } from '../generated/layout';
import { clock } from './clock';

/**
 * What lets several cores read one capture. A core that begins in the middle, with a *stretch*, does not know which connections
 * are open there, and reads on as if none were. It leaves a trail: where the packets are that are of interest to connections,
 * by the hash of their ends. The core that knows what came before then goes through those packets alone whose connections
 * cross a border of the stretch, and takes the rest from the other as it is (`stretch`).
 *
 * An entry of the trail:
 *
 *     0   u32 address of the captured bytes in the input window
 *     4   u32 hash of the ends (`flowHash`); of a fragment that of its datagram (`net/fragment`)
 *     8   u24 captured bytes, u8 kind
 *     12  u32 number of the packet in the stretch
 *     16  i64 its time, ns since 1970
 *     24  i64 time of the capture (`flow/clock`), ns
 *
 * All packets of a stretch are of one LINKTYPE.
 */
export const ENTRY_HASH: usize = 4;
const ENTRY_CAPTURED: usize = 8;
export const ENTRY_KIND: usize = 11;
export const ENTRY_NUMBER: usize = 12;
export const ENTRY_TS: usize = 16;
export const ENTRY_CLOCK: usize = 24;

/** Captured bytes of the packet of an entry. */
@inline export function capturedOf(entry: usize): u32 {
  return load<u32>(entry, ENTRY_CAPTURED) & 0xffffff;
}

/** A packet with a transport header. */
const KIND_PACKET: u32 = 0;
/** An IP fragment. */
export const KIND_FRAGMENT: u32 = 1;
/** Behind the packet it was looked for connections that have waited too long. */
export const KIND_SWEEP: u32 = 2;

/** All connections are kept, without a trail: the only core of a capture. */
const ALL: u32 = 0;
/** All connections are kept, with a trail. */
const TRAIL: u32 = 1;
/** Only chosen connections are kept. */
const CHOSEN: u32 = 2;
let mode: u32 = ALL;

/** Where the next entry goes, and the end of the room for them; the same for the hashes of connections touched. */
let next: usize = 0;
let end: usize = 0;
let nextTouched: usize = 0;
let endTouched: usize = 0;

/** One bit for each value of the upper bits of a hash: connections with these are chosen. */
const CHOSEN_BITS: u32 = 20;
export const chosen: usize = memory.data(<i32>CHOSEN_BYTES, 64);

/** All connections, and no trail. */
export function trailOff(): void {
  mode = ALL;
}

/** Leave a trail, with room for entries in `[entries, entriesEnd)` and for hashes of connections in `[hashes, hashesEnd)`. */
export function trailBegin(entries: usize, entriesEnd: usize, hashes: usize, hashesEnd: usize): void {
  mode = TRAIL;
  next = entries;
  end = entriesEnd;
  nextTouched = hashes;
  endTouched = hashesEnd;
  store<u32>(CONTROL, 0, CONTROL_TRAIL);
  store<u32>(CONTROL, 0, CONTROL_TOUCHED);
  store<u32>(CONTROL, 0, CONTROL_UNCERTAIN);
}

/** Keep only connections that are chosen. */
export function chosenOnly(): void {
  mode = CHOSEN;
}

/** No connection is chosen. */
export function chooseNone(): void {
  memory.fill(chosen, 0, CHOSEN_BYTES);
}

/** Choose connections with a hash like this. */
export function choose(hash: u32): void {
  const at = chosen + (hash >> (32 - CHOSEN_BITS + 3));
  store<u8>(at, load<u8>(at) | <u8>(<u32>1 << ((hash >> (32 - CHOSEN_BITS)) & 7)));
}

@inline export function isChosen(hash: u32): bool {
  const byte: u32 = load<u8>(chosen + (hash >> (32 - CHOSEN_BITS + 3)));
  return ((byte >> ((hash >> (32 - CHOSEN_BITS)) & 7)) & 1) != 0;
}

/** What the stretch brings depends on more than the trail tells. */
export function noteUncertain(): void {
  if (mode == TRAIL) store<u32>(CONTROL, 1, CONTROL_UNCERTAIN);
}

/** A connection was begun. */
@inline export function noteTouched(hash: u32): void {
  if (mode == TRAIL) touch(hash);
}

function touch(hash: u32): void {
  if (nextTouched + 4 > endTouched) return noteUncertain();
  store<u32>(nextTouched, hash);
  nextTouched += 4;
  store<u32>(CONTROL, load<u32>(CONTROL, CONTROL_TOUCHED) + 1, CONTROL_TOUCHED);
}

function leave(kind: u32, hash: u32, frame: usize, captured: u32, number: u64, ts: i64): void {
  if (next + ENTRY_BYTES > end) return noteUncertain();
  store<u32>(next, <u32>frame);
  store<u32>(next, hash, ENTRY_HASH);
  store<u32>(next, captured | (kind << 24), ENTRY_CAPTURED);
  store<u32>(next, <u32>number, ENTRY_NUMBER);
  store<i64>(next, ts, ENTRY_TS);
  store<i64>(next, clock, ENTRY_CLOCK);
  next += ENTRY_BYTES;
  store<u32>(CONTROL, load<u32>(CONTROL, CONTROL_TRAIL) + 1, CONTROL_TRAIL);
}

/**
 * Whether the connection with this hash (`flowHash`), of a segment in the Ethernet frame of `captured` bytes at `frame`, is
 * kept here.
 */
@inline export function admitFrame(hash: u32, frame: usize, captured: u32, number: u64, ts: i64): bool {
  return mode == ALL || admitNoted(hash, frame, captured, number, ts);
}

/** The same of a segment in the packet being walked. */
@inline export function admitSegment(hash: u32): bool {
  return mode == ALL || admitNoted(hash, packet.frame, packet.frameBytes, packet.number, packet.ts);
}

/** The same of a datagram: such may be counted without a connection. */
export function admitDatagram(hash: u32): bool {
  noteTouched(hash);
  return admitSegment(hash);
}

function admitNoted(hash: u32, frame: usize, captured: u32, number: u64, ts: i64): bool {
  if (mode == CHOSEN) return isChosen(hash);
  leave(KIND_PACKET, hash, frame, captured, number, ts);
  return true;
}

/** Whether a connection that the core looks ahead for would be kept here. */
@inline export function wouldAdmit(hash: u32): bool {
  return mode != CHOSEN || isChosen(hash);
}

/** The packet being walked is a fragment of the datagram with this hash. */
export function noteFragment(hash: u32): void {
  if (mode != TRAIL) return;
  leave(KIND_FRAGMENT, hash, packet.frame, packet.frameBytes, packet.number, packet.ts);
}

/** It was looked for connections that have waited too long, behind packet `number`. */
export function noteSweep(number: u64): void {
  if (mode == TRAIL) leave(KIND_SWEEP, 0, 0, 0, number, 0);
}
