import { be16, be32, be64 } from '../core/bytes';

/** Variable-length integers (RFC 9000 §16): the two upper bits of the first byte say how many bytes there are. */

/** Bytes of the integer at `p`. */
@inline export function varintBytes(p: usize): u32 {
  return 1 << (load<u8>(p) >> 6);
}

/** Its value; the caller has checked that all its bytes are there. */
export function varint(p: usize): u64 {
  switch (varintBytes(p)) {
    case 1:
      return load<u8>(p) & 0x3f;
    case 2:
      return be16(p) & 0x3fff;
    case 4:
      return be32(p) & 0x3fffffff;
    default:
      return be64(p) & 0x3fffffffffffffff;
  }
}
