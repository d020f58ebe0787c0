import { describe, expect, it } from 'vitest';
import { Core } from '../../src/core/core.js';
import { readCapture } from '../../src/core/read.js';
import { rowObjects } from '../../src/core/rows.js';
import type { BatchSet, RowOrders } from '../../src/core/views.js';
import { COUNTERS } from '../../src/schema/codes.js';
import { openSource } from '../../src/source/open.js';
import { captures, corpusIsThere } from '../conformance/corpus.js';
import { FIXTURES, lines } from '../core/captures.js';
import { memorySource } from '../support/core-rows.js';

/**
 * The rows of a capture are the same whether one reader keeps all connections or several keep a share each: put in the order
 * of the places that the core tells, they are those of the one, in its order.
 */

const GROUPS = ['client_hellos', 'hello_contents', 'server_hellos', 'certificates'] as const;
const core = new Core({ layout: 'wide' });

/** A row as text, and its place. */
interface Placed {
  readonly place: number;
  readonly rank: number;
  readonly text: string;
}

function placed(batches: BatchSet, orders: RowOrders, group: (typeof GROUPS)[number]): Placed[] {
  const columns = batches[group].columns.map((c) => ({ ...c, spec: { ...c.spec, internal: false } }));
  const places = orders[group];
  return [...rowObjects<object>(columns, {})].map((row, i) => {
    return { place: places[2 * i]!, rank: places[2 * i + 1]!, text: lines([row]) };
  });
}

async function share(input: string | Uint8Array, index: number, count: number) {
  const rows = new Map<string, Placed[]>(GROUPS.map((group) => [group, []]));
  core.partition(index, count);
  const source = typeof input === 'string' ? await openSource(input) : memorySource(input);
  const batches = readCapture(core, source, 1);
  for (let next = await batches.next(); !next.done; next = await batches.next()) {
    const orders = core.orders();
    for (const group of GROUPS) rows.get(group)!.push(...placed(next.value, orders, group));
  }
  await source.close();
  return { rows, counters: core.state().counters };
}

const isBefore = (a: Placed, b: Placed) => a.place < b.place || (a.place === b.place && a.rank < b.rank);
const byPlace = (a: Placed, b: Placed) => Number(isBefore(b, a)) - Number(isBefore(a, b));

/** Read it whole and in `count` shares; answers how many rows there are. */
async function expectTheSame(input: string | Uint8Array, count: number): Promise<number> {
  const whole = await share(input, 0, 1);
  const shares: (typeof whole)[] = [];
  for (let i = 0; i < count; i++) shares.push(await share(input, i, count));
  let rows = 0;
  for (const group of GROUPS) {
    const parts = shares.map((one) => one.rows.get(group)!);
    for (const part of parts)
      expect(part.every((row, i) => i === 0 || !isBefore(row, part[i - 1]!))).toBe(true);
    const merged = parts.flat().sort(byPlace);
    expect(merged.map((row) => row.text)).toEqual(whole.rows.get(group)!.map((row) => row.text));
    rows += merged.length;
  }
  for (const { name, scope } of COUNTERS) {
    if (scope !== 'flow' || name.startsWith('content')) continue;
    const sum = shares.reduce((total, one) => total + one.counters[name], 0n);
    expect([name, sum]).toEqual([name, whole.counters[name]]);
  }
  return rows;
}

describe('captures of real clients in shares', () => {
  it.each(FIXTURES.map(({ name, bytes }) => [name, bytes] as const))('%s', async (_, bytes) => {
    for (const count of [2, 3, 7]) expect(await expectTheSame(bytes, count)).toBeGreaterThan(0);
  });
});

describe.runIf(corpusIsThere())('captures of the corpus in shares', () => {
  it('have the same rows in the same order', { timeout: 300_000 }, async () => {
    let rows = 0;
    for (const { path } of captures()) rows += await expectTheSame(path, 3);
    expect(rows).toBeGreaterThan(5000);
  });
});
