import { CodecError } from './codec.js';

/** The input ended within a block: decode it again from its start when there is more. */
export const NEED_INPUT = Symbol('need input');

/** Bits of bzip2 data, most significant first. */
export class BitReader {
  /** The low `count` bits of `buffer` are those read from `bytes` but not handed out. */
  buffer = 0;
  count = 0;
  /** Where `bytes` is read next. */
  next = 0;

  /** Reads `bytes` from bit `skip` (0..7) of the first byte on. */
  constructor(
    readonly bytes: Uint8Array,
    skip = 0,
  ) {
    if (skip > 0) this.bits(skip);
  }

  /** Bits read, from the start of `bytes`. */
  get position(): number {
    return this.next * 8 - this.count;
  }

  /** The next `n` (1..24) bits. Throws NEED_INPUT. */
  bits(n: number): number {
    while (this.count < n) {
      if (this.next >= this.bytes.length) throw NEED_INPUT;
      this.buffer = (this.buffer << 8) | this.bytes[this.next++]!;
      this.count += 8;
    }
    this.count -= n;
    return (this.buffer >>> this.count) & ((1 << n) - 1);
  }

  u32(): number {
    return ((this.bits(16) << 16) | this.bits(16)) >>> 0;
  }
}

const MAX_CODE_LENGTH = 20;
const CODE_MASK = (1 << MAX_CODE_LENGTH) - 1;
/** A Huffman table serves this many symbols before the next selector. */
const GROUP_SIZE = 50;
const RUN_A = 0;
const RUN_B = 1;

/** One canonical Huffman code. */
interface Table {
  readonly minLength: number;
  readonly maxLength: number;
  /** Per length: the largest code, moved up to MAX_CODE_LENGTH bits. */
  readonly limit: Uint32Array;
  /** Per length: what to subtract from a code to index `symbols`. */
  readonly base: Int32Array;
  readonly symbols: Uint16Array;
}

/** A block before the inverse transform: `vector` holds its last column in the low 8 bits. */
export interface Block {
  readonly length: number;
  /** Row of the sorted rotations that is the content. */
  readonly origin: number;
}

/**
 * Decodes one block, from the bit behind its CRC on, into `vector` (its length is the most a block
 * may hold), and links it for reading: in the upper 24 bits of each entry stands where to go on.
 * Throws `CodecError` and NEED_INPUT.
 */
export function decodeBlock(bits: BitReader, vector: Int32Array): Block {
  if (bits.bits(1) === 1) {
    throw damaged('uses randomised blocks (bzip2 before 0.9.5), which are not supported');
  }
  const origin = bits.bits(24);
  const alphabet = readAlphabet(bits);
  const tableCount = bits.bits(3);
  const selectorCount = bits.bits(15);
  if (alphabet.length === 0 || tableCount < 2 || tableCount > 6 || selectorCount === 0) throw damaged();
  const selectors = readSelectors(bits, selectorCount, tableCount);
  const tables = Array.from({ length: tableCount }, () => readTable(bits, alphabet.length + 2));
  const { length, counts } = readSymbols(bits, vector, alphabet, selectors, tables);
  if (origin >= length) throw damaged();
  link(vector, length, counts);
  return { length, origin };
}

/** Which byte values occur: 16 bits for the groups of 16 values, then 16 bits for each group that does. */
function readAlphabet(bits: BitReader): Uint8Array {
  const groups = bits.bits(16);
  const used: number[] = [];
  for (let group = 0; group < 16; group++) {
    if ((groups & (0x8000 >>> group)) === 0) continue;
    const members = bits.bits(16);
    for (let i = 0; i < 16; i++) if ((members & (0x8000 >>> i)) !== 0) used.push(group * 16 + i);
  }
  return Uint8Array.from(used);
}

/** Table numbers, each as its place in a move-to-front list, in unary. */
function readSelectors(bits: BitReader, count: number, tableCount: number): Uint8Array {
  const selectors = new Uint8Array(count);
  const recent = Uint8Array.from({ length: tableCount }, (_, index) => index);
  for (let i = 0; i < count; i++) {
    let place = 0;
    while (bits.bits(1) === 1) if (++place >= tableCount) throw damaged();
    selectors[i] = moveToFront(recent, place);
  }
  return selectors;
}

/** Code lengths, each as the difference to the one before. */
function readTable(bits: BitReader, symbolCount: number): Table {
  const lengths = new Uint8Array(symbolCount);
  let length = bits.bits(5);
  for (let symbol = 0; symbol < symbolCount; symbol++) {
    for (;;) {
      if (length < 1 || length > MAX_CODE_LENGTH) throw damaged();
      if (bits.bits(1) === 0) break;
      length += bits.bits(1) === 0 ? 1 : -1;
    }
    lengths[symbol] = length;
  }
  return canonicalCode(lengths);
}

function canonicalCode(lengths: Uint8Array): Table {
  const minLength = Math.min(...lengths);
  const maxLength = Math.max(...lengths);
  const symbols = new Uint16Array(lengths.length);
  const limit = new Uint32Array(MAX_CODE_LENGTH + 1);
  const base = new Int32Array(MAX_CODE_LENGTH + 1);
  let filled = 0;
  let code = 0;
  for (let length = minLength; length <= maxLength; length++) {
    base[length] = code - filled;
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      if (lengths[symbol] !== length) continue;
      symbols[filled++] = symbol;
      code++;
    }
    // Everything below the first unused code of this length belongs to it or to a shorter one.
    limit[length] = code << (MAX_CODE_LENGTH - length);
    code <<= 1;
  }
  return { minLength, maxLength, limit, base, symbols };
}

/**
 * The next `symbols.length` symbols of one table, or fewer if `endOfBlock` is among them; answers how
 * many. The bits are kept in local variables: this loop is where the time goes.
 */
function readGroup(bits: BitReader, table: Table, endOfBlock: number, symbols: Uint16Array): number {
  const { bytes } = bits;
  const { minLength, maxLength, limit, base, symbols: bySlot } = table;
  let { buffer, count, next } = bits;
  let read = 0;
  while (read < symbols.length) {
    while (count < MAX_CODE_LENGTH) {
      if (next >= bytes.length) throw NEED_INPUT;
      buffer = (buffer << 8) | bytes[next++]!;
      count += 8;
    }
    const ahead = (buffer >>> (count - MAX_CODE_LENGTH)) & CODE_MASK;
    let length = minLength;
    while (length <= maxLength && ahead >= limit[length]!) length++;
    if (length > maxLength) throw damaged();
    count -= length;
    const slot = (ahead >>> (MAX_CODE_LENGTH - length)) - base[length]!;
    if (slot < 0 || slot >= bySlot.length) throw damaged();
    const symbol = bySlot[slot]!;
    symbols[read++] = symbol;
    if (symbol === endOfBlock) break;
  }
  bits.buffer = buffer;
  bits.count = count;
  bits.next = next;
  return read;
}

/** Huffman codes to runs and move-to-front places to bytes, which go into `vector`; counts each byte value. */
function readSymbols(
  bits: BitReader,
  vector: Int32Array,
  alphabet: Uint8Array,
  selectors: Uint8Array,
  tables: readonly Table[],
): { length: number; counts: Uint32Array } {
  const endOfBlock = alphabet.length + 1;
  const recent = alphabet.slice();
  const counts = new Uint32Array(256);
  const symbols = new Uint16Array(GROUP_SIZE);
  let length = 0;
  let run = 0;
  let runWeight = 1;
  for (let group = 0; group < selectors.length; group++) {
    const read = readGroup(bits, tables[selectors[group]!]!, endOfBlock, symbols);
    for (let i = 0; i < read; i++) {
      const symbol = symbols[i]!;
      if (symbol === RUN_A || symbol === RUN_B) {
        // A bijective base-2 number, least digit first.
        run += runWeight << symbol;
        runWeight <<= 1;
        if (run > vector.length) throw damaged();
        continue;
      }
      if (run > 0) {
        if (length + run > vector.length) throw damaged();
        vector.fill(recent[0]!, length, length + run);
        counts[recent[0]!]! += run;
        length += run;
        run = 0;
        runWeight = 1;
      }
      if (symbol === endOfBlock) return { length, counts };
      if (length >= vector.length) throw damaged();
      const byte = moveToFront(recent, symbol - 1);
      counts[byte]!++;
      vector[length++] = byte;
    }
  }
  throw damaged();
}

function moveToFront(list: Uint8Array, place: number): number {
  const value = list[place]!;
  if (place > 16) list.copyWithin(1, 0, place);
  else for (let i = place; i > 0; i--) list[i] = list[i - 1]!;
  list[0] = value;
  return value;
}

/** The inverse Burrows-Wheeler transform's links, as counting sort gives them. */
function link(vector: Int32Array, length: number, counts: Uint32Array): void {
  const next = new Uint32Array(256);
  for (let value = 1; value < 256; value++) next[value] = next[value - 1]! + counts[value - 1]!;
  for (let i = 0; i < length; i++) {
    const byte = vector[i]! & 0xff;
    vector[next[byte]!++]! |= i << 8;
  }
}

function damaged(what = 'is damaged'): CodecError {
  return new CodecError(what);
}
