import { CoreTrapError, LimitError } from '../errors.js';
import { type CounterName, STATUS } from '../schema/codes.js';
import { CORE_GROUPS } from '../schema/layout.js';
import { LIMITS } from '../schema/limits.js';
import { type Limits, putLimits } from './limits.js';
import { type CoreBuild, type CoreExports, coreModule, defaultBuild, instantiate } from './load.js';
import { CoreStretch } from './stretch.js';
import { type BatchSet, CoreViews, type RowOrders } from './views.js';

/** How a core is set up. */
export interface CoreOptions {
  /** Default: SIMD where the engine has it. */
  readonly build?: CoreBuild | undefined;
  /** Compiled module, when another thread has compiled it already. */
  readonly module?: WebAssembly.Module | undefined;
  /** `wide`: contents stand beside every hello; `narrow`: once per distinct hello. Default: narrow. */
  readonly layout?: 'narrow' | 'wide' | undefined;
  /** Bounds other than the defaults; see `docs/anomalies.md`. */
  readonly limits?: Limits | undefined;
}

/** A ring of packets in the input window of a core, as `assembly/framing/ring.ts` reads it. */
export interface RingLayout {
  readonly kind: 'memif' | 'packet';
  /** Address of the ring header (memif) or of the first block. */
  readonly at: number;
  /** Slots of a memif ring, or blocks; and bytes of a buffer or block. */
  readonly slots: number;
  readonly bytes: number;
  /** memif: address of the first buffer, what the peer counts offsets from, and its cache line. */
  readonly buffers?: number;
  readonly region?: number;
  readonly cacheLine?: 64 | 128;
  /** Packet ring: LINKTYPE of the interface. */
  readonly linkType?: number;
}

/** What can be asked of a memif ring: slots offered to the peer, its interrupts off or on, no slot offered again. */
export const RING_ACTIONS = { offer: 0, mask: 1, unmask: 2, stop: 3 } as const;

/** What `Core.finish` and `Core.process` answer, by name. */
export type CoreStatus = (typeof STATUS)[number]['name'];

const STATUS_NAMES = new Map<number, CoreStatus>(STATUS.map((s) => [s.value, s.name]));

/** What is known of the capture being read. */
export interface CaptureState {
  readonly format: string | null;
  /** Number of the last packet. */
  readonly packets: number;
  /** LINKTYPE values of its packets. */
  readonly linkTypes: number[];
  /** ns since 1970; null before the first packet. */
  readonly firstTs: bigint | null;
  readonly lastTs: bigint | null;
  readonly counters: Record<CounterName, bigint>;
  /** Connections that wait for a hello, and bytes of reassembly memory in use. */
  readonly openFlows: number;
  readonly reassemblyUsed: number;
  /** Byte of the capture where a fatal status arose, and the value that was wrong. */
  readonly errorOffset: number;
  readonly errorDetail: bigint;
}

/** Bytes of the room for Initials that another instance has opened. */
const OPENED_ROOM = 8 << 20;

const FORMATS = [null, 'pcap', 'pcapng', 'ring'] as const;

/**
 * One instance of the WASM core: reads captures block by block into batches of rows.
 *
 * Not reentrant, and of no use after a trap (`CoreTrapError`): make a new one.
 */
export class Core {
  readonly #exports: CoreExports;
  readonly #views: CoreViews;
  #poisoned = false;
  #ringFull = false;
  /** What it was instantiated from; instances that hand something to each other must have the same. */
  readonly module: WebAssembly.Module;
  readonly layout: 'narrow' | 'wide';
  /** Connections that may wait at a time. */
  readonly maxFlows: number;
  /** Calls about stretches of a capture that several cores read. */
  readonly stretch: CoreStretch;

  /**
   * @throws LimitError for a limit out of its range, or limits that together need more memory than there is
   * @throws AbiMismatchError
   */
  constructor(options: CoreOptions = {}) {
    this.module = options.module ?? coreModule(options.build ?? defaultBuild());
    const core = instantiate(this.module);
    this.#exports = core;
    this.layout = options.layout ?? 'narrow';
    this.maxFlows = options.limits?.max_flows ?? LIMITS.find(({ name }) => name === 'max_flows')!.default;
    putLimits(core, options.limits);
    if (core.init(this.layout === 'wide' ? 1 : 0) !== 0) {
      throw new LimitError('the limits together need more than the 4 GiB that WebAssembly can address', {
        hint: 'lower reassembly_bytes, content_cache_bytes, max_flows or batch_rows',
      });
    }
    this.#views = new CoreViews(core.memory, core.controlPtr(), core.descriptorPtr());
    this.project({});
    this.stretch = new CoreStretch(core, this.#views, (call) => this.#call(call));
  }

  /**
   * Columns that are wanted, by name, of groups that are named, and all of the others but those on request; the rest stays out of the
   * batches and is not computed. Once, before the first capture. `content_id` is always there in the narrow layout, which cannot
   * do without.
   */
  project(wanted: { readonly [group: string]: ReadonlySet<string> }): void {
    for (const group of CORE_GROUPS) {
      for (const { spec } of group.columns) {
        const needed = spec.name === 'content_id' && this.layout === 'narrow';
        const asked = wanted[group.name]?.has(spec.name) ?? !spec.onRequest;
        this.#views.setWanted(group.name, spec.name, needed || asked);
      }
    }
  }

  /** Begin a capture; with `keepFlows` the connections of the one before go on in it. */
  begin(captureId: number, keepFlows = false): void {
    this.#call(() => this.#exports.begin(captureId, keepFlows ? 1 : 0));
  }

  /** Make the next sight of every content a row of `hello_contents` again (a new sink has seen none). */
  forgetContents(): void {
    this.#call(() => this.#exports.forgetContents());
  }

  /** The input window: bytes `[at, at + length)` of it, to read into. */
  window(at: number, length: number): Uint8Array {
    return this.#views.bytes(this.#views.u32('window') + at, length);
  }

  /** Size of the input window, bytes. */
  get windowBytes(): number {
    return this.#views.u32('window_bytes');
  }

  /** The kind of records that the capture being read has, for an instance that opens Initials ahead; 0: none can. */
  get openableRecords(): number {
    return this.#call(() => this.#exports.openableRecords());
  }

  /** Where Initials may be put that another instance has opened (`assembly/quic/opened.ts`): the end of the input window. */
  get openedRoom(): Uint8Array<ArrayBuffer> {
    return this.#views.bytes(this.#views.u32('window') + this.windowBytes - OPENED_ROOM, OPENED_ROOM);
  }

  /** Take `bytes` of them, from `at` of that room on, for packets that are still to come in the capture. */
  useOpened(at: number, bytes: number): void {
    const room = this.#views.u32('window') + this.windowBytes - OPENED_ROOM;
    this.#call(() => this.#exports.opened(room + at, bytes));
  }

  /** Consume the whole records among the first `length` bytes of the window. */
  process(length: number, from = 0): { status: CoreStatus; consumed: number } {
    const value = this.#call(() => this.#exports.process(this.#views.u32('window') + from, length - from));
    return { status: STATUS_NAMES.get(value)!, consumed: this.#views.u32('consumed') };
  }

  /** The capture has ended with `rest` bytes unconsumed. */
  finish(rest: number, keepFlows = false): CoreStatus {
    return STATUS_NAMES.get(this.#call(() => this.#exports.finish(rest, keepFlows ? 1 : 0)))!;
  }

  /** Linear memory, that rings are mapped into. */
  get memory(): Uint8Array<ArrayBuffer> {
    return this.#views.bytes(0, this.#views.memoryBytes);
  }

  /** Read a ring from its start, as ring `index` (below 64). */
  attachRing(index: number, ring: RingLayout): void {
    const kind = ring.kind === 'memif' ? 1 : 2;
    const extra = ring.kind === 'memif' ? (ring.cacheLine ?? 64) : (ring.linkType ?? 1);
    const { at, buffers = 0, slots, bytes, region = 0 } = ring;
    this.#call(() => this.#exports.ringAttach(index, kind, at, buffers, slots, bytes, extra, region));
  }

  /** Steer a memif ring. */
  controlRing(index: number, action: keyof typeof RING_ACTIONS): void {
    this.#call(() => this.#exports.ringControl(index, RING_ACTIONS[action]));
  }

  /**
   * Read about `budget` packets of a ring. Makes no objects: this is called all the time.
   *
   * @param nowMs ms since 1970: the time of packets that bring none
   * @returns packets read
   */
  pollRing(index: number, budget: number, nowMs: number): number {
    if (this.#poisoned) throw new CoreTrapError('this core has failed before and cannot be used again');
    try {
      const answer = this.#exports.ringPoll(index, budget, nowMs);
      this.#ringFull = answer < 0;
      return answer < 0 ? -1 - answer : answer;
    } catch (cause) {
      throw this.#poison(cause);
    }
  }

  /** Whether the last `pollRing` stopped because the batches are full. */
  get ringFull(): boolean {
    return this.#ringFull;
  }

  /** Give up connections that have waited too long at `nowMs`; false when the batches were full before it was done. */
  expire(nowMs: number): boolean {
    return this.#call(() => this.#exports.expire(nowMs)) !== 1;
  }

  /** Whether there is any row in the batches. */
  get hasRows(): boolean {
    return CORE_GROUPS.some((_, i) => this.#views.u32('rows', i) > 0);
  }

  /** A counter of the capture, as a number. */
  counter(name: CounterName): number {
    return this.#views.counter(name);
  }

  /** Times of the earliest and the latest packet, ns since 1970; null before the first. */
  get times(): Pick<CaptureState, 'firstTs' | 'lastTs'> {
    const any = this.#views.counter('packets') > 0;
    return {
      firstTs: any ? this.#views.i64('first_ts') : null,
      lastTs: any ? this.#views.i64('last_ts') : null,
    };
  }

  /** Connections that wait for a hello. */
  get openFlows(): number {
    return this.#views.u32('open_flows');
  }

  /** The rows so far, borrowed until the next call into the core. */
  batches(): BatchSet {
    return this.#views.batches();
  }

  /** Where the rows so far stand among those of the capture, whatever connections are kept. */
  orders(): RowOrders {
    return this.#views.orders();
  }

  /** The rows have been taken. */
  resetBatches(): void {
    this.#call(() => this.#exports.resetBatches());
  }

  /** Bytes to be left out before the next block begins. */
  get skip(): number {
    return Number(this.#views.u64('skip'));
  }

  /** What is known of the capture being read. */
  state(): CaptureState {
    const views = this.#views;
    const packets = Number(views.u64('packet'));
    return {
      format: FORMATS[views.u32('format')] ?? null,
      packets,
      linkTypes: Array.from({ length: views.u32('link_type_count') }, (_, i) => views.u32('link_types', i)),
      firstTs: packets ? views.i64('first_ts') : null,
      lastTs: packets ? views.i64('last_ts') : null,
      counters: views.counters(),
      openFlows: views.u32('open_flows'),
      reassemblyUsed: views.u32('reassembly_used'),
      errorOffset: Number(views.u64('error_offset')),
      errorDetail: views.u64('error_detail'),
    };
  }

  #call<T>(call: () => T): T {
    if (this.#poisoned) throw new CoreTrapError('this core has failed before and cannot be used again');
    try {
      return call();
    } catch (cause) {
      throw this.#poison(cause);
    }
  }

  #poison(cause: unknown): CoreTrapError {
    this.#poisoned = true;
    return new CoreTrapError('the core failed; this is a fault of tlsfp, not of the capture', {
      packet: Number(this.#views.u64('packet')),
      hint: 'please report it with the capture, if you can share it',
      cause,
    });
  }
}
