import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Measured } from './captures.js';
import { grouped, table } from './spread.js';

const CHILD = fileURLToPath(new URL('memory-run.js', import.meta.url));

interface Outcome {
  readonly collections: number;
  /** Milliseconds. */
  readonly longest: number;
  /** Bytes more on the heap at the end. */
  readonly allocated: number;
  readonly rss: number;
}

function child(capture: string, ...flags: string[]): Outcome {
  return JSON.parse(
    execFileSync(process.execPath, [...flags, CHILD, capture], { encoding: 'utf8' }),
  ) as Outcome;
}

/** Garbage: collections and their longest pause in an ordinary run, bytes allocated in one that collects nothing. */
export function benchMemory(captures: readonly Measured[]): string {
  const rows = captures.map((capture) => {
    const ordinary = child(capture.path);
    // With a young generation this large nothing is collected: what is on the heap at the end was allocated.
    const hoarding = child(capture.path, '--min-semi-space-size=512', '--max-semi-space-size=512');
    return [
      capture.kind,
      `${(hoarding.allocated / capture.hellos).toFixed(1)}${hoarding.collections > 0 ? ' (at least)' : ''}`,
      grouped(ordinary.collections),
      ordinary.longest.toFixed(1),
      (ordinary.rss / 1e6).toFixed(0),
    ];
  });
  const head = ['', 'heap bytes allocated per hello', 'collections', 'longest pause, ms', 'peak RSS, MB'];
  return `### Garbage and memory\n\nCSV of 8 columns to nowhere, in one process.\n\n${table(head, rows)}`;
}
