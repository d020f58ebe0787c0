import { Reader } from './reader.js';

/** An IP packet within a frame, and the VLAN tags walked to it, e.g. `vlan:10`. */
export interface NetworkPacket {
  data: Uint8Array;
  tunnel: string | null;
}

/**
 * The IP packet of a frame, for the common link types: Ethernet with VLAN tags, PPPoE sessions and MPLS labels; SLL, SLL2,
 * NULL, LOOP, PPP, RAW and the IPv4 / IPv6 link types. Null for all else.
 */
export function networkPacket(linkType: number, frame: Uint8Array): NetworkPacket | null {
  const reader = new Reader(frame);
  switch (linkType) {
    case 0:
    case 108:
      reader.take(4);
      return ip(reader, []);
    case 1:
      reader.take(12);
      return etherType(reader, reader.uint(2), []);
    case 9:
      return ppp(reader, []);
    case 12:
    case 14:
    case 101:
    case 228:
    case 229:
      return ip(reader, []);
    case 113:
      reader.take(14);
      return etherType(reader, reader.uint(2), []);
    case 276: {
      const type = reader.uint(2);
      reader.take(18);
      return etherType(reader, type, []);
    }
    default:
      return null;
  }
}

function etherType(reader: Reader, type: number | undefined, tags: string[]): NetworkPacket | null {
  switch (type) {
    case 0x0800:
    case 0x86dd:
      return ip(reader, tags);
    case 0x8100:
    case 0x88a8:
    case 0x9100: {
      const tag = reader.uint(2) ?? 0;
      return etherType(reader, reader.uint(2), [...tags, `vlan:${tag & 0xfff}`]);
    }
    case 0x8847:
    case 0x8848: {
      let label = reader.uint(4);
      while (label !== undefined && (label & 0x100) === 0) label = reader.uint(4);
      return ip(reader, [...tags, 'mpls']);
    }
    case 0x8864:
      reader.take(2);
      return pppoe(reader, tags);
    default:
      return null;
  }
}

function pppoe(reader: Reader, tags: string[]): NetworkPacket | null {
  const session = reader.uint(2);
  reader.take(2);
  return ppp(reader, [...tags, `pppoe:${session}`]);
}

function ppp(reader: Reader, tags: string[]): NetworkPacket | null {
  if (reader.bytes[reader.position] === 0xff && reader.bytes[reader.position + 1] === 0x03) reader.take(2);
  const protocol = reader.uint(2);
  return protocol === 0x0021 || protocol === 0x0057 ? ip(reader, tags) : null;
}

function ip(reader: Reader, tags: string[]): NetworkPacket | null {
  const data = reader.bytes.subarray(reader.position);
  const version = (data[0] ?? 0) >>> 4;
  if (reader.broken || (version !== 4 && version !== 6)) return null;
  return { data, tunnel: tags.length === 0 ? null : tags.join('/') };
}
