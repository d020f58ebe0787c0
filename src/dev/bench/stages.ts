import { closeSync, openSync, readSync } from 'node:fs';
import { analyze } from '../../analyze.js';
import { READ_BYTES } from '../../core/blocks.js';
import { Core, type CoreOptions } from '../../core/core.js';
import { CORE_GROUPS } from '../../schema/layout.js';
import type { Sink } from '../../sink/sink.js';
import type { Measured } from './captures.js';
import { grouped, Spread, table } from './spread.js';
import { projection, walk } from './walk.js';

/** What a stage is told: the columns wanted, by name, and tricks that end the walk early. */
interface Stage {
  readonly name: string;
  /** Null: only read. */
  readonly wanted: readonly string[] | null;
  /** Give out that the frames are of a link type nobody knows. */
  readonly unknownLink?: boolean;
  /** Leave every connection to another core. */
  readonly noFlows?: boolean;
  /** Make views of every batch. */
  readonly views?: boolean;
  readonly layout?: CoreOptions['layout'];
}

const FACTS = ['ts', 'src_ip', 'dst_ip', 'src_port', 'dst_port', 'sni'];
const EVERYTHING = CORE_GROUPS.flatMap((group) => group.columns.map((column) => column.spec.name));

const STAGES: readonly Stage[] = [
  { name: 'read', wanted: null },
  { name: '+ framing, counters', wanted: [], unknownLink: true },
  { name: '+ link, net, transport, hash of the ends', wanted: [], noFlows: true },
  { name: '+ flows, reassembly, hellos taken apart', wanted: [] },
  { name: '+ time, ends and SNI as columns', wanted: FACTS },
  { name: '+ content look-up, JA4', wanted: [...FACTS, 'ja4'] },
  { name: '+ JA3 (MD5)', wanted: [...FACTS, 'ja4', 'ja3'] },
  { name: '+ views of the batches', wanted: [...FACTS, 'ja4', 'ja3'], views: true },
  { name: 'every column, a row for each hello', wanted: EVERYTHING, views: true },
  { name: 'every column, contents apart', wanted: EVERYTHING, views: true, layout: 'narrow' },
];

/** LINKTYPE_USER0, where the header of a little-endian pcap file keeps its link type. */
const USER0 = 147;
const LINK_TYPE_AT = 20;

/** One pass over the capture. */
function pass(core: Core, path: string, stage: Stage): void {
  if (stage.wanted === null) {
    readOnly(core, path);
    return;
  }
  walk(core, path, {
    onHead: (head) => {
      if (stage.unknownLink) head[LINK_TYPE_AT] = USER0;
      if (stage.noFlows) core.stretch.keepNone();
    },
    onBatches: stage.views ? () => core.batches() : undefined,
  });
}

/** Nothing but the bytes, to where the core would look for them. */
function readOnly(core: Core, path: string): void {
  const fd = openSync(path, 'r');
  while (readSync(fd, core.window(0, READ_BYTES)) > 0);
  closeSync(fd);
}

function coreFor(stage: Stage): Core {
  const core = new Core({ layout: stage.layout ?? 'wide' });
  if (stage.wanted !== EVERYTHING) core.project(projection(stage.wanted ?? []));
  return core;
}

/** CPU and wall seconds of a piece of work in this thread. */
async function timed(work: () => void | Promise<void>): Promise<{ wall: number; cpu: number }> {
  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  await work();
  const wall = Number(process.hrtime.bigint() - start) / 1e9;
  const { user, system } = process.cpuUsage(cpu);
  return { wall, cpu: (user + system) / 1e6 };
}

/** The walk cut off after each stage in turn, in this process; what one adds is the difference to the one above. */
export async function benchStages(capture: Measured, runs: number): Promise<string> {
  const cores = STAGES.map(coreFor);
  const wall = STAGES.map(() => new Spread());
  const cpu = STAGES.map(() => new Spread());
  for (let i = 0; i <= runs; i++) {
    for (const [s, stage] of STAGES.entries()) {
      const cost = await timed(() => pass(cores[s]!, capture.path, stage));
      if (i === 0) continue;
      wall[s]!.add(cost.wall);
      cpu[s]!.add(cost.cpu);
    }
  }
  const rows = STAGES.map((stage, s) => [
    stage.name,
    wall[s]!.text(3),
    cpu[s]!.text(3),
    ((cpu[s]!.median * 1e9) / capture.packets).toFixed(1),
    ((cpu[s]!.median * 1e6) / capture.hellos).toFixed(2),
  ]);
  for (const { name, sink } of await sinks()) rows.push(await sinkRow(name, sink, capture, runs));
  const head = ['walked so far', 'wall s', 'CPU s', 'CPU ns a packet', 'CPU us a hello'];
  return [
    `### ${capture.kind}, stage by stage`,
    `${grouped(capture.packets)} packets, ${grouped(capture.hellos)} hellos; ${runs} passes, median (least-most), one thread. Each line contains those above it, up to the views.`,
    table(head, rows),
  ].join('\n\n');
}

interface NamedSink {
  readonly name: string;
  readonly sink: () => Promise<Sink>;
}

async function sinks(): Promise<NamedSink[]> {
  const [{ CsvSink }, { NdjsonSink }, { ArrowSink }, { DuckDBSink }] = await Promise.all([
    import('../../sink/csv.js'),
    import('../../sink/ndjson.js'),
    import('../../sink/arrow.js'),
    import('../../sink/duckdb.js'),
  ]);
  const out = '/dev/null';
  const columns = [...FACTS, 'ja3', 'ja4'];
  return [
    { name: 'all of it with the CSV sink, 8 columns', sink: async () => new CsvSink({ out, columns }) },
    { name: 'all of it with the NDJSON sink, every column', sink: async () => new NdjsonSink({ out }) },
    { name: 'all of it with the Arrow sink, every column', sink: async () => new ArrowSink({ out }) },
    {
      name: 'all of it with the DuckDB sink in memory, every column (all threads)',
      sink: () => DuckDBSink.open(':memory:'),
    },
  ];
}

async function sinkRow(
  name: string,
  make: () => Promise<Sink>,
  capture: Measured,
  runs: number,
): Promise<string[]> {
  const wall = new Spread();
  const cpu = new Spread();
  for (let i = 0; i <= runs; i++) {
    const sink = await make();
    const cost = await timed(async () => {
      const { errors } = await analyze([capture.path], { sinks: [sink] });
      if (errors[0]) throw errors[0];
      await sink.close();
    });
    if (i === 0) continue;
    wall.add(cost.wall);
    cpu.add(cost.cpu);
  }
  return [
    name,
    wall.text(3),
    cpu.text(3),
    ((cpu.median * 1e9) / capture.packets).toFixed(1),
    ((cpu.median * 1e6) / capture.hellos).toFixed(2),
  ];
}
