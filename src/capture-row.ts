import { statSync } from 'node:fs';
import type { CaptureState } from './core/core.js';
import type { TlsfpError } from './errors.js';
import { linkTypeName } from './schema/link-types.js';
import type { CaptureRow } from './schema/tables.js';
import type { CaptureSource } from './source/source.js';
import { VERSION } from './version.js';

const NS_PER_MS = 1_000_000n;

/** Time of the last change of a file, ns since 1970; null for what is no file. */
function mtimeOf(path: string): bigint | null {
  if (path === '-') return null;
  try {
    return statSync(path, { bigint: true }).mtimeNs;
  } catch {
    return null;
  }
}

/** The row of `captures` for a capture that was read. */
export function captureRow(
  source: Pick<CaptureSource, 'path' | 'size' | 'compression'>,
  state: CaptureState,
  error: TlsfpError | null,
): CaptureRow {
  return {
    path: source.path,
    size: source.size === null ? null : BigInt(source.size),
    mtime: mtimeOf(source.path),
    format: state.format,
    compression: source.compression === 'none' ? null : source.compression,
    link_types: state.linkTypes.map(linkTypeName),
    first_ts: state.firstTs,
    last_ts: state.lastTs,
    ...state.counters,
    error: error?.message ?? null,
    analyzed_at: BigInt(Date.now()) * NS_PER_MS,
    tlsfp_version: VERSION,
  };
}
