import { existsSync, readdirSync, readFileSync, truncateSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowObjects } from '../../src/core/rows.js';
import * as forge from '../../src/dev/forge/index.js';
import { generate } from '../../src/dev/generate/generate.js';
import type { TlsfpError } from '../../src/errors.js';
import type { CaptureRow } from '../../src/schema/tables.js';
import type { Sink } from '../../src/sink/sink.js';
import { clientHello, connection, records, serverHello13 } from '../flow/conversation.js';
import { temporaryFolder } from '../support/core-rows.js';

// Worker threads run compiled code: the build that `npm test` makes first.
const { divide, JobRun } = (await import(
  '../../dist/jobs/jobs.js'
)) as typeof import('../../src/jobs/jobs.js');
const { analyze } = (await import('../../dist/analyze.js')) as typeof import('../../src/analyze.js');
const { NdjsonSink } = (await import(
  '../../dist/sink/ndjson.js'
)) as typeof import('../../src/sink/ndjson.js');

const { CsvSink } = (await import('../../dist/sink/csv.js')) as typeof import('../../src/sink/csv.js');

const folder = temporaryFolder();
afterAll(() => folder.remove());

const FIXTURES = readdirSync('fixtures/captures')
  .filter((name) => /\.pcap(ng)?$/.test(name))
  .map((name) => `fixtures/captures/${name}`);

/** A sink of text that wants batches as others do. */
function byBatches(sink: Sink): Sink {
  return {
    layout: sink.layout,
    begin: (capture) => sink.begin(capture),
    write: (batches) => sink.write(batches),
    end: (row) => sink.end(row),
    abandon: () => sink.abandon(),
    close: () => sink.close(),
  };
}

/** Small, so that small captures have many. */
const STRETCH = 1 << 20;

/** The thread that joins stretches takes its time, so that helpers come in. */
const slowly = () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 15);

/** A sink, and how many pieces of lines it got from helpers. */
function counted(sink: Sink) {
  let pieces = 0;
  const { writeLines } = sink;
  if (writeLines) {
    sink.writeLines = (lines) => {
      pieces++;
      return writeLines.call(sink, lines);
    };
  }
  return { sink, pieces: () => pieces };
}

async function run(
  paths: readonly string[],
  table: string,
  jobs: number,
  division: 'files' | 'stretches',
  wrap: (sink: Sink) => Sink = (sink) => sink,
  columns?: readonly string[],
) {
  const out = `${folder.path}/${table}-${jobs}-${division}.ndjson`;
  const { sink, pieces } = counted(wrap(new NdjsonSink({ table, columns, out })));
  const options = { sinks: [sink], ...(jobs > 1 && { onProgress: slowly }) };
  const result =
    jobs === 1
      ? await analyze(paths, options)
      : await new JobRun(paths, jobs, division, null, options, STRETCH).run();
  await sink.close();
  const text = readFileSync(out, 'utf8');
  return { text, captures: result.captures, errors: result.errors.map(told), pieces: pieces() };
}

function told({ name, message, offset, packet }: TlsfpError) {
  return { name, message, offset, packet };
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
      const one = await run([path], table, 1, 'stretches');
      const three = await run([path], table, 3, 'stretches');
      expect(three.text === one.text).toBe(true);
      const batches = await run([path], table, 2, 'stretches', byBatches);
      expect(batches.text === one.text).toBe(true);
      if (table !== 'client_hellos') return;
      expect(one.text.split('\n').length).toBeGreaterThan(100);
      // Without packet numbers the helpers write the lines.
      const columns = ['ts', 'src_ip', 'sni', 'ja3', 'ja4'];
      const [single, several] = [
        await run([path], table, 1, 'stretches', (sink) => sink, columns),
        await run([path], table, 3, 'stretches', (sink) => sink, columns),
      ];
      expect(several.text === single.text).toBe(true);
      expect([single.pieces, several.pieces > 0]).toEqual([0, true]);
    },
  );

  it('counts the same', async () => {
    const one = await run([path], 'client_hellos', 1, 'stretches');
    const two = await run([path], 'client_hellos', 2, 'stretches');
    expect(two.captures.map(steady)).toEqual(one.captures.map(steady));
  });

  it('gives the same rows and the same error of a capture that breaks off', async () => {
    const bytes = readFileSync(path);
    for (const length of [9_000_001, 16_777_301, 20_000_003]) {
      const cut = folder.write('cut.pcap', bytes.subarray(0, length));
      const one = await run([cut], 'client_hellos', 1, 'stretches');
      const two = await run([cut], 'client_hellos', 2, 'stretches');
      expect(two.errors).toEqual(one.errors);
      expect(one.errors).toHaveLength(1);
      expect(two.captures.map(steady)).toEqual(one.captures.map(steady));
      expect(two.text === one.text).toBe(true);
    }
  });
});

describe('a capture of connections that are given up, over several cores', () => {
  const PUSH = forge.TCP_FLAG.psh | forge.TCP_FLAG.ack;
  const SECOND = 1_000_000_000n;

  /** Hellos that are whole, or break off, or are answered. */
  function capture(): Uint8Array {
    const hello = records(clientHello('example.com', 900));
    const packets = Array.from({ length: 3000 }, (_, i) => {
      const client = { address: `10.${i % 7}.${i >> 8}.${i & 255}`, port: 2000 + i };
      // Ten a second, with silences, in the end all at once; every fifth waits for a while before it breaks off.
      const tenths = BigInt(Math.min(i, 2800) + (i >> 9) * 400);
      const start = 1_700_000_000n * SECOND + (tenths * SECOND) / 10n + BigInt(i);
      const stream = connection({ client, start, step: 1000n }).syn();
      stream.packet('client', 0, PUSH, hello.subarray(0, 500));
      if (i % 3 === 0) stream.packet('client', 500, PUSH, hello.subarray(500));
      if (i % 5 === 0) {
        stream.packet('client', 500, PUSH, hello.subarray(500, 900));
        const last = stream.packets.at(-1)!;
        stream.packets[stream.packets.length - 1] = {
          ...last,
          time: last.time + BigInt(i < 2750 ? i % 11 : 0) * SECOND,
        };
      }
      if (i % 4 === 0) stream.packet('server', 0, PUSH, records(serverHello13()));
      return stream.packets;
    }).flat();
    const inOrder = packets.toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
    return forge.pcap(forge.wrapAll(inOrder, (packet) => forge.ethernet(packet)));
  }

  const path = folder.write('given-up.pcap', capture());
  const limits = { flow_timeout_seconds: 7 };

  async function outputs(jobs: number, wrap: (sink: Sink) => Sink = (sink) => sink) {
    const tables = ['client_hellos', 'server_hellos'];
    const sinks = tables.map((table) =>
      wrap(new NdjsonSink({ table, out: `${folder.path}/given-${table}` })),
    );
    const options = { sinks, limits };
    const { captures } =
      jobs === 1
        ? await analyze([path], options)
        : await new JobRun([path], jobs, 'stretches', null, options, STRETCH).run();
    for (const sink of sinks) await sink.close();
    const texts = tables.map((table) => readFileSync(`${folder.path}/given-${table}`, 'utf8'));
    return { texts, captures: captures.map(steady) };
  }

  it('has the same rows in the same order', async () => {
    const one = await outputs(1);
    const reasons = ['evicted', 'end_of_capture'].map((name) => one.texts[0]!.split(name).length - 1);
    for (const times of reasons) expect(times).toBeGreaterThan(20);
    for (const jobs of [2, 3, 5]) expect(await outputs(jobs)).toEqual(one);
    expect(await outputs(3, byBatches)).toEqual(one);
  });

  it('comes to a sink of the narrow layout in the same order', async () => {
    async function packets(jobs: number): Promise<bigint[]> {
      const all: bigint[] = [];
      const sink: Sink = {
        layout: 'narrow',
        begin: () => undefined,
        write: ({ client_hellos: { columns } }) => {
          for (const row of rowObjects<{ packet: bigint }>(columns, {})) all.push(row.packet);
        },
        end: () => undefined,
        abandon: () => undefined,
        close: () => undefined,
      };
      const options = { sinks: [sink], limits };
      if (jobs === 1) await analyze([path], options);
      else await new JobRun([path], jobs, 'stretches', null, options, STRETCH).run();
      return all;
    }
    const one = await packets(1);
    expect(one.length).toBe(3000);
    expect(one.every((packet, i) => i === 0 || packet > one[i - 1]!)).toBe(false);
    expect(await packets(3)).toEqual(one);
  });
});

describe('lines of several sinks over several cores', () => {
  const path = `${folder.path}/several.pcap`;
  beforeAll(() => generate('hellos', { seed: 3, targetBytes: 18 << 20, path }));

  async function outputs(jobs: number): Promise<string[]> {
    const out = (name: string) => `${folder.path}/${jobs}-${name}`;
    const sinks = [
      new CsvSink({ columns: ['sni', 'capture', 'ja4'], out: out('clients.csv') }),
      new NdjsonSink({ table: 'server_hellos', out: out('servers.ndjson') }),
      new NdjsonSink({
        table: 'captures',
        columns: ['path', 'packets', 'error'],
        out: out('captures.ndjson'),
      }),
    ];
    if (jobs === 1) await analyze([path], { sinks });
    else await new JobRun([path], jobs, 'stretches', null, { sinks }, STRETCH).run();
    for (const sink of sinks) await sink.close();
    return ['clients.csv', 'servers.ndjson', 'captures.ndjson'].map((name) =>
      readFileSync(out(name), 'utf8'),
    );
  }

  it('are those of one core', async () => {
    const [one, two] = [await outputs(1), await outputs(2)];
    expect(two.map((text, i) => text === one[i])).toEqual([true, true, true]);
    expect(one[0]!.split('\n').length).toBeGreaterThan(1000);
  });

  it('end when the signal fires', async () => {
    const controller = new AbortController();
    const sink = new NdjsonSink({ out: `${folder.path}/stopped.ndjson` });
    const { interrupted, captures } = await new JobRun([path], 2, 'stretches', null, {
      sinks: [sink],
      signal: controller.signal,
      onProgress: () => controller.abort(),
    }).run();
    await sink.close();
    expect(interrupted).toBe(true);
    expect(captures).toHaveLength(1);
  });

  it('end with the error of the sink, or of the limits', async () => {
    const failing = new NdjsonSink({ out: `${folder.path}/failing.ndjson` });
    let writes = 0;
    failing.write = () => {
      if (++writes > 0) throw new Error('no room');
      return Promise.resolve();
    };
    await expect(
      new JobRun([path], 2, 'stretches', null, { sinks: [failing] }, STRETCH).run(),
    ).rejects.toThrow('no room');
    const sinks = [new NdjsonSink({ out: `${folder.path}/limited.ndjson` })];
    const limits = { max_flows: 1 };
    await expect(new JobRun([path], 2, 'stretches', null, { sinks, limits }, STRETCH).run()).rejects.toThrow(
      /limit max_flows cannot be 1/,
    );
  });

  it.runIf(existsSync('/dev/full'))('end when the disk is full', async () => {
    const sink = new NdjsonSink({ out: '/dev/full' });
    await expect(new JobRun([path], 2, 'stretches', null, { sinks: [sink] }).run()).rejects.toThrow(
      /no space left/,
    );
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

describe('what several threads divide', () => {
  const head = readFileSync(FIXTURES.find((name) => name.endsWith('.pcap'))!);
  /** A capture of `mebibytes`, all but its start a hole. */
  function hollow(name: string, mebibytes: number, start: Uint8Array = head): string {
    const path = folder.write(name, start);
    truncateSync(path, mebibytes * 2 ** 20);
    return path;
  }

  it('is one large capture, or many', () => {
    const [large, middle, small] = [hollow('l.pcap', 300), hollow('m.pcap', 200), hollow('s.pcap', 20)];
    expect(divide([large], 2, false)).toBe('stretches');
    expect(divide([middle], 2, false)).toBe('none');
    expect(divide([small, small], 2, false)).toBe('files');
    expect(divide([small], 2, false)).toBe('none');
    expect(divide([large], 1, false)).toBe('none');
    expect(divide([large, large], 2, true)).toBe('none');
    expect(divide([large, '-'], 2, false)).toBe('none');
    expect(divide([`${folder.path}/missing.pcap`], 2, false)).toBe('none');
  });

  it('is never a packed capture by itself', () => {
    const gzip = hollow('packed.gz', 300, Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3));
    expect(divide([gzip], 2, false)).toBe('none');
  });
});
