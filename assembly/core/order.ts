import * as packet from './packet';

/**
 * Where the row being written stands among those of the capture: two numbers that rise from row to row, so that the rows of
 * several readers, each with a part of the connections, can be put in the order in which one reader writes them.
 *
 * A row that a packet brings has the number of the packet and the number of the transport header in it. One that is given
 * up between two packets, or at the end, has a place between them, and the number of the packet that its connection was
 * last used by.
 */
let between: bool = false;
let place: f64 = 0;
let used: f64 = 0;
/** Places are counted from the packet behind this one. */
let before: u64 = 0;

/** Count places from the packet behind number `number` on. */
export function orderFrom(number: u64): void {
  before = number;
}

/** Rows are given up behind packet `number` from now on; -1 as u64: behind the last. */
export function orderBehind(number: u64): void {
  between = true;
  place = number == u64.MAX_VALUE ? Infinity : <f64>(number - before) + 0.5;
}

/** The connection that is given up was last used by a packet whose number ends in these bits. */
export function orderUsed(lowest: u32): void {
  const now = packet.number;
  used = <f64>(<i64>(now - (<u32>now - lowest) - before));
}

/** Packets bring the rows again. */
export function orderByPacket(): void {
  between = false;
}

@inline export function orderPlace(): f64 {
  return between ? place : <f64>(packet.number - before);
}

@inline export function orderRank(): f64 {
  return between ? used : <f64>packet.part;
}
