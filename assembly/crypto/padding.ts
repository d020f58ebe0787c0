/** Message padding common to MD5, SHA-1 and SHA-256 (RFC 1321 §3.1-3.2, FIPS 180-4 §5.1.1). */

/** Bytes that {@link padTail} may write: the unfinished block and one more for the length. */
export const TAIL_BYTES: i32 = 128;

/** Blocks of 64 bytes in the padded form of a message of `len` bytes. */
@inline
export function paddedBlocks(len: u32): u32 {
  return (len + 72) >>> 6;
}

/**
 * Write the padded last one or two blocks of a message to `tail`.
 *
 * @param tail       TAIL_BYTES of room; only whole blocks in use are meaningful afterwards
 * @param src, len   the whole message (bytes); reads only inside it
 * @param bigEndian  byte order of the 64-bit bit count: true for SHA, false for MD5
 * @returns number of blocks written, 1 or 2
 */
export function padTail(tail: usize, src: usize, len: u32, bigEndian: bool): u32 {
  const whole = len & ~63;
  let from = src + <usize>whole;
  let n = len - whole;
  const blocks: u32 = n < 56 ? 1 : 2;
  for (let i: usize = 0; i < 128; i += 32) {
    store<u64>(tail + i, 0);
    store<u64>(tail + i, 0, 8);
    store<u64>(tail + i, 0, 16);
    store<u64>(tail + i, 0, 24);
  }
  let to = tail;
  for (; n >= 8; n -= 8) {
    store<u64>(to, load<u64>(from));
    to += 8;
    from += 8;
  }
  for (; n > 0; n--) store<u8>(to++, load<u8>(from++));
  store<u8>(to, 0x80);
  const bits = (<u64>len) << 3;
  store<u64>(tail + ((<usize>blocks) << 6) - 8, bigEndian ? bswap<u64>(bits) : bits);
  return blocks;
}
