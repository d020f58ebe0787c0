import { ByteWriter, concat, putU16 } from './bytes.js';
import { internetChecksum } from './checksum.js';
import { ETHER_TYPE, ethernet, etherTypeOf } from './ethernet.js';
import { IP_PROTOCOL } from './ip.js';
import { mplsLabels, ppp } from './link.js';
import { ipPacket } from './tcp.js';
import { udpPacket } from './udp.js';

/** The outer IP version of a tunnel. */
export type Outer = 4 | 6;

const ENDS = {
  4: { source: '203.0.113.1', destination: '203.0.113.2' },
  6: { source: '2001:db8:7::1', destination: '2001:db8:7::2' },
} as const;

/** IP in IP, IPv6 in IPv4 (6in4), IPv4 in IPv6 and IPv6 in IPv6 (RFC 2003, RFC 4213, RFC 2473). */
export function ipInIp(packet: Uint8Array, outer: Outer = 4): Uint8Array {
  return overIp(outer, packet[0]! >>> 4 === 6 ? IP_PROTOCOL.ipv6 : IP_PROTOCOL.ipv4, packet);
}

/** Optional fields of a GRE header. */
export interface GreFields {
  checksum?: boolean;
  key?: number;
  sequence?: number;
}

/** GRE with any payload (RFC 2784, RFC 2890). */
export function greRaw(
  type: number,
  payload: Uint8Array,
  fields: GreFields = {},
  outer: Outer = 4,
): Uint8Array {
  const flags =
    (fields.checksum ? 0x8000 : 0) |
    (fields.key === undefined ? 0 : 0x2000) |
    (fields.sequence === undefined ? 0 : 0x1000);
  const writer = new ByteWriter().u16(flags).u16(type);
  if (fields.checksum) writer.u32(0);
  if (fields.key !== undefined) writer.u32(fields.key);
  if (fields.sequence !== undefined) writer.u32(fields.sequence);
  writer.bytes(payload);
  if (fields.checksum) writer.patchU16(4, internetChecksum(writer.done()));
  return overIp(outer, IP_PROTOCOL.gre, writer.done());
}

/** GRE with an IP packet. */
export function gre(packet: Uint8Array, fields: GreFields = {}, outer: Outer = 4): Uint8Array {
  return greRaw(etherTypeOf(packet), packet, fields, outer);
}

/** GRE with an Ethernet frame (transparent Ethernet bridging, NVGRE with a key). */
export function greEthernet(packet: Uint8Array, fields: GreFields = {}): Uint8Array {
  return greRaw(ETHER_TYPE.transparentBridging, ethernet(packet), fields);
}

/** GRE with MPLS labels (RFC 4023). */
export function greMpls(packet: Uint8Array, labels: readonly number[]): Uint8Array {
  return greRaw(ETHER_TYPE.mpls, concat(mplsLabels(labels), packet));
}

/** PPTP: GRE version 1 with key and sequence around PPP (RFC 2637 §4.1). */
export function pptp(packet: Uint8Array): Uint8Array {
  const payload = ppp(packet);
  const header = new ByteWriter().u16(0x3001).u16(0x880b).u16(payload.length).u16(5).u32(1);
  return overIp(4, IP_PROTOCOL.gre, header.bytes(payload).done());
}

/** ERSPAN type I: GRE without sequence, no header of its own, an Ethernet frame. */
export function erspan1(packet: Uint8Array): Uint8Array {
  return greRaw(0x88be, ethernet(packet));
}

/** ERSPAN type II: GRE with sequence, a header of 8 bytes with version 1. */
export function erspan2(packet: Uint8Array, session = 9): Uint8Array {
  const header = new ByteWriter().u16(0x1000).u16(session).u32(3);
  return greRaw(0x88be, header.bytes(ethernet(packet)).done(), { sequence: 1 });
}

/** ERSPAN type III: a header of 12 bytes with version 2, and a subheader of 8 if its O bit is set. */
export function erspan3(packet: Uint8Array, session = 9, subheader = false): Uint8Array {
  const header = new ByteWriter()
    .u16(0x2000)
    .u16(session)
    .u32(0x12345678)
    .u16(0)
    .u16(subheader ? 1 : 0);
  if (subheader) header.u32(0x0c000000).u32(0);
  return greRaw(0x22eb, header.bytes(ethernet(packet)).done(), { sequence: 1 });
}

/** VXLAN (RFC 7348 §5). */
export function vxlan(packet: Uint8Array, network: number, outer: Outer = 4): Uint8Array {
  const header = new ByteWriter().u32(0x08000000).u32((network << 8) >>> 0);
  return overUdp(outer, 4789, header.bytes(ethernet(packet)).done());
}

/** VXLAN-GPE with an IP packet inside (draft-ietf-nvo3-vxlan-gpe). */
export function vxlanGpe(packet: Uint8Array, network: number): Uint8Array {
  const header = new ByteWriter().u24(0x0c0000).u8(packet[0]! >>> 4 === 6 ? 2 : 1);
  return overUdp(
    4,
    4790,
    header
      .u32((network << 8) >>> 0)
      .bytes(packet)
      .done(),
  );
}

/** Geneve with options of the length given, a multiple of 4, around Ethernet or IP (RFC 8926 §3.4). */
export function geneve(
  packet: Uint8Array,
  network: number,
  format: { optionBytes?: number; inner?: 'ethernet' | 'ip'; outer?: Outer } = {},
): Uint8Array {
  const { optionBytes = 0, inner = 'ethernet', outer = 4 } = format;
  const header = new ByteWriter()
    .u8(optionBytes / 4)
    .u8(0)
    .u16(inner === 'ethernet' ? ETHER_TYPE.transparentBridging : etherTypeOf(packet))
    .u32((network << 8) >>> 0);
  if (optionBytes > 0)
    header
      .u16(0x0102)
      .u8(0x80)
      .u8(optionBytes / 4 - 1)
      .zeros(optionBytes - 4);
  return overUdp(outer, 6081, header.bytes(inner === 'ethernet' ? ethernet(packet) : packet).done());
}

/** GTP-U version 1 (3GPP TS 29.281 §5.1): with a sequence number, and with extension headers of 4 bytes. */
export function gtpu(
  packet: Uint8Array,
  tunnel: number,
  format: { sequence?: number; extensions?: readonly number[] } = {},
): Uint8Array {
  const { sequence, extensions = [] } = format;
  const optional = new ByteWriter();
  if (sequence !== undefined || extensions.length > 0) {
    optional
      .u16(sequence ?? 0)
      .u8(0)
      .u8(extensions[0] ?? 0);
    for (let i = 0; i < extensions.length; i++)
      optional
        .u8(1)
        .u16(0x0005)
        .u8(extensions[i + 1] ?? 0);
  }
  const flags = 0x30 | (extensions.length > 0 ? 4 : 0) | (sequence === undefined ? 0 : 2);
  const header = new ByteWriter()
    .u8(flags)
    .u8(255)
    .u16(optional.length + packet.length)
    .u32(tunnel);
  return overUdp(4, 2152, header.bytes(optional.done()).bytes(packet).done());
}

/** Teredo around an IPv6 packet, with an origin indication and an authentication header if asked (RFC 4380 §5.1.1). */
export function teredo(
  packet: Uint8Array,
  indications: { origin?: boolean; authentication?: boolean } = {},
): Uint8Array {
  const writer = new ByteWriter();
  if (indications.authentication) writer.u16(1).u8(0).u8(0).zeros(9);
  if (indications.origin) writer.u16(0).u16(0xfffe).u32(0x12345678);
  return overUdp(4, 3544, writer.bytes(packet).done());
}

/** L2TP version 2 data around PPP (RFC 2661 §3.1); its optional fields come together. */
export function l2tp(packet: Uint8Array, optionalFields = false): Uint8Array {
  const payload = ppp(packet);
  const writer = new ByteWriter();
  if (optionalFields) {
    // L, S and O bits; length, tunnel, session, Ns, Nr, offset size of 2 and as much padding.
    writer
      .u16(0x4a02)
      .u16(16 + payload.length)
      .u16(1)
      .u16(2)
      .u16(3)
      .u16(4)
      .u16(2)
      .zeros(2);
  } else {
    writer.u16(0x0002).u16(1).u16(2);
  }
  return overUdp(4, 1701, writer.bytes(payload).done());
}

/** An IPv4 packet whose payload follows an Authentication Header, in transport mode (RFC 4302 §2). */
export function authenticationHeader(packet: Uint8Array): Uint8Array {
  const header = new ByteWriter().u8(packet[9]!).u8(4).u16(0).u32(0x1234).u32(1).zeros(12).done();
  const headerLength = (packet[0]! & 15) * 4;
  const bytes = concat(packet.subarray(0, headerLength), header, packet.subarray(headerLength));
  putU16(bytes, 2, bytes.length);
  bytes[9] = IP_PROTOCOL.ah;
  putU16(bytes, 10, 0);
  putU16(bytes, 10, internetChecksum(bytes.subarray(0, headerLength)));
  return bytes;
}

function overIp(outer: Outer, protocol: number, payload: Uint8Array): Uint8Array {
  const { source, destination } = ENDS[outer];
  return ipPacket(source, destination, protocol, payload);
}

function overUdp(outer: Outer, port: number, payload: Uint8Array): Uint8Array {
  const { source, destination } = ENDS[outer];
  return udpPacket({ address: source, port: 49152 }, { address: destination, port }, payload);
}
