import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { underCallgrind } from './callgrind.js';
import type { Timings } from './crypto.js';
import { CALLS, type Counted } from './kernel-counts-run.js';
import { type KernelBuild, kernelBytes, measureKernels } from './kernels.js';
import { output } from './machine.js';

const RUN = fileURLToPath(new URL('kernel-counts-run.js', import.meta.url));

/** Instructions that each kernel of a build takes, counted by callgrind; null where there is none. */
export function countKernels(build: KernelBuild): Timings | null {
  if (output('valgrind', '--version') === null) return null;
  const folder = mkdtempSync(join(tmpdir(), 'tlsfp-kernels-'));
  try {
    const { sums, stdout } = underCallgrind([RUN, build], folder);
    const { lines } = JSON.parse(stdout) as Counted;
    const totals = lines.slice(1).map((until, run) => {
      let total = 0;
      for (const [{ line }, count] of sums) if (line >= lines[run]! && line < until) total += count;
      return total;
    });
    // The first run had no kernel, only what comes before them all.
    const [before, ...each] = totals as [number, ...number[]];
    let kernel = 0;
    return measureKernels(kernelBytes(build), () => (each[kernel++]! - before) / CALLS);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
