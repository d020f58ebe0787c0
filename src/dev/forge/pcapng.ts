import { type ByteOrder, ByteWriter, concat, fromText } from './bytes.js';
import type { ForgedPacket } from './capture.js';

/** An option of a block: code and value; the writer pads it to 32 bits (pcapng draft, section 3.5). */
export interface BlockOption {
  code: number;
  value: Uint8Array;
}

/** How an interface of a section measures its packets. */
export interface InterfaceFormat {
  linkType?: number;
  /** 0 = no limit. */
  snapLength?: number;
  name?: string;
  /** Units per second: 10 to the power or 2 to the power; microseconds and no option if absent. */
  resolution?: { base: 2 | 10; exponent: number };
  /** Seconds added to each time stamp by the reader (if_tsoffset). */
  offset?: bigint;
  options?: readonly BlockOption[];
}

const NANOSECONDS = 1_000_000_000n;

/**
 * A pcapng file block by block (draft-ietf-opsawg-pcapng). Starts with no section: call `section` first.
 * Interfaces are numbered from 0 in each section, in the order of the calls.
 */
export class PcapngWriter {
  readonly #blocks: Uint8Array[] = [];
  #order: ByteOrder = 'little';
  #interfaces: InterfaceFormat[] = [];

  /** Begin a section; its interfaces are its own. `length` is the section length written, -1 (unknown) if absent. */
  section(format: { order?: ByteOrder; options?: readonly BlockOption[]; length?: bigint } = {}): this {
    this.#order = format.order ?? 'little';
    this.#interfaces = [];
    const length = BigInt.asUintN(64, format.length ?? -1n);
    const body = this.#writer().u32(0x1a2b3c4d).u16(1).u16(0).u64(length);
    return this.block(0x0a0d0d0a, body.bytes(this.#options(format.options)).done());
  }

  /** Describe the next interface of the section. */
  interface(format: InterfaceFormat = {}): this {
    this.#interfaces.push(format);
    const options = [...(format.options ?? [])];
    if (format.name !== undefined) options.push({ code: 2, value: fromText(format.name) });
    if (format.resolution) {
      const { base, exponent } = format.resolution;
      options.push({ code: 9, value: new Uint8Array([base === 2 ? 0x80 | exponent : exponent]) });
    }
    if (format.offset !== undefined) {
      const value = this.#writer().u64(BigInt.asUintN(64, format.offset)).done();
      options.push({ code: 14, value });
    }
    const body = this.#writer()
      .u16(format.linkType ?? 1)
      .u16(0)
      .u32(format.snapLength ?? 0);
    return this.block(1, body.bytes(this.#options(options)).done());
  }

  /** An Enhanced Packet Block. */
  enhanced(packet: ForgedPacket, id = 0, options: readonly BlockOption[] = []): this {
    const time = this.#units(packet.time, id);
    const data = this.#cut(packet.data, id);
    const body = this.#writer()
      .u32(id)
      .u32(Number(time >> 32n))
      .u32(Number(time & 0xffffffffn))
      .u32(data.length)
      .u32(packet.originalLength ?? packet.data.length)
      .bytes(data)
      .align(4)
      .bytes(this.#options(options));
    return this.block(6, body.done());
  }

  /** A Simple Packet Block: no time, always the first interface. */
  simple(data: Uint8Array): this {
    const body = this.#writer().u32(data.length).bytes(this.#cut(data, 0)).align(4);
    return this.block(3, body.done());
  }

  /** The obsolete Packet Block: a 16-bit interface and a drop count. */
  obsolete(packet: ForgedPacket, id = 0, drops = 0): this {
    const time = this.#units(packet.time, id);
    const data = this.#cut(packet.data, id);
    const body = this.#writer()
      .u16(id)
      .u16(drops)
      .u32(Number(time >> 32n))
      .u32(Number(time & 0xffffffffn))
      .u32(data.length)
      .u32(packet.originalLength ?? packet.data.length)
      .bytes(data)
      .align(4);
    return this.block(2, body.done());
  }

  /** A Name Resolution Block with one IPv4 record. */
  nameResolution(address: Uint8Array, name: string): this {
    const value = concat(address, fromText(name), [0]);
    const body = this.#writer().u16(1).u16(value.length).bytes(value).align(4).u16(0).u16(0);
    return this.block(4, body.done());
  }

  /** An Interface Statistics Block with received and dropped counts. */
  statistics(id: number, time: bigint, received: bigint, dropped: bigint): this {
    const units = this.#units(time, id);
    const body = this.#writer()
      .u32(id)
      .u32(Number(units >> 32n))
      .u32(Number(units & 0xffffffffn));
    const options = [
      { code: 4, value: this.#writer().u64(received).done() },
      { code: 5, value: this.#writer().u64(dropped).done() },
    ];
    return this.block(5, body.bytes(this.#options(options)).done());
  }

  /** A Decryption Secrets Block with a TLS key log. */
  secrets(keyLog: string): this {
    const data = fromText(keyLog);
    return this.block(10, this.#writer().u32(0x544c534b).u32(data.length).bytes(data).align(4).done());
  }

  /** A Custom Block of a private enterprise number. */
  custom(enterprise: number, data: Uint8Array): this {
    return this.block(0xbad, this.#writer().u32(enterprise).bytes(data).align(4).done());
  }

  /** Any block: type, length, body (padded to 32 bits by the caller), length again. */
  block(type: number, body: Uint8Array): this {
    const length = 12 + body.length;
    const writer = new ByteWriter(this.#order, length);
    this.#blocks.push(writer.u32(type).u32(length).bytes(body).u32(length).done());
    return this;
  }

  /** The file so far. */
  done(): Uint8Array {
    return concat(...this.#blocks);
  }

  #writer(): ByteWriter {
    return new ByteWriter(this.#order);
  }

  #options(options: readonly BlockOption[] = []): Uint8Array {
    if (options.length === 0) return new Uint8Array(0);
    const writer = this.#writer();
    for (const { code, value } of options) writer.u16(code).u16(value.length).bytes(value).align(4);
    return writer.u16(0).u16(0).done();
  }

  #units(time: bigint, id: number): bigint {
    const { resolution = { base: 10, exponent: 6 }, offset = 0n } = this.#interfaces[id] ?? {};
    const perSecond = BigInt(resolution.base) ** BigInt(resolution.exponent);
    return ((time - offset * NANOSECONDS) * perSecond) / NANOSECONDS;
  }

  #cut(data: Uint8Array, id: number): Uint8Array {
    const limit = this.#interfaces[id]?.snapLength ?? 0;
    return limit === 0 ? data : data.subarray(0, limit);
  }
}

/** The simplest pcapng of the packets: one section, one interface, Enhanced Packet Blocks. */
export function pcapng(packets: readonly ForgedPacket[], format: InterfaceFormat = {}): Uint8Array {
  const writer = new PcapngWriter().section().interface(format);
  for (const packet of packets) writer.enhanced(packet);
  return writer.done();
}
