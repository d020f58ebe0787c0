import { COUNT_MALFORMED_PACKETS, COUNT_NOT_IP_PACKETS } from '../generated/codes';
import { be16 } from '../core/bytes';
import { count } from '../core/control';
import { TUNNEL_PPPOE } from '../core/tunnel-names';
import { ipv4, ipv6 } from '../net/ip';
import { ciscoHdlc } from './hdlc';
import { enter, ethernet, nest } from './ethernet';
import { mpls } from './mpls';

/** PPP protocol numbers (IANA). */
const PPP_IPV4: u32 = 0x0021;
const PPP_BRIDGING: u32 = 0x0031;
const PPP_MULTILINK: u32 = 0x003d;
const PPP_IPV6: u32 = 0x0057;
const PPP_MPLS: u32 = 0x0281;
const PPP_MPLS_MULTICAST: u32 = 0x0283;

/** Address of all stations; in LINKTYPE_PPP_PPPD it may be replaced by the direction, 0 or 1. */
const ALL_STATIONS: u32 = 0xff;
const UNNUMBERED_INFORMATION: u32 = 0x03;
/** Both ends of a fragment: the multilink packet is whole (RFC 1990 §3). */
const WHOLE: u32 = 0xc0;

/** Whether `n` bytes at `p` begin with the address, control and IP protocol of PPP. */
export function looksPpp(p: usize, n: u32): bool {
  if (n < 4 || be16(p) != 0xff03) return false;
  const protocol = be16(p + 2);
  return protocol == PPP_IPV4 || protocol == PPP_IPV6;
}

/**
 * PPP with or without its HDLC address and control bytes (RFC 1662 §3.1), which may be left out by
 * agreement.
 */
export function ppp(p: usize, n: u32): void {
  const address: u32 = n >= 2 ? load<u8>(p) : 0x21;
  if (n >= 2 && (address == ALL_STATIONS || address <= 1) && load<u8>(p, 1) == UNNUMBERED_INFORMATION) {
    pppProtocol(p + 2, n - 2);
  } else pppProtocol(p, n);
}

/** PPP on a serial line, or what Cisco speaks there: its address is 0x0f (unicast) or 0x8f. */
export function pppSerial(p: usize, n: u32): void {
  const address: u32 = n > 0 ? load<u8>(p) : 0;
  if (address == 0x0f || address == 0x8f) ciscoHdlc(p, n);
  else ppp(p, n);
}

/**
 * The protocol number, of one byte when that is odd (protocol field compression, RFC 1661 §6.5), and the
 * payload.
 */
function pppProtocol(p: usize, n: u32): void {
  const compressed = n > 0 && (load<u8>(p) & 1) != 0;
  const bytes: u32 = compressed ? 1 : 2;
  if (n < bytes) {
    count(COUNT_MALFORMED_PACKETS);
    return;
  }
  const protocol: u32 = compressed ? load<u8>(p) : be16(p);
  pppPayload(protocol, p + bytes, n - bytes);
}

function pppPayload(protocol: u32, p: usize, n: u32): void {
  switch (protocol) {
    case PPP_IPV4:
      ipv4(p, n);
      break;
    case PPP_IPV6:
      ipv6(p, n);
      break;
    case PPP_MPLS:
    case PPP_MPLS_MULTICAST:
      mpls(p, n);
      break;
    case PPP_MULTILINK:
      // Fragments spread over several links are not put together; whole packets are common enough.
      if (n >= 4 && (load<u8>(p) & WHOLE) == WHOLE && nest()) pppProtocol(p + 4, n - 4);
      else count(COUNT_NOT_IP_PACKETS);
      break;
    case PPP_BRIDGING:
      // Flags, then the MAC type: 1 is Ethernet (RFC 3518 §4.2).
      if (n >= 2 && load<u8>(p, 1) == 1 && nest()) ethernet(p + 2, n - 2);
      else count(COUNT_NOT_IP_PACKETS);
      break;
    default:
      count(COUNT_NOT_IP_PACKETS);
  }
}

/** A PPPoE session packet (RFC 2516 §4): version and type, code 0, session, length, then PPP. */
export function pppoe(p: usize, n: u32): void {
  if (n < 6) {
    count(COUNT_MALFORMED_PACKETS);
    return;
  }
  const rest = min(n - 6, be16(p + 4));
  if (enter(TUNNEL_PPPOE, be16(p + 2))) pppProtocol(p + 6, rest);
}
