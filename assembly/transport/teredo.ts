import { be16 } from '../core/bytes';
import { TUNNEL_TEREDO } from '../core/tunnel-names';
import { enter } from '../link/ethernet';
import { ipv6 } from '../net/ip';

/** Indications before the packet (RFC 4380 §5.1.1): authentication first, then origin. */
const ORIGIN: u32 = 0x0000;
const ORIGIN_BYTES: u32 = 8;
const AUTHENTICATION: u32 = 0x0001;
/**
 * Nonce and confirmation byte, behind an identifier and a value whose lengths are in the third and fourth
 * byte.
 */
const NONCE_BYTES: u32 = 13;
const IPV6_HEADER: u32 = 40;

/**
 * Teredo: an IPv6 packet, perhaps behind indications, that the datagram has room for.
 *
 * @returns false, with nothing changed, when it is none
 */
export function teredo(p: usize, n: u32, length: u32): bool {
  let at: u32 = 0;
  if (n >= NONCE_BYTES && be16(p) == AUTHENTICATION) at += NONCE_BYTES + load<u8>(p, 2) + load<u8>(p, 3);
  if (at + ORIGIN_BYTES <= n && be16(p + at) == ORIGIN) at += ORIGIN_BYTES;
  if (at + IPV6_HEADER > n || load<u8>(p + at) >> 4 != 6) return false;
  if (be16(p + at + 4) > length - at - IPV6_HEADER) return false;
  if (enter(TUNNEL_TEREDO, -1)) ipv6(p + at, n - at);
  return true;
}
