import type { Readable } from 'node:stream';
import { inputError } from './errno.js';
import type { CaptureSource } from './source.js';

/** The other end went away: for a capture from a pipe or socket that is its end, not a fault. */
const CLOSED_BY_PEER = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE']);

/**
 * Standard input, a FIFO, a socket or any other Readable of bytes.
 *
 * The stream stays paused and is asked only for what it has: back-pressure reaches the writer, and
 * what has arrived is delivered at once, however little it is.
 */
export class StreamSource implements CaptureSource {
  readonly compression = 'none';
  readonly size = null;
  position = 0;
  #rest: Uint8Array = new Uint8Array(0);
  #ended = false;
  #failure: unknown = null;
  #wake: (() => void) | null = null;

  constructor(
    readonly path: string,
    readonly stream: Readable,
  ) {
    const wake = () => this.#wake?.();
    const end = () => {
      this.#ended = true;
      wake();
    };
    stream.on('readable', wake);
    stream.on('end', end);
    stream.on('close', end);
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!CLOSED_BY_PEER.has(error.code ?? '')) this.#failure ??= error;
      end();
    });
    if (stream.readableEnded || stream.destroyed) this.#ended = true;
  }

  read(into: Uint8Array): number | Promise<number> {
    return this.#take(into) ?? this.#waitAndTake(into);
  }

  close(): void {
    this.#rest = new Uint8Array(0);
    this.#ended = true;
    this.stream.destroy();
    this.#wake?.();
  }

  /** Bytes that are there already, 0 at the end, null if one has to wait. */
  #take(into: Uint8Array): number | null {
    if (into.length === 0) return 0;
    while (this.#rest.length === 0) {
      const chunk: Uint8Array | string | null = this.stream.destroyed ? null : this.stream.read();
      if (chunk === null) return this.#ended ? this.#finish() : null;
      this.#rest = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    }
    const length = Math.min(this.#rest.length, into.length);
    into.set(this.#rest.subarray(0, length));
    this.#rest = this.#rest.subarray(length);
    this.position += length;
    return length;
  }

  #finish(): number {
    if (this.#failure !== null) throw inputError(this.path, this.#failure);
    return 0;
  }

  async #waitAndTake(into: Uint8Array): Promise<number> {
    for (;;) {
      const taken = this.#take(into);
      if (taken !== null) return taken;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
  }
}
