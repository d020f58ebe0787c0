import { macAddress } from './address.js';
import { ByteWriter, concat } from './bytes.js';
import { ETHER_TYPE, ethernet, etherTypeOf } from './ethernet.js';

/** LINKTYPE_ numbers of capture files (tcpdump.org/linktypes.html). */
export const LINK_TYPE = {
  null: 0,
  ethernet: 1,
  ppp: 9,
  rawOpenBsd: 14,
  raw12: 12,
  pppHdlc: 50,
  pppoe: 51,
  raw: 101,
  ciscoHdlc: 104,
  wifi: 105,
  frameRelay: 107,
  loop: 108,
  sll: 113,
  radiotap: 127,
  ppi: 192,
  ipv4: 228,
  ipv6: 229,
  nflog: 239,
  pktap: 258,
  sll2: 276,
} as const;

const SOURCE = macAddress('02:00:00:00:00:01');

/** Ethernet with VLAN tags, outermost first; each tag's EtherType is 802.1Q unless `types` says otherwise. */
export function vlan(packet: Uint8Array, ids: readonly number[], types: readonly number[] = []): Uint8Array {
  const tags = new ByteWriter();
  for (const [i, id] of ids.entries()) tags.u16(id).u16(types[i + 1] ?? nextType(packet, i, ids.length));
  return ethernet(concat(tags.done(), packet), types[0] ?? ETHER_TYPE.vlan);
}

function nextType(packet: Uint8Array, index: number, count: number): number {
  return index === count - 1 ? etherTypeOf(packet) : ETHER_TYPE.vlan;
}

/** 802.1ad: a service tag, then a customer tag (IEEE 802.1Q, formerly 802.1ad). */
export function qinq(packet: Uint8Array, service: number, customer: number): Uint8Array {
  return vlan(packet, [service, customer], [ETHER_TYPE.serviceVlan]);
}

/** Ethernet with an MPLS label stack, the last label marked as the bottom (RFC 3032 §2.1). */
export function mpls(packet: Uint8Array, labels: readonly number[]): Uint8Array {
  return ethernet(concat(mplsLabels(labels), packet), ETHER_TYPE.mpls);
}

/** A label stack alone. */
export function mplsLabels(labels: readonly number[]): Uint8Array {
  const stack = new ByteWriter();
  for (const [i, label] of labels.entries()) {
    stack.u32(((label << 12) | (i === labels.length - 1 ? 0x100 : 0) | 64) >>> 0);
  }
  return stack.done();
}

/** PPP: protocol number and packet, with or without the HDLC address and control bytes (RFC 1661, RFC 1662). */
export function ppp(packet: Uint8Array, hdlc = true): Uint8Array {
  const protocol = new ByteWriter().u16(packet[0]! >>> 4 === 6 ? 0x0057 : 0x0021).done();
  return concat(hdlc ? [0xff, 0x03] : [], protocol, packet);
}

/** A PPPoE session packet, its link type PPP_ETHER (RFC 2516 §4). */
export function pppoe(packet: Uint8Array, session = 0x0011): Uint8Array {
  const payload = ppp(packet, false);
  return new ByteWriter().u8(0x11).u8(0).u16(session).u16(payload.length).bytes(payload).done();
}

/** IEEE 802.3 with LLC and SNAP instead of an EtherType (RFC 1042). */
export function snap(packet: Uint8Array): Uint8Array {
  const payload = concat(llc(packet), packet);
  return ethernet(payload, payload.length);
}

/** LLC with the SNAP of RFC 1042 and an EtherType. */
function llc(packet: Uint8Array): Uint8Array {
  return new ByteWriter().u24(0xaaaa03).u24(0).u16(etherTypeOf(packet)).done();
}

/** Linux cooked capture, version 1. */
export function sll(packet: Uint8Array): Uint8Array {
  return new ByteWriter()
    .u16(0)
    .u16(1)
    .u16(6)
    .bytes(SOURCE)
    .zeros(2)
    .u16(etherTypeOf(packet))
    .bytes(packet)
    .done();
}

/** Linux cooked capture, version 2. */
export function sll2(packet: Uint8Array): Uint8Array {
  return new ByteWriter()
    .u16(etherTypeOf(packet))
    .u16(0)
    .u32(2)
    .u16(1)
    .u8(0)
    .u8(6)
    .bytes(SOURCE)
    .zeros(2)
    .bytes(packet)
    .done();
}

/** BSD loopback: the address family in the byte order of the capturing host; that of IPv6 differs between systems. */
export function nullLink(
  packet: Uint8Array,
  order: 'little' | 'big',
  ipv6Family: 24 | 28 | 30 = 30,
): Uint8Array {
  const family = packet[0]! >>> 4 === 6 ? ipv6Family : 2;
  return concat(new ByteWriter(order).u32(family).done(), packet);
}

/** OpenBSD loopback: as NULL, always in network order. */
export function loop(packet: Uint8Array): Uint8Array {
  return nullLink(packet, 'big', 24);
}

/** Cisco HDLC: unicast address, control 0, EtherType. */
export function ciscoHdlc(packet: Uint8Array): Uint8Array {
  return new ByteWriter().u8(0x0f).u8(0).u16(etherTypeOf(packet)).bytes(packet).done();
}

/** Frame Relay with a two-byte address: NLPID of IP, or SNAP (RFC 2427 §4). */
export function frameRelay(packet: Uint8Array, encapsulation: 'nlpid' | 'snap' = 'nlpid'): Uint8Array {
  const head = new ByteWriter().u16(0x1841).u8(0x03);
  if (encapsulation === 'snap') head.u8(0).u8(0x80).u24(0).u16(etherTypeOf(packet));
  else head.u8(packet[0]! >>> 4 === 6 ? 0x8e : 0xcc);
  return head.bytes(packet).done();
}

/** Linux netfilter log: family, version, resource, then attributes in the host's (little-endian) order. */
export function nflog(packet: Uint8Array): Uint8Array {
  const attribute = (type: number, value: Uint8Array): Uint8Array =>
    new ByteWriter('little')
      .u16(4 + value.length)
      .u16(type)
      .bytes(value)
      .align(4)
      .done();
  const packetHeader = new ByteWriter().u16(etherTypeOf(packet)).u8(1).u8(0).done();
  return concat(
    [packet[0]! >>> 4 === 6 ? 10 : 2, 0, 0, 0],
    attribute(1, packetHeader),
    attribute(10, Uint8Array.of(0)),
    attribute(9, packet),
  );
}

/** Apple's PKTAP: a header of 108 bytes (little-endian) before a frame of another link type. */
export function pktap(packet: Uint8Array): Uint8Array {
  const frame = ethernet(packet);
  const name = Buffer.alloc(24);
  name.write('en0');
  return new ByteWriter('little', 256)
    .u32(108)
    .u32(1)
    .u32(LINK_TYPE.ethernet)
    .bytes(name)
    .u32(1)
    .u32(2)
    .u32(14)
    .u32(0)
    .u32(1234)
    .zeros(20)
    .u32(0)
    .u16(6)
    .u16(0)
    .u32(0)
    .zeros(20)
    .bytes(frame)
    .done();
}

/** Ethernet with Cisco metadata: a security group tag before the EtherType. */
export function ciscoMetadata(packet: Uint8Array, group = 7): Uint8Array {
  const tag = new ByteWriter().u8(1).u8(1).u16(1).u16(group).u16(etherTypeOf(packet)).done();
  return ethernet(concat(tag, packet), 0x8909);
}

/** Ethernet with a Network Service Header of MD type 1 (RFC 8300 §2). */
export function nsh(packet: Uint8Array, inner: 'ip' | 'ethernet' = 'ip'): Uint8Array {
  const version6 = packet[0]! >>> 4 === 6;
  // Version 0, TTL 63, length 6 words; MD type 1; next protocol.
  const header = new ByteWriter()
    .u16((63 << 6) | 6)
    .u8(1)
    .u8(inner === 'ethernet' ? 3 : version6 ? 2 : 1)
    .u32(0x00002aff)
    .zeros(16)
    .done();
  return ethernet(concat(header, inner === 'ethernet' ? ethernet(packet) : packet), ETHER_TYPE.nsh);
}

/** How an 802.11 data frame is built. */
export interface WifiFormat {
  /** QoS data with its two more bytes. */
  qos?: boolean;
  /** Both distribution system bits are set: a fourth address. */
  fourAddresses?: boolean;
  /** An HT control field of four bytes (the order bit, QoS only). */
  htControl?: boolean;
}

/** An IEEE 802.11 data frame from a station with LLC/SNAP (IEEE 802.11 §9.3.2). */
export function wifi(packet: Uint8Array, format: WifiFormat = {}): Uint8Array {
  const flags = (format.fourAddresses ? 0x03 : 0x01) | (format.htControl ? 0x80 : 0);
  const frame = new ByteWriter()
    .u8(format.qos ? 0x88 : 0x08)
    .u8(flags)
    .u16(0)
    .bytes(macAddress('02:00:00:00:00:0a'))
    .bytes(SOURCE)
    .bytes(macAddress('02:00:00:00:00:02'))
    .u16(0x1000);
  if (format.fourAddresses) frame.bytes(SOURCE);
  if (format.qos) frame.u16(0);
  if (format.htControl) frame.u32(0);
  return frame.bytes(llc(packet)).bytes(packet).done();
}

/** Radiotap before an 802.11 frame; `flags` is the Flags field: 0x10 = a checksum of 4 bytes at the end, 0x20 = padding. */
export function radiotap(frame: Uint8Array, flags?: number): Uint8Array {
  const writer = new ByteWriter('little').u8(0).u8(0);
  if (flags === undefined) return writer.u16(8).u32(0).bytes(frame).done();
  // Present: TSFT (bit 0, 8 bytes, aligned to 8) and Flags (bit 1).
  writer.u16(17).u32(3).u64(1_000_000n).u8(flags).bytes(frame);
  return (flags & 0x10 ? writer.u32(0xdeadbeef) : writer).done();
}

/** Per-Packet Information (CACE) with one field before an 802.11 frame. */
export function ppi(frame: Uint8Array): Uint8Array {
  const field = new ByteWriter('little').u16(2).u16(20).zeros(20).done();
  return new ByteWriter('little')
    .u8(0)
    .u8(0)
    .u16(8 + field.length)
    .u32(LINK_TYPE.wifi)
    .bytes(field)
    .bytes(frame)
    .done();
}
