import { COUNT_MALFORMED_PACKETS, COUNT_NOT_IP_PACKETS } from '../generated/codes';
import { be16, be24 } from '../core/bytes';
import { count } from '../core/control';
import { ipv4 } from '../net/ip';
import { ethernet, etherPayload, nest } from './ethernet';

/** Service access points (IEEE 802.2): SNAP and, historically, IP. */
const SAP_SNAP: u32 = 0xaa;
const SAP_IP: u32 = 0x06;
const UNNUMBERED_INFORMATION: u32 = 0x03;

/** Organisations whose SNAP protocol is an EtherType: RFC 1042, and bridge tunnels (IEEE 802.1H). */
const OUI_ETHERNET: u32 = 0x000000;
const OUI_BRIDGE_TUNNEL: u32 = 0x0000f8;
/** IEEE 802.1, for bridged frames (RFC 2427 §4.2, RFC 2684 §5.2): 802.3 with and without check sequence. */
const OUI_BRIDGED: u32 = 0x0080c2;
const BRIDGED_WITH_FCS: u32 = 0x0001;
const BRIDGED: u32 = 0x0007;

/** Bytes of LLC and SNAP together. */
export const LLC_SNAP_BYTES: u32 = 8;

/** Whether `n` bytes at `p` are LLC with SNAP. */
@inline export function isSnap(p: usize, n: u32): bool {
  return n >= LLC_SNAP_BYTES && be24(p) == 0xaaaa03;
}

/** Logical Link Control (IEEE 802.2 §3): two service access points, control, then SNAP or IP. */
export function llc(p: usize, n: u32): void {
  if (n < 3) {
    count(COUNT_MALFORMED_PACKETS);
    return;
  }
  const destination: u32 = load<u8>(p);
  const control: u32 = load<u8>(p, 2);
  if (isSnap(p, n)) snap(p + 3, n - 3);
  else if (destination == SAP_IP && control == UNNUMBERED_INFORMATION) ipv4(p + 3, n - 3);
  else if (destination == SAP_SNAP && control == UNNUMBERED_INFORMATION) count(COUNT_MALFORMED_PACKETS);
  else count(COUNT_NOT_IP_PACKETS);
}

/** Subnetwork Access Protocol (IEEE 802 §9.2): organisation and its protocol number, then the payload. */
export function snap(p: usize, n: u32): void {
  if (n < 5) {
    count(COUNT_MALFORMED_PACKETS);
    return;
  }
  const organisation = be24(p);
  const protocol = be16(p + 3);
  // Where a length would stand, a SNAP protocol is none: no second LLC, so that nesting ends.
  if ((organisation == OUI_ETHERNET || organisation == OUI_BRIDGE_TUNNEL) && protocol >= 0x0600) {
    etherPayload(protocol, p + 5, n - 5);
  } else if (organisation == OUI_BRIDGED && (protocol == BRIDGED || protocol == BRIDGED_WITH_FCS)) {
    if (nest()) ethernet(p + 5, n - 5);
  } else count(COUNT_NOT_IP_PACKETS);
}
