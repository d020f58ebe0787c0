import { type CaptureMagic, captureMagic } from './sniff.js';

/** What a section header (pcapng) or file header (pcap) says. */
export interface SectionInfo {
  readonly format: 'pcap' | 'pcapng';
  /** `major.minor` */
  readonly version: string;
  readonly littleEndian: boolean;
  readonly hardware: string | null;
  readonly os: string | null;
  readonly application: string | null;
  readonly comments: readonly string[];
}

/** An interface that packets come from; a pcap file has one. */
export interface InterfaceInfo {
  /** Counted through all sections of the file, from 0. */
  readonly index: number;
  /** LINKTYPE value. */
  readonly linkType: number;
  /** Bytes kept of a packet at most; 0 = no limit. */
  readonly snapLen: number;
  /** `if_tsresol` as it stands (draft-ietf-opsawg-pcapng §4.2): a power of ten, with the top bit of two. */
  readonly resolution: number;
  /** Seconds to add to every time. */
  readonly offset: bigint;
  readonly name: string | null;
  readonly description: string | null;
  readonly filter: string | null;
  readonly os: string | null;
  readonly hardware: string | null;
  /** Bits per second. */
  readonly speed: bigint | null;
  readonly comments: readonly string[];
}

/** Counters of an Interface Statistics Block; null where it does not say. */
export interface InterfaceStatistics {
  readonly interface: number;
  readonly received: bigint | null;
  readonly dropped: bigint | null;
  readonly droppedByOs: bigint | null;
  readonly comments: readonly string[];
}

/** A packet record. `data` is borrowed: valid during the call only. */
export interface PacketInfo {
  /** 1-based, in file order. */
  readonly number: number;
  /** Index of its interface, counted through all sections. */
  readonly interface: number;
  /** Time in units of the interface. */
  readonly time: bigint;
  readonly originalLength: number;
  readonly data: Uint8Array;
  readonly comments: readonly string[];
}

/** What is wanted of a capture; only what is asked for is taken apart. */
export interface CaptureHandler {
  section?(section: SectionInfo): void;
  interface?(info: InterfaceInfo): void;
  statistics?(statistics: InterfaceStatistics): void;
  packet?(packet: PacketInfo): void;
  /** Any other block; `length` counts its bytes, header included. */
  other?(type: number, length: number): void;
}

/** Block types of pcapng (draft-ietf-opsawg-pcapng §4). */
const SECTION = 0x0a0d0d0a;
const INTERFACE = 1;
const PACKET = 2;
const SIMPLE_PACKET = 3;
const STATISTICS = 5;
const ENHANCED_PACKET = 6;
/** Types of blocks that info tells of. */
export const NAME_RESOLUTION = 4;
export const DECRYPTION_SECRETS = 10;

const BYTE_ORDER = 0x1a2b3c4d;
/** A packet or description longer than this is damage, which the core reports. */
const MAX_BLOCK = 16 << 20;
const FILE_HEADER = 24;

const decoder = new TextDecoder();

/** Options of a block, by code, in order. */
function optionsOf(view: DataView, from: number, to: number, little: boolean): Map<number, DataView[]> {
  const options = new Map<number, DataView[]>();
  for (let at = from; at + 4 <= to; ) {
    const code = view.getUint16(at, little);
    const length = view.getUint16(at + 2, little);
    if (code === 0 || length > to - at - 4) break;
    const value = new DataView(view.buffer, view.byteOffset + at + 4, length);
    const known = options.get(code);
    if (known) known.push(value);
    else options.set(code, [value]);
    at += 4 + ((length + 3) & ~3);
  }
  return options;
}

const textOf = (value: DataView) =>
  decoder.decode(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)).replace(/\0+$/, '');
const COMMENT = 1;

function texts(options: Map<number, DataView[]>, code: number): string[] {
  return (options.get(code) ?? []).map(textOf);
}

function u64(options: Map<number, DataView[]>, code: number, little: boolean): bigint | null {
  const value = options.get(code)?.[0];
  return value && value.byteLength >= 8 ? value.getBigUint64(0, little) : null;
}

/**
 * Reads the structure of pcap and pcapng files: headers, interfaces, comments, packet records. It is fed with the bytes
 * as they come, in pieces of any size, and keeps at most one block. What packets mean is the core's business, and so is
 * telling of damage: here a broken file just ends (`broken`).
 */
export class CaptureParser {
  /** True once the structure made no sense; nothing further is read. */
  broken = false;
  /** Packets by interface. */
  readonly packetCounts: number[] = [];
  readonly #handler: CaptureHandler;
  #rest: Uint8Array = new Uint8Array(0);
  #skip = 0;
  #magic: CaptureMagic | null = null;
  #little = true;
  #interfaces = 0;
  /** Index of the first interface of the section. */
  #sectionBase = 0;
  #packets = 0;
  #lastTime = 0n;
  #snapLengths: number[] = [];

  constructor(handler: CaptureHandler) {
    this.#handler = handler;
  }

  /** Take the next bytes of the file. */
  push(bytes: Uint8Array): void {
    if (this.broken) return;
    let input = bytes;
    if (this.#skip > 0) {
      const skipped = Math.min(this.#skip, input.length);
      this.#skip -= skipped;
      input = input.subarray(skipped);
    }
    if (this.#rest.length > 0) {
      const joined = new Uint8Array(this.#rest.length + input.length);
      joined.set(this.#rest);
      joined.set(input, this.#rest.length);
      input = joined;
    }
    const used = this.#consume(input);
    this.#rest = used === input.length ? new Uint8Array(0) : input.slice(used);
  }

  #consume(input: Uint8Array): number {
    const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
    let at = 0;
    if (this.#magic === null) {
      if (input.length < FILE_HEADER) return 0;
      this.#magic = captureMagic(input);
      if (this.#magic === null) this.broken = true;
      else if (this.#magic.format === 'pcap') at = this.#fileHeader(view, this.#magic);
    }
    while (!this.broken) {
      const used = this.#magic?.format === 'pcap' ? this.#record(view, at) : this.#block(view, at);
      if (used === 0) break;
      at += used;
    }
    return this.broken ? input.length : Math.min(at, input.length);
  }

  #fileHeader(view: DataView, magic: CaptureMagic): number {
    const little = magic.littleEndian;
    this.#little = little;
    const version = `${view.getUint16(4, little)}.${view.getUint16(6, little)}`;
    const none = { hardware: null, os: null, application: null, comments: [] };
    this.#handler.section?.({ format: 'pcap', version, littleEndian: little, ...none });
    this.#interfaces = 1;
    this.packetCounts.push(0);
    this.#handler.interface?.({
      index: 0,
      linkType: view.getUint32(20, little) & 0xffff,
      snapLen: view.getUint32(16, little),
      resolution: magic.ticksPerSecond === 1_000_000_000n ? 9 : 6,
      offset: 0n,
      name: null,
      description: null,
      filter: null,
      os: null,
      hardware: null,
      speed: null,
      comments: [],
    });
    return FILE_HEADER;
  }

  #record(view: DataView, at: number): number {
    const { recordHeader, ticksPerSecond } = this.#magic!;
    if (at + recordHeader > view.byteLength) return 0;
    const captured = view.getUint32(at + 8, this.#little);
    if (captured > MAX_BLOCK) return this.#fail();
    const data = at + recordHeader;
    if (data + captured > view.byteLength) {
      if (this.#handler.packet) return 0;
      this.#skip = data + captured - view.byteLength;
    }
    this.#packets++;
    this.packetCounts[0]!++;
    this.#handler.packet?.({
      number: this.#packets,
      interface: 0,
      time:
        BigInt(view.getUint32(at, this.#little)) * ticksPerSecond! +
        BigInt(view.getUint32(at + 4, this.#little)),
      originalLength: view.getUint32(at + 12, this.#little),
      data: new Uint8Array(view.buffer, view.byteOffset + data, captured),
      comments: [],
    });
    return recordHeader + captured;
  }

  #fail(): number {
    this.broken = true;
    return 0;
  }

  #block(view: DataView, at: number): number {
    if (at + 12 > view.byteLength) return 0;
    const section = view.getUint32(at) === SECTION;
    if (section) this.#little = view.getUint32(at + 8, true) === BYTE_ORDER;
    const little = this.#little;
    const type = section ? SECTION : view.getUint32(at, little);
    const length = view.getUint32(at + 4, little);
    if (length < 12 || length % 4 !== 0) return this.#fail();
    if (at + length > view.byteLength) {
      if (this.#isKept(type)) return length > MAX_BLOCK ? this.#fail() : 0;
      this.#skip = at + length - view.byteLength;
      this.#handler.other?.(type, length);
      return length;
    }
    return this.#known(type, view, at, length) ? length : this.#fail();
  }

  #isKept(type: number): boolean {
    return [SECTION, INTERFACE, STATISTICS, PACKET, SIMPLE_PACKET, ENHANCED_PACKET].includes(type);
  }

  /** Take a whole block; false when it makes no sense. */
  #known(type: number, view: DataView, at: number, length: number): boolean {
    const end = at + length - 4;
    switch (type) {
      case SECTION:
        return length >= 28 && this.#section(view, at, end);
      case INTERFACE:
        return length >= 20 && this.#interface(view, at, end);
      case STATISTICS:
        return length >= 24 && this.#statistics(view, at, end);
      case PACKET:
      case ENHANCED_PACKET:
        return length >= 32 && this.#packet(type, view, at, end);
      case SIMPLE_PACKET:
        return length >= 16 && this.#simplePacket(view, at, end);
      default:
        this.#handler.other?.(type, length);
        return true;
    }
  }

  #section(view: DataView, at: number, end: number): boolean {
    const little = this.#little;
    this.#sectionBase = this.#interfaces;
    this.#snapLengths = [];
    const options = optionsOf(view, at + 24, end, little);
    const first = (code: number) => texts(options, code)[0] ?? null;
    this.#handler.section?.({
      format: 'pcapng',
      version: `${view.getUint16(at + 12, little)}.${view.getUint16(at + 14, little)}`,
      littleEndian: little,
      hardware: first(2),
      os: first(3),
      application: first(4),
      comments: texts(options, COMMENT),
    });
    return true;
  }

  #interface(view: DataView, at: number, end: number): boolean {
    const little = this.#little;
    const options = optionsOf(view, at + 16, end, little);
    const first = (code: number) => texts(options, code)[0] ?? null;
    const snapLen = view.getUint32(at + 12, little);
    const filter = options.get(11)?.[0];
    const offset = options.get(14)?.[0];
    this.#snapLengths.push(snapLen);
    this.packetCounts.push(0);
    this.#handler.interface?.({
      index: this.#interfaces,
      linkType: view.getUint16(at + 8, little),
      snapLen,
      resolution: options.get(9)?.[0]?.getUint8(0) ?? 6,
      offset: offset && offset.byteLength >= 8 ? offset.getBigInt64(0, little) : 0n,
      name: first(2),
      description: first(3),
      // The first byte says how it is written; 0 = as text.
      filter: filter && filter.byteLength > 0 && filter.getUint8(0) === 0 ? textOf(filter).slice(1) : null,
      os: first(12),
      hardware: first(15),
      speed: u64(options, 8, little),
      comments: texts(options, COMMENT),
    });
    this.#interfaces++;
    return true;
  }

  #statistics(view: DataView, at: number, end: number): boolean {
    const little = this.#little;
    const options = optionsOf(view, at + 20, end, little);
    this.#handler.statistics?.({
      interface: this.#sectionBase + view.getUint32(at + 8, little),
      received: u64(options, 4, little),
      dropped: u64(options, 5, little),
      droppedByOs: u64(options, 7, little),
      comments: texts(options, COMMENT),
    });
    return true;
  }

  /** Enhanced Packet Block and the obsolete Packet Block: the same fields but for the interface. */
  #packet(type: number, view: DataView, at: number, end: number): boolean {
    const little = this.#little;
    const id = type === PACKET ? view.getUint16(at + 8, little) : view.getUint32(at + 8, little);
    const captured = view.getUint32(at + 20, little);
    const data = at + 28;
    if (captured > end - data || this.#sectionBase + id >= this.#interfaces) return false;
    const options = data + ((captured + 3) & ~3);
    this.#emit(this.#sectionBase + id, view, data, captured, view.getUint32(at + 24, little), {
      time: (BigInt(view.getUint32(at + 12, little)) << 32n) | BigInt(view.getUint32(at + 16, little)),
      comments: options + 4 <= end ? texts(optionsOf(view, options, end, little), COMMENT) : [],
    });
    return true;
  }

  /** It has no time: that of the packet before is taken, as the core does. */
  #simplePacket(view: DataView, at: number, end: number): boolean {
    if (this.#snapLengths.length === 0) return false;
    const original = view.getUint32(at + 8, this.#little);
    const snap = this.#snapLengths[0]! || Number.POSITIVE_INFINITY;
    const captured = Math.min(original, end - at - 12, snap);
    this.#emit(this.#sectionBase, view, at + 12, captured, original, { time: this.#lastTime, comments: [] });
    return true;
  }

  #emit(
    index: number,
    view: DataView,
    at: number,
    captured: number,
    originalLength: number,
    rest: Pick<PacketInfo, 'time' | 'comments'>,
  ): void {
    this.#packets++;
    this.packetCounts[index]!++;
    this.#lastTime = rest.time;
    const data = new Uint8Array(view.buffer, view.byteOffset + at, captured);
    this.#handler.packet?.({ number: this.#packets, interface: index, originalLength, data, ...rest });
  }
}

/** Units per second of an interface's times; 0 for a resolution beyond sense. */
export function ticksPerSecond(resolution: number): bigint {
  return resolution & 0x80 ? 1n << BigInt(resolution & 0x7f) : 10n ** BigInt(resolution);
}
