import { be16, be32 } from '../core/bytes';
import { count } from '../core/control';
import { setAddresses, setPorts, setRecord, tunnelClear } from '../core/packet';
import { hashEnds, mayWait } from '../flow/table';
import { tcpSegment } from '../flow/tcp';
import { admitFrame } from '../flow/trail';
import { beginsNothing } from '../flow/udp';
import { COUNT_TCP_PACKETS, COUNT_UDP_PACKETS } from '../generated/codes';
import { ETHERNET_HEADER, IPV4_LOADED, IPV6_LOADED } from '../link/ethernet-header';
import { mayBeginHello } from '../tls/wire';
import { mayBeTunnelPort } from './udp-tunnel';

/**
 * The short way for most packets of ordinary traffic: TCP and UDP in Ethernet without tags, options, extension headers or
 * fragments. The headers are read once, in one place. Of a packet that nothing is expected of that is all; another
 * goes on to its flow. What is not of this kind goes the whole way (`link`), with the same result.
 */

const TCP: u32 = 6;
const UDP: u32 = 17;
/** FIN, SYN, RST. */
const EVENTS: u32 = 7;
const SYN: u32 = 2;

/** Walk the Ethernet frame of `n` captured bytes at `p` if it is of this kind; false: it was not touched. */
export function ordinary(p: usize, n: u32, number: u64, ts: i64): bool {
  if (n < 54) return false;
  const type: u32 = load<u16>(p, 12);
  const ip = p + ETHERNET_HEADER;
  if (type == IPV4_LOADED) {
    // Version 4 with a header of 20 bytes; no fragment.
    if (load<u8>(ip) != 0x45 || (load<u16>(ip, 6) & 0xff3f) != 0) return false;
    const total = be16(ip + 2);
    if (total < 40) return false;
    const there = min<u32>(n - 14, total) - 20;
    const protocol: u32 = load<u8>(ip, 9);
    if (protocol == TCP) return segment(ip + 20, there, total - 20, 4, ip, p, n, number, ts);
    return protocol == UDP && isIdleDatagram(ip + 20);
  }
  if (type != IPV6_LOADED || n < 74 || load<u8>(ip) >> 4 != 6) return false;
  const length = be16(ip + 4);
  if (length < 20) return false;
  const next: u32 = load<u8>(ip, 6);
  if (next == TCP) {
    return segment(ip + 40, min<u32>(n - 54, length), length, 6, ip, p, n, number, ts);
  }
  return next == UDP && isIdleDatagram(ip + 40);
}

/**
 * The TCP segment of which `captured` (at least 20) of `length` bytes are at `p`, in the IP packet at `ip` and the frame of
 * `n` bytes at `frame`.
 */
@inline function segment(
  p: usize,
  captured: u32,
  length: u32,
  version: u32,
  ip: usize,
  frame: usize,
  n: u32,
  number: u64,
  ts: i64,
): bool {
  const header: u32 = (load<u8>(p, 12) >> 4) << 2;
  if (header < 20 || header > length) return false;
  count(COUNT_TCP_PACKETS);
  const flags: u32 = load<u8>(p, 13);
  // A bare acknowledgement says nothing to us.
  if (header == length && (flags & EVENTS) == 0) return true;
  const sHi = version == 4 ? 0 : load<u64>(ip, 8);
  const sLo = version == 4 ? <u64>load<u32>(ip, 12) : load<u64>(ip, 16);
  const dHi = version == 4 ? 0 : load<u64>(ip, 24);
  const dLo = version == 4 ? <u64>load<u32>(ip, 16) : load<u64>(ip, 32);
  const source = be16(p);
  const destination = be16(p + 2);
  const hash = hashEnds(sHi, sLo, source, dHi, dLo, destination, TCP);
  if (!admitFrame(hash, frame, n, number, ts)) return true;
  const there = captured > header ? captured - header : 0;
  if ((flags & SYN) == 0 && !mayWait(hash) && (there == 0 || !mayMatter(p + header, there))) return true;
  setRecord(number, ts);
  tunnelClear();
  setAddresses(version, sHi, sLo, dHi, dLo);
  setPorts(source, destination);
  tcpSegment(hash, flags, be32(p + 4), p + header, there, length - header);
  return true;
}

/** Whether the payload may begin a hello, of SSL 2.0 too, that would open a connection. */
@inline function mayMatter(payload: usize, n: u32): bool {
  const first = load<u32>(payload);
  if ((first & 0xff) == 0x16) return n < 6 || mayBeginHello(payload);
  return (first & 0x00ff0080) == 0x00010080;
}

/** Whether the UDP datagram at `p`, whose header is there, is of no interest; then it has been counted. */
@inline function isIdleDatagram(p: usize): bool {
  if (mayBeTunnelPort(be16(p), be16(p + 2)) || !beginsNothing(p + 8)) return false;
  count(COUNT_UDP_PACKETS);
  return true;
}
