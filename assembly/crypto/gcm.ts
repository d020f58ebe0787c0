import { bitsliceBatch, bitsliceKeys, bitsliceStream, KEYSTREAM, xorKeystream } from './aes-bitslice';
import { aes128Ctr, aes128Encrypt } from './aes128';
import { ghashAbsorb, ghashFinish, ghashInit } from './ghash';

/** Authenticated decryption with AES-128-GCM (NIST SP 800-38D §7.2), nonces of 96 bits, tags of 128 bits. */

const counter: usize = memory.data(16, 16);
const hashKey: usize = memory.data(16, 16);
const tagMask: usize = memory.data(16, 16);
const hash: usize = memory.data(16, 16);

@inline
function tagMatches(mask: usize, tag: usize): bool {
  const low = load<u64>(hash) ^ load<u64>(mask) ^ load<u64>(tag);
  const high = load<u64>(hash, 8) ^ load<u64>(mask, 8) ^ load<u64>(tag, 8);
  return (low | high) == 0;
}

/** GHASH over AAD and ciphertext under the key at `h`. */
@inline
function authenticate(h: usize, aad: usize, aadLen: u32, src: usize, len: u32): void {
  ghashInit(h);
  ghashAbsorb(aad, aadLen);
  ghashAbsorb(src, len);
  ghashFinish(aadLen, len, hash);
}

/**
 * The first batches of eight blocks carry E(0), which is H, in the place of counter 0; E(J0), which masks the
 * tag, at counter 1; and six or fourteen blocks of keystream. A wrong key costs no more than this and GHASH.
 */
function openSliced(
  schedule: usize,
  aad: usize,
  aadLen: u32,
  src: usize,
  len: u32,
  tag: usize,
  dst: usize,
): bool {
  bitsliceKeys(schedule);
  const two = len > 96;
  bitsliceBatch(schedule, counter, 0, two, true);
  authenticate(KEYSTREAM, aad, aadLen, src, len);
  if (!tagMatches(KEYSTREAM + 16, tag)) return false;
  const first = min<u32>(len, two ? 224 : 96);
  xorKeystream(src, dst, <usize>first, 32);
  bitsliceStream(schedule, counter, 16, src + <usize>first, len - first, dst + <usize>first);
  return true;
}

/** Block by block, for the build without SIMD. */
function openTables(
  schedule: usize,
  aad: usize,
  aadLen: u32,
  src: usize,
  len: u32,
  tag: usize,
  dst: usize,
): bool {
  store<u64>(hashKey, 0);
  store<u64>(hashKey, 0, 8);
  aes128Encrypt(schedule, hashKey, hashKey);
  store<u32>(counter, bswap<u32>(1), 12);
  aes128Encrypt(schedule, counter, tagMask);
  authenticate(hashKey, aad, aadLen, src, len);
  if (!tagMatches(tagMask, tag)) return false;
  store<u32>(counter, bswap<u32>(2), 12);
  aes128Ctr(schedule, counter, src, len, dst);
  return true;
}

/**
 * Check the tag, then decrypt.
 *
 * @param schedule  from aes128ExpandKey
 * @param src, len  ciphertext without the tag, in bytes
 * @param tag16     16 bytes, anywhere
 * @param dst       `len` bytes of plaintext; may be `src`, else they must not overlap; untouched when false
 * @returns false when the tag does not match: wrong key, damaged packet or not GCM at all
 */
export function gcmOpen(
  schedule: usize,
  nonce12: usize,
  aad: usize,
  aadLen: u32,
  src: usize,
  len: u32,
  tag16: usize,
  dst: usize,
): bool {
  store<u64>(counter, load<u64>(nonce12));
  store<u32>(counter, load<u32>(nonce12, 8), 8);
  if (ASC_FEATURE_SIMD) return openSliced(schedule, aad, aadLen, src, len, tag16, dst);
  return openTables(schedule, aad, aadLen, src, len, tag16, dst);
}
