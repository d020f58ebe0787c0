import { describe, expect, it } from 'vitest';
import { ContentIndex } from '../../src/sink/content-index.js';
import { randomNumbers } from '../support/rows.js';

describe('ContentIndex', () => {
  it('is a set of pairs of words', () => {
    const index = new ContentIndex();
    const twin = new Set<string>();
    const next = randomNumbers(5);
    let wrong = 0;
    for (let i = 0; i < 40_000; i++) {
      // Few distinct low words make long runs of collisions, many ids make it grow.
      const low = i % 2 === 0 ? next(40) : next(0xffffffff);
      const high = next(40);
      const fresh = !twin.has(`${low}/${high}`);
      twin.add(`${low}/${high}`);
      if (index.add(low, high) !== fresh) wrong++;
    }
    expect(wrong).toBe(0);
    expect(index.size).toBe(twin.size);
  });

  it('holds id 0 and ids with a zero half', () => {
    const index = new ContentIndex();
    expect([index.add(0, 0), index.add(0, 0), index.add(0, 9), index.add(9, 0), index.add(0, 9)]).toEqual([
      true,
      false,
      true,
      true,
      false,
    ]);
    index.clear();
    expect([index.size, index.add(0, 0)]).toEqual([0, true]);
  });
});
