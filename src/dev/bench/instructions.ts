import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { underCallgrind } from './callgrind.js';
import type { Measured } from './captures.js';
import { output } from './machine.js';
import { grouped, table } from './spread.js';

const WALK = fileURLToPath(new URL('walk.js', import.meta.url));
const COLUMNS = 'ts,src_ip,src_port,dst_ip,dst_port,sni,ja3,ja4';
/** Functions shown, those with most instructions first. */
const SHOWN = 16;

/** Instructions of the core by function in one pass over a capture. */
function countPass(capture: Measured, wasm: string, folder: string): Map<string, number> {
  const args = [WALK, capture.path, '--wasm', wasm, '--passes', '1', '--columns', COLUMNS];
  const sums = new Map<string, number>();
  for (const [{ name }, count] of underCallgrind(args, folder).sums) {
    sums.set(name, (sums.get(name) ?? 0) + count);
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
