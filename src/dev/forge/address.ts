import { concat } from './bytes.js';

const known = new Map<string, Uint8Array>();

/**
 * The bytes of an IP address in network order: 4 for `192.0.2.1`, 16 for `2001:db8::1` (also with an IPv4 tail). Shared
 * with later callers: not to be changed.
 * @throws TypeError if the text is no address
 */
export function ipAddress(text: string): Uint8Array {
  let bytes = known.get(text);
  if (!bytes) {
    bytes = text.includes(':') ? ipv6Address(text) : ipv4Address(text);
    if (known.size >= 1024) known.clear();
    known.set(text, bytes);
  }
  return bytes;
}

/** The six bytes of `02:00:00:00:00:01`. */
export function macAddress(text: string): Uint8Array {
  const parts = text.split(':').map((part) => Number.parseInt(part, 16));
  if (parts.length !== 6 || parts.some((part) => !(part >= 0 && part < 256))) {
    throw new TypeError(`not a MAC address: ${text}`);
  }
  return new Uint8Array(parts);
}

function ipv4Address(text: string): Uint8Array {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  const parts = [Number(match?.[1]), Number(match?.[2]), Number(match?.[3]), Number(match?.[4])];
  if (!parts.every((part) => part < 256)) throw new TypeError(`not an IPv4 address: ${text}`);
  return new Uint8Array(parts);
}

function ipv6Address(text: string): Uint8Array {
  const halves = text.split('::');
  const head = ipv6Groups(halves[0]!);
  if (halves.length === 1 && head.length === 16) return head;
  const tail = ipv6Groups(halves[1] ?? '');
  const gap = 16 - head.length - tail.length;
  if (halves.length !== 2 || gap < 2) throw new TypeError(`not an IPv6 address: ${text}`);
  return concat(head, new Uint8Array(gap), tail);
}

function ipv6Groups(text: string): Uint8Array {
  if (text === '') return new Uint8Array(0);
  const parts = text.split(':').map((group) => {
    if (group.includes('.')) return ipv4Address(group);
    const value = Number.parseInt(group, 16);
    if (!(value >= 0 && value < 0x10000)) throw new TypeError(`not an IPv6 group: ${group}`);
    return new Uint8Array([value >>> 8, value & 0xff]);
  });
  return concat(...parts);
}
