import Table from 'cli-table3';
import type { Colors } from 'picocolors/types.js';
import { labelOf } from '../labels/label.js';
import { LABELS } from '../labels/labels.js';
import { cipherName, groupName, versionName } from '../schema/names.js';
import type { CaptureRow } from '../schema/tables.js';
import type { ClientSummary, Summary } from './summary-sink.js';

/** How the summary is laid out. */
export interface SummaryStyle {
  /** Characters per line. */
  readonly width: number;
  readonly colors: Colors;
  /** Rows of the table of clients. */
  readonly top: number;
}

const number = (value: number | bigint) => value.toLocaleString('en-US');
const percent = (part: number, whole: number) =>
  whole === 0 ? '0 %' : `${((100 * part) / whole).toFixed(1)} %`;

/** A number of bytes with a unit a person can read. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** A duration in nanoseconds with a unit a person can read. */
export function formatDuration(ns: number): string {
  if (ns < 1e3) return `${ns} ns`;
  if (ns < 1e6) return `${(ns / 1e3).toFixed(0)} µs`;
  if (ns < 1e9) return `${(ns / 1e6).toFixed(1)} ms`;
  if (ns < 120e9) return `${(ns / 1e9).toFixed(1)} s`;
  const minutes = Math.floor(ns / 60e9);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Seconds and nanoseconds as `2026-11-20 23:41:02`, UTC. */
export function formatTime(ns: bigint): string {
  return new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 19).replace('T', ' ');
}

function total(captures: readonly CaptureRow[], name: keyof CaptureRow): number {
  return captures.reduce((sum, row) => sum + Number(row[name] ?? 0), 0);
}

const ascending = (a: bigint, b: bigint) => (a < b ? -1 : Number(a > b));

function span(captures: readonly CaptureRow[]): { first: bigint; last: bigint } | null {
  const first = captures.flatMap((c) => (c.first_ts === null ? [] : [c.first_ts])).toSorted(ascending)[0];
  const last = captures
    .flatMap((c) => (c.last_ts === null ? [] : [c.last_ts]))
    .toSorted(ascending)
    .at(-1);
  return first === undefined || last === undefined ? null : { first, last };
}

function captureLines(captures: readonly CaptureRow[], c: Colors): string[] {
  const packets = total(captures, 'packets');
  const bytes = total(captures, 'bytes');
  const [only] = captures;
  const name =
    captures.length === 1
      ? only!.path === '-'
        ? 'standard input'
        : only!.path
      : `${number(captures.length)} captures`;
  const formats = new Set(
    captures.map((row) => [row.format ?? 'empty', row.compression].filter(Boolean).join('+')),
  );
  const lines = [
    `${c.bold(name)}  ${[...formats].join(', ')}, ${number(packets)} packets, ${formatBytes(bytes)}`,
  ];
  const time = span(captures);
  if (time) {
    const ns = Number(time.last - time.first);
    const rate = ns > 0 ? `, ${formatBytes(Math.round((bytes * 1e9) / ns))}/s` : '';
    lines.push(`${formatTime(time.first)} to ${formatTime(time.last)} UTC (${formatDuration(ns)}${rate})`);
  }
  return lines;
}

function shares<K>(map: ReadonlyMap<K, number>, name: (key: K) => string, top = 5): string {
  const sorted = [...map].sort((a, b) => b[1] - a[1]);
  const shown = sorted.slice(0, top).map(([key, n]) => `${name(key)} ${number(n)}`);
  if (sorted.length > top) shown.push(`${sorted.length - top} more`);
  return shown.join(', ');
}

const versioned = (key: string) => {
  const [protocol, version] = key.split(' ');
  return `${protocol === 'quic' ? 'QUIC ' : ''}${versionName(Number(version))}`;
};

function handshakeLines(s: Summary, c: Colors): string[] {
  const key = (text: string) => c.dim(text.padEnd(14));
  const lines = [`${key('ClientHellos')}${number(s.hellos)}  (${shares(s.offered, versioned)})`];
  if (s.serverHellos || s.retries) {
    const retries = s.retries ? `, ${number(s.retries)} HelloRetryRequests` : '';
    lines.push(
      `${key('ServerHellos')}${number(s.serverHellos)}${retries}  (${shares(s.serverVersions, versioned)})`,
    );
  }
  if (s.serverCiphers.size) lines.push(`${key('chosen')}${shares(s.serverCiphers, cipherName, 4)}`);
  if (s.serverGroups.size) lines.push(`${key('groups')}${shares(s.serverGroups, groupName, 4)}`);
  if (s.serverAlpn.size) lines.push(`${key('ALPN')}${shares(s.serverAlpn, String, 4)} (in clear)`);
  const latency = s.latency.percentiles([0.5, 0.95, 0.99]);
  if (latency) {
    const [p50, p95, p99] = latency.map(formatDuration);
    lines.push(
      `${key('latency')}p50 ${p50}, p95 ${p95}, p99 ${p99}  (ClientHello to ServerHello, ${number(s.latency.count)})`,
    );
  }
  lines.push(
    `${key('readiness')}post-quantum ${percent(s.postQuantum, s.hellos)}, ECH ${percent(s.ech, s.hellos)}`,
  );
  return lines;
}

function topName(client: ClientSummary): string {
  const names = [...client.names].sort((a, b) => b[1] - a[1]);
  if (names.length === 0) return '';
  return names.length === 1 ? names[0]![0] : `${names[0]![0]} (+${number(names.length - 1)})`;
}

/** Cut a text to `width` characters, the end marked. */
function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

function clientTable(s: Summary, style: SummaryStyle): string {
  const { colors: c, width, top } = style;
  const sorted = [...s.clients.values()].sort((a, b) => b.hellos - a.hellos);
  const free = Math.max(30, width - 36 - 10 - 7 - 12);
  const labelWidth = Math.ceil(free * 0.5);
  const nameWidth = free - labelWidth;
  const none = {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
  };
  const table = new Table({
    head: ['JA4', 'client', 'hellos', 'hosts', 'server names'].map((h) => c.dim(h)),
    chars: {
      ...none,
      left: '',
      'left-mid': '',
      mid: '',
      'mid-mid': '',
      right: '',
      'right-mid': '',
      middle: '  ',
    },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    colAligns: ['left', 'left', 'right', 'right', 'left'],
  });
  for (const client of sorted.slice(0, top)) {
    table.push([
      client.ja4 === null ? c.dim('(incomplete or SSL 2.0)') : c.cyan(client.ja4),
      cut(labelOf(LABELS, 'ja4', client.ja4) ?? '', labelWidth),
      number(client.hellos),
      number(client.hosts.size),
      cut(topName(client), nameWidth),
    ]);
  }
  const more = sorted.length > top ? `\n${c.dim(`${number(sorted.length - top)} more`)}` : '';
  return `${table.toString()}${more}`;
}

/** Counters worth a line when they are not zero, with what they mean for the reader. */
const LOSSES: readonly (readonly [keyof CaptureRow, string])[] = [
  ['snaplen_cut_packets', 'packets cut by the snap length'],
  ['unknown_link_packets', 'packets of an unknown link type'],
  ['malformed_packets', 'packets with malformed headers'],
  ['fragments_dropped', 'fragmented datagrams given up'],
  ['tunnel_depth_exceeded', 'packets nested too deep'],
  ['flows_evicted', 'connections given up for want of room'],
  ['segment_gaps_limit', 'segments dropped: too many gaps'],
  ['buffer_limit_hits', 'messages over the buffer limit'],
  ['quic_undecryptable', 'QUIC Initials that no key opens'],
  ['quic_unknown_version', 'QUIC packets of an unknown version'],
];

function lossLines(s: Summary, c: Colors): string[] {
  const lines: string[] = [];
  if (s.incomplete.size) {
    lines.push(
      `${c.yellow('incomplete')}    ${shares(s.incomplete, (name) => name.replaceAll('_', ' '), 8)}`,
    );
  }
  const lost = LOSSES.map(([name, words]) => [total(s.captures, name), words] as const).filter(
    ([n]) => n > 0,
  );
  if (lost.length)
    lines.push(
      `${c.yellow('not read')}      ${lost.map(([n, words]) => `${number(n)} ${words}`).join(', ')}`,
    );
  return lines;
}

/** The summary as text, a screenful, ending in a line break. */
export function summaryText(s: Summary, style: SummaryStyle): string {
  const { colors: c } = style;
  const parts = [captureLines(s.captures, c)];
  if (s.hellos + s.serverHellos === 0) parts.push(['no TLS, DTLS or QUIC handshake in it']);
  else parts.push(handshakeLines(s, c));
  if (s.clients.size) parts.push([clientTable(s, style)]);
  const losses = lossLines(s, c);
  if (losses.length) parts.push(losses);
  return `${parts.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}
