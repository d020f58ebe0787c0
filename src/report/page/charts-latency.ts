import type * as PlotModule from '@observablehq/plot';
import type { AnsweredQuery } from '../data.js';
import { type Chart, frame, type Item, items } from './charts.js';
import { countText, durationText, shareText } from './format.js';

declare const Plot: typeof PlotModule;

const PERCENTILES = ['p50', 'p95', 'p99'] as const;
/** Height of one distribution, px. */
const FACET = 112;

const nameOf = (row: Item) => `${row.protocol === 'quic' ? 'QUIC ' : ''}${row.version}`;

interface Mark {
  readonly version: string;
  readonly at: number;
  readonly text: string;
  readonly line: number;
}

/** Powers of ten, and where there is room their double and half too. */
function logTicks([from, to]: readonly number[], width: number): number[] {
  const powers = Array.from({ length: 13 }, (_, i) => 10 ** i);
  const steps = width / Math.log10(to! / from!) > 240 ? [1, 2, 5] : [1];
  return powers
    .flatMap((power) => steps.map((step) => step * power))
    .filter((tick) => tick >= from! && tick <= to!);
}

/** One distribution per version over a common logarithmic axis, each scaled to its own height. */
export function latency(bins: AnsweredQuery, percentiles: AnsweredQuery, width: number): Chart {
  const shown = items(percentiles);
  const versions = shown.map(nameOf);
  const totals = new Map(shown.map((row) => [nameOf(row), Number(row.handshakes)]));
  const rows = items(bins)
    .filter((row) => totals.has(nameOf(row)))
    .map((row) => {
      const version = nameOf(row);
      const share = Number(row.handshakes) / totals.get(version)!;
      return {
        version,
        from: Number(row.from_us),
        to: Number(row.to_us),
        share,
        n: Number(row.handshakes),
      };
    });
  const heights = new Map<string, number>();
  for (const row of rows) heights.set(row.version, Math.max(heights.get(row.version) ?? 0, row.share));
  const marks: Mark[] = shown.flatMap((row) =>
    PERCENTILES.map((name, line) => ({
      version: nameOf(row),
      at: Math.max(1, Number(row[name])),
      text: `${name} ${durationText(Number(row[name]))}`,
      line,
    })),
  );
  const domain = [Math.min(...rows.map((row) => row.from)), Math.max(...rows.map((row) => row.to))];
  const ticks = logTicks(domain, width);
  const late = Math.sqrt(domain[0]! * domain[1]!);
  const label = (line: number, anchor: 'start' | 'end') =>
    Plot.text(
      marks.filter((mark) => mark.line === line && (anchor === 'end') === mark.at > late),
      {
        x: 'at',
        fy: 'version',
        text: 'text',
        frameAnchor: 'top',
        textAnchor: anchor,
        dx: anchor === 'end' ? -4 : 4,
        dy: 2 + line * 14,
        fontSize: 11,
        fill: 'currentColor',
        stroke: 'var(--ground)',
        strokeWidth: 3,
      },
    );
  return Plot.plot({
    ...frame(bins.title, width),
    height: versions.length * FACET + 58,
    marginTop: 8,
    marginLeft: 18,
    marginRight: 18,
    marginBottom: 34,
    x: { type: 'log', domain, axis: null },
    y: { axis: null, domain: [0, 1.06] },
    fy: { domain: versions, axis: null, paddingInner: 0.3, paddingOuter: 0.22 },
    marks: [
      Plot.gridX(ticks),
      Plot.axisX(ticks, { text: durationText, label: 'latency', labelArrow: 'none' }),
      Plot.rectY(rows, {
        x1: 'from',
        x2: 'to',
        y1: 0,
        y2: (d) => d.share / heights.get(d.version)!,
        fy: 'version',
        fill: 'var(--bar)',
        inset: 0.5,
        title: (d) =>
          `${durationText(d.from)} to ${durationText(d.to)}\n${countText(d.n)} handshakes, ${shareText(d.share)}`,
        tip: true,
      }),
      Plot.ruleY(versions, { y: 0, fy: (d) => d, stroke: 'currentColor', strokeOpacity: 0.5 }),
      Plot.ruleX(marks, { x: 'at', fy: 'version', stroke: 'var(--accent)', strokeWidth: 1.5 }),
      ...[0, 1, 2].flatMap((line) => [label(line, 'start'), label(line, 'end')]),
      Plot.text(versions, {
        fy: (d) => d,
        frameAnchor: 'top-left',
        dy: -16,
        text: (d: string) => `${d}, ${countText(totals.get(d) ?? 0)} handshakes`,
        fontWeight: 600,
        fill: 'currentColor',
      }),
    ],
  }) as Chart;
}
