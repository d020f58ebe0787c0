import { COUNTERS, type CounterName } from '../schema/codes.js';
import type { ColumnSpec } from '../schema/column.js';
import { COLUMN_DESCRIPTOR, CONTROL, offsetsOf } from '../schema/control.js';
import { CORE_GROUPS, type CoreGroup } from '../schema/layout.js';

/**
 * One column of a batch as views on the core's memory (Arrow layout, little-endian). Borrowed: valid until the
 * next call into the core.
 */
export interface ColumnView {
  readonly spec: ColumnSpec;
  readonly rows: number;
  readonly nullCount: number;
  /** Validity bits, LSB first, 1 = valid; null when no row is null. */
  readonly validity: Uint8Array | null;
  /** `rows + 1` offsets: into `data` for utf8/binary (bytes), into the elements for lists; null for fixed width. */
  readonly offsets: Int32Array | null;
  /** Values (fixed width; bool as bits, LSB first), text bytes, or list elements. */
  readonly data: Uint8Array;
  /** list<utf8>: offsets of the elements into `data`, `elements + 1` of them. */
  readonly childOffsets: Int32Array | null;
}

/** Rows of one group of core columns. Borrowed like its columns. */
export interface Batch {
  readonly group: string;
  readonly rows: number;
  readonly columns: readonly ColumnView[];
}

/** The batches that the core hands over at one time. Empty ones have `rows === 0`. */
export interface BatchSet {
  readonly client_hellos: Batch;
  /**
   * Contents of hellos. Narrow layout: one row per content not seen lately (repeats are possible: keep the first
   * of each `content_id`). Wide layout: row i belongs to row i of `client_hellos`.
   */
  readonly hello_contents: Batch;
  readonly server_hellos: Batch;
  readonly certificates: Batch;
}

/** By group of rows: two numbers a row, which rise from row to row, over all batches of a capture. */
export type RowOrders = { readonly [Group in keyof BatchSet]: Float64Array<ArrayBuffer> };

/** The groups of rows, in the order of the core. */
export const GROUPS = ['client_hellos', 'hello_contents', 'server_hellos', 'certificates'] as const;

/** Something for each group. */
export function mapGroups<T>(of: (group: keyof BatchSet, index: number) => T): {
  readonly [Group in keyof BatchSet]: T;
} {
  const [client_hellos, hello_contents, server_hellos, certificates] = GROUPS.map(of);
  return {
    client_hellos: client_hellos!,
    hello_contents: hello_contents!,
    server_hellos: server_hellos!,
    certificates: certificates!,
  };
}

const control = new Map(CONTROL.map((f, i) => [f.name as string, offsetsOf(CONTROL).offsets[i]!]));
const column = new Map(
  COLUMN_DESCRIPTOR.map((f, i) => [f.name as string, offsetsOf(COLUMN_DESCRIPTOR).offsets[i]!]),
);
const COUNTER_INDEX = new Map<CounterName, number>(COUNTERS.map((c, i) => [c.name, i]));
const COLUMN_BYTES = offsetsOf(COLUMN_DESCRIPTOR).size;
const FIXED_BITS: Partial<Record<ColumnSpec['type'], number>> = {
  bool: 1,
  u8: 8,
  u16: 16,
  u32: 32,
  u64: 64,
  ts: 64,
};

/** Reader of the core's control block and batch descriptors: the only place that knows addresses. */
export class CoreViews {
  readonly #memory: WebAssembly.Memory;
  readonly #whole: DataView;
  readonly #control: number;
  readonly #descriptors: number;

  /**
   * @param memory the core's memory; must not grow afterwards
   * @param controlPtr address of the control block
   * @param descriptorPtr address of the first column descriptor
   */
  constructor(memory: WebAssembly.Memory, controlPtr: number, descriptorPtr: number) {
    this.#memory = memory;
    this.#whole = new DataView(memory.buffer);
    this.#control = controlPtr;
    this.#descriptors = descriptorPtr;
  }

  #view(): DataView {
    return this.#whole;
  }

  /** A u32 field of the control block; `index` for arrays. */
  u32(name: (typeof CONTROL)[number]['name'], index = 0): number {
    return this.#view().getUint32(this.#control + control.get(name)! + 4 * index, true);
  }

  /** A u64 field of the control block. */
  u64(name: (typeof CONTROL)[number]['name'], index = 0): bigint {
    return this.#view().getBigUint64(this.#control + control.get(name)! + 8 * index, true);
  }

  /** An i64 field of the control block. */
  i64(name: (typeof CONTROL)[number]['name']): bigint {
    return this.#view().getBigInt64(this.#control + control.get(name)!, true);
  }

  /** Write a 64-bit field of the control block. */
  setU64(name: (typeof CONTROL)[number]['name'], value: bigint, index = 0): void {
    this.#view().setBigUint64(this.#control + control.get(name)! + 8 * index, value, true);
  }

  /** Linear memory. */
  get memory(): WebAssembly.Memory {
    return this.#memory;
  }

  /** One counter of the capture, as a number: exact below 2^53. */
  counter(name: CounterName): number {
    const at = this.#control + control.get('counters')! + 8 * COUNTER_INDEX.get(name)!;
    return this.#whole.getUint32(at, true) + this.#whole.getUint32(at + 4, true) * 0x1_0000_0000;
  }

  /** Size of linear memory. */
  get memoryBytes(): number {
    return this.#memory.buffer.byteLength;
  }

  /** All counters of the capture being read. */
  counters(): Record<CounterName, bigint> {
    return Object.fromEntries(COUNTERS.map((c, i) => [c.name, this.u64('counters', i)])) as Record<
      CounterName,
      bigint
    >;
  }

  /** Bytes `[at, at + length)` of linear memory. */
  bytes(at: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#memory.buffer, at, length);
  }

  /** Leave a column without values from now on, or give it values again. */
  setWanted(group: string, name: string, wanted: boolean): void {
    const found = CORE_GROUPS.find((g) => g.name === group)?.columns.find((c) => c.spec.name === name);
    if (!found) throw new RangeError(`the core has no column ${group}.${name}`);
    const at = this.#descriptors + found.index * COLUMN_BYTES + column.get('unwanted')!;
    this.#view().setUint32(at, wanted ? 0 : 1, true);
  }

  /** The current batches, as views; columns that are not wanted are left out. */
  batches(): BatchSet {
    return mapGroups((_, i) => this.#batch(CORE_GROUPS[i]!, i));
  }

  /** The places of the rows of the current batches among those of the capture: a copy. */
  orders(): RowOrders {
    return mapGroups((_, i) =>
      new Float64Array(this.#memory.buffer, this.u32('orders', i), 2 * this.u32('rows', i)).slice(),
    );
  }

  #batch(group: CoreGroup, index: number): Batch {
    const rows = this.u32('rows', index);
    const columns = group.columns.filter((c) => !this.#isUnwanted(c.index));
    return { group: group.name, rows, columns: columns.map((c) => this.#column(c.spec, c.index, rows)) };
  }

  #isUnwanted(index: number): boolean {
    return (
      this.#view().getUint32(this.#descriptors + index * COLUMN_BYTES + column.get('unwanted')!, true) !== 0
    );
  }

  #column(spec: ColumnSpec, index: number, rows: number): ColumnView {
    const view = this.#view();
    const base = this.#descriptors + index * COLUMN_BYTES;
    const field = (name: string) => view.getUint32(base + column.get(name)!, true);
    const buffer = this.#memory.buffer;
    const nullCount = field('null_count');
    const bits = FIXED_BITS[spec.type];
    const children = field('child_offsets');
    return {
      spec,
      rows,
      nullCount,
      validity: nullCount > 0 ? new Uint8Array(buffer, field('validity'), (rows + 7) >> 3) : null,
      offsets: bits ? null : new Int32Array(buffer, field('offsets'), rows + 1),
      data: new Uint8Array(buffer, field('data'), bits ? (rows * bits + 7) >> 3 : field('data_length')),
      childOffsets: children ? new Int32Array(buffer, children, field('child_length') + 1) : null,
    };
  }
}
