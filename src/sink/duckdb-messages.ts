import type { BatchSet } from '../core/views.js';
import type { CaptureRow } from '../schema/tables.js';
import type { DuckDBSinkOptions, Label } from './duckdb.js';
import type { SinkCapture } from './sink.js';

/** What the thread that loads a database begins with; sent as `workerData`. */
export interface LoaderSetup {
  readonly path: string;
  readonly options: DuckDBSinkOptions;
}

/** To the thread that loads: the calls of a sink. Each is answered once, in order. */
export type ToLoader =
  | { readonly type: 'labels'; readonly rows: readonly Label[] }
  | { readonly type: 'begin'; readonly capture: SinkCapture }
  /** `buffer` holds the batches and goes back with the answer. */
  | { readonly type: 'write'; readonly batches: BatchSet; readonly buffer: ArrayBuffer }
  | { readonly type: 'commit'; readonly row: CaptureRow }
  | { readonly type: 'end'; readonly row: CaptureRow }
  | { readonly type: 'settle' }
  | { readonly type: 'abandon' }
  | { readonly type: 'close' };

/** A SinkError as it crosses between threads. */
export interface LoaderFault {
  readonly what: string;
  readonly path: string | undefined;
  readonly hint: string | undefined;
}

/** From the thread that loads: first whether the database could be opened, then an answer to each message. */
export interface FromLoader {
  readonly fault: LoaderFault | null;
  readonly buffer: ArrayBuffer | null;
}
