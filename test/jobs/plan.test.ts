import { describe, expect, it } from 'vitest';
import { Plan } from '../../src/jobs/plan.js';

/** Stops a helper that would wait. */
function once(): () => boolean {
  let asked = 0;
  return () => asked++ > 0;
}

describe('the plan of a capture', () => {
  it.each([1, 2, 3, 7, 63])('has every byte in one stretch, with %i helpers', (helpers) => {
    for (const size of [1, 999, 1000, 1001, 54_321]) {
      const plan = new Plan(size, 1000, helpers);
      expect(plan.from(0)).toBe(0);
      for (let i = 0; i < plan.count; i++) {
        expect(plan.until(i)).toBeGreaterThan(plan.from(i));
        expect(plan.until(i)).toBe(i === plan.count - 1 ? size : plan.from(i + 1));
      }
    }
  });

  it('gives each stretch to one thread, whoever comes first', () => {
    const plan = new Plan(30_000, 1000, 3);
    const helpers = [0, 1, 2].map(() => new Plan(30_000, 1000, 3, plan.memory));
    const taken: number[] = [];
    let turn = 0;
    for (let i = 0; i < plan.count; i++) {
      if (plan.arrive(i)) taken.push(i);
      // Helpers now and then.
      for (let n = 0; n < (i * 7) % 3; n++) {
        const helper = turn++ % 3;
        const next = helpers[helper]!.next(helper, once());
        if (next === null) continue;
        expect(next % 4).toBe(helper + 1);
        expect(next).toBeGreaterThan(i + 1);
        taken.push(next);
      }
    }
    expect(taken.toSorted((a, b) => a - b)).toEqual(Array.from({ length: plan.count }, (_, i) => i));
  });

  it('has nothing for a helper at the end, or when it is stopped', () => {
    const plan = new Plan(10_000, 1000, 1);
    plan.arrive(plan.count - 2);
    expect(plan.next(0, once())).toBeNull();
    const other = new Plan(10_000, 1000, 1);
    expect(other.next(0, () => true)).toBeNull();
    expect(other.next(0, once())).toBe(3);
  });
});
