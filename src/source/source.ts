/** How the bytes of an input are packed, as its first bytes say. */
export type Compression = 'none' | 'gzip' | 'zstd' | 'lz4' | 'xz' | 'bzip2';

/** Bytes of one capture, in order, from wherever they come. */
export interface CaptureSource {
  /** As given by the user; `-` is standard input. */
  readonly path: string;
  /** Bytes of the (compressed) input if known beforehand, for progress. */
  readonly size: number | null;
  /** Bytes of the (compressed) input consumed so far, for progress. */
  readonly position: number;
  /** The outermost packing. */
  readonly compression: Compression;
  /**
   * Fills the start of `into` with the next bytes and answers how many; 0 is the end. Answers at once
   * when it can (plain files), else with a promise. One read at a time.
   * Throws or rejects with `InputReadError` or `CompressionError`, after every byte before the fault
   * has been delivered.
   */
  read(into: Uint8Array): number | Promise<number>;
  /** Reading by another thread; missing where that would be no gain. */
  readonly ahead?: AheadReader | undefined;
  /** Gives back file descriptors and memory; may be called more than once. */
  close(): void | Promise<void>;
}

/** Reads by another thread, so that the caller can do something else meanwhile. One at a time, `read` beside it. */
export interface AheadReader {
  /**
   * Fills the start of `into` with the bytes that lie `skip` behind the next ones, and answers how many; `position` stays.
   * Rejects with `InputReadError`.
   */
  read(into: Uint8Array, skip: number): Promise<number>;
  /** The next `n` bytes were taken out of what was read so: `position` is behind them. */
  pass(n: number): void;
}

/** A source whose bytes are read through `read`, and never by another thread. */
export function readThrough(source: CaptureSource, read: CaptureSource['read']): CaptureSource {
  return {
    path: source.path,
    size: source.size,
    compression: source.compression,
    get position() {
      return source.position;
    },
    read,
    close: () => source.close(),
  };
}
