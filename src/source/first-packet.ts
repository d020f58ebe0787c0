import { type CaptureMagic, captureMagic } from './sniff.js';
import type { CaptureSource } from './source.js';

const NS_PER_SECOND = 1_000_000_000n;
/** Length of a pcap file header: draft-ietf-opsawg-pcap section 4. */
const PCAP_HEADER = 24;

/** Block types of draft-ietf-opsawg-pcapng section 10.1. */
const INTERFACE_DESCRIPTION = 1;
const OBSOLETE_PACKET = 2;
const ENHANCED_PACKET = 6;
const SECTION_HEADER = 0x0a0d0d0a;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
/** Options of an Interface Description Block, section 4.2. */
const IF_TSRESOL = 9;
const IF_TSOFFSET = 14;
/** An interface description longer than this is not worth its memory here. */
const MAX_BLOCK = 1024 * 1024;

/** The resolution and offset of an interface's times. */
interface Clock {
  readonly ticksPerSecond: bigint;
  readonly offsetSeconds: bigint;
}

/**
 * The time of the first packet that has one, in ns since 1970; null if there is none before the end
 * (or before the file stops being a capture). Reads no further than that packet's header.
 */
export async function firstPacketTime(source: CaptureSource): Promise<bigint | null> {
  const reader = new Reader(source);
  const first = await reader.take(4);
  const magic = first === null ? null : captureMagic(bytesOf(first));
  if (magic === null) return null;
  return magic.format === 'pcap' ? pcapTime(reader, magic) : pcapngTime(reader);
}

async function pcapTime(reader: Reader, magic: CaptureMagic): Promise<bigint | null> {
  if (!(await reader.skip(PCAP_HEADER - 4))) return null;
  const record = await reader.take(8);
  if (record === null) return null;
  const seconds = BigInt(record.getUint32(0, magic.littleEndian));
  const fraction = BigInt(record.getUint32(4, magic.littleEndian));
  return seconds * NS_PER_SECOND + (fraction * NS_PER_SECOND) / (magic.ticksPerSecond as bigint);
}

/** Walks the blocks; the reader stands behind the type of the first. */
async function pcapngTime(reader: Reader): Promise<bigint | null> {
  let littleEndian = false;
  let type = SECTION_HEADER;
  const clocks: Clock[] = [];
  for (;;) {
    const lengthField = await reader.take(4);
    if (lengthField === null) return null;
    let taken = 8;
    if (type === SECTION_HEADER) {
      const order = await reader.take(4);
      if (order === null) return null;
      littleEndian = order.getUint32(0, true) === BYTE_ORDER_MAGIC;
      clocks.length = 0;
      taken = 12;
    }
    const length = lengthField.getUint32(0, littleEndian);
    if (length < taken + 4 || length % 4 !== 0) return null;
    if (type === ENHANCED_PACKET || type === OBSOLETE_PACKET) {
      return packetTime(await reader.take(12), type, littleEndian, clocks);
    }
    if (type === INTERFACE_DESCRIPTION && length <= MAX_BLOCK) {
      const body = await reader.take(length - taken);
      if (body === null) return null;
      clocks.push(clockOf(body, littleEndian));
    } else if (!(await reader.skip(length - taken))) return null;
    const typeField = await reader.take(4);
    if (typeField === null) return null;
    type = typeField.getUint32(0, littleEndian);
  }
}

/** Interface id (32 bits; 16 and a drop count in the obsolete block), then the time's upper and lower half. */
function packetTime(
  head: DataView | null,
  type: number,
  littleEndian: boolean,
  clocks: readonly Clock[],
): bigint | null {
  if (head === null) return null;
  const id = type === OBSOLETE_PACKET ? head.getUint16(0, littleEndian) : head.getUint32(0, littleEndian);
  const clock = clocks[id];
  if (clock === undefined) return null;
  const high = BigInt(head.getUint32(4, littleEndian));
  const ticks = (high << 32n) | BigInt(head.getUint32(8, littleEndian));
  return clock.offsetSeconds * NS_PER_SECOND + (ticks * NS_PER_SECOND) / clock.ticksPerSecond;
}

/** Options stand behind link type, reserved field and snap length, padded to 32 bits each. */
function clockOf(body: DataView, littleEndian: boolean): Clock {
  let ticksPerSecond = 1_000_000n;
  let offsetSeconds = 0n;
  const end = body.byteLength - 4;
  for (let at = 8; at + 4 <= end; ) {
    const code = body.getUint16(at, littleEndian);
    const length = body.getUint16(at + 2, littleEndian);
    if (code === 0 || at + 4 + length > end) break;
    if (code === IF_TSRESOL && length === 1) {
      const resolution = body.getUint8(at + 4);
      const exponent = BigInt(resolution & 0x7f);
      ticksPerSecond = resolution >>> 7 === 1 ? 2n ** exponent : 10n ** exponent;
    }
    if (code === IF_TSOFFSET && length === 8) offsetSeconds = body.getBigInt64(at + 4, littleEndian);
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return { ticksPerSecond, offsetSeconds };
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** Exact numbers of bytes from a source that gives what it has. */
class Reader {
  readonly #scratch = new Uint8Array(64 * 1024);
  #start = 0;
  #end = 0;

  constructor(readonly source: CaptureSource) {}

  /** The next `length` bytes, as a copy; null if fewer are left. */
  async take(length: number): Promise<DataView | null> {
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      if (this.#start === this.#end && !(await this.#fill())) return null;
      const piece = this.#scratch.subarray(this.#start, Math.min(this.#end, this.#start + length - filled));
      bytes.set(piece, filled);
      filled += piece.length;
      this.#start += piece.length;
    }
    return new DataView(bytes.buffer);
  }

  /** False if fewer than `length` bytes are left. */
  async skip(length: number): Promise<boolean> {
    let left = length;
    while (left > 0) {
      if (this.#start === this.#end && !(await this.#fill())) return false;
      const piece = Math.min(this.#end - this.#start, left);
      this.#start += piece;
      left -= piece;
    }
    return true;
  }

  async #fill(): Promise<boolean> {
    this.#start = 0;
    this.#end = await this.source.read(this.#scratch);
    return this.#end > 0;
  }
}
