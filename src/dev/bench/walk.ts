/**
 * The core alone over a capture: to be profiled, and to compare builds of it.
 *
 *     node dist/dev/bench/walk.js CAPTURE [--wasm FILE]... [--passes N] [--columns a,b] [--narrow]
 *
 * Several `--wasm` take turns, so that what else the machine does meets them all. Without `--columns`: every column.
 */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { READ_BYTES } from '../../core/blocks.js';
import { Core } from '../../core/core.js';
import { CORE_GROUPS } from '../../schema/layout.js';
import { Spread } from './spread.js';

/** What may be done on the way. */
export interface WalkHooks {
  /** Told of the first bytes of the file, which it may change. */
  readonly onHead?: ((head: Uint8Array) => void) | undefined;
  /** Called before batches are emptied. */
  readonly onBatches?: (() => void) | undefined;
}

/** Walk one capture; answers how many ClientHellos it has. */
export function walk(core: Core, path: string, { onHead, onBatches }: WalkHooks = {}): number {
  const fd = openSync(path, 'r');
  const empty = () => {
    onBatches?.();
    core.resetBatches();
  };
  core.begin(1);
  core.forgetContents();
  let length = 0;
  for (let first = true; ; first = false) {
    const got = readSync(fd, core.window(length, READ_BYTES));
    if (got === 0) break;
    length += got;
    if (first) onHead?.(core.window(0, length));
    let from = 0;
    for (;;) {
      const step = core.process(length, from);
      from += step.consumed;
      if (step.status !== 'BATCH_FULL') break;
      empty();
    }
    core.window(0, length).copyWithin(0, from, length);
    length -= from;
  }
  while (core.finish(0) === 'BATCH_FULL') empty();
  empty();
  closeSync(fd);
  return core.counter('client_hellos');
}

/** Nothing but some columns of ClientHellos. */
export function projection(columns: readonly string[]): Record<string, ReadonlySet<string>> {
  const wanted = new Set(columns);
  return Object.fromEntries(
    CORE_GROUPS.map(({ name }) => [
      name,
      name === 'client_hellos' || name === 'hello_contents' ? wanted : new Set<string>(),
    ]),
  );
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      wasm: { type: 'string', multiple: true, default: ['dist/wasm/tlsfp.simd.wasm'] },
      passes: { type: 'string', default: '5' },
      columns: { type: 'string' },
      narrow: { type: 'boolean', default: false },
    },
  });
  const cores = values.wasm.map((file) => {
    const module = new WebAssembly.Module(readFileSync(file));
    const core = new Core({ module, layout: values.narrow ? 'narrow' : 'wide' });
    if (values.columns) core.project(projection(values.columns.split(',')));
    return { file, core, cpu: new Spread(), hellos: 0 };
  });
  for (let pass = 0; pass < Number(values.passes); pass++) {
    for (const each of cores) {
      const before = process.cpuUsage();
      each.hellos = walk(each.core, positionals[0]!);
      each.cpu.add(process.cpuUsage(before).user / 1e6);
    }
  }
  for (const { file, cpu, hellos } of cores) {
    console.log(`${file}: ${cpu.text(3)} s of CPU without the system's, ${hellos} hellos`);
  }
}

if (process.argv[1]?.endsWith('walk.js')) main();
