/** Things of two sides that belong together, and those that stand alone. */
export interface Paired<T> {
  readonly pairs: readonly (readonly [old: T, now: T])[];
  readonly gone: readonly T[];
  readonly added: readonly T[];
}

/** Above so many combinations, things are paired in the order in which they come: comparing all would take too long. */
const MAX_COMBINATIONS = 10_000;

/**
 * Pair what vanished with what is new so that the most alike come together.
 *
 * @param distance how unlike two are; null when they have nothing to do with each other
 */
export function pairUp<T>(
  old: readonly T[],
  now: readonly T[],
  distance: (old: T, now: T) => number | null,
): Paired<T> {
  const limit = old.length * now.length <= MAX_COMBINATIONS ? Number.POSITIVE_INFINITY : 1;
  const candidates: { a: T; b: T; d: number }[] = [];
  for (const a of old) {
    let found = 0;
    for (const b of now) {
      const d = distance(a, b);
      if (d === null) continue;
      candidates.push({ a, b, d });
      if (++found >= limit) break;
    }
  }
  candidates.sort((x, y) => x.d - y.d);
  const taken = new Set<T>();
  const pairs: (readonly [T, T])[] = [];
  for (const { a, b } of candidates) {
    if (taken.has(a) || taken.has(b)) continue;
    taken.add(a).add(b);
    pairs.push([a, b]);
  }
  return {
    pairs,
    gone: old.filter((a) => !taken.has(a)),
    added: now.filter((b) => !taken.has(b)),
  };
}
