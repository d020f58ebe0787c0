/** Letters that have to be changed, put in, left out or swapped to make one word of another (optimal string alignment). */
function edits(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, i) => i)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    const above = rows[i - 1]!;
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) least = Math.min(least, rows[i - 2]![j - 2]! + 1);
      row.push(least);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

/** The known word that a wrong one was probably meant to be; null when none is near. */
export function suggestion(word: string, known: Iterable<string>): string | null {
  const wrong = word.toLowerCase();
  let best: string | null = null;
  // One letter in three may be wrong, and always one.
  let limit = Math.max(1, Math.floor(wrong.length / 3)) + 1;
  for (const candidate of known) {
    const distance = edits(wrong, candidate.toLowerCase());
    if (distance < limit) {
      limit = distance;
      best = candidate;
    }
  }
  return best;
}

/** `did you mean X?` as a hint, with what else there is when nothing is near. */
export function hintFor(word: string, known: readonly string[], otherwise: string): string {
  const near = suggestion(word, known);
  return near === null ? otherwise : `did you mean ${near}?`;
}
