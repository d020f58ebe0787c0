import type { XXHash, XXHashAPI } from 'xxhash-wasm';
import xxhash from 'xxhash-wasm';
import { CodecError, type DecodeResult, type Decoder } from './codec.js';
import { decodeBlock } from './lz4-block.js';

const FRAME_MAGIC = 0x184d2204;
const LEGACY_MAGIC = 0x184c2102;
const SKIPPABLE_MAGIC = 0x184d2a50;
/** Matches reach back this far at most, over block borders when blocks are linked. */
const HISTORY = 64 * 1024;
const LEGACY_BLOCK = 8 * 1024 * 1024;
/** The most that an incompressible block of `size` can take: lz4.h, LZ4_COMPRESSBOUND. */
const compressBound = (size: number) => size + Math.ceil(size / 255) + 16;

/** What the frame's descriptor says. */
interface Frame {
  readonly legacy: boolean;
  readonly linked: boolean;
  readonly blockChecksum: boolean;
  readonly blockSize: number;
  /** Running hash of the content, if the frame ends with one. */
  readonly content: XXHash<number> | null;
}

type State = 'magic' | 'descriptor' | 'skip' | 'block' | 'trailer';

/**
 * LZ4 frames (LZ4 Frame Format Description 1.6.x), linked and independent blocks, all checksums,
 * several frames, skippable frames, and the legacy frame. No dictionaries.
 *
 * Own code, because no library on npm decodes the frame format as a stream with bounded memory.
 */
class Lz4Decoder implements Decoder {
  readonly #hash: XXHashAPI;
  #state: State = 'magic';
  #frame: Frame | null = null;
  /** HISTORY bytes that were put out last, then the block being put out. */
  #window = new Uint8Array(0);
  #history = 0;
  #readyFrom = 0;
  #readyTo = 0;
  #fault: string | null = null;
  #skip = 0;

  constructor(hash: XXHashAPI) {
    this.#hash = hash;
  }

  decode(input: Uint8Array, output: Uint8Array, last: boolean): DecodeResult {
    let consumed = 0;
    let wants = 0;
    while (this.#readyFrom === this.#readyTo) {
      if (this.#fault !== null) throw new CodecError(this.#fault, consumed);
      const rest = input.subarray(consumed);
      wants = this.#wants(rest);
      if (rest.length < wants || rest.length === 0) {
        if (!last || !this.#endsEarly(rest)) break;
        consumed += rest.length;
        continue;
      }
      wants = 0;
      consumed += this.#step(rest, consumed);
    }
    const produced = Math.min(this.#readyTo - this.#readyFrom, output.length);
    output.set(this.#window.subarray(this.#readyFrom, this.#readyFrom + produced));
    this.#readyFrom += produced;
    return { consumed, produced, wants: produced > 0 ? 0 : wants };
  }

  /** How many bytes the next step must see at once. */
  #wants(input: Uint8Array): number {
    switch (this.#state) {
      case 'magic':
        return input.length >= 4 && isSkippable(u32(input, 0)) ? 8 : 4;
      case 'descriptor':
        return input.length < 1 ? 3 : descriptorLength(input[0]!);
      case 'skip':
        return 1;
      case 'trailer':
        return 4;
      case 'block': {
        if (input.length < 4) return 4;
        const size = u32(input, 0);
        const frame = this.#frame!;
        if (size === 0 || (frame.legacy && isMagic(size))) return 4;
        const { length } = blockHeader(frame, input);
        // Too large a size is for the step to refuse, not to wait for.
        if (length > compressBound(frame.blockSize)) return 4;
        return 4 + length + (frame.blockChecksum ? 4 : 0);
      }
    }
  }

  /** Takes what `#wants` asked for; answers how much that was. */
  #step(input: Uint8Array, at: number): number {
    switch (this.#state) {
      case 'magic':
        return this.#magic(u32(input, 0), input, at);
      case 'descriptor':
        return this.#descriptor(input, at);
      case 'skip': {
        const length = Math.min(this.#skip, input.length);
        this.#skip -= length;
        if (this.#skip === 0) this.#state = 'magic';
        return length;
      }
      case 'block':
        return this.#block(input, at);
      case 'trailer': {
        if (u32(input, 0) !== this.#frame!.content!.digest() >>> 0) {
          throw new CodecError('is damaged: the checksum of the content is wrong', at);
        }
        this.#state = 'magic';
        return 4;
      }
    }
  }

  #magic(magic: number, input: Uint8Array, at: number): number {
    if (magic === FRAME_MAGIC) {
      this.#state = 'descriptor';
      return 4;
    }
    if (magic === LEGACY_MAGIC) {
      this.#begin({
        legacy: true,
        linked: false,
        blockChecksum: false,
        blockSize: LEGACY_BLOCK,
        content: null,
      });
      return 4;
    }
    if (isSkippable(magic)) {
      this.#skip = u32(input, 4);
      this.#state = this.#skip > 0 ? 'skip' : 'magic';
      return 8;
    }
    throw new CodecError('goes on with bytes that are no lz4 frame', at);
  }

  #descriptor(input: Uint8Array, at: number): number {
    const flags = input[0]!;
    const length = descriptorLength(flags);
    if (flags >>> 6 !== 1) throw new CodecError('has a frame of a version not supported', at);
    const check = (this.#hash.h32Raw(input.subarray(0, length - 1)) >>> 8) & 0xff;
    if (check !== input[length - 1]) throw new CodecError('is damaged: the frame header is wrong', at);
    if ((flags & 0x01) !== 0) throw new CodecError('needs a dictionary', at, 'decompress it with that first');
    const sizeCode = (input[1]! >>> 4) & 7;
    if (sizeCode < 4) throw new CodecError('is damaged: the block size is not defined', at);
    this.#begin({
      legacy: false,
      linked: (flags & 0x20) === 0,
      blockChecksum: (flags & 0x10) !== 0,
      blockSize: 1 << (8 + 2 * sizeCode),
      content: (flags & 0x04) !== 0 ? this.#hash.create32() : null,
    });
    return length;
  }

  #begin(frame: Frame): void {
    this.#frame = frame;
    const size = HISTORY + frame.blockSize;
    if (this.#window.length < size) this.#window = new Uint8Array(size);
    this.#history = 0;
    this.#readyFrom = this.#readyTo = HISTORY;
    this.#state = 'block';
  }

  #block(input: Uint8Array, at: number): number {
    const frame = this.#frame!;
    const size = u32(input, 0);
    if (frame.legacy && isMagic(size)) {
      this.#state = 'magic';
      return 0;
    }
    if (size === 0) {
      this.#state = frame.content === null ? 'magic' : 'trailer';
      return 4;
    }
    const { stored, length } = blockHeader(frame, input);
    if (length > (stored ? frame.blockSize : compressBound(frame.blockSize))) {
      throw new CodecError('is damaged: a block is larger than its frame allows', at);
    }
    const data = input.subarray(4, 4 + length);
    if (frame.blockChecksum && this.#hash.h32Raw(data) >>> 0 !== u32(input, 4 + length)) {
      throw new CodecError('is damaged: the checksum of a block is wrong', at);
    }
    this.#unpack(frame, data, stored);
    return 4 + length + (frame.blockChecksum ? 4 : 0);
  }

  #unpack(frame: Frame, data: Uint8Array, stored: boolean): void {
    const before = this.#readyTo - HISTORY;
    if (frame.linked && before > 0) {
      this.#window.copyWithin(0, before, this.#readyTo);
      this.#history = Math.min(HISTORY, this.#history + before);
    }
    if (stored) {
      this.#window.set(data, HISTORY);
      this.#readyTo = HISTORY + data.length;
    } else {
      const limit = HISTORY + frame.blockSize;
      const { end, fault } = decodeBlock(data, this.#window, HISTORY, limit, HISTORY - this.#history);
      this.#readyTo = end;
      this.#fault = fault;
    }
    this.#readyFrom = HISTORY;
    frame.content?.update(this.#window.subarray(HISTORY, this.#readyTo));
  }

  /**
   * No input follows `rest`, which is too short for a step. Between frames that is the end (a legacy
   * frame ends where the file does); else it is a fault, behind what a block cut short still holds.
   */
  #endsEarly(rest: Uint8Array): boolean {
    const between = this.#state === 'magic' || (this.#state === 'block' && this.#frame!.legacy);
    if (rest.length === 0 && between) return false;
    if (this.#state === 'block' && rest.length > 4) {
      const { stored, length } = blockHeader(this.#frame!, rest);
      if (length <= compressBound(this.#frame!.blockSize)) {
        this.#unpack(this.#frame!, rest.subarray(4, 4 + length), stored);
      }
    }
    this.#fault = 'ends in the middle of a frame';
    return true;
  }
}

/** The upper bit of a block's size says that its data is not compressed (not so in a legacy frame). */
function blockHeader(frame: Frame, input: Uint8Array): { stored: boolean; length: number } {
  const size = u32(input, 0);
  return frame.legacy
    ? { stored: false, length: size }
    : { stored: size >>> 31 === 1, length: size & 0x7fff_ffff };
}

/** FLG, BD, content size (8) if bit 3, dictionary id (4) if bit 0, header checksum. */
function descriptorLength(flags: number): number {
  return 3 + ((flags & 0x08) !== 0 ? 8 : 0) + ((flags & 0x01) !== 0 ? 4 : 0);
}

function isMagic(value: number): boolean {
  return value === FRAME_MAGIC || value === LEGACY_MAGIC || isSkippable(value);
}

/** The low four bits of a skippable frame's magic are free. */
function isSkippable(value: number): boolean {
  return (value & 0xffff_fff0) >>> 0 === SKIPPABLE_MAGIC;
}

function u32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

/** A decoder of LZ4 frames. */
export async function createLz4Decoder(): Promise<Decoder> {
  return new Lz4Decoder(await xxhash());
}
