import type * as PlotModule from '@observablehq/plot';
import type { AnsweredQuery } from '../data.js';
import { type Chart, frame, type Item, items } from './charts.js';
import { compactText, countText } from './format.js';

declare const Plot: typeof PlotModule;

/** Characters of a heading. */
const HEADING = 26;

/** A text with its middle left out: names differ at their ends. `end` is the part of the length that the end gets. */
function shortened(text: string, length: number, end = 0.45): string {
  if (text.length <= length) return text;
  const last = Math.max(1, Math.floor(length * end));
  return `${text.slice(0, length - 1 - last)}…${text.slice(-last)}`;
}

/** Headings of fingerprints: the name, with the start of the JA4 where several have the same name. */
function headings(prints: readonly string[], labels: ReadonlyMap<string, string>): Map<string, string> {
  const texts = prints.map((ja4) => labels.get(ja4) ?? ja4);
  return new Map(
    prints.map((ja4, i) => {
      const text = texts[i]!;
      const single = texts.indexOf(text) === texts.lastIndexOf(text);
      return [ja4, shortened(single ? text : `${text} ${ja4.slice(0, 10)}`, HEADING)];
    }),
  );
}

/** Server names down, fingerprints across; the darker a cell, the more hellos. */
export function matrix(query: AnsweredQuery, width: number): Chart {
  const rows = items(query);
  const names = [...new Set(rows.map((row) => String(row.sni)))];
  const sums = new Map<string, number>();
  for (const row of rows) {
    const ja4 = String(row.ja4);
    sums.set(ja4, (sums.get(ja4) ?? 0) + Number(row.hellos));
  }
  const prints = [...sums].sort((a, b) => b[1] - a[1]).map(([ja4]) => ja4);
  const labels = new Map(rows.map((row) => [String(row.ja4), String(row.label ?? row.ja4)]));
  const heads = headings(prints, labels);
  const most = rows.reduce((max, row) => Math.max(max, Number(row.hellos)), 2);
  const left = Math.min(220, Math.round(width * 0.42));
  const cell = { x: 'ja4', y: 'sni' };
  return Plot.plot({
    ...frame(query.title, Math.min(width, left + prints.length * 64)),
    height: 204 + names.length * 24,
    marginTop: 200,
    marginLeft: left,
    marginRight: 4,
    marginBottom: 4,
    x: { axis: null, domain: prints },
    y: {
      domain: names,
      tickFormat: (name: string) => shortened(name, Math.floor(left / 7.6), 0.25),
      tickSize: 0,
      label: null,
    },
    opacity: { type: 'log', domain: [1, most], range: [0.14, 1] },
    marks: [
      Plot.axisX({
        anchor: 'top',
        tickRotate: -90,
        tickSize: 0,
        tickFormat: (ja4: string) => heads.get(ja4) ?? ja4,
        fontSize: 11,
        label: null,
      }),
      Plot.cell(rows, { ...cell, fill: 'var(--accent)', fillOpacity: 'hellos', inset: 0.75, rx: 2 }),
      Plot.text(rows, {
        ...cell,
        text: (d: Item) => compactText(Number(d.hellos)),
        fill: (d: Item) => (Number(d.hellos) ** (4 / 3) > most ? 'var(--on-accent)' : 'currentColor'),
        fontSize: 11,
      }),
      Plot.tip(
        rows,
        Plot.pointer({
          ...cell,
          title: (d: Item) =>
            `${d.sni}\n${labels.get(String(d.ja4))}\n${d.ja4}\n${countText(Number(d.hellos))} ClientHellos`,
        }),
      ),
    ],
    color: { type: 'identity' },
  }) as Chart;
}
