import type { AheadReader, CaptureSource, Compression } from './source.js';

/** A source whose first bytes can be looked at before they are read. */
export class PeekableSource implements CaptureSource {
  #head: Uint8Array = new Uint8Array(0);
  #unread = 0;
  #failure: unknown = null;

  constructor(
    readonly inner: CaptureSource,
    /** The packing to report: the outermost, while `inner` may be within another. */
    readonly compression: Compression = inner.compression,
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

  /** The first bytes, as far as `peek` has looked; they stay here after they are read. */
  get head(): Uint8Array {
    return this.#head;
  }

  /**
   * The first bytes: at least `least` unless the source is shorter, and at most `most`, as far as they
   * are there without waiting. A fault of the source is kept for the `read` that comes to it.
   * To be called once, before the first read.
   */
  async peek(least: number, most: number): Promise<Uint8Array> {
    const head = new Uint8Array(most);
    let length = 0;
    try {
      while (length < least) {
        const read = await this.inner.read(head.subarray(length));
        if (read === 0) break;
        length += read;
      }
    } catch (failure) {
      this.#failure = failure;
    }
    this.#head = head.subarray(0, length);
    this.#unread = length;
    return this.#head;
  }

  read(into: Uint8Array): number | Promise<number> {
    if (this.#unread > 0) {
      const next = this.#head.subarray(this.#head.length - this.#unread).subarray(0, into.length);
      into.set(next);
      this.#unread -= next.length;
      return next.length;
    }
    if (this.#failure !== null) throw this.#failure;
    return this.inner.read(into);
  }

  /** As the inner source has it, once the first bytes were read. */
  get ahead(): AheadReader | undefined {
    return this.#unread > 0 || this.#failure !== null ? undefined : this.inner.ahead;
  }

  close(): void | Promise<void> {
    return this.inner.close();
  }
}
