import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { analyze, unionOfWanted } from '../../src/analyze.js';
import { Anonymizer } from '../../src/anonymize/anonymizer.js';
import { AnonymizingSink } from '../../src/anonymize/anonymizing-sink.js';
import { CoreTrapError, SinkError } from '../../src/errors.js';
import { LinesThread } from '../../src/sink/lines-thread.js';
import type { Sink } from '../../src/sink/sink.js';
import { TextSink, type TextSinkOptions } from '../../src/sink/text-sink.js';
import { FIXTURES, generated } from '../core/captures.js';
import { batchSet } from '../support/batches.js';
import { captureRow, clientHellos } from '../support/rows.js';

/** Lines are the same, byte for byte, whether the thread of the analysis makes them or another one beside it. */

const { JobRun } = (await import('../../dist/jobs/jobs.js')) as typeof import('../../src/jobs/jobs.js');

const SHORT = ['ts', 'src_ip', 'sni', 'complete', 'ja3', 'ja3n', 'ja4', 'ja4_r'];

let folder: string;
let paths: string[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tlsfp-lines-'));
  const { bytes } = await generated('hellos', 3_000_000, 5);
  writeFileSync(join(folder, 'many.pcap'), bytes);
  // One that ends inside a packet, and one that is none.
  writeFileSync(join(folder, 'cut.pcap'), FIXTURES.at(-1)!.bytes.subarray(0, -20));
  writeFileSync(join(folder, 'none.pcap'), 'nothing of the kind');
  const fixtures = FIXTURES.map(({ name }) =>
    fileURLToPath(new URL(`../../fixtures/captures/${name}`, import.meta.url)),
  );
  const own = ['many.pcap', 'cut.pcap', 'none.pcap'].map((name) => join(folder, name));
  paths = [...fixtures.slice(0, 9), ...own, ...fixtures.slice(9)];
});
afterAll(() => rmSync(folder, { recursive: true }));

/** From so many rows on. */
const from = (least: number) => (rows: number) => rows >= least;

const identity = (sink: Sink): Sink => sink;

/** What a sink of text writes of all the captures, and what went wrong with some of these. */
async function written(
  format: 'csv' | 'json',
  options: Omit<TextSinkOptions, 'out'>,
  { limits = {}, around = identity }: { limits?: object; around?: (sink: Sink) => Sink } = {},
): Promise<{ text: string; errors: string[] }> {
  const out = join(folder, 'out');
  const sink = around(new TextSink(format, { ...options, out }));
  const { errors } = await analyze(paths, { sinks: [sink], limits });
  await sink.close();
  return { text: readFileSync(out, 'latin1'), errors: errors.map(String) };
}

describe('lines made in another thread', () => {
  it.each([
    ['csv', { columns: SHORT }],
    ['json', { columns: SHORT }],
    [
      'json',
      { columns: ['capture', 'ja4_o', 'ja4_ro', 'ja3_text', 'ja3', 'cipher_suites', 'alpn', 'packet'] },
    ],
    // Of these another thread makes no lines.
    ['json', {}],
    ['csv', { columns: ['capture', 'packet', 'npf', 'ja3'] }],
    ['csv', { table: 'server_hellos' }],
    ['json', { table: 'certificates' }],
    ['json', { table: 'captures', columns: ['path', 'packets', 'client_hellos', 'error'] }],
  ] as const)('%s, %j', { timeout: 60_000 }, async (format, options) => {
    const plain = await written(format, options);
    expect(plain.text.split('\n').length).toBeGreaterThan(20);
    expect(plain.errors).toHaveLength(2);
    // From the first row on, from some place in the middle, and never since there are too few.
    for (const beside of [1, 300, 1_000_000])
      expect(await written(format, { ...options, beside: from(beside) })).toEqual(plain);
  });

  it('of many small batches', { timeout: 60_000 }, async () => {
    const limits = { batch_rows: 64 };
    const plain = await written('csv', { columns: SHORT });
    expect(await written('csv', { columns: SHORT, beside: from(1) }, { limits })).toEqual(plain);
  });

  it('beside a sink that wants everything', async () => {
    const out = join(folder, 'beside');
    const sink = new TextSink('csv', { columns: SHORT, out, beside: from(1) });
    let rows = 0;
    const other: Sink = {
      layout: 'wide',
      begin: () => {},
      write: ({ client_hellos }) => {
        rows += client_hellos.rows;
      },
      end: () => {},
      abandon: () => {},
      close: () => {},
    };
    await analyze(paths, { sinks: [sink, other] });
    await sink.close();
    const { text } = await written('csv', { columns: SHORT });
    expect(readFileSync(out, 'latin1')).toBe(text);
    expect(rows).toBe(text.split('\n').length - 2);
  });

  it('with pseudonyms', async () => {
    const around = (sink: Sink) => new AnonymizingSink(sink, new Anonymizer(new Uint8Array(32).fill(5)));
    const plain = await written('csv', { columns: SHORT }, { around });
    expect(plain.text).not.toContain('127.0.0.1');
    expect(await written('csv', { columns: SHORT, beside: from(1) }, { around })).toEqual(plain);
  });

  it('are as many jobs find them', { timeout: 60_000 }, async () => {
    const all = await written('csv', { columns: SHORT });
    expect(await ofJobs(paths, 'files')).toBe(all.text);
    const many = (await ofJobs([join(folder, 'many.pcap')], 'stretches')).split('\n').slice(1);
    expect(many.length).toBeGreaterThan(1000);
    expect(all.text).toContain(many.join('\n'));
  });
});

/** What a sink of text writes of captures that two threads read. */
async function ofJobs(captures: string[], division: 'files' | 'stretches'): Promise<string> {
  const out = join(folder, 'jobs');
  const sink = new TextSink('csv', { columns: SHORT, out, beside: from(1) });
  expect(sink.lines).toBeUndefined();
  const sinks = [sink];
  await new JobRun(captures, 2, division, unionOfWanted(sinks), { sinks }, 500_000).run();
  await sink.close();
  return readFileSync(out, 'latin1');
}

const rows = () => batchSet({ client_hellos: clientHellos(600) }, 'wide');

/** A sink that has begun a capture; its rows here have fingerprints, not keys. */
async function begun(out: string | Writable): Promise<TextSink> {
  const sink = new TextSink('json', { columns: ['packet', 'sni', 'ja3'], out, beside: from(1) });
  expect(sink.lines).toBeUndefined();
  await sink.begin({ id: 1, path: 'a' });
  return sink;
}

describe('a thread that makes lines', () => {
  it('waits for a slow stream', { timeout: 60_000 }, async () => {
    let bytes = 0;
    const slow = new Writable({
      highWaterMark: 1000,
      write(chunk, _, done) {
        bytes += chunk.length;
        setTimeout(done, 5);
      },
    });
    const sink = await begun(slow);
    for (let i = 0; i < 20; i++) await sink.write(rows());
    await sink.end(captureRow('a'));
    await sink.close();
    const whole = bytes;
    bytes = 0;
    const once = await begun(slow);
    await once.write(rows());
    await once.end(captureRow('a'));
    await once.close();
    expect(whole).toBe(20 * bytes);
  });

  it('ends quietly when its reader is gone', async () => {
    const closed = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
    });
    const sink = await begun(closed);
    for (let i = 0; i < 10; i++) await sink.write(rows());
    await sink.end(captureRow('a'));
    expect(sink.finished).toBe(true);
    await sink.close();
  });

  it('tells what is wrong with the file', async () => {
    const sink = await begun('/dev/full');
    const all = async () => {
      for (let i = 0; i < 10; i++) await sink.write(rows());
      await sink.end(captureRow('a'));
    };
    await expect(all()).rejects.toThrow(SinkError);
    await sink.close();
  });

  it('that fails is an error of those who wait for it', async () => {
    const thread = new LinesThread({ format: 'csv', table: 'no such table', columns: undefined });
    thread.begin('a');
    thread.give(rows());
    const all = async () => {
      for await (const _ of thread.lines(true));
    };
    await expect(all()).rejects.toThrow(CoreTrapError);
    await thread.close();
  });
});
