import xz from 'xz-decompress';
import { CodecError, type DecodeResult, type Decoder, sliceSize } from './codec.js';

/** xz-embedded in WebAssembly, as xz-decompress wraps it. */
interface XzEmbedded {
  readonly memory: WebAssembly.Memory;
  create_context(): number;
  destroy_context(context: number): void;
  supply_input(context: number, length: number): void;
  get_next_output(context: number): number;
}

/**
 * The statics of xz-decompress behind its stream class. The class itself allows one stream at a time,
 * never ends on input that is cut short, and does not say where input is damaged; the version is
 * pinned exactly because these names are not part of its promise.
 */
interface XzStatics {
  _getModuleInstance(): Promise<void>;
  _moduleInstance: { readonly exports: unknown };
}

/** Words of a context: { bufferSize, in, inPos, inSize, out, outPos }. */
const BUFFER_SIZE = 0;
const IN = 1;
const IN_POS = 2;
const IN_SIZE = 3;
const OUT = 4;
const OUT_POS = 5;

/** enum xz_ret of xz-embedded. */
const XZ_OK = 0;
const XZ_STREAM_END = 1;
const ERRORS: Readonly<Record<number, readonly [what: string, hint?: string]>> = {
  3: ['needs more memory than there is'],
  4: ['needs a dictionary of more than 64 MiB', 'compress it again with a preset (xz -9 or lower)'],
  5: ['goes on with bytes that are no xz stream'],
  6: [
    'uses a filter or check that is not supported (LZMA2 with CRC32, CRC64 or no check is)',
    'decompress it with xz first',
  ],
  7: ['is damaged'],
  8: ['is damaged'],
};

/** Decodes one stream after the other, with padding between; dictionaries up to 64 MiB. */
class XzDecoder implements Decoder {
  readonly #lib: XzEmbedded;
  readonly #context: number;
  #readyFrom = 0;
  #supplied = 0;
  #failed: number | null = null;
  #done = false;

  constructor(lib: XzEmbedded) {
    this.#lib = lib;
    this.#context = lib.create_context();
  }

  decode(input: Uint8Array, output: Uint8Array, last: boolean): DecodeResult {
    let consumed = 0;
    while (this.#waiting() === 0 && !this.#done && this.#failed === null) {
      if (this.#inputTaken()) {
        if (consumed === input.length && !last) break;
        consumed += this.#supply(input.subarray(consumed));
      }
      this.#run(last && consumed === input.length);
    }
    const produced = this.#deliver(output);
    if (produced === 0 && this.#failed !== null) throw this.#fault(consumed);
    return { consumed, produced, wants: 0 };
  }

  free(): void {
    this.#lib.destroy_context(this.#context);
  }

  /** Views must be made anew after every call: it may have grown the memory. */
  #words(): Uint32Array {
    return new Uint32Array(this.#lib.memory.buffer, this.#context, 6);
  }

  #waiting(): number {
    return (this.#words()[OUT_POS] as number) - this.#readyFrom;
  }

  #inputTaken(): boolean {
    const words = this.#words();
    return words[IN_POS] === words[IN_SIZE];
  }

  /** Gives a slice of input; no input at all says that none follows. */
  #supply(input: Uint8Array): number {
    const words = this.#words();
    const piece = input.subarray(0, Math.min(sliceSize(this.#supplied), words[BUFFER_SIZE] as number));
    this.#supplied += piece.length;
    new Uint8Array(this.#lib.memory.buffer).set(piece, words[IN]);
    this.#lib.supply_input(this.#context, piece.length);
    return piece.length;
  }

  #run(noneFollows: boolean): void {
    this.#words()[OUT_POS] = 0;
    this.#readyFrom = 0;
    const result = this.#lib.get_next_output(this.#context);
    if (result === XZ_STREAM_END) this.#done = true;
    else if (result !== XZ_OK) this.#failed = result;
    else if (noneFollows && this.#inputTaken() && this.#waiting() === 0) this.#failed = XZ_OK;
  }

  #deliver(output: Uint8Array): number {
    const length = Math.min(this.#waiting(), output.length);
    const from = (this.#words()[OUT] as number) + this.#readyFrom;
    output.set(new Uint8Array(this.#lib.memory.buffer, from, length));
    this.#readyFrom += length;
    return length;
  }

  #fault(consumed: number): CodecError {
    if (this.#failed === XZ_OK) return new CodecError('ends in the middle of a stream', consumed);
    const words = this.#words();
    const unread = (words[IN_SIZE] as number) - (words[IN_POS] as number);
    const [what, hint] = ERRORS[this.#failed as number] ?? [`is damaged (xz error ${this.#failed})`];
    return new CodecError(what, consumed - unread, hint);
  }
}

let loaded: Promise<XzEmbedded> | undefined;

/** A decoder; all of them share one WebAssembly memory, so each must be freed. */
export async function createXzDecoder(): Promise<Decoder> {
  loaded ??= load();
  return new XzDecoder(await loaded);
}

async function load(): Promise<XzEmbedded> {
  const statics = xz.XzReadableStream as unknown as XzStatics;
  await statics._getModuleInstance();
  return statics._moduleInstance.exports as XzEmbedded;
}
