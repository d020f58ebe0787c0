import type { CoreBuild } from '../core/load.js';
import type { BatchSet } from '../core/views.js';
import type { PlainError } from '../jobs/messages.js';
import type { LimitName } from '../schema/limits.js';
import type { Instruction } from './packet-filter.js';
import type { RingSpec } from './spec.js';

/** How a ring worker sets itself up; sent as `workerData`. */
export interface LiveSetup {
  readonly module: WebAssembly.Module;
  readonly build: CoreBuild;
  readonly layout: 'narrow' | 'wide';
  readonly limits: { readonly [K in LimitName]?: number | undefined } | undefined;
  readonly wanted: Readonly<Record<string, ReadonlySet<string>>> | null;
  readonly ring: RingSpec;
  readonly filter: readonly Instruction[] | null;
  readonly fanout: number | null;
  readonly board: SharedArrayBuffer;
}

/** From a ring worker: `started` once, `event` and `batches` in any number, then `end` or `failed`. */
export type FromLive =
  | { readonly type: 'started'; readonly linkType: number }
  | { readonly type: 'event'; readonly message: string }
  | { readonly type: 'batches'; readonly batches: BatchSet }
  | { readonly type: 'end' }
  | { readonly type: 'failed'; readonly error: PlainError };
