import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generate } from '../../src/dev/generate/generate.js';
import type { CaptureRow } from '../../src/schema/tables.js';
import { temporaryFolder } from '../support/core-rows.js';

// Worker threads run compiled code: the build that `npm test` makes first.
const { JobRun } = (await import('../../dist/jobs/jobs.js')) as typeof import('../../src/jobs/jobs.js');
const { analyze } = (await import('../../dist/analyze.js')) as typeof import('../../src/analyze.js');
const { NdjsonSink } = (await import(
  '../../dist/sink/ndjson.js'
)) as typeof import('../../src/sink/ndjson.js');

const folder = temporaryFolder();
afterAll(() => folder.remove());

const FIXTURES = readdirSync('fixtures/captures')
  .filter((name) => /\.pcap(ng)?$/.test(name))
  .map((name) => `fixtures/captures/${name}`);

interface Outcome {
  readonly text: string;
  readonly captures: readonly CaptureRow[];
}

async function run(paths: readonly string[], table: string, jobs: number, division: 'files' | 'connections') {
  const out = `${folder.path}/${table}-${jobs}-${division}.ndjson`;
  const sink = new NdjsonSink({ table, out });
  const result =
    jobs === 1
      ? await analyze(paths, { sinks: [sink] })
      : await new JobRun(paths, jobs, division, null, { sinks: [sink] }).run();
  await sink.close();
  return { text: readFileSync(out, 'utf8'), captures: result.captures } satisfies Outcome;
}

/** Of a capture's row what does not depend on when it was read. */
function steady(row: CaptureRow): Partial<CaptureRow> {
  const { analyzed_at: _, contents: __, content_cache_hits: ___, ...rest } = row;
  return rest;
}

describe.each(['mix', 'hellos', 'pqsplit', 'quic'] as const)('one capture over several cores: %s', (kind) => {
  const path = `${folder.path}/${kind}.pcap`;
  // Larger than what the cores hand over at a time, so that rows of several such places are joined.
  beforeAll(() => generate(kind, { seed: 7, targetBytes: 20 << 20, path }));

  it.each(['client_hellos', 'server_hellos', 'certificates'])(
    'gives the same %s in the same order',
    async (table) => {
      const one = await run([path], table, 1, 'connections');
      const three = await run([path], table, 3, 'connections');
      expect(three.text === one.text).toBe(true);
      if (table === 'client_hellos') expect(one.text.split('\n').length).toBeGreaterThan(100);
    },
  );

  it('counts the same', async () => {
    const one = await run([path], 'client_hellos', 1, 'connections');
    const two = await run([path], 'client_hellos', 2, 'connections');
    expect(two.captures.map(steady)).toEqual(one.captures.map(steady));
  });
});

describe('many captures over several cores', () => {
  it.each(['client_hellos', 'server_hellos', 'certificates'])(
    'gives the same %s in file order',
    async (table) => {
      const one = await run(FIXTURES, table, 1, 'files');
      const three = await run(FIXTURES, table, 3, 'files');
      expect(three.text === one.text).toBe(true);
    },
  );

  it('keeps the errors of captures that cannot be read, and the rest of the rows', async () => {
    const broken = folder.write('broken.pcap', readFileSync(FIXTURES[0]!).subarray(0, 700));
    const paths = [FIXTURES[1]!, broken, `${folder.path}/missing.pcap`, FIXTURES[2]!];
    const sink = new NdjsonSink({ table: 'captures', out: `${folder.path}/captures.ndjson` });
    const result = await new JobRun(paths, 2, 'files', null, { sinks: [sink] }).run();
    await sink.close();
    expect(result.errors.map((error) => error.code)).toEqual([
      'ERR_TLSFP_CAPTURE_TRUNCATED',
      'ERR_TLSFP_INPUT_NOT_FOUND',
    ]);
    expect(result.captures.map((row) => row.path)).toEqual([FIXTURES[1], broken, FIXTURES[2]]);
  });
});
