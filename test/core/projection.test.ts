import { describe, expect, it } from 'vitest';
import { Core } from '../../src/core/core.js';
import { readCapture } from '../../src/core/read.js';
import { rowObjects } from '../../src/core/rows.js';
import type { BatchSet, ColumnView } from '../../src/core/views.js';
import { CORE_GROUPS } from '../../src/schema/layout.js';
import { memorySource } from '../support/core-rows.js';
import { FIXTURES } from './captures.js';

type Group = (typeof CORE_GROUPS)[number]['name'];
type Wanted = { readonly [group in Group]?: readonly string[] };
type Row = Record<string, unknown>;

const GROUPS = CORE_GROUPS.map((group) => group.name);
const EVERYTHING: Wanted = Object.fromEntries(
  CORE_GROUPS.map((group) => [group.name, group.columns.map(({ spec }) => spec.name)]),
);

/** Some columns of a batch as objects. */
function columnsOf(columns: readonly ColumnView[], names: readonly string[]): Row[] {
  const shown = columns
    .filter(({ spec }) => names.includes(spec.name))
    .map((column) => ({ ...column, spec: { ...column.spec, internal: false } }));
  return rowObjects<Row>(shown, {});
}

/** Rows of all fixtures, group by group, with nothing but the wanted columns in them. */
async function rowsOf(wanted: Wanted): Promise<Record<Group, Row[]>> {
  const core = new Core({ layout: 'wide' });
  core.project(Object.fromEntries(GROUPS.map((group) => [group, new Set(wanted[group] ?? [])])));
  const rows = Object.fromEntries(GROUPS.map((group) => [group, [] as Row[]])) as Record<Group, Row[]>;
  for (const [i, { bytes }] of FIXTURES.entries()) {
    for await (const batches of readCapture(core, memorySource(bytes), i + 1)) {
      for (const group of GROUPS) take(batches, group);
    }
  }
  return rows;
  function take(batches: BatchSet, group: Group): void {
    const names = wanted[group] ?? [];
    if (names.length > 0) rows[group].push(...columnsOf(batches[group].columns, names));
  }
}

const complete = await rowsOf(EVERYTHING);

function expected(wanted: Wanted): Record<string, Row[]> {
  return Object.fromEntries(
    GROUPS.map((group) => {
      const names = wanted[group] ?? [];
      if (names.length === 0) return [group, []];
      return [
        group,
        complete[group].map((row) => Object.fromEntries(names.map((name) => [name, row[name]]))),
      ];
    }),
  );
}

describe('columns that are not wanted are left out, and the others stay as they are', () => {
  it('there are rows of every group to compare', () => {
    for (const group of GROUPS) expect(complete[group].length, group).toBeGreaterThan(10);
  });

  const alone = CORE_GROUPS.flatMap((group) =>
    group.columns.map(({ spec }) => [`${group.name}.${spec.name}`, { [group.name]: [spec.name] }] as const),
  );
  it.each(alone)('%s alone', async (_, wanted) => {
    expect(await rowsOf(wanted)).toEqual(expected(wanted));
  });

  it.each([
    ['name, JA3 and JA4', { client_hellos: ['ts', 'sni'], hello_contents: ['ja3', 'ja4'] }],
    ['JA4 and anomalies', { client_hellos: ['anomalies'], hello_contents: ['ja4'] }],
    [
      'JA3 and what a hello is made of',
      { hello_contents: ['content_id', 'ja3', 'key_share_groups', 'grease'] },
    ],
    ['all JA4 forms', { hello_contents: ['ja4', 'ja4_r', 'ja4_o', 'ja4_ro'] }],
    ['names and certificates', { client_hellos: ['sni'], certificates: ['der'] }],
  ] satisfies [string, Wanted][])('%s', async (_, wanted) => {
    expect(await rowsOf(wanted)).toEqual(expected(wanted));
  });
});
