/** Repeated measurements of one thing. */
export class Spread {
  readonly #values: number[] = [];

  add(value: number): void {
    this.#values.push(value);
  }

  get median(): number {
    const sorted = this.#values.toSorted((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  }

  get least(): number {
    return Math.min(...this.#values);
  }

  get most(): number {
    return Math.max(...this.#values);
  }

  get count(): number {
    return this.#values.length;
  }

  /** Each value divided by that of another in the same place. */
  over(other: Spread): Spread {
    const ratios = new Spread();
    for (const [i, value] of this.#values.entries()) ratios.add(value / other.#values[i]!);
    return ratios;
  }

  get sum(): number {
    return this.#values.reduce((sum, value) => sum + value, 0);
  }

  /** Median, and in brackets the quartiles. */
  middle(digits: number): string {
    const sorted = this.#values.toSorted((a, b) => a - b);
    const quartile = (q: number) => sorted[Math.floor(q * (sorted.length - 1))]!.toFixed(digits);
    return `${this.median.toFixed(digits)} (${quartile(0.25)}-${quartile(0.75)})`;
  }

  /** Median, and in brackets the least and the most. */
  text(digits: number): string {
    return `${this.median.toFixed(digits)} (${this.least.toFixed(digits)}-${this.most.toFixed(digits)})`;
  }
}

const RUNS = 150;
const RUN_NS = 400_000;

/** Tells what one call takes. */
export type Measure = (work: () => void) => number;

/**
 * Nanoseconds per call of `work`: the least of many short runs, after a warm-up, so that a busy machine spoils it
 * little. For kernels; whole programs are told by their median.
 */
export function nsPerCall(work: () => void): number {
  const time = (calls: number) => {
    const start = process.hrtime.bigint();
    for (let i = 0; i < calls; i++) work();
    return Number(process.hrtime.bigint() - start) / calls;
  };
  const estimate = Math.min(time(2000), time(2000), time(2000));
  const calls = Math.max(1, Math.round(RUN_NS / estimate));
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < RUNS; run++) best = Math.min(best, time(calls));
  return best;
}

/** Rows as a Markdown table; the first column is left-aligned, the others right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, i) => (i === 0 ? '---' : '--:'));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

/** 12345678 as 12,345,678. */
export function grouped(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
