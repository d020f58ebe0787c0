import { COUNT_MALFORMED_PACKETS, COUNT_NOT_IP_PACKETS } from '../generated/codes';
import { be16 } from '../core/bytes';
import { count } from '../core/control';
import { ipv4, ipv6 } from '../net/ip';
import { etherPayload } from './ethernet';
import { snap } from './llc';

/** Network layer protocol identifiers (RFC 2427 §3, ISO/IEC TR 9577). */
const NLPID_SNAP: u32 = 0x80;
const NLPID_IPV6: u32 = 0x8e;
const NLPID_IPV4: u32 = 0xcc;
const UNNUMBERED_INFORMATION: u32 = 0x03;

/** Cisco HDLC: address, control, EtherType. */
export function ciscoHdlc(p: usize, n: u32): void {
  if (n < 4) count(COUNT_MALFORMED_PACKETS);
  else etherPayload(be16(p + 2), p + 4, n - 4);
}

/**
 * Frame Relay: an address of two to four bytes, the last one odd (Q.922 §3.3), then RFC 2427's encapsulation
 * or, where that has its control byte, the EtherType of Cisco's own.
 */
export function frameRelay(p: usize, n: u32): void {
  let at: u32 = 1;
  while (at < min<u32>(n, 4) && (load<u8>(p + at) & 1) == 0) at++;
  at++;
  if (at + 2 > n) {
    count(COUNT_MALFORMED_PACKETS);
    return;
  }
  if (load<u8>(p + at) != UNNUMBERED_INFORMATION) {
    etherPayload(be16(p + at), p + at + 2, n - at - 2);
    return;
  }
  at++;
  // One byte of padding aligns what follows SNAP.
  if (load<u8>(p + at) == 0) at++;
  if (at >= n) count(COUNT_MALFORMED_PACKETS);
  else byNlpid(load<u8>(p + at), p + at + 1, n - at - 1);
}

function byNlpid(id: u32, p: usize, n: u32): void {
  if (id == NLPID_IPV4) ipv4(p, n);
  else if (id == NLPID_IPV6) ipv6(p, n);
  else if (id == NLPID_SNAP) snap(p, n);
  else count(COUNT_NOT_IP_PACKETS);
}
