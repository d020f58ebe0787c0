import { arenaReserve } from '../core/arena';
import { copyShort, hashBytes, sameBytes } from '../core/bytes';
import { hexEncode } from '../crypto/hex';
import { md5 } from '../crypto/md5';
import { sha256 } from '../crypto/sha256';

/**
 * Hashes that were computed before. Real traffic repeats itself: a few hundred sorted lists stand for hundreds of
 * thousands of hellos. Exact: an entry holds the whole text it stands for; longer texts are hashed each time.
 *
 * Entry: u32 length of the text (0 = empty), u32 spare, hash text (32 bytes), text; 16 bytes for wide copies.
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

@inline function entryFor(text: usize, n: u32, kind: u64): usize {
  return entries + <usize>((hashBytes(text, n) ^ kind) & (ENTRIES - 1)) * ENTRY_BYTES;
}

function remember(entry: usize, text: usize, n: u32, kind: u32): void {
  store<u32>(entry, n | (kind << 31));
  copyShort(entry + 40, text, n);
}

@inline function known(entry: usize, text: usize, n: u32, kind: u32): bool {
  return load<u32>(entry) == (n | (kind << 31)) && sameBytes(entry + 40, text, n);
}

/** First 12 hex digits of SHA-256 of a text of `n` bytes. */
export function sha256Hex12(text: usize, n: u32, to: usize): void {
  sha256(text, n, DIGEST);
  hexEncode(DIGEST, 6, to);
}

/** First 12 hex digits of SHA-256 of a text of `n` >= 1 bytes, remembered; 16 bytes at `to` are written. */
export function sha256Hex12Memo(text: usize, n: u32, to: usize): void {
  if (n > TEXT) {
    sha256Hex12(text, n, to);
    return;
  }
  const entry = entryFor(text, n, 0);
  if (!known(entry, text, n, 0)) {
    sha256Hex12(text, n, entry + 8);
    remember(entry, text, n, 0);
  }
  copyShort(to, entry + 8, 12);
}

/** MD5 of a text of `n` bytes as 32 hex digits, remembered. */
export function md5HexMemo(text: usize, n: u32, to: usize): void {
  if (n > TEXT || n == 0) {
    md5Hex(text, n, to);
    return;
  }
  const entry = entryFor(text, n, 0x555);
  if (!known(entry, text, n, 1)) {
    md5Hex(text, n, entry + 8);
    remember(entry, text, n, 1);
  }
  copyShort(to, entry + 8, 32);
}

/** MD5 of a text of `n` bytes as 32 hex digits. */
export function md5Hex(text: usize, n: u32, to: usize): void {
  md5(text, n, DIGEST);
  hexEncode(DIGEST, 16, to);
}
