import { be16, be32 } from '../core/bytes';
import { count } from '../core/control';
import { nextPart, setPorts } from '../core/packet';
import { flowHash } from '../flow/table';
import { tcpSegment } from '../flow/tcp';
import { admitDatagram, admitSegment } from '../flow/trail';
import { beginsNothing, udpDatagram } from '../flow/udp';
import { COUNT_MALFORMED_PACKETS, COUNT_TCP_PACKETS, COUNT_UDP_PACKETS } from '../generated/codes';
import { encapsulated } from '../net/encapsulation';
import { mayBeTunnelPort, udpTunnel } from './udp-tunnel';

const TCP: u32 = 6;
const UDP: u32 = 17;
/** FIN, SYN, RST. */
const TCP_EVENTS: u32 = 7;

/**
 * The transport layer of an IP packet: `captured` bytes of `length` at `p`, IP protocol number `protocol`.
 */
export function transport(protocol: u32, p: usize, captured: u32, length: u32): void {
  nextPart();
  if (protocol == TCP) tcp(p, captured, length);
  else if (protocol == UDP) udp(p, captured, length);
  else encapsulated(protocol, p, captured, length);
}

/** TCP header (RFC 9293 §3.1). */
function tcp(p: usize, captured: u32, length: u32): void {
  count(COUNT_TCP_PACKETS);
  const header: u32 = captured >= 20 ? (load<u8>(p, 12) >> 4) << 2 : 0;
  if (header < 20 || header > length) {
    count(COUNT_MALFORMED_PACKETS);
    return;
  }
  const flags: u32 = load<u8>(p, 13);
  // A bare acknowledgement says nothing to us.
  if (header == length && (flags & TCP_EVENTS) == 0) return;
  setPorts(be16(p), be16(p + 2));
  const there = captured > header ? captured - header : 0;
  const hash = flowHash(TCP);
  if (admitSegment(hash)) tcpSegment(hash, flags, be32(p + 4), p + header, there, length - header);
}

/** UDP header (RFC 768). */
function udp(p: usize, captured: u32, length: u32): void {
  count(COUNT_UDP_PACKETS);
  if (captured < 8) {
    count(COUNT_MALFORMED_PACKETS);
    return;
  }
  // The length field may be 0 (jumbogram) or lie; the IP length bounds it.
  const declared = be16(p + 4);
  const bytes = declared >= 8 ? min(declared, length) : length;
  const source = be16(p);
  const destination = be16(p + 2);
  const there = min(captured, bytes) - 8;
  if (mayBeTunnelPort(source, destination) && udpTunnel(source, destination, p + 8, there, bytes - 8)) return;
  if (beginsNothing(p + 8)) return;
  setPorts(source, destination);
  const hash = flowHash(UDP);
  if (admitDatagram(hash)) udpDatagram(hash, p + 8, there, bytes - 8);
}
