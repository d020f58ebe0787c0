import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Measured } from './captures.js';
import { grouped, table } from './spread.js';

const CHILD = fileURLToPath(new URL('memory-run.js', import.meta.url));

interface Outcome {
  readonly collections: number;
  /** Milliseconds. */
  readonly longest: number;
  /** Bytes allocated on V8's heap. */
  readonly allocated: number;
  readonly rss: number;
}

function child(capture: string, ...flags: string[]): Outcome {
  return JSON.parse(
    execFileSync(process.execPath, [...flags, CHILD, capture], { encoding: 'utf8' }),
  ) as Outcome;
}

/** Garbage: what is allocated, collections and their longest pause. */
export function benchMemory(captures: readonly Measured[]): string {
  const rows = captures.map((capture) => {
    const { allocated, collections, longest, rss } = child(capture.path);
    return [
      capture.kind,
      (allocated / 1e6).toFixed(1),
      (allocated / capture.hellos).toFixed(1),
      grouped(collections),
      longest.toFixed(1),
      (rss / 1e6).toFixed(0),
    ];
  });
  const head = [
    '',
    'heap MB allocated',
    'bytes of it per hello',
    'collections',
    'longest pause, ms',
    'peak RSS, MB',
  ];
  return `### Garbage and memory\n\nCSV of 8 columns to nowhere, in one process.\n\n${table(head, rows)}`;
}
