import { CoreTrapError } from '../errors.js';
import { CORE_GROUPS, FINGERPRINT_KEY } from '../schema/layout.js';
import { putLimits } from './limits.js';
import type { CoreExports } from './load.js';
import { sliceRows } from './take.js';
import { type Batch, type BatchSet, type ColumnView, CoreViews } from './views.js';

/** The columns that come from a key. */
export const KEYED_COLUMNS = ['ja3', 'ja3n', 'ja3_text', 'ja4', 'ja4_r', 'ja4_o', 'ja4_ro'] as const;

/** Columns of `hello_contents` that come from all of a content: a key does not say them. */
const WHOLE_COLUMNS = ['content_id', 'npf', 'npf_degreased'] as const;

/** Rows at a time: all of most batches, since each slice is so many calls. */
const SLICE_ROWS = 16_384;

/** Whether a key can stand for what is wanted of `hello_contents`. */
export function isKeyed(wanted: ReadonlySet<string>): boolean {
  return KEYED_COLUMNS.some((name) => wanted.has(name)) && !WHOLE_COLUMNS.some((name) => wanted.has(name));
}

/** What a core is asked for in place of fingerprints that another instance computes from keys. */
export function withKeys(wanted: ReadonlySet<string>): Set<string> {
  const others = [...wanted].filter((name) => !(KEYED_COLUMNS as readonly string[]).includes(name));
  return new Set([...others, FINGERPRINT_KEY.name]);
}

/**
 * Computes JA3, JA4 and their forms from `fingerprint_key`, by an instance of the core of its own: so that another thread than
 * the one that walks over packets can do it.
 */
export class Fingerprinter {
  readonly #exports: CoreExports;
  readonly #views: CoreViews;
  readonly #window: number;
  readonly #memory: Uint8Array;
  readonly #sliceRows: number;

  /**
   * @param wanted columns of `hello_contents`
   * @param instance one that does nothing else, but what a `LineWriter` does
   * @param sliceRows rows at a time, a multiple of 8
   */
  constructor(wanted: ReadonlySet<string>, instance: CoreExports, sliceRows = SLICE_ROWS) {
    this.#sliceRows = sliceRows;
    this.#exports = instance;
    putLimits(instance);
    if (instance.fingerprinter() !== 0) throw new CoreTrapError('no memory for the fingerprints');
    this.#views = new CoreViews(instance.memory, instance.controlPtr(), instance.descriptorPtr());
    for (const { name, columns } of CORE_GROUPS) {
      for (const { spec } of columns) {
        const comes = name === 'hello_contents' && (KEYED_COLUMNS as readonly string[]).includes(spec.name);
        this.#views.setWanted(name, spec.name, comes && wanted.has(spec.name));
      }
    }
    this.#window = this.#views.u32('window');
    this.#memory = new Uint8Array(instance.memory.buffer);
    instance.fingerprintBegin();
  }

  /**
   * Rows of the wide layout with the fingerprints in place of the keys, in pieces, each borrowed until the next is taken; rows of
   * other groups are not to be looked at. Where there are no keys, since somebody wants all columns but those on request, the
   * fingerprints are there.
   */
  *complete(batches: BatchSet): Generator<BatchSet, void, undefined> {
    const { client_hellos: facts, hello_contents: contents } = batches;
    const keys = contents.columns.find(({ spec }) => spec.name === FINGERPRINT_KEY.name);
    if (keys === undefined) {
      yield batches;
      return;
    }
    const others = contents.columns.filter((column) => column !== keys);
    for (let from = 0; from < facts.rows; ) {
      const until = this.#fingerprint(keys, from);
      const made = this.#views.batches().hello_contents;
      const kept = others.map((column) => sliceRows(column, from, until));
      yield {
        ...batches,
        client_hellos: slice(facts, from, until),
        hello_contents: { ...contents, rows: until - from, columns: [...kept, ...made.columns] },
      };
      this.#exports.resetBatches();
      from = until;
    }
  }

  /** Put fingerprints of keys from row `from` on, a multiple of 8, into the batch; answers the row behind the last. */
  #fingerprint(keys: ColumnView, from: number): number {
    const { offsets, data, validity, rows } = sliceRows(
      keys,
      from,
      Math.min(keys.rows, from + this.#sliceRows),
    );
    const first = offsets![0]!;
    const ends = new Uint8Array(offsets!.buffer, offsets!.byteOffset, offsets!.byteLength);
    const bits = this.#window + ends.length;
    const start = bits + (validity?.length ?? 0);
    // All keys of a batch have room in the window.
    this.#memory.set(ends, this.#window);
    if (validity) this.#memory.set(validity, bits);
    this.#memory.set(data.subarray(first, offsets![rows]!), start);
    return from + this.#exports.fingerprintKeys(this.#window, start - first, validity ? bits : 0, rows);
  }
}

function slice(batch: Batch, from: number, until: number): Batch {
  if (from === 0 && until === batch.rows) return batch;
  return {
    ...batch,
    rows: until - from,
    columns: batch.columns.map((column) => sliceRows(column, from, until)),
  };
}
