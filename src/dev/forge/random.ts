/**
 * A seeded generator of random numbers (sfc32 by Chris Doty-Humphrey, public domain algorithm): the same seed gives the same
 * captures on every machine. Not for secrets.
 */
export class SeededRandom {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    this.#a = seed | 0;
    this.#b = Math.trunc(seed / 2 ** 32) | 0;
    this.#c = 0x9e3779b9 | 0;
    for (let i = 0; i < 12; i++) this.u32();
  }

  /** The next 32 bits, as an unsigned number. */
  u32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** A real number in [0, 1). */
  unit(): number {
    return this.u32() / 2 ** 32;
  }

  /** An integer in [0, limit). */
  below(limit: number): number {
    return Math.floor(this.unit() * limit);
  }

  /** An integer in [from, to], both ends included. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1);
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  /** One element of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** `count` random bytes. */
  bytes(count: number): Uint8Array {
    const result = new Uint8Array(count);
    this.fill(result);
    return result;
  }

  /** Overwrite all of `target`. */
  fill(target: Uint8Array): void {
    const length = target.length;
    for (let i = 0; i < length; i += 4) {
      let word = this.u32();
      for (let j = i; j < i + 4 && j < length; j++) {
        target[j] = word;
        word >>>= 8;
      }
    }
  }

  /** A copy of the list in random order (Fisher and Yates). */
  shuffled<T>(list: readonly T[]): T[] {
    const result = [...list];
    for (let i = result.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const other = result[j]!;
      result[j] = result[i]!;
      result[i] = other;
    }
    return result;
  }
}
