import { handoverBytes } from '../schema/control.js';
import type { CoreExports } from './load.js';
import { CoreViews } from './views.js';

/** Bytes of a capture that there is room for at a time: more than any record, and some. */
const ROOM = 4 << 20;

/** Opens clients' QUIC Initials in pieces of a capture, by an instance of the core of its own (`assembly/quic/opener.ts`). */
export class InitialOpener {
  readonly #exports: CoreExports;
  readonly #window: number;
  readonly #out: number;
  /** Where bytes of the capture go. */
  readonly room: Uint8Array;

  /** @param records their kind (`Core.openableRecords`) */
  constructor(instance: CoreExports, records: number) {
    this.#exports = instance;
    instance.opener(records);
    const views = new CoreViews(instance.memory, instance.controlPtr(), instance.descriptorPtr());
    this.#window = views.u32('window');
    this.#out = this.#window + ROOM;
    this.room = views.bytes(this.#window, ROOM);
  }

  /**
   * Look at some of the records in `[from, until)` of the room.
   *
   * @param place of the first in the capture
   * @param skip bytes of them of which none is to be opened
   * @returns bytes of whole records that were looked at, null if these are no records; and what was opened, borrowed until the next call
   */
  open(
    from: number,
    until: number,
    place: number,
    skip: number,
  ): { looked: number | null; opened: Uint8Array } {
    const n = until - from;
    const low = place % 2 ** 32;
    const looked = this.#exports.openAhead(this.#window + from, n, low, Math.min(skip, n), this.#out);
    const bytes = this.#exports.openedBytes();
    const opened = new Uint8Array(this.#exports.memory.buffer, this.#out, Math.min(bytes, OPENED_BYTES));
    return { looked: looked > n ? null : looked, opened };
  }
}

const OPENED_BYTES = handoverBytes('opened_initials');
