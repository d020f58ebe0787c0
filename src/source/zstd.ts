import { ZSTDDecoder } from 'zstddec/stream';
import { CodecError, type DecodeResult, type Decoder } from './codec.js';

/** zstd's own decoder (libzstd in WebAssembly): the functions of its streaming interface, pointers as numbers. */
interface Libzstd {
  readonly memory: WebAssembly.Memory;
  malloc(size: number): number;
  ZSTD_DStreamOutSize(): number;
  ZSTD_createDCtx(): number;
  ZSTD_decompressStream(context: number, output: number, input: number): number;
}

/** ZSTD_ErrorCode of zstd_errors.h, those that input can cause. A result above -MAX is an error, negated. */
const MAX_ERROR = 120;
const ERRORS: Readonly<Record<number, readonly [what: string, hint?: string]>> = {
  10: ['goes on with bytes that are no zstd frame'],
  14: ['has a frame of a kind not supported'],
  16: ['needs a window of more than 128 MiB', 'compress it again without --long, or with --long=27'],
  20: ['is damaged'],
  22: ['is damaged: the checksum of the content is wrong'],
  30: ['is damaged'],
  32: ['needs a dictionary', 'decompress it with that dictionary first'],
  64: ['needs more memory than there is'],
};

/** Frame header bytes asked for first: magic and frame header descriptor (RFC 8878 section 3.1.1). */
const FIRST_INPUT = 5;
/** More than the largest block with its header and the next one's (RFC 8878 section 3.1.1.2.4). */
const INPUT_SIZE = 128 * 1024 + 64;

/**
 * Decodes frames, skippable frames and checksums with windows up to 128 MiB.
 *
 * It feeds libzstd just the number of bytes that it asks for, which is one block: so a damaged block
 * cannot take the blocks before it along (libzstd reports no output from a call that fails).
 */
class ZstdDecoder implements Decoder {
  readonly #lib: Libzstd;
  readonly #context: number;
  readonly #in: number;
  readonly #out: number;
  readonly #outSize: number;
  /** ZSTD_inBuffer { src, size, pos } and ZSTD_outBuffer { dst, size, pos }, 12 bytes each. */
  readonly #buffers: number;
  #wants = FIRST_INPUT;
  #ready = 0;
  #readyAt = 0;
  /** The last call filled the output: more may be waiting inside. */
  #flushing = false;
  #midFrame = false;

  constructor(lib: Libzstd) {
    this.#lib = lib;
    this.#outSize = lib.ZSTD_DStreamOutSize();
    this.#in = lib.malloc(INPUT_SIZE);
    this.#out = lib.malloc(this.#outSize);
    this.#buffers = lib.malloc(24);
    this.#context = lib.ZSTD_createDCtx();
  }

  decode(input: Uint8Array, output: Uint8Array, last: boolean): DecodeResult {
    let consumed = 0;
    while (this.#ready === 0) {
      const piece = this.#flushing ? 0 : Math.min(this.#wants, INPUT_SIZE, input.length - consumed);
      if (piece === 0 && !this.#flushing) break;
      try {
        consumed += this.#step(input.subarray(consumed, consumed + piece));
      } catch (error) {
        if (error instanceof CodecError) throw new CodecError(error.message, consumed, error.hint);
        throw error;
      }
    }
    if (this.#ready === 0 && last && consumed === input.length && this.#midFrame) {
      throw new CodecError('ends in the middle of a frame', consumed);
    }
    return { consumed, produced: this.#deliver(output), wants: 0 };
  }

  /** One call of libzstd; answers how much of `piece` it took. */
  #step(piece: Uint8Array): number {
    const { memory } = this.#lib;
    new Uint8Array(memory.buffer).set(piece, this.#in);
    const before = new Uint32Array(memory.buffer, this.#buffers, 6);
    before.set([this.#in, piece.length, 0, this.#out, this.#outSize, 0]);
    const result = this.#lib.ZSTD_decompressStream(this.#context, this.#buffers + 12, this.#buffers) | 0;
    if (result < 0 && result > -MAX_ERROR) {
      const [what, hint] = ERRORS[-result] ?? [`is damaged (zstd error ${-result})`];
      throw new CodecError(what, 0, hint);
    }
    // The call may have grown the memory, which detaches every view made before.
    // Its result is 0 when a frame is complete and flushed, else how much input the next call should get.
    const after = new Uint32Array(memory.buffer, this.#buffers, 6);
    const taken = after[2] as number;
    this.#ready = after[5] as number;
    this.#readyAt = this.#out;
    this.#midFrame = result !== 0;
    this.#flushing = this.#midFrame && this.#ready === this.#outSize;
    this.#wants = result === 0 ? FIRST_INPUT : result;
    return taken;
  }

  #deliver(output: Uint8Array): number {
    const length = Math.min(this.#ready, output.length);
    output.set(new Uint8Array(this.#lib.memory.buffer, this.#readyAt, length));
    this.#readyAt += length;
    this.#ready -= length;
    return length;
  }
}

let compiled: Promise<WebAssembly.Module> | undefined;

/** A decoder with a memory of its own, which goes with it when it is garbage. */
export async function createZstdDecoder(): Promise<Decoder> {
  compiled ??= compileLibzstd();
  const imports = { env: { emscripten_notify_memory_growth: () => {} } };
  const instance = await WebAssembly.instantiate(await compiled, imports);
  return new ZstdDecoder(instance.exports as unknown as Libzstd);
}

/**
 * The WebAssembly module inside zstddec. Its own streaming interface shares one memory between all
 * decoders and does not look at libzstd's error results, so only the module is taken from it.
 */
async function compileLibzstd(): Promise<WebAssembly.Module> {
  let module: WebAssembly.Module | undefined;
  class ModuleOfZstddec extends ZSTDDecoder {
    override _init(result: WebAssembly.WebAssemblyInstantiatedSource): void {
      super._init(result);
      module = result.module;
    }
  }
  await new ModuleOfZstddec().init();
  if (module === undefined) throw new Error('zstddec was initialised by someone else');
  return module;
}
