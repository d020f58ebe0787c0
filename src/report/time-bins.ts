const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Widths of bins that people count in, milliseconds. */
const WIDTHS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 7, 14, 30, 90, 365, 3650].map((n) => n * DAY),
];
/** Bins of a figure over time: more than a phone can show say nothing. */
const MOST_BINS = 60;

/** Width of the bins of a figure over time. */
export interface TimeBin {
  readonly ms: number;
  /** As DuckDB reads it: `INTERVAL '5 minutes'`. */
  readonly interval: string;
}

/** The narrowest width of bins of which a span (milliseconds) has at most 60. */
export function timeBin(span: number): TimeBin {
  const ms = WIDTHS.find((width) => span / width <= MOST_BINS) ?? WIDTHS.at(-1)!;
  const units = [[DAY, 'days'], [HOUR, 'hours'], [MINUTE, 'minutes'], [SECOND, 'seconds']] as const; // biome-ignore format: a table
  const [size, name] = units.find(([unit]) => ms >= unit && ms % unit === 0) ?? [1, 'milliseconds'];
  return { ms, interval: `INTERVAL '${ms / size} ${name}'` };
}
