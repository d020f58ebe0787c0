import type { Core } from '../core/core.js';
import { STRETCH_WINDOW, type StretchReport } from '../core/stretch.js';
import type { BatchSet, RowOrders } from '../core/views.js';
import { findRecord, followRecords, type RecordFormat, recordFormat } from '../source/boundary.js';
import type { ReadAt } from '../source/read-at.js';

/**
 * Bytes in front of a stretch in which records are read for the time of the capture there, and bytes in front of these, to be
 * sure of where records begin.
 */
const RUN_UP_BYTES = 64 << 10;
const SURE_BYTES = 64 << 10;
/** Bytes read of a record that goes on behind its stretch, at least. */
const MORE_BYTES = 64 << 10;
/** First bytes of a capture that are looked at. */
const HEAD_BYTES = 64 << 10;

/** A capture of which the middle can be read by itself. */
export interface Divisible {
  readonly head: Uint8Array;
  readonly format: RecordFormat;
  readonly size: number;
}

/** What is to be known of a capture of `size` bytes to read it in stretches; null: it cannot be. */
export function divisible(readAt: ReadAt, size: number): Divisible | null {
  const head = new Uint8Array(Math.min(HEAD_BYTES, size));
  if (fill(readAt, head, 0) < head.length) return null;
  const format = recordFormat(head);
  return format && { head, format, size };
}

/** Takes rows that are borrowed until it returns. */
export type TakeRows = (batches: BatchSet, orders: RowOrders) => void;

/** Reads stretches of a capture with a core that does not know what came before them. */
export class StretchReader {
  readonly #core: Core;
  readonly #readAt: ReadAt;
  readonly #capture: Divisible;

  constructor(core: Core, readAt: ReadAt, capture: Divisible) {
    this.#core = core;
    this.#readAt = readAt;
    this.#capture = capture;
  }

  /**
   * Read the records that begin in `[from, until)` of the capture, at most `MAX_STRETCH_BYTES`.
   *
   * @param captureId what stands in the rows
   * @param room memory of so many bytes, for the report
   * @returns null when no record was found there, or the stretch is not whole
   */
  read(
    captureId: number,
    from: number,
    until: number,
    take: TakeRows,
    room: (bytes: number) => Uint8Array = (bytes) => new Uint8Array(bytes),
  ): StretchReport | null {
    const core = this.#core;
    const { format, size } = this.#capture;
    const before = Math.max(format.first, from - RUN_UP_BYTES - SURE_BYTES);
    const window = core.window(0, STRETCH_WINDOW);
    if (until - from > MAX_STRETCH_BYTES || !this.#readHead(captureId)) return null;
    let length = fill(this.#readAt, window.subarray(0, Math.min(until + MORE_BYTES, size) - before), before);
    const bytes = window.subarray(0, Math.min(length, from - before + SURE_BYTES));
    const isEnd = before + bytes.length === size;
    const first = before === format.first ? 0 : findRecord(format, bytes, SURE_BYTES, isEnd);
    const start = first === null ? null : followRecords(format, bytes, first, from - before);
    if (first === null || start === null || before + start >= until) return null;
    if (!this.#runUp(before, first, start)) return null;
    core.stretch.begin(before + start, start);
    core.stretch.stopAt(until);
    for (let at = start; ; ) {
      const { status, consumed } = core.process(length, at);
      at += consumed;
      if (status !== 'NEED_INPUT' && status !== 'BATCH_FULL') return null;
      if (status === 'BATCH_FULL') this.#take(take);
      else if (core.stretch.offset >= until || before + length === size) break;
      else {
        const more = Math.min(STRETCH_WINDOW - length, 2 * MAX_RECORD_BYTES);
        const got = fill(this.#readAt, window.subarray(length, length + more), before + length);
        if (got === 0) return null;
        length += got;
      }
    }
    if (core.hasRows) this.#take(take);
    if (core.stretch.offset < Math.min(until, size)) return null;
    return core.stretch.end(core.state(), room);
  }

  /** Format, interfaces and the first packet, which the time of the capture begins with. */
  #readHead(captureId: number): boolean {
    const core = this.#core;
    const { head, format } = this.#capture;
    core.begin(captureId);
    // Each stretch brings all the contents of its hellos.
    if (core.layout === 'narrow') core.forgetContents();
    core.window(0, head.length).set(head);
    core.stretch.stopAt(format.first + 1);
    return core.process(head.length).status === 'NEED_INPUT' && core.stretch.offset > format.first;
  }

  #runUp(before: number, first: number, start: number): boolean {
    const { stretch } = this.#core;
    stretch.moveTo(before + first);
    stretch.stopAt(before + start);
    for (let at = first; at < start; ) {
      const { status, consumed } = this.#core.process(start, at);
      at += consumed;
      if (status === 'BATCH_FULL') this.#core.resetBatches();
      else if (status !== 'NEED_INPUT' || at < start) return false;
    }
    return true;
  }

  #take(take: TakeRows): void {
    take(this.#core.batches(), this.#core.orders());
    this.#core.resetBatches();
  }
}

/** More than a record can have. */
const MAX_RECORD_BYTES = 1 << 21;
/** The longest stretch that can be read. */
const MAX_STRETCH_BYTES = STRETCH_WINDOW - RUN_UP_BYTES - SURE_BYTES - 2 * MAX_RECORD_BYTES;

/** Fill as much of `into` as there is. */
function fill(readAt: ReadAt, into: Uint8Array, at: number): number {
  let length = 0;
  while (length < into.length) {
    const got = readAt(into.subarray(length), at + length);
    if (got === 0) break;
    length += got;
  }
  return length;
}
