import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Measured } from './captures.js';
import { load, output } from './machine.js';
import { type HowRun, MEASURED, type Measurement, measure, measurement } from './measurement.js';
import { MERCURY } from './mercury.js';
import { grouped, table } from './spread.js';
import { compare, csvBag, truthBag } from './verify.js';

/** What is asked for in the measured runs. */
const COLUMNS = 'ts,src_ip,src_port,dst_ip,dst_port,sni,ja3,ja4';
const PROGRAM = fileURLToPath(new URL('../../cli/main.js', import.meta.url));
const COPY = fileURLToPath(new URL('duckdb-copy-run.js', import.meta.url));

/** One way of running the program, or another that does part of its work, and what it writes. */
interface Way extends HowRun {
  readonly name: string;
  readonly args: (capture: string) => readonly string[];
  readonly out: string;
  /** Whether what it writes is compared with the truth. */
  readonly checked?: boolean;
  /** How many times it does the work. Default: once. */
  readonly times?: number;
  /** The way behind it works on what it has written. */
  readonly kept?: boolean;
  /** Another program, beside which ours is told. */
  readonly isLimit?: boolean;
}

/** Others on this machine, as limits: what an empty loop of libpcap takes, and what the quickest finder of hellos. */
function limits(folder: string): Way[] {
  const out = `${folder}/limit.out`;
  const there: Way[] = [];
  if (output('tcpdump', '--version') !== null) {
    there.push({
      name: "libpcap's loop (tcpdump, a filter that no packet passes)",
      args: (capture) => ['tcpdump', '-n', '-r', capture, '-w', out, 'greater 262144'],
      out,
      isLimit: true,
    });
  }
  if (MERCURY.version() !== null) {
    there.push({
      name: `${MERCURY.name} (its own clock)`,
      args: (capture) => MERCURY.args(capture, out),
      out,
      isLimit: true,
      // The process lives on for up to two seconds when it is through.
      clock: (errors) => Number(/nano sec: (\d+)/.exec(errors)?.[1]) / 1e9,
    });
  }
  return there;
}

/** Starts its command `$1` times at once, and waits for all. */
const AT_ONCE = 'n=$1; shift; for i in $(seq $n); do "$@" --out "$0.$i" & done; wait';

function ways(folder: string, jobs: number): Way[] {
  const csv = `${folder}/bench.csv`;
  const db = `${folder}/bench.duckdb`;
  const copied = `${folder}/bench-copy.duckdb`;
  const tlsfp = (capture: string, n: number) => [
    process.execPath,
    PROGRAM,
    'analyze',
    capture,
    '--jobs',
    `${n}`,
  ];
  const asCsv = (capture: string, n: number) => [
    ...tlsfp(capture, n),
    '--format',
    'csv',
    '--columns',
    COLUMNS,
  ];
  const toCsv = (n: number) => ({
    args: (capture: string) => [...asCsv(capture, n), '--out', csv],
    out: csv,
    checked: true,
  });
  const several: Way[] = [
    { name: `tlsfp, ${jobs} jobs, CSV`, ...toCsv(jobs) },
    {
      name: `tlsfp, one job, CSV, ${jobs} runs at once`,
      args: (capture) => ['bash', '-c', AT_ONCE, csv, `${jobs}`, ...asCsv(capture, 1)],
      out: csv,
      times: jobs,
    },
  ];
  return [
    { name: 'tlsfp, one job, CSV', ...toCsv(1) },
    ...(jobs > 1 ? several : []),
    {
      name: 'tlsfp, one job, every column into DuckDB',
      args: (capture) => [...tlsfp(capture, 1), '--db', db, '--quiet'],
      out: db,
      kept: true,
    },
    {
      name: 'the tables of that database into another, DuckDB alone',
      args: () => [process.execPath, COPY, db, copied],
      out: copied,
    },
    { name: 'tlsfp, one job, CSV, without SIMD', ...toCsv(1), env: { TLSFP_NO_WASM_SIMD: '1' } },
  ];
}

/**
 * The program as a user runs it, in rounds: each has every way once, after a `dd` over the same file, so that what else
 * the machine does meets them all.
 */
export async function benchProgram(
  capture: Measured,
  folder: string,
  runs: number,
  jobs: number,
): Promise<string> {
  const measured = [...ways(folder, jobs), ...limits(folder)].map((way) => ({
    way,
    ours: measurement(),
    base: measurement(),
  }));
  const notes: string[] = [];
  const began = load();
  // The first round warms the page cache and counts for nothing.
  for (let round = 0; round <= runs; round++) {
    let kept: string | null = null;
    for (const { way, ours, base } of measured) {
      rmSync(way.out, { force: true });
      const [reading, working] = round === 0 ? [measurement(), measurement()] : [base, ours];
      measure(reading, ['dd', `if=${capture.path}`, 'of=/dev/null', 'bs=1M', 'status=none']);
      measure(working, way.args(capture.path), way);
      if (way.checked && round === runs) notes.push(`${way.name}: ${await completeness(way.out, capture)}`);
      for (let i = 1; i <= (way.times ?? 0); i++) rmSync(`${way.out}.${i}`, { force: true });
      if (kept !== null) rmSync(kept, { force: true });
      kept = way.kept ? way.out : null;
      if (!way.kept) rmSync(way.out, { force: true });
    }
  }
  const { way: usual, ours: took } = measured[0]!;
  for (const { way, ours } of measured.filter(({ way }) => way.isLimit)) {
    notes.push(`${usual.name}: ${took.wall.over(ours.wall).text(2)} of what is taken by ${way.name}`);
  }
  const dd = measurement();
  for (const key of MEASURED) for (const { base } of measured) dd[key].add(base[key].median);
  const head = [
    '',
    'wall s',
    'user s',
    'system s',
    'x dd, wall / cpu',
    'GB/s',
    'Mpackets/s',
    'hellos/s',
    'RSS MB',
  ];
  const facts = `${grouped(capture.bytes)} bytes, ${grouped(capture.packets)} packets, ${grouped(capture.hellos)} hellos`;
  const rows = measured.map(({ way, ours, base }) => row(way.name, ours, base, capture, way.times));
  return [
    `### ${capture.kind}: ${facts}`,
    `${runs} rounds; median (least-most), ratios those of the rounds; load ${began} to ${load()}.`,
    table(head, [row('dd bs=1M', dd, dd, capture), ...rows]),
    notes.map((note) => `- ${note}`).join('\n'),
  ].join('\n\n');
}

function row(
  name: string,
  m: Measurement,
  base: Measurement,
  capture: Measured,
  times: number = 1,
): string[] {
  const wall = m.wall.median;
  const rate = times / wall;
  return [
    name,
    m.wall.text(3),
    m.user.text(3),
    m.system.text(3),
    `${m.wall.over(base.wall).median.toFixed(2)} / ${m.cpu.over(base.cpu).median.toFixed(2)}`,
    ((capture.bytes * rate) / 1e9).toFixed(2),
    ((capture.packets * rate) / 1e6).toFixed(2),
    m === base ? '-' : grouped(capture.hellos * rate),
    (m.memory.most / 1e6).toFixed(0),
  ];
}

/** Every hello right: count against the summary, SNI with JA3 with JA4 against the truth. */
async function completeness(csv: string, capture: Measured): Promise<string> {
  const fields = ['sni', 'ja3', 'ja4'] as const;
  const { right, of, extra } = compare(await csvBag(csv, fields), await truthBag(capture.truth, fields));
  if (of !== capture.hellos || right !== of || extra !== 0) {
    throw new Error(`${capture.kind}: ${right} of ${of} hellos right, ${extra} that are not true`);
  }
  return `${grouped(right)} of ${grouped(of)} hellos with the right SNI, JA3 and JA4, no others`;
}
