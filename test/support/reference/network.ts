import { isIPv6 } from 'node:net';
import { hex } from './reader.js';

/** A whole transport payload with its addresses. */
export interface Datagram {
  source: string;
  destination: string;
  sourceBytes: Uint8Array;
  destinationBytes: Uint8Array;
  protocol: number;
  payload: Uint8Array;
}

interface Fragment {
  offset: number;
  data: Uint8Array;
  last: boolean;
}

/** Reads IP packets and joins fragments; the first fragment to bring a byte wins. Everything is kept until complete. */
export class NetworkReader {
  readonly #fragments = new Map<string, Fragment[]>();

  /** The transport payload that this packet completes, or null. */
  read(packet: Uint8Array): Datagram | null {
    return packet[0]! >>> 4 === 6 ? this.#ipv6(packet) : this.#ipv4(packet);
  }

  #ipv4(packet: Uint8Array): Datagram | null {
    const headerLength = (packet[0]! & 15) * 4;
    if (headerLength < 20 || packet.length < headerLength) return null;
    const view = viewOf(packet);
    const totalLength = view.getUint16(2);
    // A total length of 0 is left by segmentation offload: the frame's length counts.
    const end = totalLength === 0 ? packet.length : Math.min(totalLength, packet.length);
    const whole: Datagram = {
      source: ipText(packet.subarray(12, 16)),
      destination: ipText(packet.subarray(16, 20)),
      sourceBytes: packet.subarray(12, 16),
      destinationBytes: packet.subarray(16, 20),
      protocol: packet[9]!,
      payload: packet.subarray(headerLength, end),
    };
    const flags = view.getUint16(6);
    const more = (flags & 0x2000) !== 0;
    const offset = (flags & 0x1fff) * 8;
    if (!more && offset === 0) return whole;
    return this.#join(whole, `${view.getUint16(4)}`, { offset, data: whole.payload, last: !more });
  }

  #ipv6(packet: Uint8Array): Datagram | null {
    if (packet.length < 40) return null;
    const view = viewOf(packet);
    const payloadLength = view.getUint16(4);
    const end = payloadLength === 0 ? packet.length : Math.min(40 + payloadLength, packet.length);
    const whole: Datagram = {
      source: ipText(packet.subarray(8, 24)),
      destination: ipText(packet.subarray(24, 40)),
      sourceBytes: packet.subarray(8, 24),
      destinationBytes: packet.subarray(24, 40),
      protocol: packet[6]!,
      payload: packet.subarray(40, end),
    };
    let fragment: { key: string; offset: number; last: boolean } | null = null;
    while ([0, 43, 44, 51, 60, 135].includes(whole.protocol)) {
      const header = whole.payload;
      if (header.length < 8) return null;
      const size =
        whole.protocol === 44 ? 8 : whole.protocol === 51 ? 4 * (header[1]! + 2) : 8 * (header[1]! + 1);
      if (whole.protocol === 44) {
        const word = viewOf(header).getUint16(2);
        fragment = { key: hex(header.subarray(4, 8)), offset: word & 0xfff8, last: (word & 1) === 0 };
      }
      whole.protocol = header[0]!;
      whole.payload = header.subarray(size);
      if (fragment && fragment.offset > 0) break;
    }
    if (!fragment) return whole;
    const { key, offset, last } = fragment;
    return this.#join(whole, key, { offset, data: whole.payload, last });
  }

  #join(whole: Datagram, identification: string, fragment: Fragment): Datagram | null {
    const key = `${whole.source} ${whole.destination} ${whole.protocol} ${identification}`;
    const list = this.#fragments.get(key) ?? [];
    this.#fragments.set(key, list);
    list.push(fragment);
    const lastOne = list.find((one) => one.last);
    if (!lastOne) return null;
    const length = lastOne.offset + lastOne.data.length;
    const payload = new Uint8Array(length);
    const known = new Uint8Array(length);
    for (const one of [...list].reverse()) {
      payload.set(one.data.subarray(0, Math.max(0, length - one.offset)), one.offset);
      known.fill(1, one.offset, one.offset + one.data.length);
    }
    if (known.includes(0)) return null;
    this.#fragments.delete(key);
    return { ...whole, payload };
  }
}

/** The canonical text of an address (RFC 5952 for IPv6). */
export function ipText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!);
  let best = { at: -1, length: 1 };
  for (let at = 0; at < 8; at++) {
    let length = 0;
    while (groups[at + length] === 0) length++;
    if (length > best.length) best = { at, length };
  }
  const words = groups.map((group) => group.toString(16));
  const text =
    best.at < 0
      ? words.join(':')
      : `${words.slice(0, best.at).join(':')}::${words.slice(best.at + best.length).join(':')}`;
  if (!isIPv6(text)) throw new Error(`not an IPv6 address: ${text}`);
  return text;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
