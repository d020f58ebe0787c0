import { describe, expect, it } from 'vitest';
import { mergeLines } from '../../src/jobs/merge-lines.js';
import type { LineRows } from '../../src/jobs/messages.js';
import { rowsAt } from '../../src/jobs/places.js';

type Row = readonly [place: number, line: string, rank?: number];

/** Rows as pieces of at most `size`. */
function pieces(rows: readonly Row[], size: number): LineRows[] {
  const all: LineRows[] = [];
  for (let at = 0; at < rows.length; at += size) {
    const some = rows.slice(at, at + size);
    let end = 0;
    all.push({
      bytes: Uint8Array.from(Buffer.from(some.map(([, line]) => line).join(''))),
      ends: Uint32Array.from(some, ([, line]) => (end += Buffer.byteLength(line))),
      orders: places(some),
    });
  }
  return all;
}

const places = (rows: readonly Row[]) =>
  Float64Array.from(rows.flatMap(([place, , rank]) => [place, rank ?? 0]));

function text(stretch: LineRows[], gone: readonly Row[], others: LineRows[]): string {
  const rows = rowsAt(
    stretch.map(({ orders }) => orders),
    [places(gone)],
  );
  return [...mergeLines(stretch, rows!, others)].map((bytes) => Buffer.from(bytes).toString()).join('');
}

describe('lines of a stretch', () => {
  const stretch: Row[] = [
    [1, 'a1\n'],
    [4, '"a\n4"\n'],
    [4, 'a4 again\n'],
    [5, `${'long'.repeat(20_000)}\n`],
    [7.5, 'given up first\n', 3],
    [7.5, 'given up then\n', 6],
    [9_007_199_254_740_990, 'last\n'],
  ];
  const others: Row[] = [
    [2, 'b2\n'],
    [3, `${'b'.repeat(50_000)}\n`],
    [4, 'b4\n'],
    [7.5, 'b between\n', 4],
    [Number.POSITIVE_INFINITY, 'b at the end\n', 1],
  ];
  const wanted = [0, 'b2\n', others[1]![1], 1, 2, 'b4\n', 3, 4, 'b between\n', 5, 6, 'b at the end\n']
    .map((what) => (typeof what === 'number' ? stretch[what]![1] : what))
    .join('');

  it.each([1, 2, 3, 10])('take others between them, in pieces of %i', (size) => {
    expect(text(pieces(stretch, size), [], pieces(others, 2))).toBe(wanted);
    expect(text(pieces(stretch, size), [], pieces(others, 5))).toBe(wanted);
  });

  it.each([1, 2, 3, 10])('lose those that are gone, in pieces of %i', (size) => {
    for (const at of [0, 3, 4, 5, 6]) {
      const left = wanted.replace(stretch[at]![1], '');
      expect(text(pieces(stretch, size), [stretch[at]!], pieces(others, 3))).toBe(left);
    }
    expect(text(pieces(stretch, size), stretch, pieces(others, 3))).toBe(
      others.map(([, line]) => line).join(''),
    );
    expect(text(pieces(stretch, size), stretch, [])).toBe('');
  });

  it('may all be others', () => {
    expect(text([], [], pieces(others, 2))).toBe(others.map(([, line]) => line).join(''));
  });
});

describe('rows at places', () => {
  const lists = [
    places([
      [1, ''],
      [2, ''],
      [2, ''],
    ]),
    new Float64Array(),
    places([
      [2, ''],
      [3, '', 1],
      [3, '', 2],
    ]),
  ];

  it('are found in all lists', () => {
    expect(rowsAt(lists, [places([[1, '']]), places([[3, '', 2]])])).toEqual([[0], [], [2]]);
    expect(
      rowsAt(lists, [
        places([
          [2, ''],
          [2, ''],
        ]),
        places([[2, '']]),
      ]),
    ).toEqual([[1, 2], [], [0]]);
    expect(rowsAt(lists, [])).toEqual([[], [], []]);
  });

  it('must be as many as are asked for', () => {
    expect(rowsAt(lists, [places([[2, '']])])).toBeNull();
    expect(
      rowsAt(lists, [
        places([
          [2, ''],
          [2, ''],
          [2, ''],
          [2, ''],
        ]),
      ]),
    ).toBeNull();
    expect(
      rowsAt(lists, [
        places([
          [1, ''],
          [1, ''],
        ]),
      ]),
    ).toBeNull();
    expect(rowsAt(lists, [places([[3, '', 3]])])).toBeNull();
    expect(rowsAt(lists, [places([[2.5, '']])])).toBeNull();
  });
});
