import { copyShort } from '../core/bytes';
import { sort16 } from '../core/sort';
import * as hello from '../tls/parse';
import { md5HexMemo } from './memo';
import { withoutGrease, writeByte, writeDecimal, writeDecimalBytes, writeDecimalsWithoutGrease } from './text';

/**
 * JA3 (salesforce/ja3 README): `version,ciphers,extensions,groups,point formats` in decimal, `-` inside, always four
 * commas, GREASE removed, wire order; MD5 of it. JA3N: the same with the extensions sorted by number.
 */
const TEXT_BYTES: i32 = 6 * (32768 + 16384 + 32768) + 4 * 256 + 64;
export const JA3_TEXT: usize = memory.data(TEXT_BYTES, 16);
export let ja3TextLength: u32 = 0;
/** JA3 is always so long. */
export const JA3_LENGTH: u32 = 32;
export const JA3N: usize = memory.data(32, 16);

const SORTED_TEXT: usize = memory.data(TEXT_BYTES, 16);
const LIST: usize = memory.data(65536 + 16, 16);

const COMMA: u32 = 0x2c;

/** Write the JA3 text of the hello that was parsed last, whose hash is JA3 (`ja3-lanes`), and JA3N if it is wanted. */
export function computeJa3(withSorted: bool): void {
  let to = writeDecimal(JA3_TEXT, hello.legacyVersion);
  to = writeByte(to, COMMA);
  to = writeDecimalsWithoutGrease(to, hello.CIPHERS, hello.cipherCount);
  to = writeByte(to, COMMA);
  const head = <u32>(to - JA3_TEXT);
  to = writeDecimalsWithoutGrease(to, hello.EXTENSIONS, hello.extensionCount);
  const tail = to;
  to = writeByte(to, COMMA);
  to = writeDecimalsWithoutGrease(to, hello.GROUPS, hello.groupCount);
  to = writeByte(to, COMMA);
  to = writeDecimalBytes(to, hello.pointFormats, hello.pointFormatCount);
  ja3TextLength = <u32>(to - JA3_TEXT);
  if (!withSorted) return;
  const extensions = withoutGrease(hello.EXTENSIONS, hello.extensionCount, LIST);
  sort16(LIST, extensions);
  copyShort(SORTED_TEXT, JA3_TEXT, head);
  const sorted = writeDecimalsWithoutGrease(SORTED_TEXT + head, LIST, extensions);
  copyShort(sorted, tail, <u32>(to - tail));
  md5HexMemo(SORTED_TEXT, <u32>(sorted - SORTED_TEXT) + <u32>(to - tail), JA3N);
}
