import { be16 } from '../core/bytes';
import { hexEncode } from '../crypto/hex';
import { isGrease } from '../tls/grease';
import { writeHex16, writeHex8 } from './text';

/** Longest text: mercury's buffer has 8192 bytes, and without room for it and its end there is no fingerprint. */
export const MAX_TEXT: u32 = 8191;

/** Where the next character goes, and the end of the room; `full` once something found no room. */
let to: usize = 0;
let stop: usize = 0;
export let full: bool = false;

/** Begin a text at `text`, where there is room for MAX_TEXT characters. */
export function begin(text: usize): void {
  to = text;
  stop = text + MAX_TEXT;
  full = false;
}

/** Characters of the text that began at `text`; 0 when it did not fit. */
export function lengthFrom(text: usize): u32 {
  return full ? 0 : <u32>(to - text);
}

@inline function hasRoom(n: u32): bool {
  if (<u32>(stop - to) < n) full = true;
  return !full;
}

/** One character. */
export function put(c: u32): void {
  if (hasRoom(1)) store<u8>(to++, c);
}

/** Up to 8 characters, the first in the lowest byte. */
export function putWord(word: u64): void {
  for (; word != 0; word >>= 8) put(<u32>(word & 0xff));
}

export function putHex8(v: u32): void {
  if (hasRoom(2)) to = writeHex8(to, v);
}

export function putHex16(v: u32): void {
  if (hasRoom(4)) to = writeHex16(to, v);
}

/** `n` bytes at `p`. */
export function putHex(p: usize, n: u32): void {
  if (!hasRoom(n << 1)) return;
  hexEncode(p, n, to);
  to += n << 1;
}

/** `skip` bytes as they are, then values of 16 bits with GREASE as 0a0a; an odd byte at the end is left out. */
export function putDegreased(p: usize, n: u32, skip: u32): void {
  skip = min(skip, n);
  putHex(p, skip);
  for (let i = skip; i + 2 <= n && !full; i += 2) {
    const v = be16(p + i);
    putHex16(isGrease(v) ? 0x0a0a : v);
  }
}
