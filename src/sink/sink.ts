import type { BatchSet } from '../core/views.js';
import type { CaptureRow } from '../schema/tables.js';

/** A capture as sinks know it. */
export interface SinkCapture {
  /** Stands in the rows' `capture_id`; the database gives its own. */
  readonly id: number;
  /** The capture as given. */
  readonly path: string;
  /** Rows that a database holds of the same path go when these come; default: true but for `-`. */
  readonly replaces?: boolean;
  /** One of many: a sink may keep its rows to write them together with those of others, at the latest at `settle`. */
  readonly oneOfMany?: boolean;
}

/** The lines that a sink of text makes of rows, for those who make them in its place. */
export interface LinePlan {
  readonly format: 'csv' | 'json';
  readonly table: string;
  /** Only these, in this order; undefined: all. */
  readonly columns: readonly string[] | undefined;
}

/**
 * Where rows go. Calls come in this order, one at a time, each awaited:
 * `begin` (`write` | `commit`)* (`end` | `abandon`) for every capture, `settle` between captures, then `close`.
 */
export interface Sink {
  /**
   * Layout of `client_hellos` that it wants from the core. `narrow`: facts, and contents once per distinct hello.
   * `wide`: `hello_contents` has one row for each row of `client_hellos`.
   */
  readonly layout: 'narrow' | 'wide';
  /**
   * Columns it will look at, by group of the core; groups that are not named are wanted whole. Left out: all. What no
   * sink wants is not computed, and its columns are missing from the batches.
   */
  readonly wanted?: { readonly [group: string]: ReadonlySet<string> };
  /** True once nobody reads what is written (a closed pipe): the rest of the work may be left out. */
  readonly finished?: boolean;
  /** Sinks of text: what several threads need to make its lines, for `writeLines`. */
  readonly lines?: LinePlan;
  /** Take lines made by `lines`, in place of `write`; they are the sink's own then. */
  writeLines?(lines: Uint8Array): void | Promise<void>;
  /** A capture begins. */
  begin(capture: SinkCapture): void | Promise<void>;
  /** Take the rows. The batch is borrowed: copy what must outlive the call. */
  write(batches: BatchSet): void | Promise<void>;
  /**
   * What was written so far becomes visible, and the capture goes on: for live input, that has no end. `row` is its
   * state until now. Sinks that show everything at once have no need of it.
   */
  commit?(row: CaptureRow): void | Promise<void>;
  /** The capture is read (whole, or up to `row.error`): what was written becomes visible now, or, of one of many, at `settle`. */
  end(row: CaptureRow): void | Promise<void>;
  /** What has ended becomes visible now. Sinks that keep nothing back have no need of it. */
  settle?(): void | Promise<void>;
  /** The capture failed: forget what can be forgotten (rows that went to a stream cannot). */
  abandon(): void | Promise<void>;
  /** Nothing more comes. Flushes and releases. */
  close(): void | Promise<void>;
}
