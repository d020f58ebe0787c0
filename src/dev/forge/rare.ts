import { macAddress } from './address.js';
import { ByteWriter, concat } from './bytes.js';
import { ETHER_TYPE, ethernet, etherTypeOf } from './ethernet.js';
import { ciscoHdlc, frameRelay, LINK_TYPE, mplsLabels, ppp, snap, wifi } from './link.js';
import type { Wrapping } from './rewrap.js';
import { ipPacket } from './tcp.js';
import { greRaw } from './tunnel.js';
import { udpPacket } from './udp.js';

/** LINKTYPE_ numbers of capture files that few tools write (tcpdump.org/linktypes.html). */
export const RARE_LINK_TYPE = {
  tokenRing: 6,
  fddi: 10,
  atm: 100,
  enc: 109,
  pflog: 117,
  prism: 119,
  applePktap: 149,
  avs: 163,
  pppd: 166,
  pppWithDirection: 204,
  hdlcWithDirection: 205,
  frameRelayWithDirection: 206,
  juniperEthernet: 178,
  juniperPpp: 179,
  juniperFrameRelay: 180,
  juniperHdlc: 181,
  erf: 197,
  mpls: 219,
  ipnet: 226,
  netAnalyzer: 240,
  netAnalyzerTransparent: 241,
  ipoib: 242,
  mpacket: 274,
  broadcom: 281,
  broadcomInFront: 282,
  dsa: 284,
  edsa: 285,
} as const;

const SOURCE = '203.0.113.1';
const DESTINATION = '203.0.113.2';

function overIp(protocol: number, payload: Uint8Array): Uint8Array {
  return ethernet(ipPacket(SOURCE, DESTINATION, protocol, payload));
}

/** The tunnel's port is that of the sender, as in answers. */
function overUdp(port: number, payload: Uint8Array): Uint8Array {
  return ethernet(udpPacket({ address: SOURCE, port }, { address: DESTINATION, port: 49152 }, payload));
}

/** PPP whose protocol field is one byte (RFC 1661 §6.5). */
export function pppCompressed(packet: Uint8Array): Uint8Array {
  return concat([packet[0]! >>> 4 === 6 ? 0x57 : 0x21], packet);
}

/** PPP multilink with a whole packet in one fragment (RFC 1990 §3). */
export function pppMultilink(packet: Uint8Array): Uint8Array {
  return concat(new ByteWriter().u32(0xff03003d).u32(0xc0000001).done(), pppCompressed(packet));
}

/** A backbone service frame (IEEE 802.1ah): flags, service identifier, customer frame. */
export function backbone(packet: Uint8Array, service: number): Uint8Array {
  return ethernet(concat(new ByteWriter().u8(0).u24(service).done(), ethernet(packet)), 0x88e7);
}

/** Ethernet with a VN-Tag. */
export function vnTag(packet: Uint8Array): Uint8Array {
  const tag = new ByteWriter().u32(0x80010002).u16(etherTypeOf(packet)).done();
  return ethernet(concat(tag, packet), 0x8926);
}

/** An Ethernet pseudowire in MPLS, with or without control word (RFC 4448 §4). */
export function pseudowire(packet: Uint8Array, controlWord: boolean, destination?: string): Uint8Array {
  const frame = ethernet(packet, etherTypeOf(packet), destination ? { destination } : {});
  return concat(mplsLabels([18]), controlWord ? [0, 0, 0, 0] : [], frame);
}

/** Frame Relay with an address of four bytes and the EtherType that Cisco puts behind it. */
export function frameRelayCisco(packet: Uint8Array): Uint8Array {
  return new ByteWriter().u32(0x18400041).u16(etherTypeOf(packet)).bytes(packet).done();
}

/** An 802.11 frame whose header is padded to a multiple of 4 bytes, as some adapters deliver it. */
export function wifiPadded(packet: Uint8Array): Uint8Array {
  const frame = wifi(packet, { qos: true });
  return concat(frame.subarray(0, 26), [0, 0], frame.subarray(26));
}

/** An 802.11 frame of two MSDUs: an ARP request, then the packet (IEEE 802.11 §9.3.2.2.2). */
export function wifiAggregate(packet: Uint8Array): Uint8Array {
  const part = (payload: Uint8Array): Uint8Array =>
    new ByteWriter()
      .bytes(macAddress('02:00:00:00:00:02'))
      .bytes(macAddress('02:00:00:00:00:01'))
      .u16(payload.length)
      .bytes(payload)
      .done();
  const arp = new ByteWriter().u24(0xaaaa03).u24(0).u16(0x0806).zeros(27).done();
  const llc = new ByteWriter().u24(0xaaaa03).u24(0).u16(etherTypeOf(packet)).bytes(packet).done();
  const header = wifi(packet, { qos: true }).slice(0, 26);
  header[24] = 0x80;
  return concat(header, new ByteWriter().bytes(part(arp)).align(4).bytes(part(llc)).done());
}

/** A header of the capturing adapter before an 802.11 frame: AVS with its magic in network order, Prism without. */
export function adapterHeader(frame: Uint8Array, kind: 'avs' | 'prism'): Uint8Array {
  if (kind === 'avs') return new ByteWriter().u32(0x80211001).u32(64).zeros(56).bytes(frame).done();
  return new ByteWriter('little').u32(0x44).u32(144).zeros(136).bytes(frame).done();
}

/** OpenBSD's packet filter log: a header of 61 bytes, padded to 64. */
export function packetFilterLog(packet: Uint8Array): Uint8Array {
  return new ByteWriter().u8(61).zeros(63).bytes(packet).done();
}

/** AYIYA with an identity of 16 bytes and a signature of 20 (draft-massar-v6ops-ayiya §3). */
export function ayiya(packet: Uint8Array): Uint8Array {
  const next = packet[0]! >>> 4 === 6 ? 41 : 4;
  return new ByteWriter().u8(0x41).u8(0x52).u8(0x11).u8(next).u32(1).zeros(36).bytes(packet).done();
}

/** A CAPWAP data packet around an 802.11 or 802.3 frame (RFC 5415 §4.3), its header 12 bytes long. */
export function capwap(frame: Uint8Array, native: boolean): Uint8Array {
  // Length 3 words (5 bits), radio 1 (5), binding 1 (5), native (1).
  const bits = (3 << 11) | (1 << 6) | (1 << 1) | (native ? 1 : 0);
  return new ByteWriter().u8(0).u16(bits).u8(0x20).u32(0).u32(0).bytes(frame).done();
}

/** An 802.11 frame with the bytes of frame control and sequence control swapped, as one vendor's CAPWAP has them. */
export function swapWifi(frame: Uint8Array): Uint8Array {
  const copy = frame.slice();
  for (const at of [0, 22]) copy.set([frame[at + 1]!, frame[at]!], at);
  return copy;
}

/** LISP data (RFC 9300 §5) with nonce and locator bits. */
export function lisp(packet: Uint8Array): Uint8Array {
  return new ByteWriter().u32(0xc0123456).u32(1).bytes(packet).done();
}

/** A switch's tag between the addresses of a frame and its EtherType. */
function switchTag(packet: Uint8Array, ...tag: number[]): Uint8Array {
  const frame = ethernet(packet);
  return concat(frame.subarray(0, 12), tag, frame.subarray(12));
}

/** Juniper's header: direction in the flags; with extensions (0x80) those of the interface and its unit (tcpdump, print-juniper.c). */
function juniper(flags: number, frame: Uint8Array): Uint8Array {
  const extensions = flags & 0x80 ? [0, 7, 1, 2, 0, 5, 2, 1, 9] : [];
  return concat([0x4d, 0x47, 0x43, flags], extensions, frame);
}

/** An ERF record of a type, with extension headers. */
function erf(type: number, extensions: number, data: Uint8Array): Uint8Array {
  const head = new ByteWriter()
    .zeros(8)
    .u8(type | (extensions > 0 ? 0x80 : 0))
    .u8(4);
  head
    .u16(16 + 8 * extensions + data.length)
    .u16(0)
    .u16(data.length);
  for (let left = extensions; left > 0; left--) head.u8(3 | (left > 1 ? 0x80 : 0)).zeros(7);
  return head.bytes(data).done();
}

/** Solaris's IPNET: version, family (26 = IPv6), hardware, length, interfaces, zones. */
function ipnet(packet: Uint8Array): Uint8Array {
  const head = new ByteWriter()
    .u8(1)
    .u8(packet[0]! >>> 4 === 6 ? 26 : 2)
    .u16(0)
    .u32(packet.length);
  return head.u32(2).u32(0).u32(0xffffffff).u32(0).bytes(packet).done();
}

function rare(
  name: string,
  linkType: number,
  wrap: Wrapping['wrap'],
  versions: Wrapping['versions'] = [4, 6],
): Wrapping {
  return { name, linkType, versions, wrap };
}

const { ethernet: ETHERNET } = LINK_TYPE;

/** Further ways to carry a packet. */
export const RARE: readonly Wrapping[] = [
  rare('802.1ah', ETHERNET, (ip) => backbone(ip, 70_000)),
  rare('vn-tag', ETHERNET, vnTag),
  rare('mpls pseudowire', ETHERNET, (ip) => ethernet(pseudowire(ip, false), ETHER_TYPE.mpls)),
  rare('mpls pseudowire with control word', RARE_LINK_TYPE.mpls, (ip) => pseudowire(ip, true)),
  rare('mpls pseudowire to an address like IPv4', RARE_LINK_TYPE.mpls, (ip) =>
    pseudowire(ip, false, '45:00:02:00:00:02'),
  ),
  rare('mpls pseudowire to an address like IPv6', RARE_LINK_TYPE.mpls, (ip) =>
    pseudowire(ip, false, '60:00:00:00:ff:02'),
  ),
  rare('null with an EtherType', LINK_TYPE.null, (ip) =>
    concat(new ByteWriter().u16(0x0f00).u16(etherTypeOf(ip)).done(), ip),
  ),
  rare('sll with llc', LINK_TYPE.sll, (ip) =>
    concat(new ByteWriter().zeros(14).u16(4).done(), snap(ip).subarray(14)),
  ),
  rare('atm', RARE_LINK_TYPE.atm, (ip) => snap(ip).subarray(14)),
  rare('fddi', RARE_LINK_TYPE.fddi, (ip) => concat([0x50], new Uint8Array(12), snap(ip).subarray(14))),
  rare('token ring', RARE_LINK_TYPE.tokenRing, (ip) =>
    concat([0x10, 0x40], new Uint8Array(12), snap(ip).subarray(14)),
  ),
  rare('token ring with a route', RARE_LINK_TYPE.tokenRing, (ip) =>
    // Six bytes of routing information (IEEE 802.5 §3.3), which the first bit of the source tells of.
    concat(
      [0x10, 0x40, 0, 0, 0, 0, 0, 1, 0x80, 0, 0, 0, 0, 2],
      [0x06, 0x30, 0x00, 0x11, 0x00, 0x20],
      snap(ip).subarray(14),
    ),
  ),
  rare('ppp with compressed protocol', LINK_TYPE.ppp, pppCompressed),
  rare('ppp multilink', LINK_TYPE.pppHdlc, pppMultilink),
  rare('pppd', RARE_LINK_TYPE.pppd, (ip) => concat([1], ppp(ip).subarray(1))),
  rare('ppp with direction', RARE_LINK_TYPE.pppWithDirection, (ip) => concat([0], ppp(ip))),
  rare('cisco hdlc on a ppp line', LINK_TYPE.pppHdlc, (ip) =>
    concat(new ByteWriter().u16(0x0f00).u16(etherTypeOf(ip)).done(), ip),
  ),
  rare('cisco hdlc with direction', RARE_LINK_TYPE.hdlcWithDirection, (ip) =>
    concat(new ByteWriter().u8(1).u16(0x0f00).u16(etherTypeOf(ip)).done(), ip),
  ),
  rare('frame relay of cisco', LINK_TYPE.frameRelay, frameRelayCisco),
  rare('frame relay with direction', RARE_LINK_TYPE.frameRelayWithDirection, (ip) =>
    concat([1], frameRelayCisco(ip)),
  ),
  rare('padded wifi', LINK_TYPE.wifi, wifiPadded),
  rare('aggregated wifi', LINK_TYPE.wifi, wifiAggregate),
  rare('avs', RARE_LINK_TYPE.avs, (ip) => adapterHeader(wifi(ip), 'avs')),
  rare('prism', RARE_LINK_TYPE.prism, (ip) => adapterHeader(wifi(ip), 'prism')),
  rare('avs as prism', RARE_LINK_TYPE.prism, (ip) => adapterHeader(wifi(ip), 'avs')),
  rare('enc', RARE_LINK_TYPE.enc, (ip) => concat(new Uint8Array(12), ip)),
  rare('pflog', RARE_LINK_TYPE.pflog, packetFilterLog),
  rare('mpacket', RARE_LINK_TYPE.mpacket, (ip) =>
    concat([0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0xd5], ethernet(ip)),
  ),
  // Modes and devices, ports, priority and VLAN 0x123: forwarded untagged, to the processor tagged.
  rare('dsa', RARE_LINK_TYPE.dsa, (ip) => switchTag(ip, 0xc0, 0x08, 0x01, 0x23)),
  rare('dsa with a vlan', RARE_LINK_TYPE.dsa, (ip) => switchTag(ip, 0x20, 0x08, 0xe1, 0x23)),
  rare('edsa', RARE_LINK_TYPE.edsa, (ip) => switchTag(ip, 0xda, 0xda, 0, 0, 0x40, 0x08, 0, 0)),
  rare('edsa with a vlan', RARE_LINK_TYPE.edsa, (ip) => switchTag(ip, 0xda, 0xda, 0, 0, 0xe0, 0x08, 0, 7)),
  rare('broadcom', RARE_LINK_TYPE.broadcom, (ip) => switchTag(ip, 0x20, 0x00, 0x00, 0x04)),
  rare('broadcom in front', RARE_LINK_TYPE.broadcomInFront, (ip) => concat([0, 0, 0, 1], ethernet(ip))),
  rare('juniper', RARE_LINK_TYPE.juniperEthernet, (ip) => juniper(0x01, ethernet(ip))),
  rare('juniper with extensions', RARE_LINK_TYPE.juniperEthernet, (ip) => juniper(0x80, ethernet(ip))),
  rare('juniper without link header', RARE_LINK_TYPE.juniperEthernet, (ip) =>
    juniper(0x83, concat([0, 0, 0, 2], ip)),
  ),
  rare('juniper ppp', RARE_LINK_TYPE.juniperPpp, (ip) => juniper(0x80, ppp(ip))),
  rare('juniper frame relay', RARE_LINK_TYPE.juniperFrameRelay, (ip) => juniper(0, frameRelay(ip))),
  rare('juniper hdlc', RARE_LINK_TYPE.juniperHdlc, (ip) => juniper(0, ciscoHdlc(ip))),
  rare('erf', RARE_LINK_TYPE.erf, (ip) => erf(2, 0, concat([0, 0], ethernet(ip)))),
  rare('erf with extensions', RARE_LINK_TYPE.erf, (ip) => erf(20, 2, concat([0, 0], ethernet(ip)))),
  rare('erf with ppp', RARE_LINK_TYPE.erf, (ip) => erf(1, 0, ppp(ip))),
  rare('erf with hdlc', RARE_LINK_TYPE.erf, (ip) => erf(10, 0, ciscoHdlc(ip))),
  rare('erf with ip', RARE_LINK_TYPE.erf, (ip) => erf(ip[0]! >>> 4 === 6 ? 23 : 22, 1, ip)),
  rare('ipnet', RARE_LINK_TYPE.ipnet, ipnet),
  rare('netanalyzer', RARE_LINK_TYPE.netAnalyzer, (ip) => concat([0, 0, 0, 0], ethernet(ip))),
  rare('netanalyzer, transparent', RARE_LINK_TYPE.netAnalyzerTransparent, (ip) =>
    concat([0, 0, 0, 0, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0xd5], ethernet(ip)),
  ),
  rare('ip over infiniband', RARE_LINK_TYPE.ipoib, (ip) =>
    concat(new ByteWriter().zeros(40).u16(etherTypeOf(ip)).u16(0).done(), ip),
  ),
  rare('etherip', ETHERNET, (ip) => overIp(97, concat([0x30, 0], ethernet(ip)))),
  rare('ethernet in ip', ETHERNET, (ip) => overIp(143, ethernet(ip))),
  rare('mpls in ip', ETHERNET, (ip) => overIp(137, concat(mplsLabels([16]), ip))),
  rare('l2tp version 3', ETHERNET, (ip) =>
    overIp(115, concat(new ByteWriter().u32(0x11223344).u64(0x55n).done(), ethernet(ip))),
  ),
  rare('l2tp version 3 over udp', ETHERNET, (ip) =>
    overUdp(1701, concat(new ByteWriter().u32(0x00030000).u32(0x11223344).done(), ethernet(ip))),
  ),
  rare('gre with wifi', ETHERNET, (ip) => ethernet(greRaw(0x8240, wifi(ip)))),
  rare('wccp', ETHERNET, (ip) => ethernet(greRaw(0x883e, concat([0x80, 0, 0, 1], ip)))),
  rare('gre in udp', ETHERNET, (ip) =>
    overUdp(4754, concat(new ByteWriter().u16(0).u16(etherTypeOf(ip)).done(), ip)),
  ),
  rare('mpls in udp', ETHERNET, (ip) => overUdp(6635, concat(mplsLabels([16, 17]), ip))),
  rare('lisp', ETHERNET, (ip) => overUdp(4341, lisp(ip))),
  rare("vxlan on linux's first port", ETHERNET, (ip) =>
    overUdp(
      8472,
      concat(
        new ByteWriter()
          .u32(0x08000000)
          .u32(5 << 8)
          .done(),
        ethernet(ip),
      ),
    ),
  ),
  rare('vxlan with group policy', ETHERNET, (ip) =>
    overUdp(
      4789,
      concat(
        new ByteWriter()
          .u32(0x88000007)
          .u32(5 << 8)
          .done(),
        ethernet(ip),
      ),
    ),
  ),
  rare('ayiya', ETHERNET, (ip) => overUdp(5072, ayiya(ip))),
  rare('capwap', ETHERNET, (ip) => overUdp(5247, capwap(wifi(ip), true))),
  rare('capwap, swapped', ETHERNET, (ip) => overUdp(5247, capwap(swapWifi(wifi(ip)), true))),
  rare('capwap with ethernet', ETHERNET, (ip) => overUdp(5247, capwap(ethernet(ip), false))),
];
