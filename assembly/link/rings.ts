import { COUNT_MALFORMED_PACKETS, COUNT_NOT_IP_PACKETS } from '../generated/codes';
import { count } from '../core/control';
import { llc } from './llc';

/** FDDI and Token Ring, in whose frames addresses are followed by LLC. */

/** FDDI (ISO 9314-2 §7.3.3): frame control, destination, source. */
const FDDI_HEADER: u32 = 13;
const FDDI_FORMAT: u32 = 0x30;
const FDDI_LLC: u32 = 0x10;

/** Token Ring (IEEE 802.5 §3.1): access control, frame control, destination, source. */
const TOKEN_RING_HEADER: u32 = 14;
const TOKEN_RING_FORMAT: u32 = 0xc0;
const TOKEN_RING_LLC: u32 = 0x40;
/** Bit of the source: routing information follows, whose length is in the lower bits of its first byte. */
const HAS_ROUTE: u32 = 0x80;
const ROUTE_LENGTH: u32 = 0x1f;

/** An FDDI frame. Frames about the ring itself carry nothing. */
export function fddi(p: usize, n: u32): void {
  if (n < FDDI_HEADER) count(COUNT_MALFORMED_PACKETS);
  else if ((load<u8>(p) & FDDI_FORMAT) != FDDI_LLC) count(COUNT_NOT_IP_PACKETS);
  else llc(p + FDDI_HEADER, n - FDDI_HEADER);
}

/** A Token Ring frame. */
export function tokenRing(p: usize, n: u32): void {
  if (n <= TOKEN_RING_HEADER) {
    count(COUNT_MALFORMED_PACKETS);
    return;
  }
  if ((load<u8>(p, 1) & TOKEN_RING_FORMAT) != TOKEN_RING_LLC) {
    count(COUNT_NOT_IP_PACKETS);
    return;
  }
  const route: u32 = (load<u8>(p, 8) & HAS_ROUTE) != 0 ? load<u8>(p, TOKEN_RING_HEADER) & ROUTE_LENGTH : 0;
  const header = TOKEN_RING_HEADER + route;
  if (header > n) count(COUNT_MALFORMED_PACKETS);
  else llc(p + header, n - header);
}
