import { DIRECTION_BYTES, FLOW_DIRECTIONS } from './table';

/**
 * One direction of a TCP connection, inside a flow slot.
 *
 *     0   u32 base         sequence number of byte 0 of the assembly
 *     4   u8 state, u8 padding (zeros that may have been said, see `flow/padding`), u16 packets that carried the current message
 *     8   u32 assembly     0: nothing is kept
 *     12  u32 message      handshake bytes joined so far, from `front` on
 *     16  u32 raw          offset of the next byte of the record layer
 *     20  u32 anomalies    of the current message
 *     24  u64 first packet of the current message
 *     32  u64 last packet  i64 its time (ns) at 40
 *     48  u32 end          sequence number after the last hello; u32 1 if set at 52
 *     56  u16 record version, u8 records of the message, u8 attempt
 *     60  u32 record left  bytes of the current record not yet joined
 *     64  u32 cut          offset where a packet was cut by the snap length, plus 1; 0: none
 *     68  u32 start        sequence number of the first byte of the connection; u32 1 if set at 72
 *     76  u32 front        offset where the message in progress begins; what is before it is done with
 *     80  i32 header       offset of the record header before it, or of itself inside a record
 */
export const DIR_BASE: usize = 0;
export const DIR_STATE: usize = 4;
export const DIR_PADDING: usize = 5;
export const DIR_PACKETS: usize = 6;
export const DIR_ASSEMBLY: usize = 8;
export const DIR_MESSAGE: usize = 12;
export const DIR_RAW: usize = 16;
export const DIR_ANOMALIES: usize = 20;
export const DIR_FIRST_PACKET: usize = 24;
export const DIR_LAST_PACKET: usize = 32;
export const DIR_LAST_TS: usize = 40;
export const DIR_END: usize = 48;
export const DIR_END_KNOWN: usize = 52;
export const DIR_RECORD_VERSION: usize = 56;
export const DIR_RECORDS: usize = 58;
export const DIR_ATTEMPT: usize = 59;
export const DIR_RECORD_LEFT: usize = 60;
export const DIR_CUT: usize = 64;
export const DIR_START: usize = 68;
export const DIR_STARTED: usize = 72;
export const DIR_FRONT: usize = 76;
export const DIR_HEADER: usize = 80;

/** Sequence numbers are not known yet. */
export const DIR_UNKNOWN: u32 = 0;
/** The next bytes are read as records. */
export const DIR_READY: u32 = 1;
/** Its hello was seen; bytes are only counted, in case a HelloRetryRequest asks for another. */
export const DIR_PARKED: u32 = 2;
/** Nothing more is wanted from it. */
export const DIR_CLOSED: u32 = 3;

/** Direction 0 (a -> b) or 1 (b -> a) of a flow. */
@inline export function directionAt(flow: usize, index: u32): usize {
  return flow + FLOW_DIRECTIONS + <usize>index * DIRECTION_BYTES;
}

/** From here on the direction is read: the next byte has sequence number `seq`. */
export function startDirection(dir: usize, seq: u32): void {
  if (!load<u32>(dir, DIR_STARTED)) {
    store<u32>(dir, seq, DIR_START);
    store<u32>(dir, 1, DIR_STARTED);
  }
  store<u32>(dir, seq, DIR_BASE);
  store<u8>(dir, DIR_READY, DIR_STATE);
  store<u8>(dir, 0, DIR_PADDING);
  store<u32>(dir, 0, DIR_ANOMALIES);
}

/** The message in progress has this anomaly. */
@inline export function noteAnomaly(dir: usize, bit: u32): void {
  store<u32>(dir, load<u32>(dir, DIR_ANOMALIES) | bit, DIR_ANOMALIES);
}

/** Bytes behind a hello within which one that begins is the next of the same connection, not of another on its ports. */
const SAME_CONNECTION: u32 = 1 << 24;
/** Bytes before the end of a hello within which one that begins is a copy of it. */
const SAME_HELLO: u32 = 1 << 20;

/** A copy of what was read. */
export const PLACE_BEFORE: i32 = -1;
/** The next of this connection; also when no hello was seen of it. */
export const PLACE_BEHIND: i32 = 0;
/** The ends have met again, with other sequence numbers. */
export const PLACE_ELSEWHERE: i32 = 1;

/** Where a hello that begins at `seq` stands to the one that was read last in this direction. */
export function placeOf(dir: usize, seq: u32): i32 {
  if (!load<u32>(dir, DIR_END_KNOWN)) return PLACE_BEHIND;
  const end = load<u32>(dir, DIR_END);
  if (end - seq - 1 < SAME_HELLO) return PLACE_BEFORE;
  return seq - end < SAME_CONNECTION ? PLACE_BEHIND : PLACE_ELSEWHERE;
}
