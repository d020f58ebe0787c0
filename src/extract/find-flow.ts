import { addressBytes } from '../address.js';

/** Headers in front of the packet looked for (links, tunnels) are not longer than this together. */
const MAX_DEPTH = 512;
const TCP = 6;
const UDP = 17;
/** IPv6 extension headers that may stand before TCP or UDP (RFC 8200 §4.1): all but the fragment header say their length in 8 bytes. */
const FRAGMENT = 44;
const EXTENSIONS: ReadonlySet<number> = new Set([0, 43, 60, 135, 139, 140, FRAGMENT]);

/** Ends of a connection. */
export interface Ends {
  readonly src_ip: string;
  readonly dst_ip: string;
  readonly src_port: number;
  readonly dst_port: number;
}

/** A packet of a wanted connection. */
export interface FoundPacket<T> {
  /** What was given for its connection. */
  readonly value: T;
  readonly fragment: boolean;
  /** Where its TCP or UDP header begins (of a later fragment: its data), and where the IP packet ends. */
  readonly transport: number;
  readonly end: number;
}

/** Bytes as text of one character each: a key for maps. */
function keyOf(bytes: Uint8Array, from: number, to: number): string {
  let key = '';
  for (let at = from; at < to; at++) key += String.fromCharCode(bytes[at]!);
  return key;
}

function portKey(port: number): string {
  return String.fromCharCode(port >> 8, port & 0xff);
}

function addressKey(text: string): string {
  const bytes = addressBytes(text);
  return keyOf(bytes, 0, bytes.length);
}

/**
 * Finds the connection of a packet without knowing its link type or tunnels: an IP header whose addresses and ports
 * are those of a wanted connection, anywhere in the first bytes, is it. Twelve bytes and more have to agree, so that
 * chance is out of the question; an ICMP error that quotes a packet of the connection is found too, which is meant.
 */
export class FlowFinder<T> {
  readonly #flows = new Map<string, T>();
  /** Fragments but the first have no ports: they are told by their addresses alone. */
  readonly #pairs = new Map<string, T>();

  /** Look for packets from `ends.src` to `ends.dst`. The first value given for an address pair is that of its fragments. */
  add(ends: Ends, value: T): void {
    const pair = addressKey(ends.src_ip) + addressKey(ends.dst_ip);
    this.#flows.set(pair + portKey(ends.src_port) + portKey(ends.dst_port), value);
    if (!this.#pairs.has(pair)) this.#pairs.set(pair, value);
  }

  /** Look for packets of both directions. */
  addBoth(ends: Ends, value: T): void {
    this.add(ends, value);
    const { src_ip, dst_ip, src_port, dst_port } = ends;
    this.add({ src_ip: dst_ip, dst_ip: src_ip, src_port: dst_port, dst_port: src_port }, value);
  }

  get size(): number {
    return this.#flows.size;
  }

  /** The connection of this packet; null if it is none of the wanted. */
  find(packet: Uint8Array): FoundPacket<T> | null {
    const end = Math.min(packet.length - 20, MAX_DEPTH);
    for (let at = 0; at <= end; at++) {
      const version = packet[at]! >> 4;
      const found = version === 4 ? this.#ipv4(packet, at) : version === 6 ? this.#ipv6(packet, at) : null;
      if (found) return found;
    }
    return null;
  }

  #ipv4(p: Uint8Array, at: number): FoundPacket<T> | null {
    const header = (p[at]! & 15) * 4;
    const protocol = p[at + 9];
    if (header < 20 || (protocol !== TCP && protocol !== UDP)) return null;
    const field = (p[at + 6]! << 8) | p[at + 7]!;
    const end = at + ((p[at + 2]! << 8) | p[at + 3]!);
    const later = (field & 0x1fff) > 0;
    return this.#lookup(p, keyOf(p, at + 12, at + 20), at + header, end, later, (field & 0x3fff) > 0);
  }

  #ipv6(p: Uint8Array, at: number): FoundPacket<T> | null {
    if (at + 40 > p.length) return null;
    let next = p[at + 6]!;
    let header = at + 40;
    let later = false;
    let fragment = false;
    for (let depth = 0; depth < 8 && EXTENSIONS.has(next); depth++) {
      if (header + 8 > p.length) return null;
      if (next === FRAGMENT) {
        const field = (p[header + 2]! << 8) | p[header + 3]!;
        later ||= field >> 3 > 0;
        fragment = true;
      }
      const length = next === FRAGMENT ? 8 : (p[header + 1]! + 1) * 8;
      next = p[header]!;
      header += length;
      if (later) break;
    }
    if (next !== TCP && next !== UDP) return null;
    const end = at + 40 + ((p[at + 4]! << 8) | p[at + 5]!);
    return this.#lookup(p, keyOf(p, at + 8, at + 40), header, end, later, fragment);
  }

  #lookup(
    p: Uint8Array,
    pair: string,
    transport: number,
    end: number,
    later: boolean,
    fragment: boolean,
  ): FoundPacket<T> | null {
    if (!later && transport + 4 > p.length) return null;
    const value = later ? this.#pairs.get(pair) : this.#flows.get(pair + keyOf(p, transport, transport + 4));
    if (value === undefined) return null;
    // Segmentation offload leaves the length 0; a cut packet ends before its length.
    const known = end > transport ? Math.min(end, p.length) : p.length;
    return { value, fragment, transport, end: known };
  }
}
