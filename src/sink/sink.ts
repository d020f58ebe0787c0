import type { BatchSet } from '../core/views.js';
import type { CaptureRow } from '../schema/tables.js';

/**
 * Where rows go. Calls come in this order, one at a time, each awaited:
 * `begin` (`write`* `end` | `abandon`) for every capture, then `close`.
 */
export interface Sink {
  /**
   * Layout of `client_hellos` that it wants from the core. `narrow`: facts, and contents once per distinct hello.
   * `wide`: `hello_contents` has one row for each row of `client_hellos`.
   */
  readonly layout: 'narrow' | 'wide';
  /** A capture begins; `id` stands in the rows' `capture_id`, `path` is the capture as given. */
  begin(capture: { id: number; path: string }): void | Promise<void>;
  /** Take the rows. The batch is borrowed: copy what must outlive the call. */
  write(batches: BatchSet): void | Promise<void>;
  /** The capture is read (whole, or up to `row.error`): what was written becomes visible now. */
  end(row: CaptureRow): void | Promise<void>;
  /** Nothing more comes. Flushes and releases. */
  close(): void | Promise<void>;
}
