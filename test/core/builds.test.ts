import { beforeAll, describe, expect, it } from 'vitest';
import { Core, type CoreOptions } from '../../src/core/core.js';
import { readCapture } from '../../src/core/read.js';
import { rowObjects } from '../../src/core/rows.js';
import { KINDS } from '../../src/dev/generate/kinds.js';
import { coreRows, memorySource } from '../support/core-rows.js';
import { FIXTURES, generated, lines, transcript } from './captures.js';

const captures = FIXTURES.map(({ name, bytes }) => ({ name, bytes }));

beforeAll(async () => {
  for (const kind of KINDS) captures.push({ name: kind, bytes: (await generated(kind, 2_500_000)).bytes });
});

/** Rows of every capture through one core, which keeps what it remembers of contents between them. */
async function transcripts(options: CoreOptions): Promise<string[]> {
  const core = new Core({ ...options, layout: 'wide' });
  const all: string[] = [];
  for (const { bytes } of captures) all.push(transcript(await coreRows(bytes, { core })));
  return all;
}

/** The columns of a row in the order of their names. */
function inOrder(row: object): object {
  return Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Rows of the narrow layout with the contents joined by `content_id`. */
async function joined(core: Core, contents: Map<unknown, object>, bytes: Uint8Array): Promise<string> {
  const rows: object[] = [];
  const batches = readCapture(core, memorySource(bytes), 1);
  let next = await batches.next();
  while (!next.done) {
    for (const row of rowObjects<{ content_id: bigint }>(next.value.hello_contents.columns, {})) {
      if (!contents.has(row.content_id)) contents.set(row.content_id, row);
    }
    for (const row of rowObjects<{ content_id: bigint }>(next.value.client_hellos.columns, {})) {
      rows.push(inOrder({ ...row, ...contents.get(row.content_id) }));
    }
    next = await batches.next();
  }
  return lines(rows);
}

describe('the same rows', () => {
  let usual: string[];
  beforeAll(async () => {
    usual = await transcripts({ build: 'simd' });
  });

  it.each<[string, CoreOptions]>([
    ['from the scalar build', { build: 'scalar' }],
    ['with batches of 64 rows', { limits: { batch_rows: 64 } }],
    ['with little memory for contents', { limits: { content_cache_bytes: 65_536 } }],
    [
      'with little memory for contents and the scalar build',
      { build: 'scalar', limits: { content_cache_bytes: 65_536, batch_rows: 64 } },
    ],
  ])('%s', async (_, options) => {
    const rows = await transcripts(options);
    captures.forEach(({ name }, i) => {
      if (rows[i] !== usual[i]) expect({ name, rows: rows[i] }).toEqual({ name, rows: usual[i] });
    });
  });

  it.each([{}, { content_cache_bytes: 65_536 }, { batch_rows: 64 }])(
    'from the narrow layout with its contents joined, %o',
    async (limits) => {
      const wide = new Core({ layout: 'wide' });
      const narrow = new Core({ layout: 'narrow', limits });
      const contents = new Map<unknown, object>();
      for (const { name, bytes } of captures) {
        const { clientHellos } = await coreRows(bytes, { core: wide });
        const got = await joined(narrow, contents, bytes);
        if (got !== lines(clientHellos.map(inOrder)))
          expect({ name, got }).toEqual({ name, got: lines(clientHellos.map(inOrder)) });
      }
    },
  );
});
