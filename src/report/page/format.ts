import type { PageValue } from '../data.js';
import type { ValueFormat } from '../figure.js';

const DAY = 86_400_000;
const NUMERIC: ReadonlySet<ValueFormat> = new Set(['count', 'share', 'bytes', 'duration']);

/** Whether values of a format stand on the right. */
export function isNumeric(format: ValueFormat): boolean {
  return NUMERIC.has(format);
}

/** A whole number with its thousands apart. */
export function countText(value: number): string {
  return value.toLocaleString('en-US');
}

/** A number in few characters: 950, 1.2k, 34M. */
export function compactText(value: number): string {
  return value < 1000 ? String(value) : value.toLocaleString('en-US', { notation: 'compact' });
}

/** A part of 1 in percent; something is never shown as nothing, nor almost all as all. */
export function shareText(value: number): string {
  if (value <= 0) return '0 %';
  if (value >= 1) return '100 %';
  if (value < 0.001) return '<0.1 %';
  return value > 0.999 ? '>99.9 %' : `${(100 * value).toFixed(1)} %`;
}

/** Bytes with a unit. */
export function bytesText(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  const power = value < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  return `${power === 0 ? value : (value / 1000 ** power).toFixed(1)} ${units[power]}`;
}

/** Microseconds with a unit. */
export function durationText(us: number): string {
  const steps = [[1, 'µs'], [1e3, 'ms'], [1e6, 's']] as const; // biome-ignore format: a table
  const [size, unit] = steps.findLast(([least]) => us >= least) ?? steps[0];
  const value = us / size;
  return `${value >= 100 || Number.isInteger(value) ? Math.round(value) : value.toPrecision(2)} ${unit}`;
}

/** Milliseconds since 1970 as `2026-11-20 23:41:02`, UTC. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}

/**
 * Marks of an axis of time: 24 hours, as fine as the span needs, and the day below the first mark of each day.
 * @param span milliseconds
 */
export function timeTicks(span: number): (date: Date, index: number, dates?: readonly Date[]) => string {
  if (span > 3 * DAY) return (date) => date.toISOString().slice(0, span > 1000 * DAY ? 7 : 10);
  const to = span < 5000 ? 23 : span < 300_000 ? 19 : 16;
  const days = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
  return (date, index, dates) => {
    const text = date.toISOString();
    const day = text.slice(0, 10);
    const before = dates?.[index - 1]?.toISOString().slice(0, 10);
    return before === day ? text.slice(11, to) : `${text.slice(11, to)}\n${days.format(date)}`;
  };
}

/** How long from one time to another, in the largest units. */
export function spanText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours > 1000 * 24) return `${(hours / 24 / 365.25).toFixed(1)} years`;
  return hours < 72 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** A value of a table as text. */
export function valueText(value: PageValue, format: ValueFormat): string {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (format === 'share') return shareText(value);
  if (format === 'bytes') return bytesText(value);
  if (format === 'duration') return durationText(value);
  return format === 'time' ? timeText(value) : countText(value);
}
