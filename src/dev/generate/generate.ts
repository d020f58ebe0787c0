import { writeFileSync } from 'node:fs';
import { type Kind, RECIPES } from './kinds.js';
import { runFlows, World } from './world.js';

/** What to generate. */
export interface GenerateOptions {
  /** The same seed, kind and size give the same bytes. */
  seed?: number;
  /** Size of the capture, about: it ends a little above or below, with all its connections finished. */
  targetBytes: number;
  /** The capture; beside it come `<path>.truth.ndjson` and `<path>.summary.json`. */
  path: string;
}

/** What was generated: the contents of the summary file. */
export interface Summary {
  kind: Kind;
  seed: number;
  path: string;
  truth: string;
  bytes: number;
  packets: number;
  hellos: number;
  tls: number;
  quic: number;
  /** Hellos carried by more than one packet, and how those of TLS were disturbed. */
  splitHellos: number;
  swapped: number;
  repeated: number;
  overlapping: number;
}

/** Write a capture of a kind, its truth and its summary. Memory does not grow with the size. */
export async function generate(kind: Kind, options: GenerateOptions): Promise<Summary> {
  const { seed = 1, targetBytes, path } = options;
  const recipe = RECIPES[kind];
  const truth = `${path}.truth.ndjson`;
  const world = new World({ seed, path, truthPath: truth, gap: recipe.gap });
  const concurrency = Math.max(8, Math.min(recipe.concurrency, Math.floor(targetBytes / 100_000)));
  runFlows(world, concurrency, targetBytes, () => recipe.next(world));
  world.close();
  const { counts, sink } = world;
  const hellos = counts.tls + counts.quic;
  const summary = { kind, seed, path, truth, bytes: sink.size, packets: sink.packets, hellos, ...counts };
  writeFileSync(`${path}.summary.json`, `${JSON.stringify(summary, null, 2)}\n`);
  return summary;
}
