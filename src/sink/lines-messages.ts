import type { BatchSet } from '../core/views.js';
import type { LinePlan } from './sink.js';

/** What a thread that makes lines begins with; sent as `workerData`. */
export interface LinesSetup {
  readonly plan: LinePlan;
  readonly module: WebAssembly.Module;
}

/** To the thread that makes lines. */
export type ToLines =
  /** The capture that the next rows are of. */
  | { readonly type: 'begin'; readonly path: string }
  /** Rows; `buffer` holds them and goes back with their lines. `spare`: memory for lines. */
  | {
      readonly type: 'rows';
      readonly batches: BatchSet;
      readonly buffer: ArrayBuffer;
      readonly spare: readonly ArrayBuffer[];
    };

/** From it, for each message with rows, in order: their lines. */
export interface FromLines {
  readonly lines: readonly Uint8Array<ArrayBuffer>[];
  readonly buffer: ArrayBuffer;
}
