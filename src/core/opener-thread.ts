import { Worker } from 'node:worker_threads';
import { CoreTrapError } from '../errors.js';
import type { CaptureSource } from '../source/source.js';
import type { Core } from './core.js';
import { OpenedRing, RING_BYTES } from './opened-ring.js';
import type { OpenedAhead } from './read.js';

/** What the thread that opens Initials begins with; sent as `workerData`. */
export interface OpenerSetup {
  readonly module: WebAssembly.Module;
  readonly path: string;
  /** Kind of its records (`Core.openableRecords`). */
  readonly records: number;
  /** Of an `OpenedRing`. */
  readonly memory: SharedArrayBuffer;
}

/** When the thread pays. */
export interface OpenerTerms {
  /** Bytes of the capture over which it is judged. */
  readonly span: number;
  /** Initials opened in a MiB, for it to begin; with a quarter of that it ends. */
  readonly density: number;
  /** Bytes of the capture that are left when it begins. */
  readonly left: number;
}

const TERMS: OpenerTerms = { span: 4 << 20, density: 150, left: 64 << 20 };

/** Places of the numbers in what the core is given (`assembly/quic/opened.ts`), bytes. */
const PLACE = 0;
const BYTES = 4;

/**
 * Has Initials of a capture opened by another thread, in front of the core that walks it: once there are many. Where that thread is
 * too late, the core opens them itself.
 */
export class OpenerThread implements OpenedAhead {
  readonly #core: Core;
  readonly #source: CaptureSource;
  readonly #terms: OpenerTerms;
  /** Memory of the core for what was opened: `[from, until)`, of which `[from, whole)` are whole. */
  readonly #room: Uint8Array;
  readonly #words: DataView;
  #from = 0;
  #whole = 0;
  #until = 0;
  #ring: OpenedRing | null = null;
  #worker: Worker | null = null;
  #failure: Error | null = null;
  #over = false;
  /** Where it was judged last, and Initials opened until then. */
  #judged = { place: 0, opened: 0 };

  constructor(core: Core, source: CaptureSource, terms: OpenerTerms = TERMS) {
    this.#core = core;
    this.#source = source;
    this.#terms = terms;
    this.#room = core.openedRoom;
    this.#words = new DataView(this.#room.buffer, this.#room.byteOffset, this.#room.byteLength);
  }

  /** @throws CoreTrapError */
  before(from: number, until: number): void {
    if (this.#failure !== null) throw this.#failure;
    if (this.#over) return;
    const density = this.#density(from);
    if (this.#ring === null) {
      if (!(density >= this.#terms.density) || !this.#canStart(from)) return;
      this.#ring = this.#start();
    } else if (density < this.#terms.density / 4) {
      this.#over = true;
      this.#ring.stop();
      this.#core.useOpened(0, 0);
      return;
    }
    this.#ring.passTo(from, until);
    this.#drop(from);
    // More would only be moved to and fro.
    if (this.#until - this.#from < RING_BYTES)
      this.#until += this.#ring.take(this.#room.subarray(this.#until));
    while (this.#until - this.#whole > BYTES) {
      const bytes = this.#words.getUint32(this.#whole + BYTES, true);
      if (this.#whole + bytes > this.#until) break;
      this.#whole += bytes;
    }
    this.#core.useOpened(this.#from, this.#whole - this.#from);
  }

  async close(): Promise<void> {
    this.#ring?.stop();
    await this.#worker?.terminate();
  }

  /** Forget what was opened in front of `place`, and move the rest to the start if room is needed. */
  #drop(place: number): void {
    const low = place % 2 ** 32;
    while (this.#from < this.#whole && (this.#words.getUint32(this.#from + PLACE, true) - low) << 0 < 0) {
      this.#from += this.#words.getUint32(this.#from + BYTES, true);
    }
    if (this.#room.length - this.#until >= RING_BYTES) return;
    this.#room.copyWithin(0, this.#from, this.#until);
    this.#whole -= this.#from;
    this.#until -= this.#from;
    this.#from = 0;
  }

  /** Initials opened in a MiB of what was read last; NaN before that is enough to tell. */
  #density(place: number): number {
    const { place: from, opened: before } = this.#judged;
    if (place - from < this.#terms.span) return Number.NaN;
    const opened = this.#core.counter('quic_initials_decrypted');
    this.#judged = { place, opened };
    return ((opened - before) * 2 ** 20) / (place - from);
  }

  /** Whether the capture is of a kind that another thread can read, as it is not if it is compressed, and enough of it is left. */
  #canStart(place: number): boolean {
    const { size, ahead } = this.#source;
    return ahead !== undefined && (size ?? 0) - place >= this.#terms.left && this.#core.openableRecords !== 0;
  }

  #start(): OpenedRing {
    const ring = new OpenedRing();
    const setup: OpenerSetup = {
      // What server keys are derived from differs between the builds.
      module: this.#core.module,
      path: this.#source.path,
      records: this.#core.openableRecords,
      memory: ring.memory,
    };
    this.#worker = new Worker(new URL('../../dist/core/opener-worker.js', import.meta.url), {
      workerData: setup,
    });
    this.#worker.on('error', (cause) => {
      this.#failure = new CoreTrapError('the thread that opens Initials failed; this is a fault of tlsfp', {
        cause,
      });
    });
    this.#worker.unref();
    return ring;
  }
}
