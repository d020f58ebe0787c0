import { CompressionError } from '../errors.js';
import type { CaptureSource, Compression } from './source.js';

/** A fault found by a decoder. `at` counts from the start of the input given to that call. */
export class CodecError extends Error {
  constructor(
    message: string,
    readonly at = 0,
    readonly hint?: string,
  ) {
    super(message);
  }
}

/** What one call of a decoder did. */
export interface DecodeResult {
  /** Bytes taken from the input; the rest is given again. */
  consumed: number;
  /** Bytes put into the output. */
  produced: number;
  /** How many bytes of input it wants to see at once before it can go on (0: any). */
  wants: number;
}

/**
 * One streaming decoder. It keeps no more than its window, and puts out at most what fits into
 * `output`; so memory is bounded however far the content expands.
 */
export interface Decoder {
  /**
   * Decodes from `input` into `output`. `last` says that no input follows. Consuming and producing
   * nothing means: more input, or, when `last`, that the content is complete.
   * Throws `CodecError`, only in a call that produces nothing.
   */
  decode(input: Uint8Array, output: Uint8Array, last: boolean): DecodeResult;
  /** Gives back memory that is not garbage collected. */
  free?(): void;
}

const INPUT_SIZE = 256 * 1024;

const MIN_SLICE = 16;
const MAX_SLICE = 32 * 1024;
const SLICE_SHARE = 64;

/**
 * How much input to give at once, at `offset` of it, to a decoder that gives no output from a call in
 * which it meets damage. At the start of a file very little, as small captures matter too; later as
 * much as costs no speed, which is a 64th of what was read before.
 */
export function sliceSize(offset: number): number {
  return Math.min(Math.max(Math.floor(offset / SLICE_SHARE), MIN_SLICE), MAX_SLICE);
}

/** The content of a compressed source, by way of a decoder. Synchronous wherever the inner source is. */
export class DecodedSource implements CaptureSource {
  #input = new Uint8Array(INPUT_SIZE);
  #start = 0;
  #end = 0;
  #wants = 0;
  #last = false;
  #done = false;
  #failure: CompressionError | null = null;
  /** Compressed bytes before `#input[#start]`. */
  #offset = 0;

  constructor(
    readonly compression: Compression,
    readonly inner: CaptureSource,
    readonly decoder: Decoder,
  ) {}

  get path(): string {
    return this.inner.path;
  }

  get size(): number | null {
    return this.inner.size;
  }

  get position(): number {
    return this.inner.position;
  }

  read(into: Uint8Array): number | Promise<number> {
    if (into.length === 0) return 0;
    for (;;) {
      const produced = this.#fill(into);
      if (produced !== null) return produced;
      const read = this.inner.read(this.#room());
      if (typeof read !== 'number') return read.then((length) => this.#continue(length, into));
      this.#took(read);
    }
  }

  async close(): Promise<void> {
    if (!this.#done) this.decoder.free?.();
    this.#done = true;
    this.#input = new Uint8Array(0);
    this.#start = this.#end = 0;
    await this.inner.close();
  }

  #continue(length: number, into: Uint8Array): number | Promise<number> {
    this.#took(length);
    return this.read(into);
  }

  /** All that the input at hand gives; null if that is nothing and more is wanting, 0 at the end. */
  #fill(into: Uint8Array): number | null {
    let filled = 0;
    while (filled < into.length) {
      try {
        const produced = this.#decode(into.subarray(filled));
        if (produced === null || produced === 0) return filled > 0 ? filled : produced;
        filled += produced;
      } catch (error) {
        // Kept in #failure: what was before the fault is delivered first.
        if (filled === 0) throw error;
        return filled;
      }
    }
    return filled;
  }

  /** Bytes produced, 0 at the end, null when input is wanting. */
  #decode(into: Uint8Array): number | null {
    if (this.#failure !== null) throw this.#failure;
    for (;;) {
      if (this.#done) return 0;
      if (!this.#last && this.#end - this.#start < this.#wants) return null;
      const { consumed, produced, wants } = this.#call(into);
      this.#start += consumed;
      this.#offset += consumed;
      this.#wants = wants;
      if (produced > 0) return produced;
      if (consumed > 0) continue;
      if (!this.#last) return null;
      this.decoder.free?.();
      this.#done = true;
    }
  }

  #call(into: Uint8Array): DecodeResult {
    try {
      return this.decoder.decode(this.#input.subarray(this.#start, this.#end), into, this.#last);
    } catch (cause) {
      if (!(cause instanceof CodecError)) throw cause;
      this.#failure = compressionError(this.path, this.compression, cause, this.#offset + cause.at);
      throw this.#failure;
    }
  }

  /** Free space after the input not decoded yet, which moves to the front; grows when one piece is larger. */
  #room(): Uint8Array {
    const kept = this.#end - this.#start;
    const size = Math.max(this.#wants, kept + 1);
    if (size > this.#input.length) {
      const larger = new Uint8Array(Math.max(size, this.#input.length * 2));
      larger.set(this.#input.subarray(this.#start, this.#end));
      this.#input = larger;
    } else if (this.#start > 0) {
      this.#input.copyWithin(0, this.#start, this.#end);
    }
    this.#start = 0;
    this.#end = kept;
    return this.#input.subarray(kept);
  }

  #took(length: number): void {
    this.#end += length;
    if (length === 0) this.#last = true;
  }
}

/** `offset` counts bytes of the compressed input. */
export function compressionError(
  path: string,
  compression: Compression,
  fault: { message: string; hint?: string | undefined },
  offset: number,
): CompressionError {
  return new CompressionError(`${compression} data ${fault.message}`, {
    path,
    offset,
    hint: fault.hint ?? 'everything before it was read; copy the file again to get the rest',
    cause: fault,
  });
}
