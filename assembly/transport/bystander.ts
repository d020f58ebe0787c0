import { be16 } from '../core/bytes';
import { count } from '../core/control';
import { hashEnds, mayWait } from '../flow/table';
import { COUNT_TCP_PACKETS } from '../generated/codes';
import { mayBeginHello } from '../tls/wire';

/**
 * The quick way out for most packets of ordinary traffic: TCP in Ethernet without tags, options or fragments, on a
 * connection that nothing is expected of. It decides nothing by itself: what it does not know goes the whole way, and
 * what it lets go would have ended there without a trace.
 */

/** EtherTypes as loaded, little-endian. */
const IPV4: u32 = 0x0008;
const IPV6: u32 = 0xdd86;
const ETHERNET_HEADER: usize = 14;
const TCP: u32 = 6;
/** FIN, SYN, RST. */
const EVENTS: u32 = 7;
const SYN: u32 = 2;

/** Whether the Ethernet frame of `n` captured bytes at `p` is of no interest; then it has been counted. */
export function isBystander(p: usize, n: u32): bool {
  if (n < 54) return false;
  const type: u32 = load<u16>(p, 12);
  const ip = p + ETHERNET_HEADER;
  if (type == IPV4) {
    // Version 4 with a header of 20 bytes; no fragment; TCP.
    if (load<u8>(ip) != 0x45 || (load<u16>(ip, 6) & 0xff3f) != 0 || load<u8>(ip, 9) != TCP) return false;
    const total = be16(ip + 2);
    if (total < 40) return false;
    return segment(ip + 20, min<u32>(n - 14, total) - 20, total - 20, 0, load<u32>(ip, 12), 0, load<u32>(ip, 16));
  }
  if (type != IPV6 || n < 74 || load<u8>(ip) >> 4 != 6 || load<u8>(ip, 6) != TCP) return false;
  const length = be16(ip + 4);
  if (length < 20) return false;
  const there = min<u32>(n - 54, length);
  return segment(ip + 40, there, length, load<u64>(ip, 8), load<u64>(ip, 16), load<u64>(ip, 24), load<u64>(ip, 32));
}

/** The TCP segment of which `captured` (at least 20) of `length` bytes are at `p`; addresses as `hashEnds` takes them. */
@inline function segment(p: usize, captured: u32, length: u32, sHi: u64, sLo: u64, dHi: u64, dLo: u64): bool {
  const header: u32 = (load<u8>(p, 12) >> 4) << 2;
  if (header < 20 || header > length) return false;
  const flags: u32 = load<u8>(p, 13);
  if (flags & SYN) return false;
  // A bare acknowledgement says nothing to us.
  const bare = header == length && (flags & EVENTS) == 0;
  if (!bare) {
    if (captured > header && mayMatter(p + header, captured - header)) return false;
    if (mayWait(hashEnds(sHi, sLo, be16(p), dHi, dLo, be16(p + 2), TCP))) return false;
  }
  count(COUNT_TCP_PACKETS);
  return true;
}

/** Whether the payload may begin a hello, of SSL 2.0 too, that would open a connection. */
@inline function mayMatter(payload: usize, n: u32): bool {
  const first = load<u32>(payload);
  if ((first & 0xff) == 0x16) return n < 6 || mayBeginHello(payload);
  return (first & 0x00ff0080) == 0x00010080;
}
