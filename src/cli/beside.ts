import { availableParallelism } from 'node:os';
import type { Progress } from '../analyze.js';

/** Bytes of captures from which on lines may be worth a thread, and rows that are still to come when it is started. */
const LEAST = { bytes: 128 << 20, rows: 65_536 } as const;

/** When making lines beside the analysis saves more than starting a thread for it takes. */
export class BesideRule {
  readonly #bytes: number;
  readonly #read = new Map<number, number>();

  /** @param bytes of all captures */
  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** Whether it can be at all: there is a core for it, which no other job has. */
  applies(jobs: number): boolean {
    return jobs === 1 && availableParallelism() > 1 && this.#bytes >= LEAST.bytes;
  }

  update({ index, position }: Progress): void {
    this.#read.set(index, position);
  }

  /** Whether it is now, with so many rows found, if those to come are as dense. */
  readonly pays = (rows: number): boolean => {
    let read = 0;
    for (const position of this.#read.values()) read += position;
    return rows * (this.#bytes - read) >= LEAST.rows * read;
  };
}
