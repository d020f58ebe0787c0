import { COUNT_MALFORMED_PACKETS } from '../generated/codes';
import { be16 } from '../core/bytes';
import { count } from '../core/control';
import { TUNNEL_VLAN } from '../core/tunnel-names';
import { enter, etherPayload } from './ethernet';
import { ETHERNET_HEADER } from './ethernet-header';

/** Ethernet frames between a switch and its processor, with a tag about the ports of the switch behind the addresses. */

/** Destination and source. */
const ADDRESSES: u32 = 12;
const DSA_TAG: u32 = 4;
/** An EtherType and two bytes of zeros, then a DSA tag. */
const EDSA_TAG: u32 = 8;
/** Bit of the first byte of a DSA tag: the frame had an IEEE 802.1Q tag, whose place it takes. */
const DSA_TAGGED: u32 = 0x20;
export const BROADCOM_TAG: u32 = 4;

/** Marvell's DSA tag: modes and ports, then 12 bits of VLAN id (Linux net/dsa/tag_dsa.c). */
export function dsa(p: usize, n: u32): void {
  markedByMarvell(DSA_TAG, p, n);
}

/** The same behind an EtherType. */
export function edsa(p: usize, n: u32): void {
  markedByMarvell(EDSA_TAG, p, n);
}

function markedByMarvell(tag: u32, p: usize, n: u32): void {
  if (n < ETHERNET_HEADER + tag) {
    count(COUNT_MALFORMED_PACKETS);
    return;
  }
  const mark = p + ADDRESSES + tag - DSA_TAG;
  const tagged = (load<u8>(mark) & DSA_TAGGED) != 0;
  if (!tagged || enter(TUNNEL_VLAN, be16(mark + 2) & 0xfff)) behindTag(tag, p, n);
}

/** Broadcom's tag of 4 bytes (Linux net/dsa/tag_brcm.c). */
export function broadcom(p: usize, n: u32): void {
  if (n < ETHERNET_HEADER + BROADCOM_TAG) count(COUNT_MALFORMED_PACKETS);
  else behindTag(BROADCOM_TAG, p, n);
}

/** What follows addresses and a tag that are there. */
function behindTag(tag: u32, p: usize, n: u32): void {
  const header = ETHERNET_HEADER + tag;
  etherPayload(be16(p + header - 2), p + header, n - header);
}
