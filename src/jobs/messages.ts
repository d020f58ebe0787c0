import type { CaptureState } from '../core/core.js';
import type { StretchReport } from '../core/stretch.js';
import type { BatchSet } from '../core/views.js';
import * as errors from '../errors.js';
import type { LimitName } from '../schema/limits.js';
import type { LinePlan } from '../sink/sink.js';
import type { Compression } from '../source/source.js';
import type { StretchRows } from './joiner.js';

/** How a worker sets its core up; sent as `workerData`. */
export interface WorkerSetup {
  readonly module: WebAssembly.Module;
  readonly layout: 'narrow' | 'wide';
  readonly limits: { readonly [K in LimitName]?: number | undefined } | undefined;
  /** Columns wanted by group; null: all. */
  readonly wanted: Readonly<Record<string, ReadonlySet<string>>> | null;
  /** Set to 1 to stop all workers: an Int32Array of one element. */
  readonly stop: SharedArrayBuffer;
  /** Stretches: the lines of each sink, to be sent in place of batches; null: batches. */
  readonly lines: readonly LinePlan[] | null;
}

/** To a worker. */
export type ToWorker =
  /** Read this capture. */
  | { readonly type: 'read'; readonly task: number; readonly path: string }
  /** Read stretches of this capture, of `size` bytes, as helper `helper` of `helpers`; `plan`: memory of a `Plan`. */
  | {
      readonly type: 'help';
      readonly path: string;
      readonly size: number;
      readonly bytes: number;
      readonly plan: SharedArrayBuffer;
      readonly helper: number;
      readonly helpers: number;
    }
  /** A batch was taken: one more may be sent. */
  | { readonly type: 'credit' };

/** Rows of one sink as text: bytes, where each line ends in them, and the place of each row (`RowOrders`). */
export interface LineRows {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly ends: Uint32Array<ArrayBuffer>;
  readonly orders: Float64Array<ArrayBuffer>;
}

/** Of a stretch, what the thread that joins it needs; null: it could not be read. */
export interface StretchRead {
  readonly report: StretchReport;
  readonly rows: StretchRows;
}

/** From a worker: for each capture `batches` and `progress`, in any number, then `end`; or stretches of a capture. */
export type FromWorker =
  | { readonly type: 'batches'; readonly task: number; readonly batches: BatchSet }
  | { readonly type: 'progress'; readonly task: number; readonly position: number }
  | { readonly type: 'stretch'; readonly index: number; readonly read: StretchRead | null }
  | {
      readonly type: 'end';
      readonly task: number;
      readonly source: { readonly size: number | null; readonly compression: Compression };
      readonly state: CaptureState | null;
      readonly error: PlainError | null;
    };

/** How a capture was read. */
export interface CaptureEnd extends Pick<Extract<FromWorker, { type: 'end' }>, 'source' | 'state'> {
  readonly error: errors.TlsfpError | null;
}

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
