import { sort16 } from '../core/sort';
import * as hello from '../tls/parse';
import { md5Hex, md5HexMemo } from './memo';
import { withoutGrease, writeByte, writeDecimal, writeDecimalList } from './text';

/**
 * JA3 (salesforce/ja3 README): `version,ciphers,extensions,groups,point formats` in decimal, `-` inside, always four
 * commas, GREASE removed, wire order; MD5 of it. JA3N: the same with the extensions sorted by number.
 */
const TEXT_BYTES: i32 = 6 * (32768 + 16384 + 32768) + 4 * 256 + 64;
export const JA3_TEXT: usize = memory.data(TEXT_BYTES, 16);
export let ja3TextLength: u32 = 0;
export const JA3: usize = memory.data(32, 16);
export const JA3N: usize = memory.data(32, 16);

const SORTED_TEXT: usize = memory.data(TEXT_BYTES, 16);
const LIST: usize = memory.data(65536, 16);

const COMMA: u32 = 0x2c;

/** Compute JA3 of the hello that was parsed last; JA3N only if wanted. */
export function computeJa3(withSorted: bool): void {
  let to = writeDecimal(JA3_TEXT, hello.legacyVersion);
  to = writeByte(to, COMMA);
  to = writeDecimalList(to, LIST, withoutGrease(hello.CIPHERS, hello.cipherCount, LIST));
  to = writeByte(to, COMMA);
  const head = to - JA3_TEXT;
  const extensions = withoutGrease(hello.EXTENSIONS, hello.extensionCount, LIST);
  to = writeDecimalList(to, LIST, extensions);
  const tail = to;
  to = writeByte(to, COMMA);
  let sorted = SORTED_TEXT;
  if (withSorted) {
    sort16(LIST, extensions);
    memory.copy(SORTED_TEXT, JA3_TEXT, head);
    sorted = writeDecimalList(SORTED_TEXT + head, LIST, extensions);
  }
  to = writeDecimalList(to, LIST, withoutGrease(hello.GROUPS, hello.groupCount, LIST));
  to = writeByte(to, COMMA);
  for (let i: u32 = 0; i < hello.pointFormatCount; i++) {
    if (i) to = writeByte(to, 0x2d);
    to = writeDecimal(to, load<u8>(hello.pointFormats + i));
  }
  ja3TextLength = <u32>(to - JA3_TEXT);
  md5Hex(JA3_TEXT, ja3TextLength, JA3);
  if (!withSorted) return;
  memory.copy(sorted, tail, to - tail);
  sorted += to - tail;
  md5HexMemo(SORTED_TEXT, <u32>(sorted - SORTED_TEXT), JA3N);
}
