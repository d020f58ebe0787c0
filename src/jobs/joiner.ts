import type { Core } from '../core/core.js';
import type { StretchReport } from '../core/stretch.js';
import { type BatchSet, mapGroups, type RowOrders } from '../core/views.js';
import type { ReadAt } from '../source/read-at.js';
import { type GoneRows, orphans, renumberRows } from './join-rows.js';
import type { OrderedRows } from './merge.js';
import type { LineRows } from './messages.js';
import { type RowsByList, rowsAt } from './places.js';
import type { TakeRows } from './stretch-reader.js';

/** Lines of a stretch for each of several sinks, and the group of rows that they are made of; null: there are none. */
export interface StretchLines {
  readonly lines: readonly (readonly LineRows[])[];
  readonly groups: readonly (keyof BatchSet | null)[];
}

/** Rows of a stretch: as batches, or lines. */
export type StretchRows = { readonly sets: readonly OrderedRows[] } | StretchLines;

/** Of the rows of a stretch those that are gone: of batches, or of the lines of each sink. */
export interface Gone {
  readonly rows: GoneRows | null;
  readonly lines: readonly RowsByList[];
}

/** Joins stretches to a capture that a core has read up to them. */
export class Joiner {
  readonly #core: Core;
  readonly #alone: Core;
  readonly #readAt: ReadAt;
  /** Entries of the trail that were read again for the last stretch. */
  packetsAgain = 0;

  /** @param alone a core like `core`, that is used for nothing else */
  constructor(core: Core, alone: Core, readAt: ReadAt) {
    this.#core = core;
    this.#alone = alone;
    this.#readAt = readAt;
  }

  /**
   * Join a stretch that begins where the core is; what was due before it has been done, and the core's batches are empty. Rows that
   * belong between its own go to `take`, with places counted as those of the stretch.
   *
   * @returns which of its rows are gone; null when it cannot be joined: the core is where it was, and reads on as if there
   * were no stretch
   */
  join(report: StretchReport, rows: StretchRows, captureId: number, take: TakeRows): Gone | null {
    const { stretch } = this.#core;
    if (!stretch.fits(report) || !this.#hasRoom(report)) return null;
    const selection = stretch.select(report, this.#readAt);
    if (selection === null) return null;
    this.packetsAgain = selection.count;
    const before = this.#core.state();
    const replay = (core: Core, taking: TakeRows) => {
      for (let done = 0; done < selection.count; ) {
        done += core.stretch.replay(selection, done, before.packets);
        if (core.hasRows) taking(core.batches(), core.orders());
        core.resetBatches();
      }
    };
    const orders: RowOrders[] = [];
    this.#alone.begin(captureId);
    this.#alone.stretch.selectAs(stretch, selection);
    replay(this.#alone, (_, places) => orders.push(places));
    const gone = this.#goneOf(rows, orders);
    if (gone === null) return null;
    if ('sets' in rows) for (const set of rows.sets) renumberRows(set, BigInt(before.packets));
    replay(this.#core, take);
    stretch.join(report, before, this.#alone.state());
    return gone;
  }

  /** Whether no connection can have had to give way for one of the stretch, nor one of the stretch for another. */
  #hasRoom({ state, touched }: StretchReport): boolean {
    const gaveWay = state.counters.flows_evicted > 0n || state.counters.buffer_limit_hits > 0n;
    return !gaveWay && this.#core.openFlows + touched <= this.#core.maxFlows;
  }

  /** The rows at the places of those that a core without connections has made; null: they are not the same. */
  #goneOf(rows: StretchRows, alone: readonly RowOrders[]): Gone | null {
    const places = (group: keyof BatchSet) => alone.map((orders) => orders[group]);
    if ('lines' in rows) {
      const lines = rows.lines.map((pieces, i) => {
        const own = pieces.map(({ orders }) => orders);
        const group = rows.groups[i]!;
        return rowsAt(own, group === null ? [] : places(group));
      });
      return lines.includes(null) ? null : { rows: null, lines: lines as RowsByList[] };
    }
    const { sets } = rows;
    const of = mapGroups((group) => {
      const own = sets.map(({ orders }) => orders[group]);
      return rowsAt(own, places(group));
    });
    // In the narrow layout it depends on all hellos before which of them bring contents.
    const narrow = this.#core.layout === 'narrow';
    const hello_contents = narrow && of.client_hellos ? orphans(sets, of.client_hellos) : of.hello_contents;
    const all = { ...of, hello_contents };
    return Object.values(all).includes(null) ? null : { rows: all as GoneRows, lines: [] };
  }
}
