import type { AnsweredFigure, AnsweredQuery, ReportData } from '../data.js';
import { type Chart, countBars, offeredBars, sharesOverTime, timeline } from './charts.js';
import { latency } from './charts-latency.js';
import { matrix } from './charts-matrix.js';
import { disclosure, element } from './dom.js';
import { bytesText, compactText, countText, shareText, spanText, timeText } from './format.js';
import { DataTable } from './table.js';
import { themeButton } from './theme.js';

/** Width of charts on paper: that of A4 with its margins, px. */
const PAPER_WIDTH = 680;

const report: ReportData = JSON.parse(document.getElementById('report')!.textContent!);
const main = document.getElementById('main')!;
/** Draws every chart anew for a width; null: that of its place. */
const redraw: ((width: number | null) => void)[] = [];

function draw(figure: AnsweredFigure, width: number): Chart {
  const [first, second] = figure.queries as [AnsweredQuery, AnsweredQuery];
  if (figure.chart === 'timeline') return timeline(first, width, report.binMs);
  if (figure.chart === 'shares-over-time') return sharesOverTime(first, width, report.binMs);
  if (figure.chart === 'matrix') return matrix(first, width);
  if (figure.chart === 'latency') return latency(first, second, width);
  return figure.chart === 'offered' ? offeredBars(first, width) : countBars(first, width);
}

/** The place of a chart: drawn when its width is known, and again when that changes. */
function chartPlace(figure: AnsweredFigure): HTMLElement {
  const place = element('div', { class: 'chart', 'data-figure': figure.id });
  let drawn = 0;
  const show = (forced: number | null) => {
    const width = forced ?? Math.floor(place.clientWidth);
    if (width === 0 || width === drawn) return;
    drawn = width;
    place.replaceChildren(draw(figure, width));
    place.dataset.drawn = String(width);
  };
  redraw.push(show);
  // Not at once: a chart changes the height of what is observed.
  new ResizeObserver(() => requestAnimationFrame(() => show(null))).observe(place);
  return place;
}

function behind(figure: AnsweredFigure): HTMLElement {
  const tables = () => element('div', {}, ...figure.queries.map((query) => new DataTable(query).root));
  const sql = () =>
    element(
      'div',
      {},
      ...figure.queries.map((q) => element('pre', { tabindex: '0' }, element('code', {}, q.sql))),
    );
  const open = figure.chart === 'table' || figure.id === 'fingerprints';
  const empty = figure.queries.every((query) => query.rows.length === 0);
  return element(
    'div',
    { class: 'behind' },
    empty ? null : open ? tables() : disclosure('Table', tables),
    disclosure('SQL', sql),
  );
}

/** What is light and what is strong in a chart of shares. */
function key(): HTMLElement {
  const sample = (kind: string) => element('span', { class: `sample ${kind}` });
  return element(
    'p',
    { class: 'key' },
    sample('light'),
    'offered by clients',
    sample('strong'),
    'chosen by servers',
  );
}

function figureBlock(figure: AnsweredFigure): HTMLElement {
  const [first] = figure.queries;
  const failure = figure.queries.find((query) => query.failure !== null)?.failure;
  const id = `${figure.id}-title`;
  const block = element(
    'figure',
    { id: figure.id, class: figure.half ? 'half' : '', 'aria-labelledby': id },
    element('figcaption', {}, element('h3', { id }, figure.title), element('p', {}, figure.note)),
  );
  if (failure)
    block.append(element('p', { class: 'empty' }, `This source does not have what it needs: ${failure}`));
  else if (first!.rows.length === 0) block.append(element('p', { class: 'empty' }, 'None.'), behind(figure));
  else {
    if (figure.chart === 'offered') block.append(key());
    if (figure.chart !== 'table') block.append(chartPlace(figure));
    block.append(behind(figure));
  }
  return block;
}

/** Six digits fit a card. */
const cardCount = (value: number) => (value < 1e6 ? countText(value) : compactText(value));

function card(value: string, label: string, note = ''): HTMLElement {
  return element(
    'div',
    { class: 'card' },
    element('dt', {}, label),
    element('dd', {}, value, element('small', {}, note)),
  );
}

function cards(): HTMLElement {
  const o = report.overview;
  const of = (part: number) => (o.hellos === 0 ? '' : shareText(part / o.hellos));
  const list = element('dl', { class: 'cards' });
  if (o.captures > 0) {
    const failed = o.failedCaptures > 0 ? `${countText(o.failedCaptures)} not read whole` : 'read whole';
    list.append(card(countText(o.captures), 'Captures', failed));
    list.append(card(cardCount(o.packets), 'Packets', bytesText(o.bytes)));
  }
  if (o.first !== null && o.last !== null) list.append(card(spanText(o.last - o.first), 'Time span'));
  const complete = o.incomplete > 0 ? `${of(o.incomplete)} incomplete` : 'all complete';
  list.append(
    card(cardCount(o.hellos), 'ClientHellos', o.hellos > 0 ? complete : ''),
    card(cardCount(o.serverHellos), 'ServerHellos'),
    card(cardCount(o.clientHosts), 'Client hosts'),
    card(cardCount(o.ja4s), 'Distinct JA4'),
    card(cardCount(o.names), 'Server names'),
  );
  if (o.hellos > 0) list.append(card(of(o.postQuantum), 'Offer post-quantum'), card(of(o.ech), 'Offer ECH'));
  return list;
}

function subtitle(): string {
  const { overview: o, source, made } = report;
  const time = o.first === null || o.last === null ? '' : `${timeText(o.first)} to ${timeText(o.last)} UTC. `;
  return `${source}. ${time}Report of ${timeText(made)} UTC.`;
}

function build(): void {
  const { hellos, serverHellos } = report.overview;
  const nothing = hellos + serverHellos === 0;
  document.getElementById('subtitle')!.textContent = subtitle();
  main.append(
    element('section', { id: 'overview' }, element('h2', { class: 'unseen' }, 'Overview'), cards()),
  );
  if (nothing) {
    const words = 'There is no TLS, DTLS or QUIC handshake in it: nothing to draw.';
    main.append(element('p', { class: 'nothing' }, words));
  }
  const figures = nothing
    ? report.figures.filter((f) => f.section === 'Captures' || f.id === 'not-read')
    : report.figures;
  const nav = document.getElementById('nav')!;
  for (const name of new Set(figures.map((figure) => figure.section))) {
    const id = name.toLowerCase();
    nav.append(element('a', { href: `#section-${id}` }, name));
    const blocks = figures.filter((figure) => figure.section === name).map(figureBlock);
    const heading = element('h2', { id: `section-${id}` }, name);
    main.append(
      element(
        'section',
        { 'aria-labelledby': `section-${id}` },
        heading,
        element('div', { class: 'figures' }, ...blocks),
      ),
    );
  }
}

themeButton(document.getElementById('theme') as HTMLButtonElement);
build();
addEventListener('beforeprint', () => {
  for (const show of redraw) show(PAPER_WIDTH);
});
addEventListener('afterprint', () => {
  for (const show of redraw) show(null);
});
