import { be16, be24 } from '../core/bytes';
import { count } from '../core/control';
import { setPorts } from '../core/packet';
import { TUNNEL_CAPWAP } from '../core/tunnel-names';
import { flowHash } from '../flow/table';
import { admitDatagram } from '../flow/trail';
import { udpDatagram } from '../flow/udp';
import { COUNT_NOT_IP_PACKETS } from '../generated/codes';
import { enter, ethernet } from '../link/ethernet';
import { wifiEitherOrder } from '../link/wifi';

const UDP: u32 = 17;
/** First byte: version 0, then 0 = CAPWAP header, 1 = DTLS (RFC 5415 §4.2). */
const PLAIN: u32 = 0;
const DTLS: u32 = 1;
/** Binding of IEEE 802.11. */
const WIFI_BINDING: u32 = 1;
/** Flags: the payload has the format of its binding; keep-alive; reserved ones. */
const NATIVE: u32 = 0x01;
const FRAGMENT: u32 = 0x80;
const KEEP_ALIVE: u32 = 0x08;
const RESERVED: u32 = 0x07;

/**
 * A CAPWAP data packet (RFC 5415 §4.3): preamble, length of the header in 4-byte words (5 bits), radio (5),
 * binding (5), flags, fragment, then a frame of 802.11 or 802.3.
 *
 * @returns false, with nothing changed, when it is none
 */
export function capwapData(p: usize, n: u32): bool {
  if (n < 8 || load<u8>(p) != PLAIN) return false;
  const header: u32 = (<u32>load<u8>(p, 1) >> 3) << 2;
  const binding: u32 = (<u32>load<u8>(p, 2) >> 1) & 0x1f;
  const flags: u32 = load<u8>(p, 3);
  if (header < 8 || header >= n || binding != WIFI_BINDING || (flags & RESERVED) != 0) return false;
  if (!enter(TUNNEL_CAPWAP, -1)) return true;
  // Of a fragmented frame the first part is walked, as if the capture had cut it.
  if (flags & KEEP_ALIVE || (flags & FRAGMENT && be16(p + 6) >> 3 != 0)) count(COUNT_NOT_IP_PACKETS);
  else if (load<u8>(p, 2) & NATIVE) wifiEitherOrder(p + header, n - header);
  else ethernet(p + header, n - header);
  return true;
}

/**
 * DTLS behind the preamble of CAPWAP, of the control or the data channel.
 *
 * @returns false, with nothing changed, when it is none
 */
export function capwapControl(source: u32, destination: u32, p: usize, n: u32, length: u32): bool {
  if (n < 8 || load<u8>(p) != DTLS || be24(p + 1) != 0) return false;
  if (enter(TUNNEL_CAPWAP, -1)) {
    setPorts(source, destination);
    const hash = flowHash(UDP);
    if (admitDatagram(hash)) udpDatagram(hash, p + 4, n - 4, length - 4);
  }
  return true;
}
