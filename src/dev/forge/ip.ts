import { ipAddress } from './address.js';
import { ByteWriter, concat, putU16 } from './bytes.js';
import { internetChecksum } from './checksum.js';

/** IP protocol numbers used by the builders. */
export const IP_PROTOCOL = {
  ipv4: 4,
  tcp: 6,
  udp: 17,
  ipv6: 41,
  gre: 47,
  ah: 51,
  l2tp: 115,
  sctp: 132,
} as const;

/** Fields of an IPv4 header (RFC 791 §3.1); all but the addresses and the protocol have usual defaults. */
export interface Ipv4Fields {
  source: string;
  destination: string;
  protocol: number;
  ttl?: number;
  typeOfService?: number;
  identification?: number;
  dontFragment?: boolean;
  moreFragments?: boolean;
  /** In bytes, a multiple of 8. */
  fragmentOffset?: number;
  /** Raw options, padded here with zeros to a multiple of 4 bytes. */
  options?: Uint8Array;
  /** Overrides the true total length, as segmentation offload (0) or a broken sender would write it. */
  totalLength?: number;
}

/** An IPv4 packet around `payload`, with a right header checksum. */
export function ipv4(fields: Ipv4Fields, payload: Uint8Array): Uint8Array {
  const options = new ByteWriter()
    .bytes(fields.options ?? [])
    .align(4)
    .done();
  const headerLength = 20 + options.length;
  const flags = (fields.dontFragment ? 0x4000 : 0) | (fields.moreFragments ? 0x2000 : 0);
  const header = new ByteWriter()
    .u8(0x40 | (headerLength / 4))
    .u8(fields.typeOfService ?? 0)
    .u16(fields.totalLength ?? headerLength + payload.length)
    .u16(fields.identification ?? 0)
    .u16(flags | ((fields.fragmentOffset ?? 0) >>> 3))
    .u8(fields.ttl ?? 64)
    .u8(fields.protocol)
    .u16(0)
    .bytes(ipAddress(fields.source))
    .bytes(ipAddress(fields.destination))
    .bytes(options);
  header.patchU16(10, internetChecksum(header.done()));
  return concat(header.done(), payload);
}

/** Cut an IPv4 packet into fragments of at most `size` payload bytes each, a multiple of 8 (RFC 791 §3.2). */
export function ipv4Fragments(packet: Uint8Array, size: number): Uint8Array[] {
  const headerLength = (packet[0]! & 0x0f) * 4;
  const payload = packet.subarray(headerLength);
  const fragments: Uint8Array[] = [];
  for (let offset = 0; offset < payload.length; offset += size) {
    const part = payload.subarray(offset, offset + size);
    const fragment = concat(packet.subarray(0, headerLength), part);
    const more = offset + size < payload.length ? 0x2000 : 0;
    putU16(fragment, 2, fragment.length);
    putU16(fragment, 6, more | (offset >>> 3));
    putU16(fragment, 10, 0);
    putU16(fragment, 10, internetChecksum(fragment.subarray(0, headerLength)));
    fragments.push(fragment);
  }
  return fragments;
}

/** One IPv6 extension header: its number and what follows the next-header and length bytes (RFC 8200 §4). */
export interface Ipv6ExtensionHeader {
  type: number;
  data: Uint8Array;
}

/** Fields of an IPv6 header (RFC 8200 §3). */
export interface Ipv6Fields {
  source: string;
  destination: string;
  /** What the payload is; the extension headers are chained before it. */
  nextHeader: number;
  hopLimit?: number;
  trafficClass?: number;
  flowLabel?: number;
  extensionHeaders?: readonly Ipv6ExtensionHeader[];
  /** Overrides the true payload length (0 = jumbogram or offload). */
  payloadLength?: number;
}

/** An IPv6 packet around `payload`. */
export function ipv6(fields: Ipv6Fields, payload: Uint8Array): Uint8Array {
  let next = fields.nextHeader;
  let body = payload;
  for (const header of [...(fields.extensionHeaders ?? [])].reverse()) {
    body = concat(extensionHeader(header, next), body);
    next = header.type;
  }
  return new ByteWriter('big', 40 + body.length)
    .u32(0x60000000 | ((fields.trafficClass ?? 0) << 20) | (fields.flowLabel ?? 0))
    .u16(fields.payloadLength ?? body.length)
    .u8(next)
    .u8(fields.hopLimit ?? 64)
    .bytes(ipAddress(fields.source))
    .bytes(ipAddress(fields.destination))
    .bytes(body)
    .done();
}

/**
 * Cut an IPv6 packet without extension headers into fragments of at most `size` payload bytes, a multiple of 8
 * (RFC 8200 §4.5).
 */
export function ipv6Fragments(packet: Uint8Array, size: number, identification = 1): Uint8Array[] {
  const payload = packet.subarray(40);
  const fragments: Uint8Array[] = [];
  for (let offset = 0; offset < payload.length; offset += size) {
    const part = payload.subarray(offset, offset + size);
    const more = offset + size < payload.length ? 1 : 0;
    const fragment = new ByteWriter()
      .bytes(packet.subarray(0, 40))
      .u8(packet[6]!)
      .u8(0)
      .u16(offset | more)
      .u32(identification)
      .bytes(part)
      .patchU16(4, 8 + part.length)
      .done();
    fragment[6] = 44;
    fragments.push(fragment);
  }
  return fragments;
}

function extensionHeader(header: Ipv6ExtensionHeader, next: number): Uint8Array {
  if (header.type === 44) return concat([next], header.data);
  // AH counts 4-byte words less two (RFC 4302 §2.2), all others 8-byte words less one.
  const unit = header.type === IP_PROTOCOL.ah ? 4 : 8;
  const writer = new ByteWriter().u8(next).u8(0).bytes(header.data).align(8);
  const bytes = writer.done();
  bytes[1] = header.type === IP_PROTOCOL.ah ? bytes.length / unit - 2 : bytes.length / unit - 1;
  return bytes;
}
