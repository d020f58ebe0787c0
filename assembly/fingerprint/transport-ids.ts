import { be64 } from '../core/bytes';
import { isGreaseTransportParameter } from '../tls/grease';
import { varint, varintBytes } from '../quic/varint';

/**
 * Ids of QUIC transport parameters as they are encoded (RFC 9000 §18, §16), whatever number of bytes they take. A key is an
 * encoded id in the high bytes of a u64, zeros behind: since the first byte tells how many there are, keys sort as the
 * bytes do. GREASE ids are 1b.
 */

/** Key of the parameter read last. */
export let transportIdKey: u64 = 0;

/** Bytes of the encoded id that a key holds. */
@inline export function transportIdBytes(key: u64): u32 {
  return 1 << <u32>(key >> 62);
}

/**
 * Read the parameter at `p`: id, length, value.
 *
 * @returns the place behind it, or 0 when it is not there whole
 */
export function nextTransportId(p: usize, end: usize): usize {
  if (p >= end || p + varintBytes(p) > end) return 0;
  const bytes = varintBytes(p);
  let at = p + bytes;
  if (at >= end || at + varintBytes(at) > end) return 0;
  const length = varint(at);
  at += varintBytes(at);
  if (length > <u64>(end - at)) return 0;
  const grease = isGreaseTransportParameter(varint(p));
  transportIdKey = grease ? <u64>0x1b << 56 : be64(p) & (~(<u64>0) << (<u64>(8 - bytes) << 3));
  return at + <usize>length;
}
