import { BitReader, type Block, decodeBlock, NEED_INPUT } from './bzip2-block.js';
import { CodecError, type DecodeResult, type Decoder } from './codec.js';

const STREAM_MAGIC = 0x425a68;
/** The two 48-bit magics, in halves: digits of pi before a block, of its square root before the end. */
const BLOCK_MAGIC = [0x314159, 0x265359];
const END_MAGIC = [0x177245, 0x385090];
const LEVEL_UNIT = 100_000;
/** The most compressed bytes that one block can take: 900,000 symbols of 20 bits, and its tables. */
const MAX_BLOCK_INPUT = 4 * 1024 * 1024;
const FIRST_INPUT = 64 * 1024;

/** CRC-32 with the polynomial 0x04C11DB7, most significant bit first (not the one of zlib). */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc < 0 ? 0x04c11db7 : 0);
  return crc >>> 0;
});

/** A block being put out: the state of the last run-length stage. */
interface Output {
  left: number;
  next: number;
  previous: number;
  /** Equal bytes in a row so far; after four comes a count of more. */
  run: number;
  repeat: number;
  crc: number;
  readonly expectedCrc: number;
}

/**
 * Several bzip2 streams one after the other, all CRCs checked.
 *
 * Own code: the decoders on npm put out a whole block at once, which can be 46 MB.
 */
export class Bzip2Decoder implements Decoder {
  #vector = new Int32Array(0);
  /** Bits of the first input byte that are used up already. */
  #bit = 0;
  #inStream = false;
  #streamCrc = 0;
  #output: Output | null = null;
  #fault: CodecError | null = null;
  /** What one block has needed so far: less than that is not worth a try, which starts at its beginning. */
  #wants = 0;

  decode(input: Uint8Array, output: Uint8Array, last: boolean): DecodeResult {
    let consumed = 0;
    while (this.#output === null) {
      if (this.#fault !== null) throw this.#fault;
      const rest = input.subarray(consumed);
      if (rest.length === 0 && !this.#inStream) break;
      if (this.#inStream && !last && rest.length < this.#wants) {
        return { consumed, produced: 0, wants: this.#wants };
      }
      const taken = this.#next(rest, consumed, last);
      if (taken === null) {
        this.#wants = Math.max(FIRST_INPUT, rest.length * 2);
        return { consumed, produced: 0, wants: this.#wants };
      }
      consumed += taken;
    }
    return { consumed, produced: this.#put(output), wants: 0 };
  }

  /** A stream header, a block or the end of a stream; answers the whole bytes it took, null if cut short. */
  #next(input: Uint8Array, at: number, last: boolean): number | null {
    const bits = new BitReader(input, this.#bit);
    try {
      if (this.#inStream) this.#blockOrEnd(bits, at);
      else this.#streamHeader(bits, at);
    } catch (error) {
      if (error instanceof CodecError) throw new CodecError(error.message, at, error.hint);
      if (error !== NEED_INPUT) throw error;
      if (last) throw new CodecError('ends in the middle of a block', at + input.length);
      if (input.length > MAX_BLOCK_INPUT) throw new CodecError('is damaged', at);
      return null;
    }
    this.#bit = bits.position & 7;
    return bits.position >>> 3;
  }

  #streamHeader(bits: BitReader, at: number): void {
    const magic = bits.bits(24);
    const level = bits.bits(8) - 0x30;
    if (magic !== STREAM_MAGIC || level < 1 || level > 9) {
      throw new CodecError('goes on with bytes that are no bzip2 stream', at);
    }
    if (this.#vector.length !== level * LEVEL_UNIT) this.#vector = new Int32Array(level * LEVEL_UNIT);
    this.#streamCrc = 0;
    this.#inStream = true;
  }

  #blockOrEnd(bits: BitReader, at: number): void {
    const magic = [bits.bits(24), bits.bits(24)];
    const crc = bits.u32();
    if (sameMagic(magic, END_MAGIC)) {
      if (crc !== this.#streamCrc) throw new CodecError('is damaged: the CRC of the stream is wrong', at);
      const padding = (8 - (bits.position & 7)) & 7;
      if (padding > 0) bits.bits(padding);
      this.#inStream = false;
      return;
    }
    if (!sameMagic(magic, BLOCK_MAGIC)) throw new CodecError('is damaged', at);
    const block = decodeBlock(bits, this.#vector);
    this.#streamCrc = (((this.#streamCrc << 1) | (this.#streamCrc >>> 31)) ^ crc) >>> 0;
    this.#output = this.#begin(block, crc);
  }

  #begin(block: Block, expectedCrc: number): Output {
    const next = this.#vector[block.origin]! >> 8;
    return { left: block.length, next, previous: -1, run: 0, repeat: 0, crc: 0xffff_ffff, expectedCrc };
  }

  /** Undoes the transform and the first run-length stage, as far as `output` has room. */
  #put(output: Uint8Array): number {
    const state = this.#output;
    if (state === null) return 0;
    const vector = this.#vector;
    let { left, next, previous, run, repeat } = state;
    let to = 0;
    while (to < output.length) {
      if (repeat > 0) {
        const length = Math.min(repeat, output.length - to);
        output.fill(previous, to, to + length);
        to += length;
        repeat -= length;
        if (repeat === 0) previous = -1;
        continue;
      }
      if (left === 0) break;
      const entry = vector[next]!;
      const byte = entry & 0xff;
      next = entry >> 8;
      left--;
      if (run === 4) {
        repeat = byte;
        run = 0;
        if (repeat === 0) previous = -1;
        continue;
      }
      run = byte === previous ? run + 1 : 1;
      previous = byte;
      output[to++] = byte;
    }
    state.crc = crcOf(state.crc, output, to);
    Object.assign(state, { left, next, previous, run, repeat });
    if (left === 0 && repeat === 0) this.#end(state);
    return to;
  }

  #end(state: Output): void {
    this.#output = null;
    if ((state.crc ^ 0xffff_ffff) >>> 0 !== state.expectedCrc) {
      this.#fault = new CodecError('is damaged: the CRC of a block is wrong');
    }
  }
}

function sameMagic(magic: readonly number[], wanted: readonly number[]): boolean {
  return magic[0] === wanted[0] && magic[1] === wanted[1];
}

function crcOf(crc: number, bytes: Uint8Array, length: number): number {
  for (let i = 0; i < length; i++) {
    crc = ((crc << 8) ^ CRC_TABLE[((crc >>> 24) ^ bytes[i]!) & 0xff]!) >>> 0;
  }
  return crc;
}
