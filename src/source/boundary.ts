import { captureMagic } from './sniff.js';

/**
 * Where a record begins in the middle of a capture. No byte marks it: a record is known by the chain of records that
 * follows, each beginning where the one before ends.
 *
 * A packet may itself hold a capture, and its records form a chain as well. In pcapng that chain breaks where the packet
 * ends, because the length at the end of its block is the outer one. In pcap it breaks there too, unless the packet ends
 * where one of its records does: then it runs on into the records of the file. Therefore a chain has to go on for longer
 * than a packet, and the search begins ahead of the place asked for when `bytes` begin ahead of it: a chain that has come
 * to a record of the file stays on them.
 */

/** How the records of a capture are laid out, as far as is needed to find one. */
export interface RecordFormat {
  readonly kind: 'pcap' | 'pcapng';
  readonly littleEndian: boolean;
  /** Offset in the file of the first record that carries a packet. */
  readonly first: number;
  /** pcap: the fraction of a second counts ns, not us */
  readonly nanoseconds: boolean;
}

/** draft-ietf-opsawg-pcap sections 4 and 5. */
const FILE_HEADER = 24;
const RECORD_HEADER = 16;
/** Type, length, and the length again at the end: draft-ietf-opsawg-pcapng section 3.1. */
const LEAST_BLOCK = 12;

/** Block types of draft-ietf-opsawg-pcapng section 10.1. */
const INTERFACE_DESCRIPTION = 1;
const OBSOLETE_PACKET = 2;
const SIMPLE_PACKET = 3;
const NAME_RESOLUTION = 4;
const INTERFACE_STATISTICS = 5;
const ENHANCED_PACKET = 6;
const SYSTEMD_JOURNAL = 9;
const DECRYPTION_SECRETS = 10;
const CUSTOM = 0xbad;
const CUSTOM_NOT_COPIED = 0x40000bad;
const SECTION_HEADER = 0x0a0d0d0a;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

/** Most bytes of a packet that the core reads, and of a block with a packet. */
const MAX_CAPTURED = 0x100000;
const MAX_PACKET_BLOCK = MAX_CAPTURED + 65536;

/** Most bytes of a packet that counts as plausible: the largest snap length any tool writes. */
const MAX_PLAUSIBLE = 262_144;
/** How far a chain is followed behind the place asked for, and how far ahead of it the search begins. */
const REACH = 256 * 1024;
/** Most seconds between a record and the next. */
const MAX_GAP = 86_400;
/** Least packets in a chain, by kind of capture. */
const ENOUGH = { pcap: 24, pcapng: 16 } as const;
/** Least packets in a chain that the end of `bytes` cuts short. */
const ENOUGH_IF_CUT = 8;

/**
 * The layout told by the first bytes of a file (`head`, some 64 KiB, or less if the file is shorter); null: not one in
 * which a record can be found, or no packet record begins in `head`.
 *
 * The modified pcap (a1b2cd34) is none, nor is a pcapng whose first packet is in a Simple Packet Block. Of a pcapng with
 * several sections ahead of the first packet, the byte order is that of the last.
 */
export function recordFormat(head: Uint8Array): RecordFormat | null {
  const magic = captureMagic(head);
  if (magic === null) return null;
  if (magic.format === 'pcapng') return blockFormat(head);
  const { littleEndian } = magic;
  if (magic.recordHeader !== RECORD_HEADER || head.length < FILE_HEADER + RECORD_HEADER) return null;
  if (u16(head, 4, littleEndian) !== 2) return null;
  const nanoseconds = magic.ticksPerSecond === 1_000_000_000n;
  return { kind: 'pcap', littleEndian, first: FILE_HEADER, nanoseconds };
}

/** Walks the blocks up to the first with a packet. */
function blockFormat(head: Uint8Array): RecordFormat | null {
  const format = { kind: 'pcapng', littleEndian: false, first: 0, nanoseconds: false } as const;
  let littleEndian = false;
  for (let at = 0; at + LEAST_BLOCK <= head.length; ) {
    if (u32(head, at, true) === SECTION_HEADER) {
      littleEndian = u32(head, at + 8, true) === BYTE_ORDER_MAGIC;
      if (!isSection(head, at, littleEndian)) return null;
    }
    const type = u32(head, at, littleEndian);
    if (type === SIMPLE_PACKET) return null;
    const length = lengthOf({ ...format, littleEndian }, head, at);
    if (length === 0) return null;
    if (type === ENHANCED_PACKET || type === OBSOLETE_PACKET) return { ...format, littleEndian, first: at };
    at += length;
  }
  return null;
}

/**
 * First offset in `bytes`, not before `from`, at which a record seems to begin: a chain of records follows from it.
 * null: none found. `isEnd`: the file ends behind `bytes`.
 *
 * The answer is a guess that has to be verified. It is surer when `bytes` begin some 256 KiB ahead of `from`.
 */
export function findRecord(
  format: RecordFormat,
  bytes: Uint8Array,
  from: number,
  isEnd: boolean,
): number | null {
  const failed = new Uint8Array(bytes.length);
  for (let at = Math.max(0, from - REACH); at < bytes.length; at++) {
    if (!isPlausible(format, bytes, at)) continue;
    const chain: Chain = { format, bytes, limit: Math.max(at, from) + REACH, isEnd, failed };
    const records = chainLength(chain, at);
    if (records === 0 || (format.kind === 'pcap' && isShadow(chain, at, records))) continue;
    const found = followRecords(format, bytes, at, from);
    return found !== null && isPlausible(format, bytes, found) ? found : null;
  }
  return null;
}

/**
 * The first record boundary not before `target` when records are followed from the record at `from`; null: the chain
 * breaks or leaves `bytes` before that. Takes what the core reads, plausible or not. The end of the last record is a
 * boundary, so the answer may be `bytes.length`.
 */
export function followRecords(
  format: RecordFormat,
  bytes: Uint8Array,
  from: number,
  target: number,
): number | null {
  let at = from;
  while (at < target) {
    const length = lengthOf(format, bytes, at);
    if (length === 0) return null;
    at += length;
  }
  return at <= bytes.length ? at : null;
}

/** What a chain is followed through. */
interface Chain {
  readonly format: RecordFormat;
  readonly bytes: Uint8Array;
  /** Offset that the chain has to come to, unless `bytes` end before. */
  readonly limit: number;
  readonly isEnd: boolean;
  /** Marks records from which no chain goes on far enough, so that none is followed twice. */
  readonly failed: Uint8Array;
}

/**
 * Records of the chain from `start`; 0 if it does not go on up to the limit, and until it has packets enough, or up to
 * the end of the bytes.
 */
function chainLength(chain: Chain, start: number): number {
  const { format, bytes, limit, isEnd, failed } = chain;
  const isPcap = format.kind === 'pcap';
  const least = isPcap ? RECORD_HEADER : LEAST_BLOCK;
  let records = 0;
  let packets = 0;
  let before = start;
  let at = start;
  for (;;) {
    if (at >= limit && packets >= ENOUGH[format.kind]) return records;
    if (at + least > bytes.length) {
      if ((isEnd && at === bytes.length) || packets >= ENOUGH_IF_CUT) return records;
      break;
    }
    if (failed[at] === 1 || !isPlausible(format, bytes, at)) break;
    if (isPcap && !isNext(format, bytes, before, at)) break;
    if (isPcap || isPacketBlock(u32(bytes, at, format.littleEndian))) packets++;
    records++;
    before = at;
    at += lengthOf(format, bytes, at);
  }
  markFailed(chain, start, at);
  return 0;
}

/** Mark the records from `start` on, those that begin before `end`. */
function markFailed({ format, bytes, failed }: Chain, start: number, end: number): void {
  for (let at = start; at < end; ) {
    failed[at] = 1;
    const length = lengthOf(format, bytes, at);
    if (length === 0) return;
    at += length;
  }
}

/** pcap: whether the records at `before` and `at` are of about one time. */
function isNext(format: RecordFormat, bytes: Uint8Array, before: number, at: number): boolean {
  const gap = u32(bytes, at, format.littleEndian) - u32(bytes, before, format.littleEndian);
  return Math.abs(gap) <= MAX_GAP;
}

/**
 * pcap: whether the chain from `start` runs through headers that are read some bytes early or late. Read 4 bytes late,
 * the original length is taken for the captured one, and in packets that are not cut they are equal. Read 1 byte early
 * (little-endian), lengths are 256 times as large, and in a capture of packets of one size that may fit as well. The
 * chain of the true headers has more records, or as many and begins earlier.
 */
function isShadow(chain: Chain, start: number, records: number): boolean {
  const { format, bytes, limit } = chain;
  const second = start + lengthOf(format, bytes, start);
  for (let shift = 1 - RECORD_HEADER; shift < RECORD_HEADER; shift++) {
    const at = second + shift;
    if (shift === 0 || at >= limit || !isPlausible(format, bytes, at)) continue;
    const others = chainLength(chain, at);
    if (others >= records || (others === records - 1 && others > 0 && shift < 0)) {
      markFailed(chain, start, limit);
      return true;
    }
  }
  return false;
}

/** Length in bytes, header included, that the core would take the record at `at` to have; 0: none that it reads. */
function lengthOf(format: RecordFormat, bytes: Uint8Array, at: number): number {
  const little = format.littleEndian;
  if (format.kind === 'pcap') {
    if (at + RECORD_HEADER > bytes.length) return 0;
    const captured = u32(bytes, at + 8, little);
    return captured > MAX_CAPTURED ? 0 : RECORD_HEADER + captured;
  }
  if (at + LEAST_BLOCK > bytes.length) return 0;
  const length = u32(bytes, at + 4, little);
  if (length < LEAST_BLOCK || length % 4 !== 0) return 0;
  if (length > MAX_PACKET_BLOCK && isPacketBlock(u32(bytes, at, little))) return 0;
  const end = at + length;
  return end <= bytes.length && u32(bytes, end - 4, little) !== length ? 0 : length;
}

/** Whether a record may begin at `at`. Called for each byte: what rejects most comes first. */
function isPlausible(format: RecordFormat, bytes: Uint8Array, at: number): boolean {
  return format.kind === 'pcap' ? isPlausibleRecord(format, bytes, at) : isPlausibleBlock(format, bytes, at);
}

/** Both lengths are below 2^24, so that one byte of each is 0. */
function isPlausibleRecord(format: RecordFormat, bytes: Uint8Array, at: number): boolean {
  const little = format.littleEndian;
  const top = little ? 3 : 0;
  if (bytes[at + 8 + top] !== 0 || bytes[at + 12 + top] !== 0) return false;
  if (at + RECORD_HEADER > bytes.length) return false;
  const captured = u32(bytes, at + 8, little);
  if (captured === 0 || captured > MAX_PLAUSIBLE) return false;
  if (captured > u32(bytes, at + 12, little)) return false;
  return u32(bytes, at + 4, little) < (format.nanoseconds ? 1_000_000_000 : 1_000_000);
}

/** A block of 16 MiB or more is not taken for one. */
function isPlausibleBlock(format: RecordFormat, bytes: Uint8Array, at: number): boolean {
  const little = format.littleEndian;
  if (bytes[at + (little ? 7 : 4)] !== 0 || (bytes[at + (little ? 4 : 7)]! & 3) !== 0) return false;
  const length = lengthOf(format, bytes, at);
  if (length === 0) return false;
  switch (u32(bytes, at, little)) {
    case ENHANCED_PACKET:
    case OBSOLETE_PACKET:
      return length >= 32 && isTimedPacket(bytes, at, length, little);
    case SIMPLE_PACKET:
      return length >= 16;
    case SECTION_HEADER:
      return isSection(bytes, at, little);
    case INTERFACE_DESCRIPTION:
      return length >= 20;
    case INTERFACE_STATISTICS:
      return length >= 24;
    case NAME_RESOLUTION:
    case SYSTEMD_JOURNAL:
    case DECRYPTION_SECRETS:
    case CUSTOM:
    case CUSTOM_NOT_COPIED:
      return true;
    default:
      // Of a type that is not known, only a whole block counts: the length at its end agrees.
      return at + length <= bytes.length;
  }
}

/** Enhanced and obsolete Packet Blocks: the interface and, from byte 20 on, the captured length. */
function isTimedPacket(bytes: Uint8Array, at: number, length: number, little: boolean): boolean {
  if (at + 28 > bytes.length) return true;
  const isEnhanced = u32(bytes, at, little) === ENHANCED_PACKET;
  if (isEnhanced && u32(bytes, at + 8, little) > 0xffff) return false;
  return u32(bytes, at + 20, little) <= length - 32;
}

/** A Section Header Block (section 4.1) of this byte order and of the only major version. */
function isSection(bytes: Uint8Array, at: number, little: boolean): boolean {
  if (at + 16 > bytes.length) return false;
  if (u32(bytes, at + 4, little) < 28 || u32(bytes, at + 8, little) !== BYTE_ORDER_MAGIC) return false;
  return u16(bytes, at + 12, little) === 1;
}

function isPacketBlock(type: number): boolean {
  return type === ENHANCED_PACKET || type === OBSOLETE_PACKET || type === SIMPLE_PACKET;
}

function u16(bytes: Uint8Array, at: number, little: boolean): number {
  return little ? bytes[at]! | (bytes[at + 1]! << 8) : (bytes[at]! << 8) | bytes[at + 1]!;
}

function u32(bytes: Uint8Array, at: number, little: boolean): number {
  const a = u16(bytes, little ? at + 2 : at, little);
  return ((a << 16) | u16(bytes, little ? at : at + 2, little)) >>> 0;
}
