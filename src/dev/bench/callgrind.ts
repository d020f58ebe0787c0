import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Code that V8 has made of a function of WebAssembly. */
export interface Code {
  readonly start: number;
  readonly end: number;
  readonly name: string;
  /** Line of V8's map, from 0: later ones were made later. */
  readonly line: number;
}

/** The map that V8 writes for profilers: hexadecimal start and size, and a name like `JS:assembly/x/f-12-turbofan`. */
function codeMap(path: string): Code[] {
  const functions: Code[] = [];
  for (const [line, text] of readFileSync(path, 'utf8').split('\n').entries()) {
    const found = /^([0-9a-f]+) ([0-9a-f]+) JS:(?:assembly\/)?(.*?)-\d+-\w+$/.exec(text);
    if (!found) continue;
    const start = Number.parseInt(found[1]!, 16);
    functions.push({ start, end: start + Number.parseInt(found[2]!, 16), name: found[3]!, line });
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

function codeAt(functions: readonly Code[], address: number): Code | null {
  let [low, high] = [0, functions.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (functions[middle]!.start <= address) low = middle + 1;
    else high = middle;
  }
  const found = functions[low - 1];
  return found && address < found.end ? found : null;
}

/**
 * Run a module of this folder in Node under callgrind, every function of WebAssembly compiled to optimised code at its first call.
 *
 * @param folder for its files
 * @returns instructions by function, and what it printed
 */
export function underCallgrind(
  args: readonly string[],
  folder: string,
): { readonly sums: ReadonlyMap<Code, number>; readonly stdout: string } {
  const out = join(folder, 'callgrind.out');
  const log = ['--no-logfile-per-isolate', `--logfile=${folder}/v8.log`];
  const engine = ['--no-liftoff', '--single-threaded', '--perf-basic-prof', ...log];
  const { status, pid, stderr, stdout } = spawnSync(
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
  const sums = new Map<Code, number>();
  for (const [address, count] of counts(readFileSync(out, 'utf8'))) {
    const code = codeAt(functions, address);
    if (code !== null) sums.set(code, (sums.get(code) ?? 0) + count);
  }
  return { sums, stdout };
}
