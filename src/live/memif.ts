import type { Core } from '../core/core.js';
import { LiveError } from '../errors.js';
import type { Clock } from './clock.js';
import { type Libc, PollSet, SystemError } from './libc.js';
import { connectMemif, isAbsent, type MemifConnection, MemifRefusal } from './memif-connection.js';
import { MemifCopy } from './memif-copy.js';
import { readMessage } from './memif-messages.js';
import { type LiveRing, POLL_BUDGET, type RingEvent, sleep } from './ring.js';
import type { MemifSpec } from './spec.js';

const LINKTYPE_ETHERNET = 1;
/** Time between two looks at the control socket while packets flow. */
const CONTROL_MS = 50;
/** The first wait before connecting again, and the longest. */
const FIRST_BACKOFF_MS = 50;
const LAST_BACKOFF_MS = 2000;
/** Looks at empty rings for one look at the clock: less than a microsecond. */
const LOOKS = 16;
const ABSENT = 'nobody listens there yet; waiting';
/** A server that is going away is left alone for a moment: DPDK has died of a client that came in between. */
const AFTER_END_MS = 500;
/** What a peer that is gone has left in the rings is read for so long at most. */
const LAST_PACKETS_MS = 1000;

/** What a connection that is up consists of. */
interface Up {
  readonly connection: MemifConnection;
  /** Eventfds, then the control socket. */
  readonly fds: PollSet;
  readonly copies: readonly MemifCopy[] | null;
}

/** The rings of one memif interface. Attaches itself, waits for the peer, and attaches again when it was gone. */
export class MemifRing implements LiveRing {
  readonly format = 'memif';
  readonly linkType = LINKTYPE_ETHERNET;
  readonly spinMs = 1;
  readonly #core: Core;
  readonly #libc: Libc;
  readonly #spec: MemifSpec;
  readonly #clock: Clock;
  readonly #onEvent: RingEvent;
  readonly #memory: Uint8Array<ArrayBuffer>;
  #up: Up | null = null;
  #rings: number;
  #wasUp = false;
  #stopping = false;
  #backoff = FIRST_BACKOFF_MS;
  #nextTry = 0;
  #nextLook = 0;
  #lastReason = '';
  /** Why the connection is about to be closed, and until when what is left in the rings may take. */
  #ending: { readonly reason: string; readonly until: number } | null = null;
  #idle = true;
  readonly #event = new Uint8Array(8);

  constructor(core: Core, libc: Libc, spec: MemifSpec, clock: Clock, onEvent: RingEvent) {
    this.#core = core;
    this.#libc = libc;
    this.#spec = spec;
    this.#clock = clock;
    this.#onEvent = onEvent;
    this.#memory = core.memory;
    this.#rings = spec.rings;
  }

  /** memif has no counter of what a server could not place. */
  takeDrops(): number {
    return 0;
  }

  poll(): number {
    const up = this.#up;
    if (!up) return 0;
    // To ask the time costs more than to look at an empty ring, and leaves garbage.
    const now = this.#clock.now();
    let packets = 0;
    for (let look = 0; look < LOOKS && packets === 0; look++) packets = this.#pollAll(up, now);
    this.#idle = packets === 0;
    return packets;
  }

  #pollAll(up: Up, now: number): number {
    let packets = 0;
    for (let i = 0; i < this.#rings; i++) {
      packets += up.copies ? up.copies[i]!.poll(POLL_BUDGET, now) : this.#core.pollRing(i, POLL_BUDGET, now);
      if (this.#core.ringFull) break;
    }
    return packets;
  }

  /** @throws LiveError the first attempt failed for a reason that waiting does not change */
  service(): void {
    const now = performance.now();
    if (this.#up) {
      if (this.#ending) this.#end(this.#up, now);
      else if (now >= this.#nextLook) {
        this.#nextLook = now + CONTROL_MS;
        this.#look(this.#up, now);
      }
    } else if (!this.#stopping && now >= this.#nextTry) this.#connect(now);
  }

  wait(ms: number): void {
    const up = this.#up;
    if (!up) {
      const left = this.#nextTry - performance.now();
      sleep(Math.max(1, Math.min(ms, left)));
      return;
    }
    this.#interrupts('unmask');
    // A packet that came before the unmasking has raised no interrupt. A wake-up can be lost still: hence the limit.
    if (this.poll() === 0 && up.fds.wait(ms)) {
      for (const fd of up.connection.eventFds) this.#libc.call.read(fd, this.#event, 8);
      if (up.fds.events(up.connection.eventFds.length)) this.#nextLook = 0;
    }
    this.#interrupts('mask');
  }

  quiesce(): void {
    this.#stopping = true;
    if (!this.#up) return;
    for (let i = 0; i < this.#rings; i++) this.#core.controlRing(i, 'stop');
    // A server in the middle of a burst is given time to see that nothing is offered any more: some die when the
    // memory goes while they write.
    sleep(20);
  }

  close(): void {
    this.#up?.connection.close();
    this.#up = null;
  }

  #interrupts(action: 'mask' | 'unmask'): void {
    for (let i = 0; i < this.#rings; i++) {
      this.#core.controlRing(i, action);
      this.#up?.copies?.[i]?.publishFlags();
    }
  }

  #connect(now: number): void {
    try {
      this.#attach(connectMemif(this.#libc, this.#spec, this.#rings, this.#memory));
    } catch (error) {
      this.#failed(error, now);
    }
  }

  #attach(connection: MemifConnection): void {
    const { region, layout } = connection;
    const { ringSize, bufferSize, cacheLine } = this.#spec;
    const fds = new PollSet(this.#libc, [...connection.eventFds, connection.socket.fd]);
    for (let i = 0; i < this.#rings; i++) {
      this.#core.attachRing(i, {
        kind: 'memif',
        at: region.at + layout.rings[i]!,
        buffers: region.at + layout.buffers[i]!,
        slots: ringSize,
        bytes: bufferSize,
        cacheLine,
        region: region.at,
      });
    }
    const copies = region.outside
      ? layout.rings.map((_, i) => new MemifCopy(this.#core, i, this.#spec, connection))
      : null;
    this.#up = { connection, fds, copies };
    // The server empties the rings while it connects: only now may slots be offered.
    for (let i = 0; i < this.#rings; i++) {
      this.#core.controlRing(i, 'offer');
      this.#core.controlRing(i, 'mask');
      copies?.[i]?.publish();
    }
    this.#wasUp = true;
    this.#backoff = FIRST_BACKOFF_MS;
    this.#lastReason = '';
    const rings = this.#rings === 1 ? '1 ring' : `${this.#rings} rings`;
    const how = region.outside ? 'packets are copied' : 'packets are read in place';
    this.#onEvent(`attached to ${connection.serverName || 'the server'}, ${rings} of ${ringSize}; ${how}`);
  }

  #failed(error: unknown, now: number): void {
    if (error instanceof MemifRefusal && error.fewerRings && this.#rings > 1) {
      this.#rings--;
      this.#nextTry = now;
      this.#report(`the server has fewer queues than ${this.#spec.rings}: taking fewer rings`);
      return;
    }
    const absent = isAbsent(error);
    if (!absent && !(error instanceof MemifRefusal) && !(error instanceof SystemError)) throw error;
    const reason = absent
      ? ABSENT
      : error instanceof SystemError
        ? `cannot connect: ${error.words}`
        : (error as Error).message;
    const retry = absent || (error instanceof MemifRefusal && error.retry);
    if (!retry && !this.#wasUp) {
      throw new LiveError(reason, { path: this.#spec.name, hint: hintFor(error) });
    }
    this.#report(absent ? ABSENT : `${reason}; waiting`);
    this.#nextTry = now + this.#backoff;
    this.#backoff = Math.min(2 * this.#backoff, LAST_BACKOFF_MS);
  }

  /** One line for each new reason, not one for each attempt. */
  #report(reason: string): void {
    if (reason === this.#lastReason) return;
    this.#lastReason = reason;
    this.#onEvent(reason);
  }

  #look(up: Up, now: number): void {
    const bytes = up.connection.socket.receive(0);
    if (bytes === null) return;
    // Nothing is expected any more: whatever comes ends the connection.
    const message = bytes === 'closed' ? null : readMessage(bytes);
    let reason = 'the peer sent what is no memif message in its place';
    if (bytes === 'closed') reason = 'the peer is gone';
    else if (message?.type === 'disconnect')
      reason = `the peer disconnected: ${message.reason || message.code}`;
    for (let i = 0; i < this.#rings; i++) this.#core.controlRing(i, 'stop');
    this.#ending = { reason, until: now + LAST_PACKETS_MS };
    this.#idle = false;
  }

  /** The peer is gone: what it left in the rings is still there and is read before they go. */
  #end(up: Up, now: number): void {
    const { reason, until } = this.#ending!;
    if (!this.#idle && now < until) return;
    up.connection.close();
    this.#up = null;
    this.#ending = null;
    this.#rings = this.#spec.rings;
    this.#nextTry = now + AFTER_END_MS;
    this.#report(`${reason}; waiting for it to come back`);
    // That nobody listens there meanwhile is no news.
    this.#lastReason = ABSENT;
  }
}

function hintFor(error: unknown): string | undefined {
  if (error instanceof SystemError && error.code === 'EACCES') {
    return 'run as a user who may write to the socket, or change its owner or mode';
  }
  if (error instanceof MemifRefusal && /secret/i.test(error.message)) return 'add secret=... to the ring';
  return undefined;
}
