import { TUNNEL_AYIYA } from '../core/tunnel-names';
import { enter } from '../link/ethernet';
import { looksIp } from '../link/looks';
import { ip } from '../net/ip';

const HEADER: u32 = 8;
/** Operations: 1 forwards a packet. */
const FORWARD: u32 = 1;
const IPV4: u32 = 4;
const IPV6: u32 = 41;

/**
 * AYIYA (draft-massar-v6ops-ayiya §3): length of the identity as a power of two and its type, length of the
 * signature in 4-byte words and its method, authentication and operation, next header, time; then identity,
 * signature and packet.
 *
 * @returns false, with nothing changed, when it is none
 */
export function ayiya(p: usize, n: u32): bool {
  if (n < HEADER) return false;
  const identity: u32 = <u32>load<u8>(p) >> 4;
  const next: u32 = load<u8>(p, 3);
  if ((load<u8>(p, 2) & 15) != FORWARD || (next != IPV4 && next != IPV6)) return false;
  const at = HEADER + (<u32>1 << identity) + ((<u32>load<u8>(p, 1) >> 4) << 2);
  if (at >= n || !looksIp(p + at, n - at)) return false;
  if (enter(TUNNEL_AYIYA, -1)) ip(p + at, n - at);
  return true;
}
