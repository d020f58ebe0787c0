import { labelOf } from '../labels/label.js';
import { LABELS } from '../labels/labels.js';
import { cut, formatTable, textWidth } from '../sink/table.js';
import { type ClientSummary, MAX_DISTINCT, type Summary } from './summary-sink.js';
import type { SummaryStyle } from './summary-text.js';
import { formatCount } from './units.js';

const COLUMNS = [
  { name: 'JA4', numeric: false },
  { name: 'client', numeric: false },
  { name: 'hellos', numeric: true },
  { name: 'hosts', numeric: true },
  { name: 'SNI', numeric: false },
];
/** Characters of a JA4, which is never cut: half of one cannot be searched for. */
const JA4_WIDTH = 36;
/** Characters of a name that still say something. */
const LEAST_NAME = 5;
const GAPS = 2 * (COLUMNS.length - 1);

/** Cut a text to a width; an ending such as `(+2)` stays. Where next to nothing would be left, `instead` stands. */
function cutBefore(text: string, width: number, instead?: string): string {
  const ending = /^(.*?)( \(\+[\d,]+\+?\))$/su.exec(text);
  if (!ending || textWidth(text) <= width) return cut(text, width);
  const room = width - ending[2]!.length;
  if (room < LEAST_NAME && instead !== undefined) return cut(instead, width);
  return `${cut(ending[1]!, Math.max(1, room))}${ending[2]}`;
}

/** A number of distinct things; counting stops at a bound. */
function distinct(size: number): string {
  return `${formatCount(size)}${size >= MAX_DISTINCT ? '+' : ''}`;
}

function topName(client: ClientSummary): string {
  let best = '';
  let most = 0;
  for (const [name, hellos] of client.names) if (hellos > most) [best, most] = [name, hellos];
  return client.names.size > 1 ? `${best} (+${distinct(client.names.size - 1)})` : best;
}

function rowOf(client: ClientSummary): string[] {
  return [
    client.ja4 ?? '(incomplete or SSL 2.0)',
    labelOf(LABELS, 'ja4', client.ja4) ?? '',
    formatCount(client.hellos),
    distinct(client.hosts.size),
    topName(client),
  ];
}

/** Widths of the columns of names and of server names: what the others leave, fairly shared. */
function textWidths(rows: readonly string[][], available: number): [number, number] {
  const natural = (at: number) =>
    Math.max(textWidth(COLUMNS[at]!.name), ...rows.map((r) => textWidth(r[at]!)));
  const [label, name] = [natural(1), natural(4)];
  const free = Math.max(24, available - JA4_WIDTH - natural(2) - natural(3) - GAPS);
  if (label + name <= free) return [label, name];
  const labels = Math.ceil(free * 0.55);
  if (label <= labels) return [label, free - label];
  return name <= free - labels ? [free - name, name] : [labels, free - labels];
}

/** The clients with most hellos, a line each under a head. */
export function clientLines(s: Summary, style: SummaryStyle): string[] {
  const { colors: c, width, top } = style;
  const sorted = [...s.clients.values()].sort((a, b) => b.hellos - a.hellos);
  const shownClients = sorted.slice(0, top);
  const rows = shownClients.map(rowOf);
  const [labelWidth, nameWidth] = textWidths(rows, width);
  for (const [i, row] of rows.entries()) {
    row[1] = cutBefore(row[1]!, labelWidth);
    row[4] = cutBefore(row[4]!, nameWidth, distinct(shownClients[i]!.names.size));
  }
  const [head, , ...lines] = formatTable(COLUMNS, rows).trimEnd().split('\n');
  const shown = lines.map((line) =>
    line.startsWith('(') ? line : `${c.cyan(line.slice(0, JA4_WIDTH))}${line.slice(JA4_WIDTH)}`,
  );
  const rest = sorted.slice(top);
  if (rest.length > 0) {
    const hellos = rest.reduce((sum, client) => sum + client.hellos, 0);
    shown.push(c.dim(`and ${formatCount(rest.length)} more, with ${formatCount(hellos)} hellos`));
  }
  return [c.dim(head!), ...shown];
}
