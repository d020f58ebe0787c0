import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from '../../src/dev/generate/generate.js';
import type { Kind } from '../../src/dev/generate/kinds.js';
import type { TruthRow } from '../../src/dev/generate/truth.js';
import type { CoreRows } from '../support/core-rows.js';

const folder = new URL('../../fixtures/captures/', import.meta.url);

/** The captures of real clients in the project, smallest first. */
export const FIXTURES: readonly { readonly name: string; readonly bytes: Uint8Array }[] = readdirSync(folder)
  .filter((name) => /\.pcap(ng)?$/.test(name))
  .map((name) => ({ name, bytes: new Uint8Array(readFileSync(new URL(name, folder))) }))
  .sort((a, b) => a.bytes.length - b.bytes.length);

/** A generated capture and what has to be found in it. */
export interface Generated {
  readonly bytes: Uint8Array;
  readonly truth: TruthRow[];
}

/** Generate a capture of about `targetBytes`. */
export async function generated(kind: Kind, targetBytes: number, seed = 3): Promise<Generated> {
  const path = mkdtempSync(join(tmpdir(), 'tlsfp-core-'));
  try {
    const summary = await generate(kind, { seed, targetBytes, path: join(path, 'capture.pcap') });
    const lines = readFileSync(summary.truth, 'utf8').trimEnd().split('\n');
    return {
      bytes: new Uint8Array(readFileSync(summary.path)),
      truth: lines.map((line) => JSON.parse(line) as TruthRow),
    };
  } finally {
    rmSync(path, { recursive: true });
  }
}

function plain(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}`;
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
}

/** Rows as lines of JSON: to be compared quickly, and read when they differ. */
export function lines(rows: readonly unknown[]): string {
  return rows.map((row) => JSON.stringify(row, plain)).join('\n');
}

/** All that was made of a capture, but for how often the memory of contents helped. */
export function transcript(rows: CoreRows): string {
  const { counters, ...state } = rows.state;
  const counted = Object.entries(counters).filter(([name]) => !name.startsWith('content'));
  return lines([
    ...rows.clientHellos,
    ...rows.serverHellos,
    ...rows.certificates,
    state,
    counted,
    rows.error?.message ?? null,
  ]);
}
