/** Runs the kernels of a build, to be counted from outside: `node kernel-counts-run.js simd|scalar`. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type KernelBuild, kernelBytes, measureKernels } from './kernels.js';

/** Calls of each kernel. */
export const CALLS = 100;

/** What it prints. */
export interface Counted {
  /** Lines of V8's map before the first run, without any kernel, behind it, and behind the run of each kernel. */
  readonly lines: readonly number[];
}

/** The same module as another one, for V8 to compile it anew: with a custom section of its own at the end. */
function another(bytes: Uint8Array, n: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(...bytes, 0, 4, 1, 0x6e, n & 0xff, n >> 8);
}

function main(build: KernelBuild): void {
  const map = `/tmp/perf-${process.pid}.map`;
  const linesNow = () => readFileSync(map, 'utf8').split('\n').length - 1;
  const bytes = kernelBytes(build);
  const lines = [linesNow()];
  let kernels = 0;
  for (let run = -1; run < Math.max(kernels, 1); run++) {
    kernels = 0;
    measureKernels(another(bytes, run + 1), (work) => {
      if (kernels++ === run) for (let call = 0; call < CALLS; call++) work();
      return 0;
    });
    lines.push(linesNow());
  }
  const counted: Counted = { lines };
  process.stdout.write(JSON.stringify(counted));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv[2] as KernelBuild);
