/** Slots start here and double; a power of two. */
const FIRST_SLOTS = 1 << 14;

/**
 * Set of 64-bit content ids, as two u32 halves (little-endian words), without an object per id. The ids are hashes
 * already: their low word is the slot. Id 0 is kept apart, as 0 marks a free slot.
 */
export class ContentIndex {
  #words = new Uint32Array(2 * FIRST_SLOTS);
  #size = 0;
  #hasZero = false;

  /** Ids in it. */
  get size(): number {
    return this.#size;
  }

  /** Add an id; false if it was there. */
  add(low: number, high: number): boolean {
    if (low === 0 && high === 0) {
      if (this.#hasZero) return false;
      this.#hasZero = true;
      this.#size++;
      return true;
    }
    const at = this.#slot(low, high);
    if (this.#words[at] !== 0 || this.#words[at + 1] !== 0) return false;
    this.#words[at] = low;
    this.#words[at + 1] = high;
    if (++this.#size * 4 > this.#words.length) this.#grow();
    return true;
  }

  /** Forget all ids. */
  clear(): void {
    this.#words = new Uint32Array(2 * FIRST_SLOTS);
    this.#size = 0;
    this.#hasZero = false;
  }

  /** Word index of the slot that holds the id, or of the free slot where it belongs. */
  #slot(low: number, high: number): number {
    const words = this.#words;
    const mask = words.length / 2 - 1;
    let slot = (low ^ (high >>> 7)) & mask;
    for (;;) {
      const at = 2 * slot;
      const a = words[at]!;
      const b = words[at + 1]!;
      if ((a === low && b === high) || (a === 0 && b === 0)) return at;
      slot = (slot + 1) & mask;
    }
  }

  #grow(): void {
    const old = this.#words;
    this.#words = new Uint32Array(2 * old.length);
    for (let i = 0; i < old.length; i += 2) {
      const low = old[i]!;
      const high = old[i + 1]!;
      if (low === 0 && high === 0) continue;
      const at = this.#slot(low, high);
      this.#words[at] = low;
      this.#words[at + 1] = high;
    }
  }
}
