import type { CaptureState } from '../core/core.js';
import type { CoreBuild } from '../core/load.js';
import type { BatchSet, RowOrders } from '../core/views.js';
import * as errors from '../errors.js';
import type { LimitName } from '../schema/limits.js';
import type { LinePlan } from '../sink/sink.js';
import type { Compression } from '../source/source.js';

/** How a worker sets its core up; sent as `workerData`. */
export interface WorkerSetup {
  readonly module: WebAssembly.Module;
  readonly build: CoreBuild;
  readonly layout: 'narrow' | 'wide';
  readonly limits: { readonly [K in LimitName]?: number | undefined } | undefined;
  /** Columns wanted by group; null: all. */
  readonly wanted: Readonly<Record<string, ReadonlySet<string>>> | null;
  /** Set to 1 to stop all workers: an Int32Array of one element. */
  readonly stop: SharedArrayBuffer;
  /** The lines of each sink, to be sent in place of batches; null: batches. */
  readonly lines: readonly LinePlan[] | null;
  /** Share of the connections; null: all of them. */
  readonly share: { readonly index: number; readonly count: number } | null;
}

/** To a worker. */
export type ToWorker =
  /** Read this capture. */
  | { readonly type: 'read'; readonly task: number; readonly path: string }
  /** A batch was taken: one more may be sent. */
  | { readonly type: 'credit' };

/**
 * Bytes of input after which every worker has handed over the rows so far: what workers that share a capture send between
 * two such places belongs together.
 */
export const EPOCH_BYTES = 8 << 20;

/** Rows of one sink as text: bytes, where each line ends in them, and the place of each row (`RowOrders`). */
export interface LineRows {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly ends: Uint32Array<ArrayBuffer>;
  readonly orders: Float64Array<ArrayBuffer>;
}

/** From a worker, in this order for each capture: `batches` or `lines`, and `epoch`, in any number, then `end`. */
export type FromWorker =
  | {
      readonly type: 'batches';
      readonly task: number;
      readonly batches: BatchSet;
      /** Of a share of a capture; null: the rows are all that there are. */
      readonly orders: RowOrders | null;
    }
  /** Pieces of lines for each of the sinks. */
  | { readonly type: 'lines'; readonly task: number; readonly lines: readonly (readonly LineRows[])[] }
  /** The rows of the last `EPOCH_BYTES` have been sent. */
  | { readonly type: 'epoch'; readonly task: number; readonly position: number }
  | {
      readonly type: 'end';
      readonly task: number;
      readonly source: { readonly size: number | null; readonly compression: Compression };
      readonly state: CaptureState | null;
      readonly error: PlainError | null;
    };

/** An error as it crosses between threads. */
export interface PlainError {
  readonly name: string;
  readonly what: string;
  readonly path: string | undefined;
  readonly offset: number | undefined;
  readonly packet: number | undefined;
  readonly hint: string | undefined;
}

export function plainError(error: errors.TlsfpError): PlainError {
  const { name, what, path, offset, packet, hint } = error;
  return { name, what, path, offset, packet, hint };
}

/** The error of another thread, of its own class again. */
export function revivedError(plain: PlainError): errors.TlsfpError {
  const classes = errors as unknown as Record<string, typeof errors.TlsfpError | undefined>;
  const Class = classes[plain.name] ?? errors.TlsfpError;
  const { path, offset, packet, hint } = plain;
  return new Class(plain.what, { path, offset, packet, hint });
}
