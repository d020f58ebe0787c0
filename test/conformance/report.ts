import { type AcceptedList, unaccepted } from './accepted.js';
import { type Comparison, type Difference, differencesOf } from './compare.js';
import { byOracle, byTag, rate, type Scope, type Tally, tally } from './rates.js';

const SCOPES: readonly { scope: Scope; title: string }[] = [
  { scope: 'tcp-plain', title: 'TLS over TCP (no tunnel, proxy, STARTTLS or split records)' },
  { scope: 'all', title: 'everything' },
];

type Cells = readonly (string | number)[];

function textTable(rows: readonly Cells[]): string {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => String(row[i]).length)));
  const line = (row: Cells) =>
    row
      .map((cell, i) => (i === 0 ? String(cell).padEnd(widths[0]!) : String(cell).padStart(widths[i]!)))
      .join('  ');
  return rows.map(line).join('\n');
}

function markdownTable(rows: readonly Cells[]): string {
  const line = (row: Cells) => `| ${row.join(' | ')} |`;
  const [head, ...body] = rows as [Cells, ...Cells[]];
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...body.map(line)].join('\n');
}

const percent = (sum: Tally) => rate(sum).toFixed(2);

function scopeRows(comparisons: readonly Comparison[]): Cells[] {
  const head = ['hellos', 'expected', 'found', 'equal JA3(S)', 'equal JA4', 'all equal, %', 'extra'];
  return [
    head,
    ...SCOPES.flatMap(({ scope, title }) =>
      (['client', 'server'] as const).map((kind): Cells => {
        const sum = tally(comparisons, kind, scope);
        const ja4 = kind === 'client' ? sum.equalJa4 : '';
        return [`${kind}, ${title}`, sum.expected, sum.found, sum.equalJa3, ja4, percent(sum), sum.extra];
      }),
    ),
  ];
}

function tagRows(comparisons: readonly Comparison[]): Cells[] {
  const head = [
    'tag',
    'clients',
    'found',
    'JA3',
    'JA4',
    'missing',
    'extra',
    'servers',
    'found',
    'JA3S',
    'missing',
    'extra',
  ];
  const rows = byTag(comparisons).map(([tag, some]): Cells => {
    const c = tally(some, 'client');
    const s = tally(some, 'server');
    return [
      ...[tag, c.expected, c.found, c.equalJa3, c.equalJa4, c.missing, c.extra],
      ...[s.expected, s.found, s.equalJa3, s.missing, s.extra],
    ];
  });
  return [head, ...rows.filter((row) => row.slice(1).some((count) => count !== 0))];
}

function oracleRows(comparisons: readonly Comparison[]): Cells[] {
  const head = ['recorded by', 'rows', 'equal', 'of these by a named rule', 'differ'];
  const rows = byOracle(comparisons).map(
    (o): Cells => [o.oracle, o.rows, o.equal, o.byRule, o.rows - o.equal],
  );
  return [head, ...rows];
}

/** A difference in one line. */
export function differenceLine({ file, kind, flow, what, detail }: Difference): string {
  return `${file}: ${kind} ${flow} ${what}: ${detail}`;
}

/** The report for people: rates, tables by tag and oracle, and every difference that nobody has explained. */
export function report(comparisons: readonly Comparison[], list: AcceptedList): string {
  const { unknown, stale } = unaccepted(list, comparisons.flatMap(differencesOf));
  return [
    textTable(scopeRows(comparisons)),
    textTable(tagRows(comparisons)),
    textTable(oracleRows(comparisons)),
    `${unknown.length} differences without an explanation${unknown.length ? ':' : ''}`,
    ...unknown.map(differenceLine),
    ...stale.map((entry) => `no longer a difference: ${JSON.stringify(entry)}`),
    '',
  ].join('\n\n');
}

/** The rates as they stand in the documentation. */
export function ratesForDocs(comparisons: readonly Comparison[]): string {
  return [
    markdownTable(scopeRows(comparisons)),
    markdownTable(tagRows(comparisons)),
    markdownTable(oracleRows(comparisons)),
  ].join('\n\n');
}

/** The accepted differences as they stand in the documentation, by reason. */
export function differencesForDocs({ reasons, differences }: AcceptedList, right: boolean): string {
  const chosen = Object.entries(reasons).filter(([, reason]) => reason.right === right);
  if (chosen.length === 0) return 'None.';
  return chosen
    .map(([name, { why }]) => {
      const own = differences.filter((entry) => entry.reason === name);
      const lines = own.map(
        ({ file, kind, flow, what }) => `- \`${file}\`, ${kind}, ${flow || 'file'}: ${what}`,
      );
      return [`**${name}**: ${why}`, '', ...lines].join('\n');
    })
    .join('\n\n');
}
