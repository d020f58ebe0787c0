import { ipAddress } from './address.js';
import { ByteWriter, putU16 } from './bytes.js';
import { transportChecksum } from './checksum.js';
import { IP_PROTOCOL } from './ip.js';
import { type Endpoint, ipPacket } from './tcp.js';

/** A UDP datagram with a right checksum (RFC 768). */
export function udp(source: Endpoint, destination: Endpoint, payload: Uint8Array): Uint8Array {
  const datagram = new ByteWriter('big', 8 + payload.length)
    .u16(source.port)
    .u16(destination.port)
    .u16(8 + payload.length)
    .u16(0)
    .bytes(payload)
    .done();
  const checksum = transportChecksum(
    ipAddress(source.address),
    ipAddress(destination.address),
    IP_PROTOCOL.udp,
    datagram,
  );
  // Zero on the wire means "no checksum"; a computed zero is sent as all ones.
  putU16(datagram, 6, checksum === 0 ? 0xffff : checksum);
  return datagram;
}

/** A UDP datagram in an IPv4 or IPv6 packet, whichever its addresses are. */
export function udpPacket(source: Endpoint, destination: Endpoint, payload: Uint8Array): Uint8Array {
  return ipPacket(source.address, destination.address, IP_PROTOCOL.udp, udp(source, destination, payload));
}
