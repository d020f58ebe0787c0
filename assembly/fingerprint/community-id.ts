import { clearShort, copyShort, hashBytes, sameBytes } from '../core/bytes';
import { base64Encode } from '../crypto/hex';
import { sha1 } from '../crypto/sha1';
import {
  rowDstHi,
  rowDstLo,
  rowDstPort,
  rowIpProtocol,
  rowIpVersion,
  rowSrcHi,
  rowSrcLo,
  rowSrcPort,
} from '../flow/context';

/**
 * Community ID, version 1, seed 0 (corelight/community-id-spec): `1:` and base64 of SHA-1 over seed, the smaller end's
 * address, the other's, protocol, a zero byte, and the two ports in the same order; all in network byte order.
 */
export const COMMUNITY_ID: usize = memory.data(32, 16);
/** Always so long: 2 + 28 characters. */
export const COMMUNITY_ID_LENGTH: u32 = 30;

const MESSAGE: usize = memory.data(64, 16);
const DIGEST: usize = memory.data(32, 16);

/**
 * What was hashed last, since the hellos of a connection follow each other: entries of the message, padded with zeros to
 * 48 bytes, and the text.
 */
const KNOWN_ENTRIES: u32 = 2048;
const KNOWN_TEXT: usize = 48;
const KNOWN_BYTES: u32 = 80;
const KNOWN: usize = memory.data(2048 * 80, 64);

function sourceFirst(): bool {
  if (rowIpVersion == 6 && rowSrcHi != rowDstHi) return bswap<u64>(rowSrcHi) < bswap<u64>(rowDstHi);
  if (rowIpVersion == 6 && rowSrcLo != rowDstLo) return bswap<u64>(rowSrcLo) < bswap<u64>(rowDstLo);
  if (rowIpVersion == 4 && rowSrcLo != rowDstLo) return bswap<u32>(<u32>rowSrcLo) < bswap<u32>(<u32>rowDstLo);
  return rowSrcPort < rowDstPort;
}

function putAddress(to: usize, hi: u64, lo: u64): usize {
  if (rowIpVersion == 4) {
    store<u32>(to, <u32>lo);
    return to + 4;
  }
  store<u64>(to, hi);
  store<u64>(to, lo, 8);
  return to + 16;
}

/** Compute it for the row being written (`flow/context`). */
export function computeCommunityId(): void {
  const forward = sourceFirst();
  clearShort(MESSAGE, 48);
  let to = putAddress(MESSAGE + 2, forward ? rowSrcHi : rowDstHi, forward ? rowSrcLo : rowDstLo);
  to = putAddress(to, forward ? rowDstHi : rowSrcHi, forward ? rowDstLo : rowSrcLo);
  store<u8>(to, rowIpProtocol);
  store<u8>(to, 0, 1);
  store<u16>(to, bswap<u16>(<u16>(forward ? rowSrcPort : rowDstPort)), 2);
  store<u16>(to, bswap<u16>(<u16>(forward ? rowDstPort : rowSrcPort)), 4);
  const known = KNOWN + <usize>((<u32>hashBytes(MESSAGE, 48) & (KNOWN_ENTRIES - 1)) * KNOWN_BYTES);
  if (sameBytes(known, MESSAGE, 48)) {
    copyShort(COMMUNITY_ID, known + KNOWN_TEXT, 32);
    return;
  }
  sha1(MESSAGE, <u32>(to + 6 - MESSAGE), DIGEST);
  store<u16>(COMMUNITY_ID, 0x3a31);
  base64Encode(DIGEST, 20, COMMUNITY_ID + 2);
  copyShort(known, MESSAGE, 48);
  copyShort(known + KNOWN_TEXT, COMMUNITY_ID, 32);
}
