import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Measured } from './captures.js';
import { output } from './machine.js';
import { grouped, table } from './spread.js';

const WALK = fileURLToPath(new URL('walk.js', import.meta.url));
const COLUMNS = 'ts,src_ip,src_port,dst_ip,dst_port,sni,ja3,ja4';
/** Functions shown, those with most instructions first. */
const SHOWN = 16;

/** A function of the core as V8 has compiled it. */
interface Code {
  readonly start: number;
  readonly end: number;
  readonly name: string;
}

/** The map that V8 writes for profilers: hexadecimal start and size, and a name like `JS:assembly/x/f-12-turbofan`. */
function codeMap(path: string): Code[] {
  const functions: Code[] = [];
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const found = /^([0-9a-f]+) ([0-9a-f]+) JS:assembly\/(.*?)-\d+-\w+$/.exec(line);
    if (!found) continue;
    const start = Number.parseInt(found[1]!, 16);
    functions.push({ start, end: start + Number.parseInt(found[2]!, 16), name: found[3]! });
  }
  return functions.sort((a, b) => a.start - b.start);
}

/**
 * Addresses and the instructions counted at each, in callgrind's format: `address line count`, the address in
 * hexadecimal or relative to the one before; the line after `calls=` counts what was called, and is not counted twice.
 */
function* counts(text: string): Generator<[address: number, count: number]> {
  let address = 0;
  let called = false;
  for (const line of text.split('\n')) {
    if (line.startsWith('calls=')) {
      called = true;
      continue;
    }
    const found = /^(0x[0-9a-f]+|[+-]\d+|\*) \S+ (\d+)$/.exec(line);
    if (!found) continue;
    const place = found[1]!;
    if (place.startsWith('0x')) address = Number(place);
    else if (place !== '*') address += Number(place);
    if (!called) yield [address, Number(found[2])];
    called = false;
  }
}

function functionAt(functions: readonly Code[], address: number): string | null {
  let [low, high] = [0, functions.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (functions[middle]!.start <= address) low = middle + 1;
    else high = middle;
  }
  const found = functions[low - 1];
  return found && address < found.end ? found.name : null;
}

/** Instructions of the core by function in one pass over a capture. */
function countPass(capture: Measured, wasm: string, folder: string): Map<string, number> {
  const out = join(folder, 'callgrind.out');
  const log = ['--no-logfile-per-isolate', `--logfile=${folder}/v8.log`];
  const engine = ['--no-liftoff', '--single-threaded', '--perf-basic-prof', ...log];
  const args = [WALK, capture.path, '--wasm', wasm, '--passes', '1', '--columns', COLUMNS];
  const { status, pid, stderr } = spawnSync(
    'valgrind',
    [
      '--tool=callgrind',
      '--smc-check=all-non-file',
      '--dump-instr=yes',
      `--callgrind-out-file=${out}`,
      process.execPath,
      ...engine,
      ...args,
    ],
    { encoding: 'utf8', maxBuffer: 1 << 26 },
  );
  if (status !== 0) throw new Error(`valgrind ended with ${status}: ${stderr}`);
  const map = `/tmp/perf-${pid}.map`;
  const functions = codeMap(map);
  rmSync(map);
  const sums = new Map<string, number>();
  for (const [address, count] of counts(readFileSync(out, 'utf8'))) {
    const name = functionAt(functions, address);
    if (name !== null) sums.set(name, (sums.get(name) ?? 0) + count);
  }
  return sums;
}

function totalOf(sums: Iterable<[string, number]>): number {
  let total = 0;
  for (const [, count] of sums) total += count;
  return total;
}

/**
 * Instructions that the core takes, function by function, counted by callgrind: the same in every run, whatever else the
 * machine does. Calls into the engine (copies of more than 512 bytes) and the system are not in it.
 */
export function benchInstructions(captures: readonly Measured[]): string {
  const version = output('valgrind', '--version');
  if (version === null) return '### Instructions\n\nNot counted: there is no valgrind here.';
  const folder = mkdtempSync(join(tmpdir(), 'tlsfp-instructions-'));
  try {
    const wasm = join(folder, 'named.wasm');
    const asc = spawnSync('npx', [
      'asc',
      'assembly/index.ts',
      '--target',
      'simd',
      '--debug',
      '--outFile',
      wasm,
    ]);
    if (asc.status !== 0) throw new Error(`asc ended with ${asc.status}: ${asc.stderr}`);
    const parts = captures.map((capture) => {
      const sums = [...countPass(capture, wasm, folder)].sort((a, b) => b[1] - a[1]);
      const total = totalOf(sums);
      const row = ([name, count]: [string, number]) => [
        name,
        grouped(count / capture.hellos),
        ((100 * count) / total).toFixed(1),
      ];
      const rest = totalOf(sums.slice(SHOWN));
      const head = [`${capture.kind}, ${(capture.bytes / 1e6).toFixed(0)} MB`, 'a hello', '%'];
      return [
        `${capture.kind}: ${grouped(total)} instructions; ${grouped(total / capture.packets)} a packet, ${grouped(total / capture.hellos)} a hello.`,
        table(head, [...sums.slice(0, SHOWN).map(row), row(['others', rest])]),
      ].join('\n\n');
    });
    return [`### Instructions\n\nOf the core, columns ${COLUMNS}, by ${version} callgrind.`, ...parts].join(
      '\n\n',
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
