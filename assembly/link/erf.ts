import { COUNT_MALFORMED_PACKETS, COUNT_NOT_IP_PACKETS } from '../generated/codes';
import { be16 } from '../core/bytes';
import { count } from '../core/control';
import { ip } from '../net/ip';
import { ethernetBehind } from './ethernet';
import { pppSerial } from './ppp';

/**
 * Endace's Extensible Record Format (ERF types reference guide): a time of 8 bytes, u8 type, u8 flags, u16 length of the record, u16
 * loss or color, u16 length on the wire; then extension headers of 8 bytes, and what was captured.
 */
const HEADER: u32 = 16;
const TYPE: usize = 8;
const RECORD_LENGTH: usize = 10;
const EXTENSION: u32 = 8;
/** Bit of the type, and of the first byte of an extension header: another one follows. */
const MORE: u32 = 0x80;

const HDLC_POS: u32 = 1;
const ETH: u32 = 2;
const COLOR_HDLC_POS: u32 = 10;
const COLOR_ETH: u32 = 11;
const DSM_COLOR_HDLC_POS: u32 = 15;
const DSM_COLOR_ETH: u32 = 16;
const COLOR_HASH_POS: u32 = 19;
const COLOR_HASH_ETH: u32 = 20;
const IPV4: u32 = 22;
const IPV6: u32 = 23;
/** Offset and padding before an Ethernet frame. */
const ETH_PAD: u32 = 2;

/** An ERF record. Records that are not Ethernet, PPP, Cisco HDLC or IP carry nothing. */
export function erf(p: usize, n: u32): void {
  const length = n >= HEADER ? min<u32>(n, be16(p + RECORD_LENGTH)) : 0;
  let at = HEADER;
  let more: u32 = length >= HEADER ? load<u8>(p, TYPE) : 0;
  const type = more & ~MORE;
  for (; (more & MORE) != 0 && at + EXTENSION <= length; at += EXTENSION) more = load<u8>(p + at);
  if (at > length || (more & MORE) != 0) count(COUNT_MALFORMED_PACKETS);
  else record(type, p + at, length - at);
}

function record(type: u32, p: usize, n: u32): void {
  switch (type) {
    case ETH:
    case COLOR_ETH:
    case DSM_COLOR_ETH:
    case COLOR_HASH_ETH:
      ethernetBehind(ETH_PAD, p, n);
      break;
    case HDLC_POS:
    case COLOR_HDLC_POS:
    case DSM_COLOR_HDLC_POS:
    case COLOR_HASH_POS:
      pppSerial(p, n);
      break;
    case IPV4:
    case IPV6:
      ip(p, n);
      break;
    default:
      count(COUNT_NOT_IP_PACKETS);
  }
}
