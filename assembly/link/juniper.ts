import { COUNT_MALFORMED_PACKETS } from '../generated/codes';
import { be16, be24 } from '../core/bytes';
import { count } from '../core/control';
import { ip } from '../net/ip';
import { ethernet } from './ethernet';
import { ciscoHdlc, frameRelay } from './hdlc';
import { LINKTYPE_JUNIPER_ETHER, LINKTYPE_JUNIPER_FRELAY, LINKTYPE_JUNIPER_PPP } from './link';
import { ppp } from './ppp';

/**
 * What Juniper's routers put in front of a frame: 3 bytes of magic, flags, and extensions with their length of 2 bytes (tcpdump
 * print-juniper.c).
 */
const HEADER: u32 = 4;
const MAGIC: u32 = 0x4d4743;
/** The frame has lost its link header: 4 bytes of protocol stand in its place, then an IP packet. */
const NO_LINK_HEADER: u32 = 0x02;
const EXTENSIONS: u32 = 0x80;
const EXTENSIONS_LENGTH: u32 = 2;
const PROTOCOL: u32 = 4;

/** A frame with Juniper's header, of one of the LINKTYPE_JUNIPER values. */
export function juniper(type: u32, p: usize, n: u32): void {
  if (n < HEADER || be24(p) != MAGIC) {
    count(COUNT_MALFORMED_PACKETS);
    return;
  }
  const flags: u32 = load<u8>(p, 3);
  const bare = (flags & NO_LINK_HEADER) != 0;
  let header = HEADER;
  // Where their length is not there, what is read for it leads beyond the end as well.
  if (flags & EXTENSIONS) header += EXTENSIONS_LENGTH + be16(p + HEADER);
  if (bare) header += PROTOCOL;
  if (header > n) {
    count(COUNT_MALFORMED_PACKETS);
    return;
  }
  const frame = p + header;
  const bytes = n - header;
  if (bare) ip(frame, bytes);
  else if (type == LINKTYPE_JUNIPER_ETHER) ethernet(frame, bytes);
  else if (type == LINKTYPE_JUNIPER_PPP) ppp(frame, bytes);
  else if (type == LINKTYPE_JUNIPER_FRELAY) frameRelay(frame, bytes);
  else ciscoHdlc(frame, bytes);
}
