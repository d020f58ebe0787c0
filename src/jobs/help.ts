import { closeSync, openSync } from 'node:fs';
import { pack } from '../core/parcel.js';
import type { BatchSet } from '../core/views.js';
import { TlsfpError } from '../errors.js';
import { readerAt } from '../source/read-at.js';
import type { StretchRows } from './joiner.js';
import type { OrderedRows } from './merge.js';
import type { FromWorker, LineRows, StretchRead, ToWorker, WorkerSetup } from './messages.js';
import { PlacedLines } from './placed-lines.js';
import { Plan } from './plan.js';
import { divisible, StretchReader } from './stretch-reader.js';
import { workerCore } from './task.js';

type Help = Extract<ToWorker, { type: 'help' }>;

/** Rows of stretches as they are to be sent. */
interface Rows {
  take(batches: BatchSet, orders: OrderedRows['orders']): void;
  /** The rows so far, and the buffers that are to be transferred with them. */
  taken(): { readonly rows: StretchRows; readonly buffers: ArrayBuffer[] };
}

/** Read stretches of a capture, one after the other, until none is left. Throws what is no fault of the capture. */
export async function helpWith(
  { path, size, bytes, plan: memory, helper, helpers }: Help,
  setup: WorkerSetup,
  stopped: () => boolean,
  send: (message: FromWorker, buffers: ArrayBuffer[]) => void,
): Promise<void> {
  const plan = new Plan(size, bytes, helpers, memory);
  const core = workerCore(setup);
  const fd = openSync(path, 'r');
  try {
    const readAt = readerAt(path, fd);
    const capture = divisible(readAt, size);
    if (capture === null) return;
    const reader = new StretchReader(core, readAt, capture);
    const slots = new Slots();
    const rows = setup.lines === null ? new Sets() : await Lines.open(setup, path);
    for (let index = plan.next(helper, stopped); index !== null; ) {
      const { read, buffers } = readStretch(reader, rows, plan, index, slots);
      send({ type: 'stretch', index, read }, buffers);
      index = plan.next(helper, stopped);
    }
  } finally {
    closeSync(fd);
  }
}

function readStretch(
  reader: StretchReader,
  rows: Rows,
  plan: Plan,
  index: number,
  slots: Slots,
): { readonly read: StretchRead | null; readonly buffers: ArrayBuffer[] } {
  try {
    const report = reader.read(
      1,
      plan.from(index),
      plan.until(index),
      (batches, orders) => rows.take(batches, orders),
      (bytes) => slots.room(bytes, index, plan.position),
    );
    const taken = rows.taken();
    if (report === null) return { read: null, buffers: [] };
    return { read: { report, rows: taken.rows }, buffers: taken.buffers };
  } catch (error) {
    // The thread that joins comes to the same fault, and tells of it where it belongs.
    if (!(error instanceof TlsfpError) || error.exitCode === 4) throw error;
    rows.taken();
    return { read: null, buffers: [] };
  }
}

/**
 * Memory for reports, shared with the thread that joins, which is through with one when it has come past its stretch. It is used
 * again: fresh pages would cost more than the copying.
 */
class Slots {
  readonly #slots: { memory: SharedArrayBuffer; index: number }[] = [];

  /** Memory of `bytes` for the report of stretch `index`, while the joining thread is at `position`. */
  room(bytes: number, index: number, position: number): Uint8Array {
    let slot = this.#slots.find((one) => one.index < position);
    if (slot === undefined) {
      slot = { memory: new SharedArrayBuffer(0), index };
      this.#slots.push(slot);
    }
    // With room to spare: the next is seldom as long.
    if (slot.memory.byteLength < bytes) slot.memory = new SharedArrayBuffer(bytes + (bytes >> 2));
    slot.index = index;
    return new Uint8Array(slot.memory, 0, bytes);
  }
}

class Sets implements Rows {
  #sets: OrderedRows[] = [];
  #buffers: ArrayBuffer[] = [];

  take(batches: BatchSet, orders: OrderedRows['orders']): void {
    const own = pack(batches);
    this.#sets.push({ batches: own.batches, orders });
    this.#buffers.push(own.buffer);
  }

  taken(): ReturnType<Rows['taken']> {
    const taken = { rows: { sets: this.#sets }, buffers: this.#buffers };
    this.#sets = [];
    this.#buffers = [];
    return taken;
  }
}

class Lines implements Rows {
  readonly #makers: readonly PlacedLines[];
  #lines: LineRows[][];

  private constructor(makers: readonly PlacedLines[]) {
    this.#makers = makers;
    this.#lines = makers.map(() => []);
  }

  static async open(setup: WorkerSetup, path: string): Promise<Lines> {
    const makers = setup.lines!.map((plan) => new PlacedLines(plan, setup.module));
    for (const maker of makers) await maker.begin(path);
    return new Lines(makers);
  }

  take(batches: BatchSet, orders: OrderedRows['orders']): void {
    for (const [i, maker] of this.#makers.entries()) this.#lines[i]!.push(...maker.ofBatch(batches, orders));
  }

  taken(): ReturnType<Rows['taken']> {
    const lines = this.#lines;
    const buffers = lines
      .flat()
      .flatMap(({ bytes, ends, orders }) => [bytes.buffer, ends.buffer, orders.buffer]);
    this.#lines = this.#makers.map(() => []);
    return { rows: { lines, groups: this.#makers.map(({ group }) => group) }, buffers };
  }
}
