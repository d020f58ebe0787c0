import { CaptureFormatError } from '../errors.js';
import { describeBytes } from './describe.js';
import type { Compression } from './source.js';

/** How many first bytes are enough for every test in this file and in `describe.ts`. */
export const SNIFF_BYTES = 512;

/** The least that decides between capture, compressed and neither (bzip2 needs the most). */
export const MIN_SNIFF_BYTES = 10;

export interface CaptureMagic {
  readonly format: 'pcap' | 'pcapng';
  readonly littleEndian: boolean;
  /** Ticks per second of the packet times; null where the interfaces say (pcapng). */
  readonly ticksPerSecond: bigint | null;
  /** Bytes of a record's header (pcap only; the modified pcap has 8 more). */
  readonly recordHeader: number;
}

interface PcapKind {
  readonly ticksPerSecond: bigint;
  readonly recordHeader: number;
}

/** draft-ietf-opsawg-pcap section 4, and the modified pcap of A. Kuznetzov's libpcap patches. */
const PCAP_MAGICS: ReadonlyMap<number, PcapKind> = new Map([
  [0xa1b2c3d4, { ticksPerSecond: 1_000_000n, recordHeader: 16 }],
  [0xa1b23c4d, { ticksPerSecond: 1_000_000_000n, recordHeader: 16 }],
  [0xa1b2cd34, { ticksPerSecond: 1_000_000n, recordHeader: 24 }],
]);

/** Block type of a Section Header Block, a palindrome: draft-ietf-opsawg-pcapng section 4.1. */
const SECTION_HEADER = 0x0a0d0d0a;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

/** What capture begins with these bytes, or null. */
export function captureMagic(bytes: Uint8Array): CaptureMagic | null {
  if (bytes.length < 4) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0) === SECTION_HEADER) {
    const littleEndian = bytes.length >= 12 && view.getUint32(8, true) === BYTE_ORDER_MAGIC;
    return { format: 'pcapng', littleEndian, ticksPerSecond: null, recordHeader: 0 };
  }
  for (const littleEndian of [true, false]) {
    const kind = PCAP_MAGICS.get(view.getUint32(0, littleEndian));
    if (kind !== undefined) return { format: 'pcap', littleEndian, ...kind };
  }
  return null;
}

/** RFC 1952 section 2.3.1: ID1, ID2, and CM, of which only deflate (8) was ever defined. */
const GZIP = [0x1f, 0x8b, 0x08];
/** The .xz File Format, section 2.1.1.1. */
const XZ = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00];
/** RFC 8878 section 3.1.1 (magic number 0xFD2FB528). */
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd];
/** LZ4 Frame Format (0x184D2204) and its legacy frame (0x184C2102). */
const LZ4 = [0x04, 0x22, 0x4d, 0x18];
const LZ4_LEGACY = [0x02, 0x21, 0x4c, 0x18];
/** What follows `BZh1`..`BZh9`: a block, or (of empty content) the end of the stream. */
const BZIP2_BLOCK = [0x31, 0x41, 0x59, 0x26, 0x53, 0x59];
const BZIP2_END = [0x17, 0x72, 0x45, 0x38, 0x50, 0x90];

/** How the bytes that begin so are compressed; `none` if they are not. */
export function compressionMagic(bytes: Uint8Array): Compression {
  if (startsWith(bytes, GZIP)) return 'gzip';
  if (startsWith(bytes, XZ)) return 'xz';
  if (startsWith(bytes, ZSTD) || isSkippableFrame(bytes)) return 'zstd';
  if (startsWith(bytes, LZ4) || startsWith(bytes, LZ4_LEGACY)) return 'lz4';
  if (isBzip2(bytes)) return 'bzip2';
  return 'none';
}

/** Skippable frames belong to zstd (RFC 8878 section 3.1.2) and LZ4 alike; only zstd's tools begin with one. */
function isSkippableFrame(bytes: Uint8Array): boolean {
  return (
    bytes.length >= 4 && (bytes[0]! & 0xf0) === 0x50 && startsWith(bytes.subarray(1), [0x2a, 0x4d, 0x18])
  );
}

function isBzip2(bytes: Uint8Array): boolean {
  if (!startsWith(bytes, [0x42, 0x5a, 0x68])) return false;
  const level = bytes[3] ?? 0;
  const next = bytes.subarray(4);
  return level >= 0x31 && level <= 0x39 && (startsWith(next, BZIP2_BLOCK) || startsWith(next, BZIP2_END));
}

export function startsWith(bytes: Uint8Array, prefix: readonly number[]): boolean {
  return bytes.length >= prefix.length && prefix.every((byte, index) => bytes[index] === byte);
}

/** The error for an input whose first (decompressed) bytes are `head` and no capture. */
export function notACapture(path: string, head: Uint8Array): CaptureFormatError {
  const { looksLike, hint } = describeBytes(head);
  return new CaptureFormatError(`is not a pcap or pcapng capture: ${looksLike}`, { path, offset: 0, hint });
}
