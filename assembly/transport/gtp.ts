import { be16, be32 } from '../core/bytes';
import { count } from '../core/control';
import { TUNNEL_GTP } from '../core/tunnel-names';
import { COUNT_NOT_IP_PACKETS } from '../generated/codes';
import { enter, ethernet } from '../link/ethernet';
import { looksEthernet, looksIp } from '../link/looks';
import { ip } from '../net/ip';

/** Version 1, protocol type GTP, reserved bit zero. */
const VERSION_BITS: u32 = 0xf8;
const VERSION_1: u32 = 0x30;
/** Any of extension header, sequence number, N-PDU number: their four bytes are there together. */
const OPTIONAL: u32 = 0x07;
const EXTENSION: u32 = 0x04;
/** Message type of user data. */
const G_PDU: u32 = 255;
const HEADER: u32 = 8;

/**
 * GTP-U user data (3GPP TS 29.281 §5.1): flags, type, length of what follows the first 8 bytes, tunnel
 * endpoint, then optional fields and extension headers (§5.2) whose length counts 4-byte words and whose
 * last byte names the next.
 *
 * @returns false, with nothing changed, when it is none
 */
export function gtpu(p: usize, n: u32, length: u32): bool {
  if (n < HEADER || load<u8>(p, 1) != G_PDU) return false;
  const flags: u32 = load<u8>(p);
  if ((flags & VERSION_BITS) != VERSION_1 || be16(p + 2) > length - HEADER) return false;
  const end = min(n, HEADER + be16(p + 2));
  let at = HEADER;
  if (flags & OPTIONAL) {
    at += 4;
    if (at > end) return false;
    let next: u32 = flags & EXTENSION ? load<u8>(p + at - 1) : 0;
    while (next != 0) {
      const bytes: u32 = at < end ? <u32>load<u8>(p + at) << 2 : 0;
      if (bytes == 0 || bytes > end - at) return false;
      at += bytes;
      next = load<u8>(p + at - 1);
    }
  }
  if (enter(TUNNEL_GTP, be32(p + 4))) payload(p + at, end - at);
  return true;
}

/** Nothing says what the session carries: IP, or Ethernet in 5G. */
function payload(p: usize, n: u32): void {
  if (looksIp(p, n)) ip(p, n);
  else if (looksEthernet(p, n)) ethernet(p, n);
  else count(COUNT_NOT_IP_PACKETS);
}
