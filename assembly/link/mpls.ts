import { COUNT_MALFORMED_PACKETS, COUNT_NOT_IP_PACKETS } from '../generated/codes';
import { count } from '../core/control';
import { TUNNEL_MPLS } from '../core/tunnel-names';
import { ip } from '../net/ip';
import { enter, ethernet } from './ethernet';
import { looksEthernet, looksIp, surelyIp } from './looks';

/** Bit 8 of a label stack entry, the third byte's lowest: the last of the stack (RFC 3032 §2.1). */
const BOTTOM: u32 = 1;
/** Control word of a pseudowire (RFC 4385 §3). */
const CONTROL_WORD: u32 = 4;

/** An MPLS label stack and what follows it. */
export function mpls(p: usize, n: u32): void {
  let at: u32 = 0;
  do {
    at += 4;
    if (at > n) {
      count(COUNT_MALFORMED_PACKETS);
      return;
    }
  } while ((load<u8>(p + at - 2) & BOTTOM) == 0);
  if (enter(TUNNEL_MPLS, -1)) mplsPayload(p + at, n - at);
}

/**
 * What follows the bottom label. Nothing there says what it is: an IP version is trusted where its header
 * holds (RFC 4928 §3), else it is an Ethernet pseudowire, with or without control word (RFC 4448 §4).
 */
function mplsPayload(p: usize, n: u32): void {
  if (surelyIp(p, n)) ip(p, n);
  else if (n > CONTROL_WORD && load<u8>(p) >> 4 == 0 && looksEthernet(p + CONTROL_WORD, n - CONTROL_WORD)) {
    ethernet(p + CONTROL_WORD, n - CONTROL_WORD);
  } else if (looksEthernet(p, n)) ethernet(p, n);
  else if (looksIp(p, n)) ip(p, n);
  else count(COUNT_NOT_IP_PACKETS);
}
