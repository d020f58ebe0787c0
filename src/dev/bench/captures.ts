import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate, type Summary } from '../generate/generate.js';
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

/** The capture of a kind in `folder`, made when it is not there (the same seed and size give the same bytes). */
export async function measured(folder: string, kind: Kind, small = false): Promise<Measured> {
  const path = join(folder, `${kind}${small ? '-small' : ''}.pcap`);
  const summary = `${path}.summary.json`;
  if (!existsSync(path) || !existsSync(summary)) {
    mkdirSync(folder, { recursive: true });
    process.stderr.write(`making ${path}\n`);
    await generate(kind, { targetBytes: SIZES[kind][small ? 'small' : 'whole'], path });
  }
  const known = JSON.parse(readFileSync(summary, 'utf8')) as Summary;
  // The paths in the summary are those of where it was made.
  return { ...known, path, truth: `${path}.truth.ndjson` };
}

export { KINDS, type Kind };
