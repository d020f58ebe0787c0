import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** How many of the true values were reported, by field: `right` of `of`, and `extra` that are not true. */
export interface Completeness {
  readonly right: number;
  readonly of: number;
  readonly extra: number;
}

/** A multiset of texts. */
export type Bag = Map<string, number>;

async function bagOf(path: string, text: (line: string) => string | null): Promise<Bag> {
  const bag: Bag = new Map();
  for await (const line of createInterface({ input: createReadStream(path, { highWaterMark: 1 << 20 }) })) {
    const value = text(line);
    if (value !== null) bag.set(value, (bag.get(value) ?? 0) + 1);
  }
  return bag;
}

/** The true SNI, JA3 and JA4 of a capture, one text for each hello, or one of the three alone. */
export function truthBag(path: string, fields: readonly ('sni' | 'ja3' | 'ja4')[]): Promise<Bag> {
  return bagOf(path, (line) => {
    const row = JSON.parse(line) as Record<string, string | null>;
    return line === '' ? null : fields.map((field) => row[field] ?? '').join(' ');
  });
}

/** The columns of a CSV of ours by name; none of these holds a comma. */
export function csvBag(path: string, fields: readonly string[]): Promise<Bag> {
  let places: number[] | null = null;
  return bagOf(path, (line) => {
    const cells = line.split(',');
    if (places === null) {
      places = fields.map((field) => cells.indexOf(field));
      return null;
    }
    return places.map((place) => cells[place] ?? '').join(' ');
  });
}

/** Texts of a file, one a line; empty lines count for nothing. */
export function linesBag(path: string, text: (line: string) => string | null): Promise<Bag> {
  return bagOf(path, (line) => (line === '' ? null : text(line)));
}

/** Compare two multisets. */
export function compare(found: Bag, truth: Bag): Completeness {
  let right = 0;
  let of = 0;
  let all = 0;
  for (const [text, times] of truth) {
    of += times;
    right += Math.min(times, found.get(text) ?? 0);
  }
  for (const times of found.values()) all += times;
  return { right, of, extra: all - right };
}
