import type * as PlotModule from '@observablehq/plot';
import type { AnsweredQuery, PageValue } from '../data.js';
import { compactText, countText, shareText, timeTicks } from './format.js';

declare const Plot: typeof PlotModule;

/** A chart; its marks follow the colours of the page. */
export type Chart = (SVGSVGElement | HTMLElement) & PlotModule.Plot;
/** A row of a question by the names of its columns. */
export type Item = Record<string, PageValue>;

/** Colours of series; the rest is grey. They are told apart on light and on dark ground. */
export const SERIES = ['var(--blue)', '#efb118', '#ff725c', '#3ca951', 'var(--violet)', '#6cc5b0', '#ff8ab7'];
const REST = '#9498a0';
/** Height of a labelled bar with its label, px. */
const BAR_ROW = 36;

/** What all charts have in common. */
export function frame(label: string, width: number): PlotModule.PlotOptions {
  return {
    width,
    ariaLabel: label,
    style: { fontSize: '12px', fontFamily: 'inherit', overflow: 'visible' },
  };
}

/** The rows of a question as objects. */
export function items({ columns, rows }: AnsweredQuery): Item[] {
  return rows.map((row) => Object.fromEntries(columns.map((c, i) => [c.name, row[i]!])));
}

const number = (value: PageValue | undefined) => (typeof value === 'number' ? value : 0);
const largest = (values: readonly number[]) => values.reduce((most, value) => Math.max(most, value), 0);
const date = (value: PageValue | undefined, plus = 0) => new Date(number(value) + plus);

/** The axis of a chart over time, a mark for every 90 px. */
function timeAxis(rows: readonly Item[], width: number, binMs: number): PlotModule.ScaleOptions {
  const times = rows.map((row) => number(row.time));
  const [first, last] = [times[0] ?? 0, (times.at(-1) ?? 0) + binMs];
  const ticks = Math.max(2, Math.floor(width / 90));
  const domain = [new Date(first), new Date(last)];
  return { type: 'utc', label: null, domain, ticks, tickFormat: timeTicks(last - first) };
}

/** Counts in bins of time, stacked by series. */
export function timeline(query: AnsweredQuery, width: number, binMs: number): Chart {
  const rows = items(query);
  const totals = new Map<string, number>();
  for (const row of rows) {
    const client = String(row.client);
    totals.set(client, (totals.get(client) ?? 0) + number(row.hellos));
  }
  const names = [...totals].sort((a, b) => b[1] - a[1]).map(([name]) => name);
  const series = names.filter((name) => name !== 'other');
  const domain = totals.has('other') ? [...series, 'other'] : series;
  return Plot.plot({
    ...frame(query.title, width),
    height: 280,
    marginLeft: 52,
    x: timeAxis(rows, width, binMs),
    y: { grid: true, label: 'ClientHellos', ticks: 5, tickFormat: compactText },
    color: { legend: true, domain, range: domain.map((name, i) => (name === 'other' ? REST : SERIES[i]!)) },
    marks: [
      Plot.rectY(rows, {
        x1: (d: Item) => date(d.time),
        x2: (d: Item) => date(d.time, binMs),
        y: 'hellos',
        fill: 'client',
        order: domain,
        insetLeft: 0.5,
        insetRight: 0.5,
        tip: { format: { x1: true, x2: false } },
      }),
      Plot.ruleY([0]),
    ],
  }) as Chart;
}

/** Shares in bins of time, a line each. */
export function sharesOverTime(query: AnsweredQuery, width: number, binMs: number): Chart {
  const rows = items(query);
  const domain = [...new Set(rows.map((row) => String(row.what)))];
  const place = { x: (d: Item) => date(d.time, binMs / 2), y: 'share', stroke: 'what' };
  return Plot.plot({
    ...frame(query.title, width),
    height: 240,
    marginLeft: 52,
    x: timeAxis(rows, width, binMs),
    y: {
      grid: true,
      domain: [0, 1],
      label: null,
      ticks: 5,
      tickFormat: (v: number) => `${Math.round(100 * v)} %`,
    },
    color: { legend: true, domain, range: SERIES },
    marks: [
      Plot.ruleY([0]),
      Plot.line(rows, { ...place, strokeWidth: 2 }),
      Plot.dot(rows, {
        ...place,
        fill: 'what',
        r: 3,
        title: (d: Item) => `${d.what}\n${shareText(number(d.share))} of ${countText(number(d.of))}`,
        tip: true,
      }),
    ],
  }) as Chart;
}

interface Bar {
  readonly key: string;
  readonly label: string;
  /** Stands before the aside, in letters of one width. */
  readonly code: string;
  /** Stands on the right of the label, in the colour of notes. */
  readonly aside: string;
  readonly value: number;
  /** A second value inside of the first. */
  readonly inner: number;
}

/** A bar under a line of text each; `value` light and behind, `inner` strong. */
function labelledBars(bars: readonly Bar[], title: string, width: number, most: number): Chart {
  const line = { y: 'key', dy: -9 };
  const longest = largest(bars.map((bar) => bar.aside.length));
  return Plot.plot({
    ...frame(title, width),
    height: bars.length * BAR_ROW + 4,
    margin: 0,
    marginBottom: 4,
    x: { axis: null, domain: [0, most] },
    y: { axis: null, domain: bars.map((bar) => bar.key), padding: 0 },
    marks: [
      Plot.barX(bars, { x: 'value', y: 'key', fill: 'var(--bar)', insetTop: 19, insetBottom: 5, r: 2 }),
      Plot.barX(bars, { x: 'inner', y: 'key', fill: 'var(--accent)', insetTop: 21, insetBottom: 7, r: 1 }),
      Plot.text(bars, {
        ...line,
        frameAnchor: 'left',
        text: 'label',
        textOverflow: 'ellipsis',
        lineWidth: Math.max(8, (width - longest * 7 - (bars[0]?.code ? 290 : 0)) / 12),
      }),
      Plot.text(bars, {
        ...line,
        frameAnchor: 'right',
        dx: -longest * 7 - 14,
        text: 'code',
        fill: 'var(--muted)',
        fontFamily: 'var(--mono)',
        fontSize: 11,
      }),
      Plot.text(bars, { ...line, frameAnchor: 'right', text: 'aside' }),
    ],
  }) as Chart;
}

/** Counts as bars under their names: the first column names a bar, `hellos` or `lost` is its length. */
export function countBars(query: AnsweredQuery, width: number): Chart {
  const bars = items(query)
    .slice(0, 15)
    .map((row, i) => {
      const inner = number(row.hellos ?? row.lost);
      const ja4 = row.ja4;
      const name = String(row.label ?? ja4 ?? row.reason ?? 'not known');
      const code = width > 560 && typeof ja4 === 'string' && row.label !== null ? ja4 : '';
      const label = row.message === undefined ? name : `${name} (${row.message})`;
      return { key: String(i), label, code, aside: countText(inner), value: 0, inner };
    });
  return labelledBars(bars, query.title, width, largest(bars.map((bar) => bar.inner)) || 1);
}

/** Shares offered, and inside them shares chosen. */
export function offeredBars(query: AnsweredQuery, width: number): Chart {
  const name = query.columns[0]!.name;
  const bars = items(query).map((row, i) => {
    const [value, inner] = [number(row.offered_share), number(row.chosen_share)];
    const aside = `${shareText(value)} / ${shareText(inner)}`;
    return { key: String(i), label: String(row[name] ?? ''), code: '', aside, value, inner };
  });
  return labelledBars(bars, query.title, width, 1);
}
