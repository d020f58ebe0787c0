import {
  COUNT_MALFORMED_PACKETS,
  COUNT_NOT_IP_PACKETS,
  COUNT_UNKNOWN_LINK_PACKETS,
} from '../generated/codes';
import { alignUp, be16 } from '../core/bytes';
import { count } from '../core/control';
import { ip, ipv4, ipv6 } from '../net/ip';
import { etherPayload, ethernet, ethernetBehind } from './ethernet';
import { erf } from './erf';
import { ciscoHdlc, frameRelay } from './hdlc';
import { juniper } from './juniper';
import { llc } from './llc';
import { mpls } from './mpls';
import { ppp, pppoe, pppSerial } from './ppp';
import { fddi, tokenRing } from './rings';
import { BROADCOM_TAG, broadcom, dsa, edsa } from './switch-tags';
import { avs, prism, radiotap, wifi } from './wifi';
import { nflog, pktap, ppi } from './wrapped';

/** LINKTYPE values (https://www.tcpdump.org/linktypes.html). */
export const LINKTYPE_NULL: u32 = 0;
export const LINKTYPE_ETHERNET: u32 = 1;
export const LINKTYPE_IEEE802_5: u32 = 6;
export const LINKTYPE_PPP: u32 = 9;
export const LINKTYPE_FDDI: u32 = 10;
export const LINKTYPE_RAW_BSD: u32 = 12;
export const LINKTYPE_RAW_OPENBSD: u32 = 14;
export const LINKTYPE_PPP_HDLC: u32 = 50;
export const LINKTYPE_PPP_ETHER: u32 = 51;
export const LINKTYPE_ATM_RFC1483: u32 = 100;
export const LINKTYPE_RAW: u32 = 101;
export const LINKTYPE_C_HDLC: u32 = 104;
export const LINKTYPE_IEEE802_11: u32 = 105;
export const LINKTYPE_FRELAY: u32 = 107;
export const LINKTYPE_LOOP: u32 = 108;
export const LINKTYPE_ENC: u32 = 109;
export const LINKTYPE_LINUX_SLL: u32 = 113;
export const LINKTYPE_PFLOG: u32 = 117;
export const LINKTYPE_IEEE802_11_PRISM: u32 = 119;
export const LINKTYPE_IEEE802_11_RADIOTAP: u32 = 127;
/** DLT_USER2, which Apple's tools write for PKTAP. */
export const LINKTYPE_APPLE_PKTAP: u32 = 149;
export const LINKTYPE_IEEE802_11_AVS: u32 = 163;
export const LINKTYPE_PPP_PPPD: u32 = 166;
export const LINKTYPE_JUNIPER_ETHER: u32 = 178;
export const LINKTYPE_JUNIPER_PPP: u32 = 179;
export const LINKTYPE_JUNIPER_FRELAY: u32 = 180;
export const LINKTYPE_JUNIPER_CHDLC: u32 = 181;
export const LINKTYPE_PPI: u32 = 192;
export const LINKTYPE_ERF: u32 = 197;
export const LINKTYPE_PPP_WITH_DIR: u32 = 204;
export const LINKTYPE_C_HDLC_WITH_DIR: u32 = 205;
export const LINKTYPE_FRELAY_WITH_DIR: u32 = 206;
export const LINKTYPE_MPLS: u32 = 219;
export const LINKTYPE_IPNET: u32 = 226;
export const LINKTYPE_IPV4: u32 = 228;
export const LINKTYPE_IPV6: u32 = 229;
export const LINKTYPE_NFLOG: u32 = 239;
export const LINKTYPE_NETANALYZER: u32 = 240;
export const LINKTYPE_NETANALYZER_TRANSPARENT: u32 = 241;
export const LINKTYPE_IPOIB: u32 = 242;
export const LINKTYPE_PKTAP: u32 = 258;
export const LINKTYPE_ETHERNET_MPACKET: u32 = 274;
export const LINKTYPE_LINUX_SLL2: u32 = 276;
export const LINKTYPE_DSA_TAG_BRCM: u32 = 281;
export const LINKTYPE_DSA_TAG_BRCM_PREPEND: u32 = 282;
export const LINKTYPE_DSA_TAG_DSA: u32 = 284;
export const LINKTYPE_DSA_TAG_EDSA: u32 = 285;

/** Protocol of a Linux cooked capture when LLC follows (ETH_P_802_2). */
const COOKED_LLC: u32 = 4;

/** Walk a frame of `n` captured bytes at `p` down to its network layer. */
export function link(type: u32, p: usize, n: u32): void {
  if (type == LINKTYPE_ETHERNET) ethernet(p, n);
  else usualLink(type, p, n);
}

function usualLink(type: u32, p: usize, n: u32): void {
  switch (type) {
    case LINKTYPE_RAW:
    case LINKTYPE_RAW_BSD:
    case LINKTYPE_RAW_OPENBSD:
      ip(p, n);
      break;
    case LINKTYPE_IPV4:
      ipv4(p, n);
      break;
    case LINKTYPE_IPV6:
      ipv6(p, n);
      break;
    case LINKTYPE_NULL:
    case LINKTYPE_LOOP:
      loopback(p, n);
      break;
    case LINKTYPE_LINUX_SLL:
      // Protocol at 14 of a 16-byte header.
      if (n < 16) count(COUNT_MALFORMED_PACKETS);
      else cooked(be16(p + 14), p + 16, n - 16);
      break;
    case LINKTYPE_LINUX_SLL2:
      // Protocol at 0 of a 20-byte header.
      if (n < 20) count(COUNT_MALFORMED_PACKETS);
      else cooked(be16(p), p + 20, n - 20);
      break;
    default:
      otherLink(type, p, n);
  }
}

function otherLink(type: u32, p: usize, n: u32): void {
  switch (type) {
    case LINKTYPE_PPP:
    case LINKTYPE_PPP_PPPD:
      ppp(p, n);
      break;
    case LINKTYPE_PPP_HDLC:
      pppSerial(p, n);
      break;
    case LINKTYPE_PPP_ETHER:
      pppoe(p, n);
      break;
    case LINKTYPE_ATM_RFC1483:
      llc(p, n);
      break;
    case LINKTYPE_FDDI:
      fddi(p, n);
      break;
    case LINKTYPE_IEEE802_5:
      tokenRing(p, n);
      break;
    case LINKTYPE_C_HDLC:
      ciscoHdlc(p, n);
      break;
    case LINKTYPE_FRELAY:
      frameRelay(p, n);
      break;
    case LINKTYPE_MPLS:
      mpls(p, n);
      break;
    case LINKTYPE_IEEE802_11:
      wifi(p, n);
      break;
    case LINKTYPE_IEEE802_11_RADIOTAP:
      radiotap(p, n);
      break;
    case LINKTYPE_IEEE802_11_PRISM:
      prism(p, n);
      break;
    case LINKTYPE_IEEE802_11_AVS:
      avs(p, n);
      break;
    default:
      prefixedLink(type, p, n);
  }
}

/** Link types that put a header of the capturing side before a frame or packet. */
function prefixedLink(type: u32, p: usize, n: u32): void {
  switch (type) {
    case LINKTYPE_PPI:
      ppi(p, n);
      break;
    case LINKTYPE_NFLOG:
      nflog(p, n);
      break;
    case LINKTYPE_PKTAP:
    case LINKTYPE_APPLE_PKTAP:
      pktap(p, n);
      break;
    case LINKTYPE_PPP_WITH_DIR:
      if (n > 0) ppp(p + 1, n - 1);
      else count(COUNT_MALFORMED_PACKETS);
      break;
    case LINKTYPE_C_HDLC_WITH_DIR:
      if (n > 0) ciscoHdlc(p + 1, n - 1);
      else count(COUNT_MALFORMED_PACKETS);
      break;
    case LINKTYPE_FRELAY_WITH_DIR:
      if (n > 0) frameRelay(p + 1, n - 1);
      else count(COUNT_MALFORMED_PACKETS);
      break;
    case LINKTYPE_ENC:
      // Address family, SPI and flags, 4 bytes each.
      ipBehind(12, p, n);
      break;
    case LINKTYPE_PFLOG:
      packetFilterLog(p, n);
      break;
    case LINKTYPE_ETHERNET_MPACKET:
      // Preamble and start delimiter (IEEE 802.3br §99.3.3): 8 bytes.
      ethernetBehind(8, p, n);
      break;
    default:
      equipmentLink(type, p, n);
  }
}

/** Link types of switches, routers and other equipment that captures. */
function equipmentLink(type: u32, p: usize, n: u32): void {
  switch (type) {
    case LINKTYPE_JUNIPER_ETHER:
    case LINKTYPE_JUNIPER_PPP:
    case LINKTYPE_JUNIPER_FRELAY:
    case LINKTYPE_JUNIPER_CHDLC:
      juniper(type, p, n);
      break;
    case LINKTYPE_ERF:
      erf(p, n);
      break;
    case LINKTYPE_IPNET:
      // Solaris: version, family, lengths, interfaces and zones.
      ipBehind(24, p, n);
      break;
    case LINKTYPE_NETANALYZER:
      // 4 bytes of Hilscher's hardware.
      ethernetBehind(4, p, n);
      break;
    case LINKTYPE_NETANALYZER_TRANSPARENT:
      // The same, then preamble and start delimiter.
      ethernetBehind(12, p, n);
      break;
    case LINKTYPE_IPOIB:
      // 40 bytes of addresses, then the header of RFC 4391 §6: an EtherType and two bytes of zeros.
      if (n >= 44) etherPayload(be16(p + 40), p + 44, n - 44);
      else count(COUNT_MALFORMED_PACKETS);
      break;
    case LINKTYPE_DSA_TAG_BRCM:
      broadcom(p, n);
      break;
    case LINKTYPE_DSA_TAG_BRCM_PREPEND:
      ethernetBehind(BROADCOM_TAG, p, n);
      break;
    case LINKTYPE_DSA_TAG_DSA:
      dsa(p, n);
      break;
    case LINKTYPE_DSA_TAG_EDSA:
      edsa(p, n);
      break;
    default:
      count(COUNT_UNKNOWN_LINK_PACKETS);
  }
}

/** The IP packet behind the first `header` bytes of what was captured. */
function ipBehind(header: u32, p: usize, n: u32): void {
  if (n < header) count(COUNT_MALFORMED_PACKETS);
  else ip(p + header, n - header);
}

/** What follows a Linux cooked header: an EtherType, or one of the numbers below them that Linux uses. */
function cooked(protocol: u32, p: usize, n: u32): void {
  if (protocol == COOKED_LLC) llc(p, n);
  else if (protocol < 0x0600) count(COUNT_NOT_IP_PACKETS);
  else etherPayload(protocol, p, n);
}

/**
 * BSD loopback: a 4-byte address family, in the byte order of the machine that captured (NULL) or network
 * order (LOOP). 2 = IPv4; 24, 28, 30 and 10 = IPv6 on the various systems.
 */
function loopback(p: usize, n: u32): void {
  if (n < 4) {
    count(COUNT_MALFORMED_PACKETS);
    return;
  }
  const raw = load<u32>(p);
  const family = raw > 0xffff ? bswap<u32>(raw) : raw;
  if (family == 2) ipv4(p + 4, n - 4);
  else if (family == 24 || family == 28 || family == 30 || family == 10) ipv6(p + 4, n - 4);
  // Some systems put an EtherType in the last two bytes.
  else if (be16(p + 2) >= 0x0600) etherPayload(be16(p + 2), p + 4, n - 4);
  else count(COUNT_NOT_IP_PACKETS);
}

/**
 * The log of OpenBSD's packet filter: the length of its header, without padding, stands in the first byte.
 */
function packetFilterLog(p: usize, n: u32): void {
  const header = n > 0 ? alignUp(load<u8>(p), 4) : 0;
  if (header < 4 || header > n) count(COUNT_MALFORMED_PACKETS);
  else ip(p + header, n - header);
}
