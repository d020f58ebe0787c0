import { ayiya } from './ayiya';
import { capwapControl, capwapData } from './capwap';
import { geneve, greInUdp, lisp, mplsInUdp, vxlan, vxlanGpe } from './overlay';
import { gtpu } from './gtp';
import { l2tp } from './l2tp';
import { teredo } from './teredo';

/** UDP ports of tunnels (IANA; 8472 is that of Linux before VXLAN had one). */
const L2TP: u32 = 1701;
const GTP_U: u32 = 2152;
const TEREDO: u32 = 3544;
const LISP: u32 = 4341;
const GRE: u32 = 4754;
const VXLAN: u32 = 4789;
const VXLAN_GPE: u32 = 4790;
const AYIYA: u32 = 5072;
const CAPWAP_CONTROL: u32 = 5246;
const CAPWAP_DATA: u32 = 5247;
const GENEVE: u32 = 6081;
const MPLS: u32 = 6635;
const VXLAN_LINUX: u32 = 8472;

/** The ports, each at its `slot`; zero elsewhere. */
const PORTS: usize = memory.data<u32>([
  LISP, 0, 0, 0, L2TP, 0, 0, GENEVE,
  MPLS, 0, 0, AYIYA, 0, 0, 0, 0,
  0, TEREDO, 0, 0, VXLAN_LINUX, CAPWAP_CONTROL, CAPWAP_DATA, 0,
  GRE, 0, VXLAN, VXLAN_GPE, 0, 0, 0, GTP_U,
]);

/** A place in `PORTS` that no two of them share: the upper five of the low 16 bits of a product. */
@inline function slot(port: u32): u32 {
  return ((port * 121) >> 11) & 31;
}

@inline function isPort(port: u32): bool {
  return load<u32>(PORTS + (slot(port) << 2)) == port;
}

/** Whether one of the ports is that of a tunnel. Every datagram is asked: as little work as can be. */
@inline export function mayBeTunnelPort(source: u32, destination: u32): bool {
  return isPort(destination) || isPort(source);
}

/**
 * Walk a datagram as the tunnel of its destination or source port, if its header is one: any traffic may use
 * these ports.
 *
 * @param p `captured` bytes of `length` of UDP payload
 * @returns false, with nothing changed, when it is no tunnel
 */
export function udpTunnel(source: u32, destination: u32, p: usize, captured: u32, length: u32): bool {
  return (
    ofPort(destination, source, destination, p, captured, length) ||
    ofPort(source, source, destination, p, captured, length)
  );
}

function ofPort(port: u32, source: u32, destination: u32, p: usize, n: u32, length: u32): bool {
  switch (port) {
    case VXLAN:
    case VXLAN_LINUX:
      return vxlan(p, n);
    case GENEVE:
      return geneve(p, n);
    case GTP_U:
      return gtpu(p, n, length);
    case TEREDO:
      return teredo(p, n, length);
    case L2TP:
      return l2tp(p, n, length);
    case VXLAN_GPE:
      return vxlanGpe(p, n);
    case CAPWAP_DATA:
      return capwapData(p, n) || capwapControl(source, destination, p, n, length);
    case CAPWAP_CONTROL:
      return capwapControl(source, destination, p, n, length);
    case AYIYA:
      return ayiya(p, n);
    case LISP:
      return lisp(p, n, length);
    case MPLS:
      return mplsInUdp(p, n);
    case GRE:
      return greInUdp(p, n);
    default:
      return false;
  }
}
