import { COUNTERS, STATUS } from '../schema/codes.js';
import { handoverBytes } from '../schema/control.js';
import type { ReadAt } from '../source/read-at.js';
import type { CaptureState } from './core.js';
import type { CoreExports } from './load.js';
import type { CoreViews } from './views.js';

const ENTRY_BYTES = handoverBytes('entry');
const FINISHED_BYTES = handoverBytes('finished');
const FLOW_BYTES = handoverBytes('flow');
const CHOSEN_BYTES = handoverBytes('chosen');
const STATUS_DONE = STATUS.find(({ name }) => name === 'DONE')!.value;

/** How the input window is used while a stretch is read: its bytes first, then what the core notes. */
const TRAIL_AT = 72 << 20;
const HASHES_AT = 108 << 20;
const MOVED_AT = 112 << 20;
const MOVED_END = 127 << 20;
/** Where pieces of a stretch are told of that are to be read again, and how many there may be. */
const PIECES_AT = HASHES_AT;
const MOST_PIECES = 1 << 16;
/** Bytes of a stretch that can be in the window at a time. */
export const STRETCH_WINDOW = TRAIL_AT - (1 << 20);

/** What a core that does not know what came before tells of a stretch that it has read, besides rows; made to be posted. */
export interface StretchReport {
  /** Bytes of the capture `[from, until)`, both where records begin. */
  readonly from: number;
  readonly until: number;
  /** Times of the capture where it begins and ends, and what packet times are moved by for them, ns. */
  readonly clock: { readonly from: bigint; readonly until: bigint; readonly shift: bigint };
  /** Sections and interfaces met before it. */
  readonly interfaces: number;
  /** False: it cannot be joined. */
  readonly certain: boolean;
  readonly state: CaptureState;
  /** Entries of the trail. Their addresses plus `origin` are places in the capture. */
  readonly trail: Uint8Array;
  readonly origin: number;
  /** Hashes of connections, u32 each: of `touched` that were touched, then of those that are left. */
  readonly hashes: Uint8Array;
  readonly touched: number;
  /** Copies of `finished` connections, then of others. */
  readonly moved: Uint8Array;
  readonly finished: number;
}

/** What a core knows of the place that it has come to. */
interface Started {
  readonly from: number;
  readonly clock: bigint;
  readonly interfaces: number;
  readonly origin: number;
}

/** The calls into a core about stretches of a capture; see `assembly/stretch.ts`. */
export class CoreStretch {
  readonly #exports: CoreExports;
  readonly #views: CoreViews;
  readonly #call: <T>(call: () => T) => T;
  #started: Started | null = null;

  constructor(exports: CoreExports, views: CoreViews, call: <T>(call: () => T) => T) {
    this.#exports = exports;
    this.#views = views;
    this.#call = call;
  }

  /** From now on no record is read that begins at byte `at` of the capture or behind it. */
  stopAt(at: number): void {
    this.#views.setU64('stop', BigInt(at));
  }

  /** Byte of the capture behind the last record that was read. */
  get offset(): number {
    return Number(this.#views.u64('offset'));
  }

  /** Say that the next bytes are those from byte `at` of the capture on. */
  moveTo(at: number): void {
    this.#views.setU64('offset', BigInt(at));
  }

  /**
   * The bytes at `at` of the window are those at `from` of the capture: a stretch begins, without connections. What was read
   * before told format and time.
   */
  begin(from: number, at: number): void {
    const base = this.#views.u32('window');
    const [trail, hashes, moved] = [base + TRAIL_AT, base + HASHES_AT, base + MOVED_AT];
    this.#call(() => this.#exports.stretchBegin(trail, hashes, hashes, moved, BigInt(from)));
    const interfaces = this.#views.u32('interfaces');
    this.#started = { from, clock: this.#views.i64('clock'), interfaces, origin: from - at - base };
  }

  /**
   * The stretch has been read, and its rows taken.
   *
   * @param state of the core, before this call
   * @param room memory of so many bytes, for the report
   */
  end(state: CaptureState, room: (bytes: number) => Uint8Array): StretchReport {
    const views = this.#views;
    const base = views.u32('window');
    this.#call(() => this.#exports.stretchEnd(base + MOVED_AT, base + MOVED_END));
    const { from, clock, interfaces, origin } = this.#started!;
    const [touched, left] = [views.u32('touched'), views.u32('left')];
    const [finished, flows] = [views.u32('moved_finished'), views.u32('moved_flows')];
    const entries = ENTRY_BYTES * views.u32('trail');
    const connections = FINISHED_BYTES * finished + FLOW_BYTES * flows;
    const memory = room(entries + 4 * (touched + left) + connections);
    let used = 0;
    const copy = (at: number, bytes: number) => {
      memory.set(views.bytes(base + at, bytes), used);
      used += bytes;
      return memory.subarray(used - bytes, used);
    };
    const trail = copy(TRAIL_AT, entries);
    copy(HASHES_AT, 4 * touched);
    copy(MOVED_END - 4 * left, 4 * left);
    const hashes = memory.subarray(entries, used);
    return {
      from,
      until: this.offset,
      clock: { from: clock, until: views.i64('clock'), shift: views.i64('clock_shift') },
      interfaces,
      certain: views.u32('uncertain') === 0 && views.u64('skip') === 0n,
      state,
      trail,
      origin,
      hashes,
      touched,
      moved: copy(MOVED_AT, connections),
      finished,
    };
  }

  /** Keep no connection of the capture that was begun: to measure what comes before them. */
  keepNone(): void {
    this.#call(() => this.#exports.keepNone());
  }

  /** Do what is due before the next packet; false when the batches are full: call again. */
  settle(): boolean {
    return this.#call(() => this.#exports.stretchSettle()) === STATUS_DONE;
  }

  /** Whether a stretch that begins where this core is was read with the right time and interfaces. */
  fits({ from, clock, interfaces, certain }: StretchReport): boolean {
    if (!certain || from !== this.offset) return false;
    return this.#call(() => this.#exports.stretchFits(clock.from, clock.shift, interfaces)) !== 0;
  }

  /**
   * Choose the connections that cross a border of the stretch, and bring the packets of these into the window.
   *
   * @returns what is to be read again; null when it cannot be told, or is so much that reading all is quicker
   */
  select(report: StretchReport, readAt: ReadAt): Selection | null {
    const views = this.#views;
    const base = views.u32('window');
    const { trail, hashes, touched } = report;
    views.bytes(base + HASHES_AT, hashes.byteLength).set(hashes);
    views.bytes(base + TRAIL_AT, trail.byteLength).set(trail);
    this.#call(() => this.#exports.stretchChoose(base + HASHES_AT, touched, hashes.byteLength / 4 - touched));
    const all = trail.byteLength / ENTRY_BYTES;
    const count = this.#call(() => this.#exports.stretchSelect(base + TRAIL_AT, all));
    if (count < 0 || (count > MANY && count > all / 2)) return null;
    const bytes = this.#bringPackets(count, report, readAt);
    return bytes === null ? null : { count, bytes, linkType: report.state.linkTypes[0] ?? 0 };
  }

  /** Take over from another core what it has selected. */
  selectAs(other: CoreStretch, { count, bytes }: Selection): void {
    const [from, to] = [other.#views, this.#views];
    const copy = (source: number, target: number, n: number) =>
      to.bytes(target, n).set(from.bytes(source, n));
    const [base, own] = [from.u32('window'), to.u32('window')];
    copy(base, own, bytes);
    copy(base + TRAIL_AT, own + TRAIL_AT, ENTRY_BYTES * count);
    copy(other.#exports.stretchChosen(), this.#exports.stretchChosen(), CHOSEN_BYTES);
  }

  /**
   * Read selected packets from the `from`th on, until all are read or the batches are full. `before`: number of the packet before
   * the stretch.
   *
   * @returns how many were read
   */
  replay({ count, linkType }: Selection, from: number, before: number): number {
    const at = this.#views.u32('window') + TRAIL_AT + ENTRY_BYTES * from;
    this.#call(() => this.#exports.stretchReplay(at, count - from, BigInt(before), linkType));
    return this.#views.u32('consumed');
  }

  /**
   * Take the connections over and go on behind the stretch.
   *
   * @param before state of this core in front of it
   * @param alone state of the core without connections that has read the selected packets
   */
  join(report: StretchReport, before: CaptureState, alone: CaptureState): void {
    const views = this.#views;
    const base = views.u32('window');
    const { state, moved, finished, until, clock } = report;
    const flows = (moved.byteLength - FINISHED_BYTES * finished) / FLOW_BYTES;
    views.bytes(base + MOVED_AT, moved.byteLength).set(moved);
    this.#call(() =>
      this.#exports.stretchJoin(
        base + MOVED_AT,
        finished,
        flows,
        BigInt(before.packets),
        BigInt(state.packets),
        BigInt(until),
        clock.until,
      ),
    );
    for (const [i, { name, scope }] of COUNTERS.entries()) {
      if (scope === 'packet') views.setU64('counters', before.counters[name] + state.counters[name], i);
      else if (scope === 'flow') {
        const here = views.u64('counters', i);
        views.setU64('counters', here + state.counters[name] - alone.counters[name], i);
      }
    }
    for (const linkType of state.linkTypes) this.#call(() => this.#exports.stretchLinkType(linkType));
    if (state.firstTs === null) return;
    if (state.firstTs < views.i64('first_ts')) views.setU64('first_ts', BigInt.asUintN(64, state.firstTs));
    if (state.lastTs! > views.i64('last_ts')) views.setU64('last_ts', BigInt.asUintN(64, state.lastTs!));
  }

  /** Put the packets of the selected entries into the window, one behind the other; answers the bytes, null: they are not there. */
  #bringPackets(count: number, { origin }: StretchReport, readAt: ReadAt): number | null {
    const views = this.#views;
    const base = views.u32('window');
    const [entries, pieces] = [base + TRAIL_AT, base + PIECES_AT];
    const found = this.#call(() =>
      this.#exports.stretchPlace(entries, count, base, STRETCH_WINDOW, pieces, MOST_PIECES),
    );
    if (found < 0) return null;
    const table = new Uint32Array(views.memory.buffer, pieces, 2 * found);
    let at = 0;
    for (let i = 0; i < table.length; i += 2) {
      const bytes = table[i + 1]!;
      if (readAt(views.bytes(base + at, bytes), table[i]! + origin) < bytes) return null;
      at += bytes;
    }
    return at;
  }
}

/** Fewer entries than this are read again however many there are. */
const MANY = 256;

/** What is to be read again of a stretch: entries of its trail, bytes of the window in use for their packets, their LINKTYPE. */
export interface Selection {
  readonly count: number;
  readonly bytes: number;
  readonly linkType: number;
}
