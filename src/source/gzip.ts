import { constants, crc32, createInflateRaw, type InflateRaw } from 'node:zlib';
import { CodecError, compressionError, sliceSize } from './codec.js';
import type { CaptureSource } from './source.js';

/** RFC 1952 section 2.3.1, FLG. */
const FHCRC = 0x02;
const FEXTRA = 0x04;
const FNAME = 0x08;
const FCOMMENT = 0x10;
const RESERVED = 0xe0;
const HEADER_LENGTH = 10;
const TRAILER_LENGTH = 8;

const INPUT_SIZE = 64 * 1024;
const OUTPUT_CHUNK = 256 * 1024;
/**
 * gzip (RFC 1952) by the platform's zlib, whose work runs beside this thread. Members are taken apart
 * here, because zlib's own gzip mode loses output before a wrong CRC and fails on trailing garbage.
 * Bytes behind the last member that begin no other are ignored, as gzip does.
 */
export class GzipSource implements CaptureSource {
  readonly compression = 'gzip';
  readonly #input: Input;
  readonly #content: AsyncGenerator<Uint8Array, void>;
  #chunk: Uint8Array = new Uint8Array(0);
  #failure: unknown = null;
  #ahead: Promise<IteratorResult<Uint8Array, void>> | null = null;
  #inflate: InflateRaw | null = null;

  constructor(readonly inner: CaptureSource) {
    this.#input = new Input(inner);
    this.#content = this.#members();
  }

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
    if (this.#chunk.length === 0 && into.length > 0) return this.#readNext(into);
    return this.#take(into);
  }

  async close(): Promise<void> {
    this.#inflate?.destroy();
    this.#chunk = new Uint8Array(0);
    this.#failure ??= new Error('closed');
    await this.inner.close();
  }

  #take(into: Uint8Array): number {
    const piece = this.#chunk.subarray(0, into.length);
    into.set(piece);
    this.#chunk = this.#chunk.subarray(piece.length);
    return piece.length;
  }

  async #readNext(into: Uint8Array): Promise<number> {
    if (this.#failure !== null) throw this.#failure;
    try {
      const { value, done } = await (this.#ahead ?? this.#content.next());
      this.#ahead = null;
      if (done === true) return 0;
      this.#chunk = value;
      this.#workAhead();
      return this.#take(into);
    } catch (error) {
      this.#failure = error instanceof CodecError ? this.#damage(error) : error;
      throw this.#failure;
    }
  }

  /** Inflates on while the caller is busy with what it got; a fault is for the read that comes to it. */
  #workAhead(): void {
    this.#ahead = this.#content.next();
    this.#ahead.catch(() => {});
  }

  #damage(fault: CodecError): Error {
    return compressionError(this.path, 'gzip', fault, this.#input.offset);
  }

  async *#members(): AsyncGenerator<Uint8Array, void> {
    for (let first = true; ; first = false) {
      if (!(await this.#header(first))) return;
      let crc = 0;
      let length = 0;
      for await (const chunk of this.#deflated()) {
        crc = crc32(chunk, crc);
        length = (length + chunk.length) % 2 ** 32;
        yield chunk;
      }
      const trailer = await this.#need(TRAILER_LENGTH);
      if (trailer.readUInt32LE(0) !== crc)
        throw new CodecError('is damaged: the CRC of the content is wrong');
      if (trailer.readUInt32LE(4) !== length) {
        throw new CodecError('is damaged: the length of the content is wrong');
      }
      this.#input.take(TRAILER_LENGTH);
    }
  }

  /** Steps over a member's header; false when no member follows. */
  async #header(first: boolean): Promise<boolean> {
    const magic = await this.#input.ahead(2);
    if (magic.length < 2 || magic[0] !== 0x1f || magic[1] !== 0x8b) {
      if (first) throw new CodecError('does not begin as it should');
      return false;
    }
    const fixed = await this.#need(HEADER_LENGTH);
    const flags = fixed[3]!;
    if (fixed[2] !== 8 || (flags & RESERVED) !== 0) {
      // Behind a whole member this is garbage that happens to begin like another.
      if (!first) return false;
      throw new CodecError('has a header of a kind not defined');
    }
    this.#input.take(HEADER_LENGTH);
    if ((flags & FEXTRA) !== 0) {
      const length = (await this.#need(2)).readUInt16LE(0);
      this.#input.take(2);
      await this.#need(length);
      this.#input.take(length);
    }
    if ((flags & FNAME) !== 0) await this.#skipText();
    if ((flags & FCOMMENT) !== 0) await this.#skipText();
    if ((flags & FHCRC) !== 0) {
      await this.#need(2);
      this.#input.take(2);
    }
    return true;
  }

  async #skipText(): Promise<void> {
    for (;;) {
      const byte = (await this.#need(1))[0];
      this.#input.take(1);
      if (byte === 0) return;
    }
  }

  async #need(length: number): Promise<Buffer> {
    const bytes = await this.#input.ahead(length);
    if (bytes.length < length) {
      this.#input.take(bytes.length);
      throw new CodecError('is cut short');
    }
    return bytes.subarray(0, length);
  }

  /** The content of one member; stops exactly behind its last deflate block. */
  async *#deflated(): AsyncGenerator<Uint8Array, void> {
    const run = new InflateRun();
    this.#inflate = run.inflate;
    while (!run.ended) {
      const available = await this.#input.ahead(1);
      if (available.length === 0) {
        await run.finish();
        yield* run.drain();
        if (!run.ended) throw new CodecError('is cut short');
        return;
      }
      const slice = available.subarray(0, sliceSize(this.#input.offset));
      this.#input.take(await run.write(slice));
      // A small slice yields little: gather, but deliver before waiting for more input.
      if (run.waiting >= OUTPUT_CHUNK || this.#input.buffered === 0 || run.stopped) yield* run.drain();
      if (run.failure !== null) throw new CodecError('is damaged');
    }
  }
}

/** zlib inflating one deflate stream, a slice at a time. */
class InflateRun {
  readonly inflate = createInflateRaw({ chunkSize: OUTPUT_CHUNK, finishFlush: constants.Z_FINISH });
  ended = false;
  failure: Error | null = null;
  /** Bytes of output not drained yet. */
  waiting = 0;
  #output: Uint8Array[] = [];
  #settle: () => void = () => {};

  constructor() {
    this.inflate.on('data', (chunk: Uint8Array) => {
      this.#output.push(chunk);
      this.waiting += chunk.length;
    });
    this.inflate.on('end', () => {
      this.ended = true;
      this.#settle();
    });
    this.inflate.on('error', (error) => {
      this.failure = error;
      this.#settle();
    });
    this.inflate.on('close', () => {
      // Closed by the caller in the middle: an end that no more writing would ever reach.
      if (!this.ended) this.failure ??= new Error('closed');
      this.#settle();
    });
  }

  /** Puts all of `slice` in, unless the stream ends within it; answers how much of it was used. */
  async write(slice: Uint8Array): Promise<number> {
    const before = this.inflate.bytesWritten;
    await new Promise<void>((resolve) => {
      this.#settle = resolve;
      this.inflate.write(slice, () => resolve());
    });
    return this.inflate.bytesWritten - before;
  }

  /** Says that no input follows; `ended` tells whether none was wanting. */
  async finish(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#settle = resolve;
      this.inflate.end();
    });
  }

  get stopped(): boolean {
    return this.ended || this.failure !== null;
  }

  /** The output so far, small pieces joined. */
  *drain(): Generator<Uint8Array, void> {
    const chunks = this.#output;
    const length = this.waiting;
    this.#output = [];
    this.waiting = 0;
    if (length <= 2 * OUTPUT_CHUNK && chunks.length > 1) yield Buffer.concat(chunks, length);
    else yield* chunks;
  }
}

/** Input of which the next bytes can be looked at before they are taken. */
class Input {
  #buffer = Buffer.alloc(INPUT_SIZE);
  #start = 0;
  #end = 0;
  /** Compressed bytes taken. */
  offset = 0;

  constructor(readonly source: CaptureSource) {}

  get buffered(): number {
    return this.#end - this.#start;
  }

  /** All bytes that are here, at least `least` of them unless the input is shorter. */
  async ahead(least: number): Promise<Buffer> {
    while (this.#end - this.#start < least) {
      this.#makeRoom(least);
      const read = await this.source.read(this.#buffer.subarray(this.#end));
      if (read === 0) break;
      this.#end += read;
    }
    return this.#buffer.subarray(this.#start, this.#end);
  }

  take(length: number): void {
    this.#start += length;
    this.offset += length;
  }

  #makeRoom(least: number): void {
    const kept = this.#buffer.subarray(this.#start, this.#end);
    const target = least > this.#buffer.length ? Buffer.alloc(least) : this.#buffer;
    target.set(kept);
    this.#buffer = target;
    this.#start = 0;
    this.#end = kept.length;
  }
}
