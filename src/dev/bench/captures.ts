import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type GenerateOptions, generate, type Summary } from '../generate/generate.js';
import { KINDS, type Kind } from '../generate/kinds.js';

/** Sizes of the captures that are measured; seed 1 for all. */
const SIZES: Record<Kind, { whole: number; small: number }> = {
  mix: { whole: 2.1e9, small: 1.3e8 },
  hellos: { whole: 1.07e9, small: 3.5e7 },
  pqsplit: { whole: 5.4e8, small: 3.5e7 },
  quic: { whole: 2.7e8, small: 3.5e7 },
};

/** A generated capture: path, and what is known of it. */
export interface Measured extends Summary {
  readonly path: string;
  readonly truth: string;
}

/** The capture of a kind in `folder`, made when it is not there. */
export function measured(folder: string, kind: Kind, small = false): Promise<Measured> {
  const path = join(folder, `${kind}${small ? '-small' : ''}.pcap`);
  return made(kind, { targetBytes: SIZES[kind][small ? 'small' : 'whole'], path });
}

/** The capture at a path, made when it is not there (the same seed and size give the same bytes). */
export async function made(kind: Kind, options: GenerateOptions): Promise<Measured> {
  const { path } = options;
  const summary = `${path}.summary.json`;
  if (!existsSync(path) || !existsSync(summary)) {
    mkdirSync(dirname(path), { recursive: true });
    // Small ones take no time.
    if (options.targetBytes >= 1e6) process.stderr.write(`making ${path}\n`);
    await generate(kind, options);
  }
  const known = JSON.parse(readFileSync(summary, 'utf8')) as Summary;
  // The paths in the summary are those of where it was made.
  return { ...known, path, truth: `${path}.truth.ndjson` };
}

export { KINDS, type Kind };
