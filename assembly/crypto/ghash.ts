import { ghashTable, ghashTimes, ghashTimes2 } from './ghash-tables';

/**
 * GHASH (NIST SP 800-38D §6.4) with tables of 256 multiples of the key H.
 *
 * A block is kept as a 128-bit integer: byte 0 of the block is its highest byte, so the coefficient of x^0 is
 * the top bit and multiplying by x shifts right.
 */

const running: usize = memory.data(16, 16);
const partial: usize = memory.data(16, 16);

/** Begin a hash under the key H, a block of 16 bytes. */
export function ghashInit(h: usize): void {
  ghashTable(bswap<u64>(load<u64>(h)), bswap<u64>(load<u64>(h, 8)));
  store<u64>(running, 0);
  store<u64>(running, 0, 8);
}

/** Absorb `blocks` whole blocks. */
function absorbBlocks(src: usize, blocks: usize): void {
  let at = src;
  let left = blocks;
  if (ASC_FEATURE_SIMD) {
    for (; left >= 2; left -= 2) {
      ghashTimes2(running, at);
      at += 32;
    }
  }
  for (; left > 0; left--) {
    ghashTimes(running, at);
    at += 16;
  }
}

/** Absorb `len` bytes, the last block filled up with zeros. */
export function ghashAbsorb(src: usize, len: u32): void {
  absorbBlocks(src, <usize>(len >>> 4));
  const rest = <usize>(len & 15);
  if (rest == 0) return;
  const from = src + <usize>(len & ~15);
  store<u64>(partial, 0);
  store<u64>(partial, 0, 8);
  for (let i: usize = 0; i < rest; i++) store<u8>(partial + i, load<u8>(from + i));
  ghashTimes(running, partial);
}

/**
 * Absorb the two lengths (in bytes; hashed as 64-bit numbers of bits) and write the hash, a block of 16
 * bytes.
 */
export function ghashFinish(aadLen: u32, len: u32, out: usize): void {
  store<u64>(partial, bswap<u64>((<u64>aadLen) << 3));
  store<u64>(partial, bswap<u64>((<u64>len) << 3), 8);
  ghashTimes(running, partial);
  store<u64>(out, bswap<u64>(load<u64>(running, 8)));
  store<u64>(out, bswap<u64>(load<u64>(running)), 8);
}
