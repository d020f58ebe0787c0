/** A packet as the capture file has it. */
export interface CapturedPacket {
  /** 1-based, in file order. */
  number: number;
  /** Nanoseconds since 1970; null if the file has none (Simple Packet Block). */
  time: bigint | null;
  linkType: number;
  data: Uint8Array;
  /** Length on the wire. */
  originalLength: number;
}

/**
 * The packets of a pcap or pcapng file. A file that ends within a packet gives the packets before it.
 * @throws Error if the file is neither
 */
export function readCapture(file: Uint8Array): CapturedPacket[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < 12) throw new Error('too short for a capture');
  if (view.getUint32(0) === 0x0a0d0d0a) return readPcapng(view);
  for (const little of [true, false]) {
    const magic = view.getUint32(0, little);
    if (magic === 0xa1b2c3d4) return readPcap(view, little, 1000n, 16);
    if (magic === 0xa1b23c4d) return readPcap(view, little, 1n, 16);
    if (magic === 0xa1b2cd34) return readPcap(view, little, 1000n, 24);
  }
  throw new Error('neither pcap nor pcapng');
}

function readPcap(view: DataView, little: boolean, unit: bigint, headerLength: number): CapturedPacket[] {
  const packets: CapturedPacket[] = [];
  const linkType = view.getUint32(20, little) & 0xffff;
  let at = 24;
  while (at + headerLength <= view.byteLength) {
    const length = view.getUint32(at + 8, little);
    const begin = at + headerLength;
    if (begin + length > view.byteLength) break;
    packets.push({
      number: packets.length + 1,
      time:
        BigInt(view.getUint32(at, little)) * 1_000_000_000n + BigInt(view.getUint32(at + 4, little)) * unit,
      linkType,
      data: bytesOf(view, begin, length),
      originalLength: view.getUint32(at + 12, little),
    });
    at = begin + length;
  }
  return packets;
}

interface Interface {
  linkType: number;
  snapLength: number;
  perSecond: bigint;
  offset: bigint;
}

function readPcapng(view: DataView): CapturedPacket[] {
  const packets: CapturedPacket[] = [];
  let little = true;
  let interfaces: Interface[] = [];
  let at = 0;
  while (at + 12 <= view.byteLength) {
    const isSection = view.getUint32(at) === 0x0a0d0d0a;
    if (isSection) {
      little = view.getUint32(at + 8, true) === 0x1a2b3c4d;
      interfaces = [];
    }
    const type = view.getUint32(at, little);
    const length = view.getUint32(at + 4, little);
    if (length < 12 || at + length > view.byteLength) break;
    const body = new DataView(view.buffer, view.byteOffset + at + 8, length - 12);
    if (type === 1) interfaces.push(readInterface(body, little));
    const packet = readPacketBlock(type, body, little, interfaces);
    if (packet) packets.push({ number: packets.length + 1, ...packet });
    at += length + ((4 - (length % 4)) % 4);
  }
  return packets;
}

function readInterface(body: DataView, little: boolean): Interface {
  const result: Interface = {
    linkType: body.getUint16(0, little),
    snapLength: body.getUint32(4, little),
    perSecond: 1_000_000n,
    offset: 0n,
  };
  let at = 8;
  while (at + 4 <= body.byteLength) {
    const code = body.getUint16(at, little);
    const length = body.getUint16(at + 2, little);
    if (code === 0) break;
    if (code === 9 && length === 1) {
      const resolution = body.getUint8(at + 4);
      result.perSecond = (resolution & 0x80 ? 2n : 10n) ** BigInt(resolution & 0x7f);
    }
    if (code === 14 && length === 8) result.offset = body.getBigInt64(at + 4, little);
    at += 4 + 4 * Math.ceil(length / 4);
  }
  return result;
}

function readPacketBlock(
  type: number,
  body: DataView,
  little: boolean,
  interfaces: Interface[],
): Omit<CapturedPacket, 'number'> | null {
  if (type === 3) {
    const first = interfaces[0];
    if (!first) return null;
    const originalLength = body.getUint32(0, little);
    const limit = first.snapLength === 0 ? originalLength : Math.min(originalLength, first.snapLength);
    const data = bytesOf(body, 4, Math.min(limit, body.byteLength - 4));
    return { time: null, linkType: first.linkType, data, originalLength };
  }
  if (type !== 6 && type !== 2) return null;
  const from = interfaces[type === 6 ? body.getUint32(0, little) : body.getUint16(0, little)];
  if (!from) return null;
  const units = (BigInt(body.getUint32(4, little)) << 32n) | BigInt(body.getUint32(8, little));
  return {
    time: from.offset * 1_000_000_000n + (units * 1_000_000_000n) / from.perSecond,
    linkType: from.linkType,
    data: bytesOf(body, 20, Math.min(body.getUint32(12, little), body.byteLength - 20)),
    originalLength: body.getUint32(16, little),
  };
}

function bytesOf(view: DataView, offset: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + offset, length);
}
