import { ghashTable, ghashTimes, ghashTimes2 } from './ghash-tables';

/**
 * GHASH (NIST SP 800-38D §6.4) with tables of 256 multiples of the key H.
 *
 * A block is kept as a 128-bit integer: byte 0 of the block is its highest byte, so the coefficient of x^0 is
 * the top bit and multiplying by x shifts right.
 */

const running: usize = memory.data(16, 16);
const partial: usize = memory.data(16, 16);
/** Two blocks at once take no longer than one: a single one is held here until there is another, or no more. */
const pair: usize = memory.data(32, 16);
let isHeld: bool = false;

/** Begin a hash under the key H, a block of 16 bytes. */
export function ghashInit(h: usize): void {
  ghashTable(bswap<u64>(load<u64>(h)), bswap<u64>(load<u64>(h, 8)));
  store<u64>(running, 0);
  store<u64>(running, 0, 8);
  isHeld = false;
}

/** Absorb one block. */
function absorbBlock(block: usize): void {
  if (!ASC_FEATURE_SIMD) {
    ghashTimes(running, block);
    return;
  }
  const half = pair + (isHeld ? 16 : 0);
  v128.store(half, v128.load(block));
  if (isHeld) ghashTimes2(running, pair);
  isHeld = !isHeld;
}

/** Absorb `len` bytes, the last block filled up with zeros. */
export function ghashAbsorb(src: usize, len: u32): void {
  let at = src;
  const end = src + <usize>(len & ~15);
  if (ASC_FEATURE_SIMD) {
    if (isHeld && at < end) {
      absorbBlock(at);
      at += 16;
    }
    for (; at + 32 <= end; at += 32) ghashTimes2(running, at);
  }
  for (; at < end; at += 16) absorbBlock(at);
  const rest = <usize>(len & 15);
  if (rest == 0) return;
  store<u64>(partial, 0);
  store<u64>(partial, 0, 8);
  for (let i: usize = 0; i < rest; i++) store<u8>(partial + i, load<u8>(end + i));
  absorbBlock(partial);
}

/**
 * Absorb the two lengths (in bytes; hashed as 64-bit numbers of bits) and write the hash, a block of 16
 * bytes.
 */
export function ghashFinish(aadLen: u32, len: u32, out: usize): void {
  store<u64>(partial, bswap<u64>((<u64>aadLen) << 3));
  store<u64>(partial, bswap<u64>((<u64>len) << 3), 8);
  absorbBlock(partial);
  if (isHeld) ghashTimes(running, pair);
  store<u64>(out, bswap<u64>(load<u64>(running, 8)));
  store<u64>(out, bswap<u64>(load<u64>(running)), 8);
}
