/**
 * The packet being walked: filled by framing, link, net and transport in turn, read by everything after.
 * Addresses are raw bytes as loaded (IPv4 in `...Lo`, with `...Hi` = 0), ports are host order.
 */

/** 1-based number in the capture. */
export let number: u64 = 0;
/** Time, ns since 1970-01-01T00:00:00Z. */
export let ts: i64 = 0;
/** 4 or 6. */
export let ipVersion: u32 = 0;
export let srcHi: u64 = 0;
export let srcLo: u64 = 0;
export let dstHi: u64 = 0;
export let dstLo: u64 = 0;
export let srcPort: u32 = 0;
export let dstPort: u32 = 0;
/** Which of the transport headers in the record it is, from 1; 0: of an ordinary one. */
export let part: u32 = 0;
/** The captured bytes of the record: address, and how many; not of those that take the short way. */
export let frame: usize = 0;
export let frameBytes: u32 = 0;
/** True when an IP fragment had to be reassembled to get this packet. */
export let fragmented: bool = false;

@inline export function setRecord(packetNumber: u64, time: i64): void {
  number = packetNumber;
  ts = time;
  fragmented = false;
  part = 0;
}

@inline export function setFrame(p: usize, captured: u32): void {
  frame = p;
  frameBytes = captured;
}

/** A transport header has been met. */
@inline export function nextPart(): void {
  part++;
}

@inline export function setFragmented(value: bool): void {
  fragmented = value;
}

@inline export function setAddresses(version: u32, sHi: u64, sLo: u64, dHi: u64, dLo: u64): void {
  ipVersion = version;
  srcHi = sHi;
  srcLo = sLo;
  dstHi = dHi;
  dstLo = dLo;
}

@inline export function setPorts(source: u32, destination: u32): void {
  srcPort = source;
  dstPort = destination;
}

/** Kinds of records: those that nobody can look ahead in, and those that `framing/ahead` is for. */
export const RECORDS_OTHER: u32 = 0;
export const RECORDS_PCAP: u32 = 1;
export const RECORDS_PCAPNG: u32 = 2;

/** The record behind that of the packet; 0 where records are of no kind that `framing/ahead` steps over. */
export let nextRecord: usize = 0;
/** Their kind, and the input. */
export let recordKind: u32 = 0;
export let inputStart: usize = 0;
export let inputEnd: usize = 0;
/** What an address in the input lacks to its place in the capture, lower 32 bits. */
export let inputDistance: u32 = 0;

@inline export function setNextRecord(next: usize): void {
  nextRecord = next;
}

@inline export function setInput(kind: u32, start: usize, end: usize, place: u64): void {
  recordKind = kind;
  inputStart = start;
  inputEnd = end;
  inputDistance = <u32>place - <u32>start;
}

/** Bytes of tunnel text kept; a longer walk is cut (it has passed max_tunnel_depth headers by then). */
export const TUNNEL_CAPACITY: i32 = 192;
/** Text of the encapsulations walked so far, outermost first, `/` between. */
export const TUNNEL: usize = memory.data(TUNNEL_CAPACITY, 16);
export let tunnelLength: u32 = 0;
/** Encapsulations walked so far. */
export let tunnelDepth: u32 = 0;

@inline export function tunnelClear(): void {
  tunnelLength = 0;
  tunnelDepth = 0;
}

/** Note one more level of nesting that has no name of its own. False when the packet is nested too deep. */
@inline export function tunnelNest(maxDepth: u32): bool {
  return ++tunnelDepth <= maxDepth;
}

/** Go back to what `tunnelLength` and `tunnelDepth` were: for the next of several packets in one frame. */
@inline export function tunnelRestore(length: u32, depth: u32): void {
  tunnelLength = length;
  tunnelDepth = depth;
}

function tunnelByte(c: u32): void {
  if (tunnelLength < <u32>TUNNEL_CAPACITY) store<u8>(TUNNEL + tunnelLength++, c);
}

/**
 * Note one encapsulation: its name, and its identifier after a colon when `id` is not -1.
 *
 * @param name up to 8 characters, first character in the lowest byte
 * @returns false when the packet is nested deeper than `maxDepth`
 */
export function tunnelPush(name: u64, id: i64, maxDepth: u32): bool {
  if (++tunnelDepth > maxDepth) return false;
  if (tunnelLength > 0) tunnelByte(0x2f);
  for (; name != 0; name >>= 8) tunnelByte(<u32>(name & 0xff));
  if (id < 0) return true;
  tunnelByte(0x3a);
  let divisor: i64 = 1;
  while (id / divisor >= 10) divisor *= 10;
  for (; divisor > 0; divisor /= 10) tunnelByte(0x30 + <u32>((id / divisor) % 10));
  return true;
}
