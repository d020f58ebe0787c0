import { arenaReserve } from '../core/arena';
import { copyShort, hashBytes, sameBytes } from '../core/bytes';
import { hexEncode } from '../crypto/hex';
import { md5 } from '../crypto/md5';
import { sha256 } from '../crypto/sha256';

/**
 * Hashes that were computed before. Real traffic repeats itself: a few hundred sorted lists stand for hundreds of
 * thousands of hellos. Exact: an entry holds the whole text it stands for; longer texts are hashed each time.
 *
 * Entry: u32 length of the text, its upper bit the kind of hash (0 = empty), u32 spare, hash text (32 bytes), text; 16 bytes for
 * wide copies.
 */
const ENTRIES: u32 = 4096;
const TEXT: u32 = 584;
const ENTRY_BYTES: u32 = 640;
const DIGEST: usize = memory.data(64, 16);
let entries: usize = 0;

export function memoInit(): bool {
  entries = arenaReserve(ENTRIES * ENTRY_BYTES);
  return entries != 0;
}

/** Which hash an entry holds; with the length of its text in one word. */
const SHA256: u32 = 0;
const MD5: u32 = 1;

function compute(kind: u32, text: usize, n: u32, to: usize): void {
  if (kind == MD5) md5Hex(text, n, to);
  else sha256Hex12(text, n, to);
}

@inline function remembered(kind: u32, digits: u32, text: usize, n: u32, to: usize): void {
  if (n > TEXT) {
    compute(kind, text, n, to);
    return;
  }
  const spread: u64 = kind == MD5 ? 0x555 : 0;
  const entry = entries + <usize>((hashBytes(text, n) ^ spread) & (ENTRIES - 1)) * ENTRY_BYTES;
  const word = n | (kind << 31);
  if (load<u32>(entry) != word || !sameBytes(entry + 40, text, n)) {
    compute(kind, text, n, entry + 8);
    store<u32>(entry, word);
    copyShort(entry + 40, text, n);
  }
  copyShort(to, entry + 8, digits);
}

/** First 12 hex digits of SHA-256 of a text of `n` >= 1 bytes, remembered; 16 bytes at `to` are written. */
export function sha256Hex12Memo(text: usize, n: u32, to: usize): void {
  remembered(SHA256, 12, text, n, to);
}

/** MD5 of a text of `n` bytes as 32 hex digits, remembered. */
export function md5HexMemo(text: usize, n: u32, to: usize): void {
  remembered(MD5, 32, text, n, to);
}

/** First 12 hex digits of SHA-256 of a text of `n` bytes. */
export function sha256Hex12(text: usize, n: u32, to: usize): void {
  sha256(text, n, DIGEST);
  hexEncode(DIGEST, 6, to);
}

/** MD5 of a text of `n` bytes as 32 hex digits. */
export function md5Hex(text: usize, n: u32, to: usize): void {
  md5(text, n, DIGEST);
  hexEncode(DIGEST, 16, to);
}
