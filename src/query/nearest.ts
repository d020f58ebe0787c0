/** Edits that a misspelt name may be away from the one that was meant. */
const MOST_EDITS = 3;

function edits(a: string, b: string): number {
  let before = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = before[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, before[j]! + 1, row[j - 1]! + 1));
    }
    before = row;
  }
  return before[b.length]!;
}

/** The name that was meant, if one is near or begins or ends like it. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const ranked = names
    .map((known) => ({ known, distance: edits(name, known), part: known.includes(name) }))
    .filter(({ distance, part }) => distance <= Math.min(MOST_EDITS, name.length / 2) || part)
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.known;
}
