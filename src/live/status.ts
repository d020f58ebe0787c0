import type { CounterName } from '../schema/codes.js';
import type { LagSummary } from './lag.js';

/** What an operator is told of a run. */
export interface LiveStatus {
  readonly ring: string;
  /** s since the start. */
  readonly elapsed: number;
  readonly counters: Readonly<Record<CounterName, number>>;
  readonly openFlows: number;
  readonly maxFlows: number;
  /** Batches that wait for the sinks. */
  readonly queued: number;
  /** Rows of client_hellos that the sinks have taken. */
  readonly rows: number;
  /** Lag of the rows of the last second, and of all. */
  readonly recentLag: LagSummary;
  readonly lag: LagSummary;
}

const SI = ['', 'k', 'M', 'G', 'T'] as const;

/** `1234567` as `1.23 M`. */
export function scaled(value: number): string {
  let unit = 0;
  while (value >= 999.5 && unit < SI.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 && Number.isInteger(value) ? 0 : value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${SI[unit]}`;
}

const millis = (ms: number) => (ms >= 100 ? ms.toFixed(0) : ms.toPrecision(2));

function lagText(lag: LagSummary): string {
  if (lag.rows === 0) return 'lag -';
  return `lag p50 ${millis(lag.p50)} p99 ${millis(lag.p99)} p99.9 ${millis(lag.p999)} ms`;
}

function lossText(counters: LiveStatus['counters']): string {
  const parts: readonly (readonly [CounterName, string])[] = [
    ['ring_drops', 'packets dropped by the kernel'],
    ['ring_resyncs', 'ring overruns'],
    ['ring_malformed', 'malformed slots'],
    ['dropped_rows', 'rows dropped'],
  ];
  const there = parts.filter(([name]) => counters[name] > 0);
  return there.length === 0
    ? 'no drops'
    : there.map(([name, text]) => `${counters[name]} ${text}`).join(', ');
}

/** Packets and bits on the wire, a second. */
export function rates(
  now: LiveStatus,
  before: LiveStatus | null,
): { packets: number; bits: number; hellos: number } {
  const seconds = Math.max(0.001, now.elapsed - (before?.elapsed ?? 0));
  const rate = (name: CounterName) => (now.counters[name] - (before?.counters[name] ?? 0)) / seconds;
  return { packets: rate('packets'), bits: 8 * rate('bytes'), hellos: rate('client_hellos') };
}

/** One line of `--stats`: rates since `before`, drops since the start. */
export function statsLine(now: LiveStatus, before: LiveStatus | null): string {
  const { packets, bits, hellos } = rates(now, before);
  return [
    `${scaled(packets)}packet/s`,
    `${scaled(bits)}bit/s`,
    `${scaled(hellos)}hello/s`,
    lossText(now.counters),
    `flows ${now.openFlows}/${now.maxFlows}`,
    `queue ${now.queued}`,
    lagText(now.recentLag),
  ].join(' · ');
}

/** The last line of a run. */
export function summaryLine(status: LiveStatus): string {
  const { packets, bytes, client_hellos, server_hellos } = status.counters;
  return [
    `${packets} packets`,
    `${scaled(bytes)}B`,
    `${client_hellos} ClientHellos`,
    `${server_hellos} ServerHellos in ${status.elapsed.toFixed(1)} s`,
    lossText(status.counters),
    lagText(status.lag),
  ].join(' · ');
}
