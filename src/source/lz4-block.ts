/** What decoding a block came to: where the output ends, and the fault that stopped it, if any. */
export interface BlockResult {
  readonly end: number;
  readonly fault: string | null;
}

/** Copies shorter than this are faster byte by byte than by a call. */
const BULK = 24;

/**
 * Decodes one LZ4 block (LZ4 Block Format Description) from `input` into `window` from `start` on.
 * Matches may reach back to `oldest`. Never writes at or behind `limit`.
 */
export function decodeBlock(
  input: Uint8Array,
  window: Uint8Array,
  start: number,
  limit: number,
  oldest: number,
): BlockResult {
  let from = 0;
  let to = start;
  const stop = (fault: string): BlockResult => ({ end: to, fault });
  while (from < input.length) {
    const token = input[from++]!;
    let length = token >>> 4;
    if (length === 15) {
      let more: number;
      do {
        if (from >= input.length) return stop('is damaged: a block ends in a length');
        length += more = input[from++]!;
      } while (more === 255);
    }
    if (to + length > limit) return stop('is damaged: a block holds more than its frame allows');
    if (from + length > input.length) {
      // Of a block that is cut short this is the last that can be had.
      window.set(input.subarray(from), to);
      to += input.length - from;
      return stop('is damaged: literals reach behind their block');
    }
    copyLiterals(input, from, window, to, length);
    from += length;
    to += length;
    // The last sequence is literals only.
    if (from === input.length) return { end: to, fault: null };
    if (from + 2 > input.length) return stop('is damaged: a block ends in an offset');
    const offset = input[from]! | (input[from + 1]! << 8);
    from += 2;
    if (offset === 0 || to - offset < oldest) return stop('is damaged: a match reaches before the data');
    length = (token & 15) + 4;
    if (length === 19) {
      let more: number;
      do {
        if (from >= input.length) return stop('is damaged: a block ends in a length');
        length += more = input[from++]!;
      } while (more === 255);
    }
    if (to + length > limit) return stop('is damaged: a block holds more than its frame allows');
    copyMatch(window, to, offset, length);
    to += length;
  }
  return stop('is damaged: a block ends without literals');
}

function copyLiterals(input: Uint8Array, from: number, window: Uint8Array, to: number, length: number): void {
  if (length >= BULK) {
    window.set(input.subarray(from, from + length), to);
    return;
  }
  for (let i = 0; i < length; i++) window[to + i] = input[from + i]!;
}

/** A match may overlap what it makes: then it repeats its first `offset` bytes. */
function copyMatch(window: Uint8Array, to: number, offset: number, length: number): void {
  if (length < BULK) {
    for (let i = 0; i < length; i++) window[to + i] = window[to - offset + i]!;
    return;
  }
  let done = 0;
  while (done < length) {
    // What is there to copy doubles with every round of an overlapping match.
    const piece = Math.min(offset + done, length - done);
    window.copyWithin(to + done, to - offset, to - offset + piece);
    done += piece;
  }
}
