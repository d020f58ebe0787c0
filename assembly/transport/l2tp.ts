import { be16 } from '../core/bytes';
import { TUNNEL_L2TP } from '../core/tunnel-names';
import { enter, ethernet } from '../link/ethernet';
import { looksEthernet } from '../link/looks';
import { looksPpp, ppp } from '../link/ppp';

/**
 * Flags of version 2 (RFC 2661 §3.1): length, sequence numbers, offset; the others are zero in data
 * messages.
 */
const LENGTH: u32 = 0x4000;
const SEQUENCE: u32 = 0x0800;
const OFFSET: u32 = 0x0200;
const PRIORITY: u32 = 0x0100;
const OPTIONAL: u32 = LENGTH | SEQUENCE | OFFSET | PRIORITY;

/**
 * L2TP over UDP: data messages of version 2, which carry PPP, and of version 3.
 *
 * @returns false, with nothing changed, for control messages and what is no L2TP
 */
export function l2tp(p: usize, n: u32, length: u32): bool {
  if (n < 8) return false;
  const flags = be16(p);
  if (flags == 3) return l2tpSession(p + 4, n - 4);
  if ((flags & ~OPTIONAL) != 2) return false;
  let header: u32 = 6;
  let end = n;
  if (flags & LENGTH) {
    header += 2;
    if (be16(p + 2) > length) return false;
    end = min(n, be16(p + 2));
  }
  if (flags & SEQUENCE) header += 4;
  if (flags & OFFSET) header += header + 2 <= end ? 2 + be16(p + header) : 2;
  if (header >= end) return false;
  if (enter(TUNNEL_L2TP, -1)) ppp(p + header, end - header);
  return true;
}

/** A cookie of version 3 has up to 8 bytes, a sublayer 4; the session before them 4. */
const MAX_SESSION_HEADER: u32 = 16;

/**
 * An L2TP version 3 session (RFC 3931 §4.1): its number, then a cookie and a sublayer whose sizes only the
 * ends know. The frame is where one can be recognised.
 *
 * @returns false, with nothing changed, when there is none
 */
export function l2tpSession(p: usize, n: u32): bool {
  // Session 0 is the control connection.
  if (n < 4 || load<u32>(p) == 0) return false;
  for (let at: u32 = 4; at <= MAX_SESSION_HEADER && at < n; at += 4) {
    const isEthernet = looksEthernet(p + at, n - at);
    if (!isEthernet && !looksPpp(p + at, n - at)) continue;
    if (!enter(TUNNEL_L2TP, -1)) return true;
    if (isEthernet) ethernet(p + at, n - at);
    else ppp(p + at, n - at);
    return true;
  }
  return false;
}
