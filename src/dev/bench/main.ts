/**
 * The benchmark.
 *
 *     npm run bench                        everything
 *     npm run bench -- mix quic            only these captures (hellos, pqsplit)
 *     npm run bench -- kernels             SIMD against scalar, kernel by kernel
 *     npm run bench -- stages              the walk stage by stage, on mix and hellos
 *     npm run bench -- instructions        what the core takes, function by function (needs valgrind)
 *     npm run bench -- many                thousands of small captures
 *     npm run bench -- memory | start | stretches | peers | live | growth
 *     npm run bench -- --record            and keep what is printed in docs/bench/
 *     --runs N  (default 5)   --folder DIR  (captures, default .bench)   --jobs N  (default 2)
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { KINDS, type Kind, type Measured, measured } from './captures.js';
import { benchGrowth } from './growth.js';
import { benchInstructions } from './instructions.js';
import { benchKernels } from './kernels.js';
import { describeMachine, machineName } from './machine.js';
import { benchMany } from './many.js';
import { benchMemory } from './memory.js';
import { benchPeers } from './peers.js';
import { benchProgram } from './program.js';
import { benchStages } from './stages.js';
import { benchStart } from './start.js';
import { benchStretches } from './stretches.js';

const all = (kinds: readonly Kind[], small: boolean) =>
  Promise.all(kinds.map((kind) => measured(folder, kind, small)));

const PARTS: Record<string, () => Promise<string>> = {
  start: async () => benchStart(runs),
  ...Object.fromEntries(KINDS.map((kind) => [kind, async () => program(await measured(folder, kind))])),
  stages: async () => {
    const tables: string[] = [];
    for (const capture of await all(['mix', 'hellos'], false)) tables.push(await benchStages(capture, runs));
    return tables.join('\n\n');
  },
  kernels: async () => benchKernels(),
  instructions: async () => benchInstructions(await all(KINDS, true)),
  memory: async () => benchMemory(await all(KINDS, false)),
  stretches: async () => benchStretches(await all(KINDS, false)),
  many: () => benchMany(folder, runs, jobs),
  growth: () => benchGrowth(folder, runs),
  peers: async () => benchPeers(await all(KINDS, true), folder, Math.min(runs, 3)),
  // Loaded when asked for: it needs koffi.
  live: async () => (await import('./live.js')).benchLive(),
};

function program(capture: Measured): Promise<string> {
  return benchProgram(capture, folder, runs, jobs);
}

const { values, positionals } = readArguments();
const { folder } = values;
const runs = Number(values.runs);
const jobs = Number(values.jobs);
const unknown = positionals.filter((name) => !(name in PARTS));
if (unknown.length > 0) refuse(`there is no part ${unknown.join(', ')}`);
if (!(runs >= 1)) refuse(`--runs ${values.runs}: not a number of runs`);
const command = ['npm run bench --', ...process.argv.slice(2)].join(' ');
const record = `docs/bench/${machineName()}-${new Date().toISOString().slice(0, 10)}.md`;
if (values.record) mkdirSync('docs/bench', { recursive: true });
const report = [`# Benchmark\n\n${describeMachine(command)}`];
process.stdout.write(`${report[0]}\n`);
for (const name of positionals.length > 0 ? positionals : Object.keys(PARTS)) {
  const part = await PARTS[name]!();
  report.push(part);
  process.stdout.write(`\n${part}\n`);
  // After each part: nothing measured is lost because of what came after.
  if (values.record) writeFileSync(record, `${report.join('\n\n')}\n`);
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        runs: { type: 'string', default: '5' },
        folder: { type: 'string', default: '.bench' },
        jobs: { type: 'string', default: '2' },
        record: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return refuse((error as Error).message);
  }
}

/** End, saying what there is. */
function refuse(why: string): never {
  const parts = Object.keys(PARTS).join('|');
  process.stderr.write(
    `${why}\nusage: npm run bench -- [${parts}]... [--runs N] [--folder DIR] [--jobs N] [--record]\n`,
  );
  process.exit(2);
}
