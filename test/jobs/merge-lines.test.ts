import { expect, test } from 'vitest';
import { mergeLines } from '../../src/jobs/merge-lines.js';
import type { LineRows } from '../../src/jobs/messages.js';

type Row = readonly [packet: number, line: string, rank?: number];

/** Rows as pieces of at most `size`. */
function pieces(rows: readonly Row[], size: number): LineRows[] {
  const all: LineRows[] = [];
  for (let at = 0; at < rows.length; at += size) {
    const some = rows.slice(at, at + size);
    let end = 0;
    all.push({
      bytes: Uint8Array.from(Buffer.from(some.map(([, line]) => line).join(''))),
      ends: Uint32Array.from(some, ([, line]) => (end += Buffer.byteLength(line))),
      orders: Float64Array.from(some.flatMap(([packet, , rank]) => [packet, rank ?? 0])),
    });
  }
  return all;
}

const text = (shares: readonly (readonly LineRows[])[]) => Buffer.from(mergeLines(shares)).toString();

test('lines come in the order of their packets, whole ones even if they hold line breaks', () => {
  const a: Row[] = [
    [1, 'a1\n'],
    [4, '"a\n4"\n'],
    [4, 'a4 again\n'],
    [9_007_199_254_740_990, 'last\n'],
  ];
  const b: Row[] = [
    [2, 'b2\n'],
    [3, `${'b'.repeat(500)}\n`],
    [7, 'b7\n'],
  ];
  const wanted = `a1\nb2\n${'b'.repeat(500)}\n"a\n4"\na4 again\nb7\nlast\n`;
  for (const size of [1, 2, 3, 10]) {
    expect(text([pieces(a, size), pieces(b, 1), []])).toBe(wanted);
    expect(text([[], pieces(b, size), pieces(a, size)])).toBe(wanted);
  }
});

test('of one place, rows come by their rank; of equal ones, those of the earlier share stand first', () => {
  const a = pieces(
    [
      [5, 'a\n'],
      [5, 'a2\n', 2],
      [6, 'a3\n'],
      [Number.POSITIVE_INFINITY, 'a4\n', 3],
    ],
    2,
  );
  const b = pieces(
    [
      [5, 'b\n', 1],
      [6, 'b2\n'],
      [Number.POSITIVE_INFINITY, 'b3\n', 1],
      [Number.POSITIVE_INFINITY, 'b4\n', 4],
    ],
    2,
  );
  expect(text([a, b])).toBe('a\nb\na2\na3\nb2\nb3\na4\nb4\n');
  expect(text([b, a])).toBe('a\nb\na2\nb2\na3\nb3\na4\nb4\n');
});

test('nothing of nothing', () => {
  expect(mergeLines([[], []])).toHaveLength(0);
  expect(mergeLines([])).toHaveLength(0);
});

test('many rows of four shares are those that sorting gives', () => {
  let seed = 12345;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % below;
  };
  const shares: Row[][] = [[], [], [], []];
  const all: Row[] = [];
  for (let packet = 1; packet <= 5000; packet++) {
    const row: Row = [packet, `${packet}:${'x'.repeat(random(200))}\n`];
    all.push(row);
    shares[random(4)]!.push(row);
  }
  expect(text(shares.map((rows, i) => pieces(rows, 1 + i * 50)))).toBe(all.map(([, line]) => line).join(''));
});
