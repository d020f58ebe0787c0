import type { Colors } from 'picocolors/types.js';
import { displayPath } from '../errors.js';
import { cipherName, groupName, versionName } from '../schema/names.js';
import type { CaptureRow } from '../schema/tables.js';
import { cut } from '../sink/table.js';
import { LOSSES } from './losses.js';
import { clientLines } from './summary-clients.js';
import type { Summary } from './summary-sink.js';
import { formatBytes, formatCount, formatDuration, formatShare, formatTime } from './units.js';

/** How the summary is laid out. */
export interface SummaryStyle {
  /** Characters per line. */
  readonly width: number;
  readonly colors: Colors;
  /** Rows of the table of clients. */
  readonly top: number;
  /** A time (ns since 1970) as `2026-11-20 23:41:02...` with a zone as its last word; default: UTC. */
  readonly time?: (ns: bigint) => string;
}

/** Captures that were not read whole. */
export interface Failures {
  /** Of those in the summary, how many broke off. */
  readonly brokenOff: number;
  /** Of which nothing could be read. */
  readonly unreadable: number;
}

/** Characters of the words before each line. */
const KEY_WIDTH = 14;
/** Characters of a time down to the second. */
const TIME_WIDTH = 19;
/** A rate over less time than this says nothing. */
const RATE_FROM_NS = 1_000_000;

function total(captures: readonly CaptureRow[], name: keyof CaptureRow): number {
  return captures.reduce((sum, row) => sum + Number(row[name] ?? 0), 0);
}

function span(captures: readonly CaptureRow[]): { first: bigint; last: bigint } | null {
  let first: bigint | null = null;
  let last: bigint | null = null;
  for (const { first_ts, last_ts } of captures) {
    if (first_ts !== null && (first === null || first_ts < first)) first = first_ts;
    if (last_ts !== null && (last === null || last_ts > last)) last = last_ts;
  }
  return first === null || last === null ? null : { first, last };
}

/** Lines of items behind a word, broken where the next item would not fit. */
function wrapped(word: string, items: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const item of items) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + item.length + 3 + KEY_WIDTH <= width) {
      lines[lines.length - 1] = `${line}, ${item}`;
    } else {
      if (line !== undefined) lines[lines.length - 1] = `${line},`;
      lines.push(item);
    }
  }
  const spaces = ' '.repeat(Math.max(0, KEY_WIDTH - word.length));
  return lines.map((line, i) => (i === 0 ? `${word}${spaces}` : ' '.repeat(KEY_WIDTH)) + line);
}

/** The most frequent ones on one line, as many as fit, and how many are left out. */
function shares<K>(map: ReadonlyMap<K, number>, name: (key: K) => string, room: number): string {
  const sorted = [...map].sort((a, b) => b[1] - a[1]);
  let text = '';
  for (const [index, [key, n]] of sorted.entries()) {
    const left = sorted.length - index;
    const more = `${formatCount(left)} more`;
    const next = `${index > 0 ? ', ' : ''}${cut(name(key), 30)} ${formatCount(n)}`;
    const reserve = left > 1 ? more.length + 2 : 0;
    if (index > 0 && text.length + next.length + reserve > room) return `${text}, ${more}`;
    text += next;
  }
  return text;
}

const versioned = (key: string) => {
  const [protocol, version] = key.split(' ');
  return `${protocol === 'quic' ? 'QUIC ' : ''}${versionName(Number(version))}`;
};

function captureName(captures: readonly CaptureRow[], failed: Failures): string {
  if (captures.length === 1 && failed.unreadable === 0) return displayPath(captures[0]!.path);
  const notes: string[] = [];
  if (failed.brokenOff) notes.push(`${formatCount(failed.brokenOff)} broke off`);
  if (failed.unreadable) notes.push(`${formatCount(failed.unreadable)} more could not be read`);
  const count = captures.length === 1 ? '1 capture' : `${formatCount(captures.length)} captures`;
  return notes.length === 0 ? count : `${count} (${notes.join(', ')})`;
}

function captureLines(s: Summary, style: SummaryStyle, failed: Failures): string[] {
  const { captures } = s;
  const packets = total(captures, 'packets');
  const bytes = total(captures, 'bytes');
  const formats = new Set(
    captures.map((row) => [row.format ?? 'empty', row.compression].filter(Boolean).join('+')),
  );
  const facts = `${[...formats].join(', ')}, ${formatCount(packets)} packets, ${formatBytes(bytes)}`;
  const lines = [`${style.colors.bold(captureName(captures, failed))}  ${facts}`];
  const time = span(captures);
  if (time === null) return lines;
  const ns = Number(time.last - time.first);
  const at = style.time ?? ((ns: bigint) => `${formatTime(ns)} UTC`);
  const [first, last] = [at(time.first).slice(0, TIME_WIDTH), at(time.last).slice(0, TIME_WIDTH)];
  const zone = at(time.last).split(' ').at(-1);
  const sameDay = first.slice(0, 10) === last.slice(0, 10);
  const rates =
    ns < RATE_FROM_NS
      ? ''
      : `, ${formatBytes(Math.round((bytes * 1e9) / ns))}/s, ${formatCount(Math.round((packets * 1e9) / ns))} packets/s`;
  lines.push(`${first} to ${sameDay ? last.slice(11) : last} ${zone}  (${formatDuration(ns)}${rates})`);
  return lines;
}

function handshakeLines(s: Summary, style: SummaryStyle): string[] {
  const room = style.width - KEY_WIDTH;
  const lines: string[] = [];
  const add = (key: string, text: string) => {
    lines.push(`${style.colors.dim(key.padEnd(KEY_WIDTH))}${text}`);
  };
  const counts = [formatCount(s.hellos), formatCount(s.serverHellos)];
  const digits = Math.max(...counts.map((text) => text.length));
  const counted = (count: string, map: Map<string, number>) =>
    `${count.padEnd(digits)}  ${shares(map, versioned, room - digits - 2)}`.trimEnd();
  add('ClientHellos', counted(counts[0]!, s.offered));
  if (s.serverHellos) add('ServerHellos', counted(counts[1]!, s.serverVersions));
  if (s.retries) add('retries', `${formatCount(s.retries)} HelloRetryRequests`);
  if (s.serverCiphers.size) add('cipher', shares(s.serverCiphers, cipherName, room));
  if (s.serverGroups.size) add('group', shares(s.serverGroups, groupName, room));
  if (s.serverAlpn.size) {
    const inClear = [...s.serverAlpn.values()].reduce((sum, n) => sum + n, 0);
    const hidden = s.serverHellos - inClear;
    const rest = hidden > 0 ? `, none or encrypted ${formatCount(hidden)}` : '';
    add('ALPN', `${shares(s.serverAlpn, String, room - rest.length)}${rest}`);
  }
  const latency = s.latency.percentiles([0.5, 0.95, 0.99])?.map(formatDuration);
  if (latency) add('latency', `p50 ${latency[0]}, p95 ${latency[1]}, p99 ${latency[2]} to the ServerHello`);
  add('readiness', readiness(s));
  return lines;
}

function readiness(s: Summary): string {
  const chosen = s.serverHellos ? `, chosen ${formatShare(s.postQuantumChosen, s.serverHellos)}` : '';
  return `post-quantum offered ${formatShare(s.postQuantum, s.hellos)}${chosen}; ECH ${formatShare(s.ech, s.hellos)}`;
}

function lossLines(s: Summary, { colors: c, width }: SummaryStyle): string[] {
  const reasons = [...s.incomplete]
    .sort((a, b) => b[1] - a[1])
    .map(([name, n]) => `${formatCount(n)} ${name.replaceAll('_', ' ')}`);
  const lost = LOSSES.map(([name, words]) => [total(s.captures, name), words] as const)
    .filter(([n]) => n > 0)
    .map(([n, words]) => `${formatCount(n)} ${words}`);
  const yellow = (lines: string[]) =>
    lines.map((line) => c.yellow(line.slice(0, KEY_WIDTH)) + line.slice(KEY_WIDTH));
  return [...yellow(wrapped('incomplete', reasons, width)), ...yellow(wrapped('not read', lost, width))];
}

/** The summary as text, a screenful, ending in a line break. */
export function summaryText(
  s: Summary,
  style: SummaryStyle,
  failed: Failures = { brokenOff: 0, unreadable: 0 },
): string {
  const parts = [captureLines(s, style, failed)];
  if (s.hellos + s.serverHellos + s.retries === 0) {
    const empty = total(s.captures, 'packets') === 0;
    parts.push([empty ? 'not a single packet in it' : 'no TLS, DTLS or QUIC handshake in it']);
  } else parts.push(handshakeLines(s, style));
  if (s.clients.size) parts.push(clientLines(s, style));
  const losses = lossLines(s, style);
  if (losses.length) parts.push(losses);
  return `${parts.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}
