import { BYTE_ORDER, ENHANCED_PACKET, MAX_BLOCK, PACKET_FRAME, PACKET_HEADER, SECTION_HEADER } from './pcapng-blocks';
import { MAX_CAPTURED } from './pcap';

/**
 * The way from record to record for those who look ahead in a capture: records of plain pcap files (in our byte order, each a
 * header of 16 bytes with the captured length at 8), and blocks of pcapng in our byte order.
 */

/** Kinds of records. */
export const RECORDS_OTHER: u32 = 0;
export const RECORDS_PCAP: u32 = 1;
export const RECORDS_PCAPNG: u32 = 2;

const PCAP_HEADER: u32 = 16;
const MIN_BLOCK: u32 = 12;

/** Of the record stepped over last: the captured frame, if it has one, else 0 bytes. */
export let frame: usize = 0;
export let frameBytes: u32 = 0;

/** Answers of `step`. */
export const NOT_WHOLE: usize = 0;
export const NO_RECORD: usize = 1;

/** Step over the record at `at`. Returns the place of the next one, NOT_WHOLE when it reaches behind `end`, or NO_RECORD. */
@inline export function step(kind: u32, at: usize, end: usize): usize {
  return kind == RECORDS_PCAP ? stepRecord(at, end) : stepBlock(at, end);
}

@inline function stepRecord(at: usize, end: usize): usize {
  if (at + PCAP_HEADER > end) return NOT_WHOLE;
  frameBytes = load<u32>(at, 8);
  if (frameBytes > MAX_CAPTURED) return NO_RECORD;
  frame = at + PCAP_HEADER;
  return frame + frameBytes > end ? NOT_WHOLE : frame + frameBytes;
}

function stepBlock(at: usize, end: usize): usize {
  if (at + MIN_BLOCK > end) return NOT_WHOLE;
  const type = load<u32>(at);
  const length = load<u32>(at, 4);
  // Another section may be of another byte order.
  if (type == SECTION_HEADER && load<u32>(at, 8) != BYTE_ORDER) return NO_RECORD;
  if (length < MIN_BLOCK || (length & 3) != 0) return NO_RECORD;
  const packet = type == ENHANCED_PACKET;
  if (packet && (length < PACKET_FRAME || length > MAX_BLOCK)) return NO_RECORD;
  if (length > <u32>(end - at)) return NOT_WHOLE;
  frame = at + PACKET_HEADER;
  frameBytes = packet ? load<u32>(at, 20) : 0;
  return frameBytes > length - PACKET_FRAME && packet ? NO_RECORD : at + length;
}
