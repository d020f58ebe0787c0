import type { Colors } from 'picocolors/types.js';
import { changeText, namedChangeText } from '../compare/explain-change.js';
import { labelOf } from '../labels/label.js';
import { LABELS } from '../labels/labels.js';
import { formatDuration } from '../report/units.js';
import { versionName } from '../schema/names.js';
import { formatTable } from '../sink/table.js';
import type { By, Client, Diff, Drift, KeyChange } from './diff.js';
import type { Kind, Side } from './side.js';

/** How a difference is shown. */
export interface DiffStyle {
  readonly colors: Colors;
  /** Columns of the terminal; undefined = nothing is cut. */
  readonly width: number | undefined;
  readonly by: By | null;
}

const number = (value: number) => value.toLocaleString('en-US');
const plural = (count: number, noun: string) => `${number(count)} ${noun}${count === 1 ? '' : 's'}`;
const label = (kind: Kind) => labelOf(LABELS, 'ja4', kind.ja4);
const ja4 = (kind: Kind) => kind.ja4 ?? '(no JA4)';

function sideLine(mark: string, side: Side, c: Colors): string {
  const hosts = new Set(side.uses.map((use) => use.host)).size;
  const names = new Set(side.uses.flatMap((use) => use.sni ?? [])).size;
  const prints = new Set([...side.kinds.values()].map((kind) => kind.ja4)).size;
  return `${c.dim(mark)} ${side.source}  ${plural(side.hellos, 'hello')}, ${plural(side.kinds.size, 'kind')} (${number(prints)} JA4), ${plural(hosts, 'host')}, ${plural(names, 'server name')}`;
}

function kindTable(title: string, kinds: readonly Kind[], style: DiffStyle): string[] {
  if (kinds.length === 0) return [];
  const columns = [
    { name: 'JA4', numeric: false },
    { name: 'client', numeric: false },
    { name: 'hellos', numeric: true },
    { name: 'hosts', numeric: true },
    { name: 'names', numeric: true },
    { name: 'mostly to', numeric: false },
  ];
  const rows = kinds.map((kind) => [
    ja4(kind),
    label(kind),
    number(kind.hellos),
    number(kind.hosts),
    number(kind.names),
    kind.topName,
  ]);
  const options = style.width === undefined ? {} : { width: style.width };
  return [
    `${style.colors.bold(`${title} (${kinds.length})`)}\n${formatTable(columns, rows, options).trimEnd()}`,
  ];
}

const clientText = ({ host, sni }: Client) =>
  host === null ? `whoever asks for ${sni}` : `${host} to ${sni ?? '(no server name)'}`;
/** So many clients of a drift are named. */
const NAMED_CLIENTS = 3;

function driftText({ old, now, changes, clients }: Drift, c: Colors): string {
  const names =
    label(old) || label(now) ? c.dim(`  ${label(old) ?? 'unknown'} -> ${label(now) ?? 'unknown'}`) : '';
  const head = old.ja4 === now.ja4 ? `${ja4(old)} (JA4 unchanged)` : `${ja4(old)} -> ${ja4(now)}`;
  const more = clients.length > NAMED_CLIENTS ? `, ${number(clients.length - NAMED_CLIENTS)} more` : '';
  const lines = [
    `${c.yellow(head)}${names}`,
    ...changes.map((change) => `    ${namedChangeText(change)}`),
    c.dim(`    ${clients.slice(0, NAMED_CLIENTS).map(clientText).join(', ')}${more}`),
  ];
  return lines.join('\n');
}

function keyText({ key, added, gone }: KeyChange, style: DiffStyle): string {
  const { colors: c } = style;
  const line = (mark: string, kind: Kind) =>
    `  ${mark} ${ja4(kind)}${label(kind) ? `  ${label(kind)}` : ''}  ${plural(kind.hellos, 'hello')}`;
  const none = style.by === 'sni' ? '(no server name)' : '(none)';
  return [
    key ?? none,
    ...gone.map((kind) => c.red(line('-', kind))),
    ...added.map((kind) => c.green(line('+', kind))),
  ].join('\n');
}

const share = (side: Side, version: number) => {
  const all = [...side.versions.values()].reduce((sum, n) => sum + n, 0);
  return all === 0 ? 0 : (side.versions.get(version) ?? 0) / all;
};

/** Versions whose share of the connections changed. */
function versionShifts({ old, now }: Diff): { version: number; before: number; after: number }[] {
  if (old.versions.size === 0 || now.versions.size === 0) return [];
  const versions = [...new Set([...old.versions.keys(), ...now.versions.keys()])].sort((a, b) => b - a);
  return versions
    .map((version) => ({ version, before: share(old, version), after: share(now, version) }))
    .filter(({ before, after }) => Math.abs(before - after) >= 0.001);
}

const percent = (value: number) => `${(100 * value).toFixed(1)} %`;

function shiftLines(diff: Diff, c: Colors): string[] {
  const lines = versionShifts(diff).map(
    ({ version, before, after }) =>
      `${c.dim('agreed on'.padEnd(12))}${versionName(version)} ${percent(before)} -> ${percent(after)}`,
  );
  const { latency: a } = diff.old;
  const { latency: b } = diff.now;
  if (a && b) {
    const parts = (['p50', 'p95', 'p99'] as const).map(
      (p) => `${p} ${formatDuration(a[p] * 1000)} -> ${formatDuration(b[p] * 1000)}`,
    );
    lines.push(`${c.dim('latency'.padEnd(12))}${parts.join(', ')}`);
  }
  return lines;
}

/** A difference for a person. */
export function diffText(diff: Diff, style: DiffStyle): string {
  const { colors: c } = style;
  const parts = [
    `${sideLine('old', diff.old, c)}\n${sideLine('new', diff.now, c)}`,
    ...kindTable('new', diff.added, style),
    ...kindTable('vanished', diff.gone, style),
  ];
  if (diff.drifts.length > 0) {
    parts.push(
      [c.bold(`drift (${diff.drifts.length})`), ...diff.drifts.map((d) => driftText(d, c))].join('\n'),
    );
  }
  if (diff.byKey.length > 0) {
    const title = c.bold(`by ${style.by} (${diff.byKey.length})`);
    parts.push([title, ...diff.byKey.map((change) => keyText(change, style))].join('\n'));
  }
  if (diff.added.length + diff.gone.length + diff.drifts.length + diff.byKey.length === 0) {
    parts.push('the same fingerprints on both sides');
  }
  const shifts = shiftLines(diff, c);
  if (shifts.length > 0) parts.push(shifts.join('\n'));
  return `${parts.join('\n\n')}\n`;
}

const kindJson = (kind: Kind) => ({
  ja4: kind.ja4,
  ja3n: kind.ja3n,
  label: label(kind),
  hellos: kind.hellos,
  hosts: kind.hosts,
  snis: kind.names,
  top_sni: kind.topName,
});

const driftJson = ({ old, now, changes, clients }: Drift) => ({
  old: kindJson(old),
  new: kindJson(now),
  changes: changes.map((change) => ({ ...change, text: changeText(change) })),
  clients,
});

/** The findings as objects, each with its kind in `finding`. */
export function* findings(diff: Diff, by: By | null): Generator<Record<string, unknown>> {
  for (const kind of diff.added) yield { finding: 'new', ...kindJson(kind) };
  for (const kind of diff.gone) yield { finding: 'vanished', ...kindJson(kind) };
  for (const drift of diff.drifts) yield { finding: 'drift', ...driftJson(drift) };
  for (const { key, added, gone } of diff.byKey) {
    yield { finding: 'by', by, key, new: added.map(kindJson), vanished: gone.map(kindJson) };
  }
  for (const shift of versionShifts(diff)) {
    yield { finding: 'version', version: shift.version, old_share: shift.before, new_share: shift.after };
  }
  if (diff.old.latency && diff.now.latency) {
    yield { finding: 'latency', unit: 'us', old: diff.old.latency, new: diff.now.latency };
  }
}
