import type { AnsweredQuery, PageValue } from '../data.js';
import type { ValueFormat } from '../figure.js';
import { element } from './dom.js';
import { countText, isNumeric, valueText } from './format.js';

type Row = readonly PageValue[];

/** Rows shown until someone asks for all. */
const FIRST_ROWS = 10;
/** A longer text needs a wide column. */
const LONG = 20;
/** Tables with fewer rows need no filter. */
const FILTER_FROM = 8;

/** Numbers by size, texts as people sort them (part2 before part10), codes by character, nothing last. */
function compare(a: PageValue, b: PageValue, format: ValueFormat): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (format === 'code') return a < b ? -1 : Number(a > b);
  return String(a).localeCompare(String(b), 'en', { numeric: true });
}

/** Columns without any value say nothing. */
function withoutEmptyColumns(query: AnsweredQuery): AnsweredQuery {
  const kept = query.columns.map((_, i) => query.rows.some((row) => row[i] !== null));
  return {
    ...query,
    columns: query.columns.filter((_, i) => kept[i]),
    rows: query.rows.map((row) => row.filter((_, i) => kept[i])),
  };
}

/** A table that sorts by its headings and filters by a word; both with the keyboard too. */
export class DataTable {
  readonly root: HTMLElement;
  readonly #query: AnsweredQuery;
  readonly #body = element('tbody');
  readonly #status = element('span', { 'aria-live': 'polite', class: 'status' });
  readonly #more = element('button', { type: 'button', class: 'quiet' });
  readonly #headings: HTMLTableCellElement[];
  readonly #filter = element('input', { type: 'search', placeholder: 'Filter', 'aria-label': 'Filter rows' });
  #sorted = -1;
  #descending = false;
  #all = false;

  constructor(answered: AnsweredQuery) {
    const query = withoutEmptyColumns(answered);
    this.#query = query;
    this.#headings = query.columns.map((_, i) => this.#heading(i));
    this.#filter.addEventListener('input', () => this.#show());
    this.#more.addEventListener('click', () => {
      this.#all = true;
      this.#show();
    });
    const head = element('thead', {}, element('tr', {}, ...this.#headings));
    const caption = element('caption', { class: 'unseen' }, query.title);
    const region = { class: 'scroll', role: 'region', tabindex: '0', 'aria-label': query.title };
    this.root = element(
      'div',
      { class: 'table' },
      element('div', { class: 'tools' }, query.rows.length < FILTER_FROM ? null : this.#filter, this.#status),
      element('div', region, element('table', {}, caption, head, this.#body)),
      this.#more,
    );
    this.#show();
  }

  #heading(index: number): HTMLTableCellElement {
    const { label, format } = this.#query.columns[index]!;
    const button = element('button', { type: 'button' }, label);
    button.addEventListener('click', () => {
      // Numbers are sorted for the large ones, texts for the first.
      const down = isNumeric(format);
      this.#descending = this.#sorted === index ? !this.#descending : down;
      this.#sorted = index;
      this.#show();
    });
    return element('th', { scope: 'col', class: isNumeric(format) ? 'number' : '' }, button);
  }

  #rows(): Row[] {
    const { rows, columns } = this.#query;
    const words = this.#filter.value.trim().toLowerCase();
    const found = rows.filter(
      (row) =>
        words === '' ||
        row.some((value, i) => valueText(value, columns[i]!.format).toLowerCase().includes(words)),
    );
    if (this.#sorted < 0) return found;
    const { format } = columns[this.#sorted]!;
    const sign = this.#descending ? -1 : 1;
    return found.sort((a, b) => {
      const [x, y] = [a[this.#sorted]!, b[this.#sorted]!];
      return x === null || y === null ? compare(x, y, format) : sign * compare(x, y, format);
    });
  }

  #show(): void {
    const rows = this.#rows();
    const shown = this.#all ? rows : rows.slice(0, FIRST_ROWS);
    this.#body.replaceChildren(...shown.map((row) => this.#line(row)));
    const total = this.#query.rows.length;
    const few = rows.length === total ? '' : `${countText(rows.length)} of `;
    this.#status.textContent = `${few}${countText(total)} ${total === 1 ? 'row' : 'rows'}`;
    this.#more.hidden = shown.length === rows.length;
    this.#more.textContent = `Show all ${countText(rows.length)} rows`;
    for (const [i, heading] of this.#headings.entries()) {
      if (i === this.#sorted)
        heading.setAttribute('aria-sort', this.#descending ? 'descending' : 'ascending');
      else heading.removeAttribute('aria-sort');
    }
  }

  #line(row: Row): HTMLTableRowElement {
    const cells = row.map((value, i) => {
      const { format } = this.#query.columns[i]!;
      const text = valueText(value, format);
      const kind = isNumeric(format) ? 'number' : text.length > LONG ? `${format} long` : format;
      return element('td', { class: kind }, text);
    });
    return element('tr', {}, ...cells);
  }
}
