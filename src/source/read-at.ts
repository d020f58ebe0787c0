import { readSync } from 'node:fs';
import { inputError } from './errno.js';

/** Bytes of a file from byte `at` on into `into`; answers how many, 0 at the end. Throws `InputReadError`. */
export type ReadAt = (into: Uint8Array, at: number) => number;

/** Reads an open file at any place; `path` is what errors call it. */
export function readerAt(path: string, fd: number): ReadAt {
  return (into, at) => {
    for (;;) {
      try {
        return readSync(fd, into, 0, into.length, at);
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== 'EINTR') throw inputError(path, cause);
      }
    }
  };
}
