import { closeSync, openSync, writeSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { SinkError } from '../errors.js';

/** Where the bytes of a sink go. */
export interface Output {
  /** True once the reader is gone (closed pipe): further writes are dropped. */
  readonly finished: boolean;
  /** Whether bytes may change as soon as `write` has answered, before what it answered is fulfilled. */
  readonly takesAtOnce: boolean;
  /**
   * Take the bytes, which must not change until they are written (`takesAtOnce`: until this answers). Await the answer: it
   * is how a slow reader slows us down.
   */
  write(bytes: Uint8Array): void | Promise<void>;
  /** Everything is written when this is done. Closes what was opened here. */
  close(): void | Promise<void>;
}

/** What may be named as an output: a path, or a stream that stays open (standard output). */
export type OutputTarget = string | Writable;

const ADVICE: Record<string, string> = {
  ENOSPC: 'free space on the disk, or write elsewhere',
  EFBIG: 'write elsewhere',
  EACCES: 'write to a place where you may',
  EROFS: 'write to a place where you may',
  EISDIR: 'name a file',
  ENOENT: 'make the folder first',
};
const WORDS: Record<string, string> = {
  ENOSPC: 'no space left on the disk',
  EFBIG: 'the file is too large for its file system',
  EACCES: 'permission denied',
  EROFS: 'the file system is read-only',
  EISDIR: 'is a folder',
  ENOENT: 'no such folder',
};

/** An error of the operating system while writing, as one of ours. */
export function outputError(path: string | undefined, error: unknown): SinkError {
  if (error instanceof SinkError) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  const what = WORDS[code] ?? message;
  return new SinkError(`cannot write: ${what}`, {
    path: path ?? 'standard output',
    hint: ADVICE[code],
    cause: error,
  });
}

/** A file, written synchronously: nothing else is there to do meanwhile. */
class FileOutput implements Output {
  readonly finished = false;
  readonly takesAtOnce = true;
  readonly #path: string;
  #fd: number | null;

  constructor(path: string) {
    this.#path = path;
    try {
      this.#fd = openSync(path, 'w');
    } catch (error) {
      throw outputError(path, error);
    }
  }

  write(bytes: Uint8Array): void {
    if (this.#fd === null) return;
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at, bytes.length - at);
    } catch (error) {
      throw outputError(this.#path, error);
    }
  }

  close(): void {
    if (this.#fd === null) return;
    const fd = this.#fd;
    this.#fd = null;
    try {
      closeSync(fd);
    } catch (error) {
      throw outputError(this.#path, error);
    }
  }
}

/** A stream of somebody else. A reader that went away ends it quietly, as pipes into `head` should. */
class StreamOutput implements Output {
  readonly takesAtOnce = false;
  readonly #stream: Writable;
  #failure: NodeJS.ErrnoException | null = null;
  #last: Promise<void> = Promise.resolve();

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on('error', this.#onError);
  }

  readonly #onError = (error: NodeJS.ErrnoException): void => {
    this.#failure ??= error;
  };

  get finished(): boolean {
    if (this.#failure === null) return this.#stream.destroyed;
    return this.#failure.code === 'EPIPE' || this.#failure.code === 'ERR_STREAM_DESTROYED';
  }

  write(bytes: Uint8Array): void | Promise<void> {
    this.#check();
    if (this.finished || bytes.length === 0) return;
    let accepted = true;
    this.#last = new Promise((resolve) => {
      accepted = this.#stream.write(bytes, (error) => {
        if (error) this.#failure ??= error as NodeJS.ErrnoException;
        resolve();
      });
    });
    if (!accepted) return this.#last.then(() => this.#check());
  }

  async close(): Promise<void> {
    await this.#last;
    // Standard output reports a closed pipe some time after the write that met it.
    await new Promise((resolve) => setImmediate(resolve));
    this.#stream.off('error', this.#onError);
    if (this.finished) this.#stream.on('error', () => {});
    this.#check();
  }

  #check(): void {
    if (this.#failure !== null && !this.finished) throw outputError(undefined, this.#failure);
  }
}

/** Open an output. */
export function openOutput(target: OutputTarget): Output {
  return typeof target === 'string' ? new FileOutput(target) : new StreamOutput(target);
}
