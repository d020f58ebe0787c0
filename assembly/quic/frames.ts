import { varint, varintBytes } from './varint';

/**
 * Frames of an Initial packet (RFC 9000 §12.4, §19): PADDING, PING, ACK, CRYPTO and CONNECTION_CLOSE. Others do not
 * belong there and end the reading.
 *
 *     CRYPTO Frame { Type (i) = 0x06, Offset (i), Length (i), Crypto Data (..) }
 *
 * T050 and T051 have the frames of Google's QUIC, whose types stand for nothing that an Initial may carry otherwise:
 * CRYPTO is 0x08, PING 0x07, ACK 0x40 to 0x7f.
 */

const PADDING: u32 = 0x00;
const PING: u32 = 0x01;
const ACK: u32 = 0x02;
const ACK_ECN: u32 = 0x03;
const CRYPTO: u32 = 0x06;
const CONNECTION_CLOSE: u32 = 0x1c;
const GOOGLE_PING: u32 = 0x07;
const GOOGLE_CRYPTO: u32 = 0x08;

let cursor: usize = 0;
let end: usize = 0;
/** The CRYPTO frame found last. */
export let cryptoOffset: u64 = 0;
export let cryptoData: usize = 0;
export let cryptoLength: u32 = 0;

/** Begin with the frames of a packet: `n` bytes at `p`, which are not to change until `nextCrypto` answers false. */
export function beginFrames(p: usize, n: u32): void {
  cursor = p;
  end = p + n;
}

/** A variable-length integer at the cursor; at the end of the packet 0, and the cursor stays behind the end. */
function take(): u64 {
  if (cursor >= end || cursor + varintBytes(cursor) > end) {
    cursor = end + 1;
    return 0;
  }
  const value = varint(cursor);
  cursor += varintBytes(cursor);
  return value;
}

function skip(n: u64): void {
  if (cursor > end || n > <u64>(end - cursor)) cursor = end + 1;
  else cursor += <usize>n;
}

/** RFC 9000 §19.3: Largest Acknowledged, ACK Delay, Range Count, First Range, {Gap, Range}*, [3 ECN counts] */
function skipAck(ecn: bool): void {
  take();
  take();
  let numbers: u64 = 1 + take() * 2 + (ecn ? 3 : 0);
  for (; numbers > 0 && cursor < end; numbers--) take();
}

/**
 * draft-tsvwg-quic-protocol-02 §7.3, type 01NULLMM: Largest Acked (LL), Delta Time (16), [N: Range Count (8)], First Block
 * (MM), {Gap (8), Block (MM)}*, Timestamp Count (8), [Delta (8), First (32), {Delta (8), Time (16)}*]
 */
function skipGoogleAck(type: u32): void {
  const largest = googleBytes(type >> 2);
  const block = googleBytes(type);
  skip(largest + 2);
  const ranges = type & 0x20 ? takeByte() : 0;
  skip(block + ranges * (1 + block));
  const timestamps = takeByte();
  if (timestamps) skip(5 + (timestamps - 1) * 3);
}

/** 1, 2, 4 or 6 bytes, by two bits. */
@inline function googleBytes(bits: u32): u32 {
  bits &= 3;
  return bits == 3 ? 6 : 1 << bits;
}

function takeByte(): u32 {
  const value: u32 = cursor < end ? load<u8>(cursor) : 0;
  skip(1);
  return value;
}

/** RFC 9000 §19.19: Error Code, Frame Type, Reason Phrase Length, Reason Phrase */
function skipClose(): void {
  take();
  take();
  skip(take());
}

@inline function fourVectors(p: usize): v128 {
  const low = v128.or(v128.load(p), v128.load(p, 16));
  return v128.or(low, v128.or(v128.load(p, 32), v128.load(p, 48)));
}

/** Most of a client's Initial is padding. */
function skipPadding(): void {
  if (ASC_FEATURE_SIMD) {
    while (cursor + 64 <= end && !v128.any_true(fourVectors(cursor))) cursor += 64;
  }
  while (cursor + 8 <= end && load<u64>(cursor) == 0) cursor += 8;
  while (cursor < end && load<u8>(cursor) == 0) cursor++;
}

/** Go to the next CRYPTO frame. False when there is none left. */
export function nextCrypto(): bool {
  while (cursor < end) {
    const type: u32 = load<u8>(cursor);
    cursor++;
    if (type == PADDING) skipPadding();
    else if (type == ACK || type == ACK_ECN) skipAck(type == ACK_ECN);
    else if (type == CONNECTION_CLOSE) skipClose();
    else if (type == CRYPTO || type == GOOGLE_CRYPTO) return readCrypto();
    else if (type >> 6 == 1) skipGoogleAck(type);
    else if (type != PING && type != GOOGLE_PING) return false;
  }
  return false;
}

function readCrypto(): bool {
  cryptoOffset = take();
  const length = take();
  if (cursor > end || length > <u64>(end - cursor)) return false;
  cryptoData = cursor;
  cryptoLength = <u32>length;
  cursor += cryptoLength;
  return true;
}
