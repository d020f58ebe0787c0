import { type ByteOrder, ByteWriter } from './bytes.js';

/** A packet with its time, before it is put into a capture. */
export interface ForgedPacket {
  /** Nanoseconds since 1970, UTC. */
  time: bigint;
  /** The packet from the first byte of its link header (or of its IP header, before a link is put around it). */
  data: Uint8Array;
  /** Length on the wire, if more than was captured. */
  originalLength?: number;
}

/** The packets of a builder with each one's bytes put through `wrap`: how a link header gets around IP packets. */
export function wrapAll(
  packets: readonly ForgedPacket[],
  wrap: (data: Uint8Array) => Uint8Array,
): ForgedPacket[] {
  return packets.map((packet) => ({ time: packet.time, data: wrap(packet.data) }));
}

/** Packets of several connections merged in the order of time; equal times keep the order given. */
export function interleave(...flows: readonly ForgedPacket[][]): ForgedPacket[] {
  const all = flows.flat();
  return all.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
}

/** How a classic capture is written. */
export interface PcapFormat {
  /** LINKTYPE_ number; 1 (Ethernet) if absent. */
  linkType?: number;
  order?: ByteOrder;
  /** Unit of the fraction of a second: the magic tells which. */
  resolution?: 'us' | 'ns';
  /** Packets are cut to this length, as tcpdump -s does; 262144 if absent. */
  snapLength?: number;
  /** `modified`: the record headers of 24 bytes of old patched libpcaps (magic a1b2cd34). */
  variant?: 'classic' | 'modified';
}

/** A whole classic pcap file: global header of 24 bytes, then the records. */
export function pcap(packets: readonly ForgedPacket[], format: PcapFormat = {}): Uint8Array {
  const writer = new ByteWriter(format.order ?? 'little', 4096);
  const snapLength = format.snapLength ?? 262144;
  const modified = format.variant === 'modified';
  const nanoseconds = format.resolution === 'ns';
  const magic = modified ? 0xa1b2cd34 : nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4;
  writer.u32(magic).u16(2).u16(4).u32(0).u32(0);
  writer.u32(snapLength).u32(format.linkType ?? 1);
  for (const packet of packets) {
    const data = packet.data.subarray(0, snapLength);
    const fraction = Number(packet.time % 1_000_000_000n);
    writer
      .u32(Number(packet.time / 1_000_000_000n))
      .u32(nanoseconds ? fraction : Math.floor(fraction / 1000))
      .u32(data.length)
      .u32(packet.originalLength ?? packet.data.length);
    // Interface index, link protocol and packet type; nobody reads them, the size of the header is what matters.
    if (modified) writer.u32(1).u16(0x0800).u8(0).u8(0);
    writer.bytes(data);
  }
  return writer.done();
}
