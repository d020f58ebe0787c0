import { RECORDS_PCAP } from '../core/packet';
import {
  BYTE_ORDER,
  ENHANCED_PACKET,
  MAX_BLOCK,
  MAX_CAPTURED,
  MIN_BLOCK,
  PACKET_FRAME,
  PACKET_HEADER,
  RECORD_HEADER,
  SECTION_HEADER,
} from './formats';

/**
 * The way from record to record for those who look ahead in a capture: records of plain pcap files and blocks of pcapng ones, in our
 * byte order.
 */

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
  if (at + RECORD_HEADER > end) return NOT_WHOLE;
  frameBytes = load<u32>(at, 8);
  if (frameBytes > MAX_CAPTURED) return NO_RECORD;
  frame = at + RECORD_HEADER;
  return frame + frameBytes > end ? NOT_WHOLE : frame + frameBytes;
}

function stepBlock(at: usize, end: usize): usize {
  if (at + MIN_BLOCK > end) return NOT_WHOLE;
  const type = load<u32>(at);
  const length = load<u32>(at, 4);
  // Another section may be of another byte order.
  if (type == SECTION_HEADER && load<u32>(at, 8) != BYTE_ORDER) return NO_RECORD;
  if (length < MIN_BLOCK || (length & 3) != 0) return NO_RECORD;
  const hasFrame = type == ENHANCED_PACKET;
  if (hasFrame && (length < PACKET_FRAME || length > MAX_BLOCK)) return NO_RECORD;
  if (length > <u32>(end - at)) return NOT_WHOLE;
  frame = at + PACKET_HEADER;
  frameBytes = hasFrame ? load<u32>(at, 20) : 0;
  return hasFrame && frameBytes > length - PACKET_FRAME ? NO_RECORD : at + length;
}
