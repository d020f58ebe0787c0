import { type Libc, SystemError } from './libc.js';
import {
  addRegionMessage,
  addRingMessage,
  connectMessage,
  type Incoming,
  initMessage,
  readMessage,
  VERSION,
} from './memif-messages.js';
import { MemifSocket } from './memif-socket.js';
import { mappedLength, mapRegion, type Region, sealedMemory } from './region.js';
import type { MemifSpec } from './spec.js';

/** What we call ourselves towards the server. */
const NAME = 'tlsfp';
const COOKIE = 0x3e31f20;
/** Flags of a ring: 1 = send no interrupts. */
const MASKED = 1;
const EFD_NONBLOCK = 0o4000;
const EFD_CLOEXEC = 0o2000000;
/** A server answers within milliseconds; one that does not is busy or no memif server. */
const ANSWER_MS = 2000;
/** Some servers write whole bursts behind a buffer that is the last one. */
const SLACK_BYTES = 65536;

/** Why a server was not attached to, and whether it may help to try again. */
export class MemifRefusal extends Error {
  readonly retry: boolean;
  /** The server has fewer queues than rings were asked for. */
  readonly fewerRings: boolean;

  constructor(reason: string, how: { retry: boolean; fewerRings?: boolean }) {
    super(reason);
    this.retry = how.retry;
    this.fewerRings = how.fewerRings ?? false;
  }
}

/** Where the rings lie in the region. */
export interface MemifLayout {
  /** Offset of the header of each server-to-client ring. */
  readonly rings: readonly number[];
  /** Offset of the first buffer of each. */
  readonly buffers: readonly number[];
  readonly length: number;
}

/**
 * The client-to-server ring comes first, and is there though nothing is sent: a server with more queues than rings falls
 * back to what lies at the start of the region, and an idle ring does no harm.
 */
export function memifLayout(spec: MemifSpec, rings: number): MemifLayout {
  const header = Math.ceil((2 * spec.cacheLine + 16 * spec.ringSize) / 128) * 128;
  const offsets = Array.from({ length: rings }, (_, i) => header * (1 + i));
  const first = Math.ceil((header * (1 + rings)) / 4096) * 4096;
  const bytes = spec.ringSize * spec.bufferSize;
  return {
    rings: offsets,
    buffers: offsets.map((_, i) => first + i * bytes),
    length: mappedLength(first + rings * bytes + SLACK_BYTES),
  };
}

/** Both sides of an attached server: the control socket and the shared rings. */
export interface MemifConnection {
  readonly socket: MemifSocket;
  readonly region: Region;
  readonly layout: MemifLayout;
  /** Written by the server when packets come on a ring whose interrupts are on. */
  readonly eventFds: readonly number[];
  readonly serverName: string;
  close(): void;
}

class Handshake {
  readonly #spec: MemifSpec;
  readonly #socket: MemifSocket;

  constructor(spec: MemifSpec, socket: MemifSocket) {
    this.#spec = spec;
    this.#socket = socket;
  }

  #next<T extends Incoming['type']>(type: T): Extract<Incoming, { type: T }> {
    const bytes = this.#socket.receive(ANSWER_MS);
    if (bytes === null) throw new MemifRefusal('the server does not answer', { retry: true });
    if (bytes === 'closed') throw new MemifRefusal('the server closed the connection', { retry: true });
    const message = readMessage(bytes);
    if (message?.type === type) return message as Extract<Incoming, { type: T }>;
    if (message?.type !== 'disconnect') {
      throw new MemifRefusal('the server sent what is no memif message in its place', { retry: true });
    }
    const { reason } = message;
    throw new MemifRefusal(`refused by the server: ${reason || `code ${message.code}`}`, {
      retry: !/secret|version|mode/i.test(reason),
      fewerRings: /ring index/i.test(reason),
    });
  }

  #send(message: Uint8Array, fd: number | null = null): void {
    try {
      this.#socket.send(message, fd);
    } catch {
      // A server that refuses may have closed already; its reason is waiting to be read.
    }
  }

  /** @returns the server's name */
  run(regionFd: number, layout: MemifLayout, eventFds: readonly number[]): string {
    const spec = this.#spec;
    const hello = this.#next('hello');
    if (hello.minVersion > VERSION || hello.maxVersion < VERSION) {
      const versions = `${hello.minVersion >> 8} to ${hello.maxVersion >> 8}`;
      throw new MemifRefusal(`the server speaks memif ${versions}, not 2`, { retry: false });
    }
    const log2Size = Math.log2(spec.ringSize);
    if (log2Size > hello.maxLog2RingSize) {
      const most = 2 ** hello.maxLog2RingSize;
      throw new MemifRefusal(`the server takes rings of at most ${most} slots`, { retry: false });
    }
    if (layout.rings.length > hello.maxS2CRing + 1) {
      throw new MemifRefusal(`the server has ${hello.maxS2CRing + 1} queues`, {
        retry: true,
        fewerRings: true,
      });
    }
    this.#send(initMessage(spec.id, spec.secret, NAME));
    this.#next('ack');
    this.#send(addRegionMessage(0, layout.length), regionFd);
    this.#next('ack');
    this.#send(addRingMessage('c2s', 0, 0, log2Size), eventFds.at(-1)!);
    this.#next('ack');
    for (const [i, offset] of layout.rings.entries()) {
      this.#send(addRingMessage('s2c', i, offset, log2Size), eventFds[i]!);
      this.#next('ack');
    }
    this.#send(connectMessage(NAME));
    this.#next('connected');
    return hello.name;
  }
}

function writeHeaders(region: Uint8Array, layout: MemifLayout): void {
  const view = new DataView(region.buffer, region.byteOffset);
  for (const offset of [0, ...layout.rings]) {
    view.setUint32(offset, COOKIE, true);
    view.setUint16(offset + 4, MASKED, true);
  }
}

/**
 * Attach to a memif server with so many rings. The memory is new each time: a former peer keeps no hold of it.
 *
 * @param memory linear memory of the core, whole
 * @throws MemifRefusal the server does not want us, or makes no sense; SystemError there is no server
 */
export function connectMemif(
  libc: Libc,
  spec: MemifSpec,
  rings: number,
  memory: Uint8Array<ArrayBuffer>,
): MemifConnection {
  const layout = memifLayout(spec, rings);
  const socket = new MemifSocket(libc, spec);
  const eventFds: number[] = [];
  let region: Region | null = null;
  const close = () => {
    socket.close();
    for (const fd of eventFds) libc.call.close(fd);
    region?.release();
  };
  try {
    const fd = sealedMemory(libc, layout.length);
    try {
      region = mapRegion(libc, memory, fd, layout.length, spec.copy);
      // One for each ring, and one for the ring that is never used.
      for (let i = 0; i <= rings; i++) {
        eventFds.push(libc.check('eventfd', libc.call.eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)));
      }
      writeHeaders(region.outside ?? memory.subarray(region.at, region.at + region.length), layout);
      const serverName = new Handshake(spec, socket).run(fd, layout, eventFds);
      return { socket, region, layout, eventFds, serverName, close };
    } finally {
      libc.call.close(fd);
    }
  } catch (error) {
    close();
    throw error;
  }
}

/** Whether nobody listens at the socket yet, which is no reason to give up. */
export function isAbsent(error: unknown): boolean {
  return error instanceof SystemError && ['ENOENT', 'ECONNREFUSED', 'EAGAIN'].includes(error.code);
}
