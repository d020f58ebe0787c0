/**
 * The core alone over a capture: to be profiled, and to compare builds of it.
 *
 *     node dist/dev/bench/walk.js CAPTURE [--wasm FILE]... [--passes N] [--columns a,b] [--narrow]
 *
 * Several `--wasm` take turns block by block, so that what else the machine does meets them all: the median of the ratios is
 * good for a hundredth where whole passes differ by half. Without `--columns`: every column.
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

/** A walk over a capture that goes on block by block. */
export class Walk {
  readonly #core: Core;
  readonly #hooks: WalkHooks;
  readonly #fd: number;
  /** Bytes in the window of the core. */
  #length = 0;
  #begun = false;

  constructor(core: Core, path: string, hooks: WalkHooks = {}) {
    this.#core = core;
    this.#hooks = hooks;
    this.#fd = openSync(path, 'r');
    core.begin(1);
    core.forgetContents();
  }

  /** Read the next block; false when there is none: then the walk is over. */
  read(): boolean {
    const got = readSync(this.#fd, this.#core.window(this.#length, READ_BYTES));
    this.#length += got;
    if (got > 0) {
      if (!this.#begun) this.#hooks.onHead?.(this.#core.window(0, this.#length));
      this.#begun = true;
      return true;
    }
    while (this.#core.finish(0) === 'BATCH_FULL') this.#empty();
    this.#empty();
    closeSync(this.#fd);
    return false;
  }

  /** Process what was read. */
  process(): void {
    let from = 0;
    for (;;) {
      const step = this.#core.process(this.#length, from);
      from += step.consumed;
      if (step.status !== 'BATCH_FULL') break;
      this.#empty();
    }
    this.#core.window(0, this.#length).copyWithin(0, from, this.#length);
    this.#length -= from;
  }

  #empty(): void {
    this.#hooks.onBatches?.();
    this.#core.resetBatches();
  }
}

/** Walk one capture; answers how many ClientHellos it has. */
export function walk(core: Core, path: string, hooks: WalkHooks = {}): number {
  const one = new Walk(core, path, hooks);
  while (one.read()) one.process();
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
    return { file, core, blocks: new Spread() };
  });
  for (let pass = 0; pass < Number(values.passes); pass++) turns(cores, positionals[0]!);
  for (const { file, blocks, core } of cores) {
    const seconds = blocks.sum / 1e9 / Number(values.passes);
    const ratio =
      blocks === cores[0]!.blocks ? '' : `, ${blocks.over(cores[0]!.blocks).middle(3)} x the first`;
    console.log(`${file}: ${seconds.toFixed(3)} s a pass${ratio}, ${core.counter('client_hellos')} hellos`);
  }
}

/** Walk the capture with each core, block by block in turns, and add up what each block takes, ns. */
function turns(cores: readonly { readonly core: Core; readonly blocks: Spread }[], path: string): void {
  const each = cores.map(({ core, blocks }) => ({ walk: new Walk(core, path), blocks }));
  for (let going = true; going; each.push(each.shift()!)) {
    for (const { walk, blocks } of each) {
      going = walk.read();
      if (!going) continue;
      const start = process.hrtime.bigint();
      walk.process();
      blocks.add(Number(process.hrtime.bigint() - start));
    }
  }
}

if (process.argv[1]?.endsWith('walk.js')) main();
