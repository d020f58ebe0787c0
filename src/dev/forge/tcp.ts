import { ipAddress } from './address.js';
import { ByteWriter, concat, putU16 } from './bytes.js';
import { transportChecksum } from './checksum.js';
import { IP_PROTOCOL, ipv4, ipv6 } from './ip.js';

/** One end of a connection: an IP address as text and a port. */
export interface Endpoint {
  address: string;
  port: number;
}

/** TCP control bits (RFC 9293 §3.1). */
export const TCP_FLAG = { fin: 0x01, syn: 0x02, rst: 0x04, psh: 0x08, ack: 0x10, urg: 0x20 } as const;

/** Fields of a TCP header (RFC 9293 §3.1). */
export interface TcpFields {
  source: Endpoint;
  destination: Endpoint;
  sequence: number;
  acknowledgment?: number;
  /** TCP_FLAG bits; ACK alone if absent. */
  flags?: number;
  window?: number;
  /** Raw options, padded here with zeros (end of list) to a multiple of 4 bytes. */
  options?: Uint8Array;
}

/** A TCP segment with a right checksum. */
export function tcp(fields: TcpFields, payload: Uint8Array): Uint8Array {
  const options = new ByteWriter()
    .bytes(fields.options ?? [])
    .align(4)
    .done();
  const header = new ByteWriter()
    .u16(fields.source.port)
    .u16(fields.destination.port)
    .u32(fields.sequence)
    .u32(fields.acknowledgment ?? 0)
    .u8((5 + options.length / 4) << 4)
    .u8(fields.flags ?? TCP_FLAG.ack)
    .u16(fields.window ?? 64240)
    .u16(0)
    .u16(0)
    .bytes(options)
    .done();
  const segment = concat(header, payload);
  const source = ipAddress(fields.source.address);
  const destination = ipAddress(fields.destination.address);
  const checksum = transportChecksum(source, destination, IP_PROTOCOL.tcp, segment);
  putU16(segment, 16, checksum);
  return segment;
}

/** A TCP segment in an IPv4 or IPv6 packet, whichever its addresses are. */
export function tcpPacket(fields: TcpFields, payload: Uint8Array): Uint8Array {
  return ipPacket(fields.source.address, fields.destination.address, IP_PROTOCOL.tcp, tcp(fields, payload));
}

/** An IPv4 or IPv6 packet with the usual header around a transport payload. */
export function ipPacket(
  source: string,
  destination: string,
  protocol: number,
  payload: Uint8Array,
): Uint8Array {
  return source.includes(':')
    ? ipv6({ source, destination, nextHeader: protocol }, payload)
    : ipv4({ source, destination, protocol, dontFragment: true }, payload);
}

/** Builders of TCP options, to be concatenated (RFC 9293 §3.2, RFC 7323, RFC 2018). */
export const tcpOption = {
  noOperation: (): Uint8Array => new Uint8Array([1]),
  maximumSegmentSize: (bytes: number): Uint8Array => new ByteWriter().u8(2).u8(4).u16(bytes).done(),
  windowScale: (shift: number): Uint8Array => new Uint8Array([3, 3, shift]),
  sackPermitted: (): Uint8Array => new Uint8Array([4, 2]),
  timestamps: (value: number, echo: number): Uint8Array =>
    new ByteWriter().u8(8).u8(10).u32(value).u32(echo).done(),
} as const;
