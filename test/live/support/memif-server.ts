import { rmSync } from 'node:fs';
import { type Libc, PollSet } from '../../../src/live/libc.js';
import { messageHeader, unixAddress } from '../../../src/live/memif-socket.js';
import { MemifPeer } from './memif-peer.js';

const AF_UNIX = 1;
const SEQPACKET_CLOEXEC = 5 | 0o2000000;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;

/** How the server behaves. */
export interface ServerOptions {
  readonly id?: number;
  readonly secret?: string;
  /** Queues: more rings are refused. */
  readonly queues?: number;
  readonly versions?: readonly [min: number, max: number];
  /** Bytes that are sent instead of HELLO. */
  readonly greeting?: Uint8Array;
}

/** A message of the client, as the protocol lays it out, and the descriptor that came with it. */
interface Received {
  readonly type: number;
  readonly view: DataView;
  readonly bytes: Uint8Array;
  readonly fd: number | null;
}

/** A client that has connected. */
export interface Client {
  readonly secret: string;
  readonly id: number;
  readonly name: string;
  readonly peers: readonly MemifPeer[];
  /** Descriptor of the shared memory, and its size as announced. */
  readonly regionFd: number;
  readonly regionLength: number;
  readonly region: Uint8Array;
  /** Raise the interrupt of a ring. */
  interrupt(ring: number): void;
  /** Send anything on the control socket. */
  say(bytes: Uint8Array): void;
  close(): void;
}

function hello(versions: readonly [number, number]): Uint8Array {
  const bytes = new Uint8Array(128);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 2, true);
  bytes.set(Buffer.from('fake server'), 2);
  view.setUint16(34, versions[0], true);
  view.setUint16(36, versions[1], true);
  view.setUint16(38, 255, true);
  view.setUint16(40, 255, true);
  view.setUint16(42, 255, true);
  view.setUint8(44, 14);
  return bytes;
}

/** DISCONNECT with a reason. */
export function disconnect(reason: string, code = 0): Uint8Array {
  const bytes = new Uint8Array(128);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 8, true);
  view.setUint32(2, code, true);
  bytes.set(Buffer.from(reason), 6);
  return bytes;
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1').replace(/\0.*$/s, '');

/** A memif server, written after the protocol: one interface on one socket. Everything waits by turning the event loop. */
export class MemifServer {
  readonly #libc: Libc;
  readonly #path: string;
  readonly #abstract: boolean;
  readonly #options: ServerOptions;
  readonly #fd: number;
  #closed = false;
  /** Reasons it has refused clients for. */
  readonly refused: string[] = [];

  constructor(libc: Libc, path: string, options: ServerOptions = {}, abstract = false) {
    this.#libc = libc;
    this.#path = path;
    this.#abstract = abstract;
    this.#options = options;
    this.#fd = libc.check('socket', libc.call.socket(AF_UNIX, SEQPACKET_CLOEXEC, 0));
    const { bytes, length } = unixAddress(path, abstract);
    libc.check('bind', libc.call.bind(this.#fd, bytes, length));
    libc.check('listen', libc.call.listen(this.#fd, 8));
  }

  close(): void {
    this.#closed = true;
    this.#libc.call.close(this.#fd);
    if (!this.#abstract) rmSync(this.#path, { force: true });
  }

  /** Wait for a client that connects as it should; others are refused on the way. */
  async client(): Promise<Client> {
    for (;;) {
      const fd = await this.#accept();
      const client = await this.#greet(fd);
      if (client) return client;
      this.#libc.call.close(fd);
    }
  }

  async #accept(): Promise<number> {
    await this.#readable(this.#fd);
    return this.#libc.check('accept', this.#libc.call.accept(this.#fd, null, null));
  }

  async #readable(fd: number): Promise<void> {
    const set = new PollSet(this.#libc, [fd]);
    const until = Date.now() + 20_000;
    while (!set.wait(0)) {
      if (Date.now() > until) throw new Error('the client says nothing');
      await new Promise((resolve) => setTimeout(resolve, 2));
      // Its descriptors may be somebody else's by now.
      if (this.#closed) throw new Error('the server was closed');
    }
  }

  async #receive(fd: number): Promise<Received | null> {
    await this.#readable(fd);
    const bytes = new Uint8Array(256);
    const [header, , control] = messageHeader(this.#libc, bytes, 0);
    const got = Number(this.#libc.call.recvmsg(fd, header!, 0));
    if (got !== 128) return null;
    const controlView = new DataView(control!.buffer);
    const controlLength = new DataView(header!.buffer).getBigUint64(40, true);
    const passed = controlLength >= 20n ? controlView.getInt32(16, true) : null;
    const view = new DataView(bytes.buffer, 0, 128);
    return { type: view.getUint16(0, true), view, bytes, fd: passed };
  }

  #send(fd: number, bytes: Uint8Array): void {
    const parts = messageHeader(this.#libc, bytes, null);
    this.#libc.call.sendmsg(fd, parts[0]!, 0x4000);
  }

  #refuse(fd: number, reason: string): null {
    this.refused.push(reason);
    this.#send(fd, disconnect(reason));
    return null;
  }

  async #greet(fd: number): Promise<Client | null> {
    const { greeting, versions = [0x0200, 0x0200] } = this.#options;
    this.#send(fd, greeting ?? hello(versions));
    if (greeting) {
      this.refused.push('greeting');
      await this.#receive(fd).catch(() => null);
      return null;
    }
    const init = await this.#receive(fd);
    if (init?.type !== 3) return null;
    const secret = text(init.bytes.subarray(9, 33));
    const id = init.view.getUint32(4, true);
    if (id !== (this.#options.id ?? 0)) return this.#refuse(fd, 'ID not found');
    const wanted = this.#options.secret ?? '';
    if (secret !== wanted) return this.#refuse(fd, secret === '' ? 'Secret required' : 'Incorrect secret');
    this.#send(fd, ack());
    return this.#describe(fd, { secret, id, name: text(init.bytes.subarray(33, 65)) });
  }

  async #describe(fd: number, who: Pick<Client, 'secret' | 'id' | 'name'>): Promise<Client | null> {
    const rings: { offset: number; slots: number; eventFd: number }[] = [];
    let regionFd = -1;
    let regionLength = 0;
    for (;;) {
      const message = await this.#receive(fd);
      if (message === null) return null;
      if (message.type === 4) {
        regionFd = message.fd!;
        regionLength = Number(message.view.getBigUint64(4, true));
      } else if (message.type === 5 && (message.view.getUint16(2, true) & 1) === 0) {
        if (message.view.getUint16(4, true) >= (this.#options.queues ?? 256)) {
          return this.#refuse(fd, 'Invalid ring index');
        }
        const offset = message.view.getUint32(8, true);
        rings.push({ offset, slots: 2 ** message.view.getUint8(12), eventFd: message.fd! });
      } else if (message.type === 6) break;
      this.#send(fd, ack());
    }
    const address = this.#libc.call.mmap(0n, regionLength, PROT_READ_WRITE, MAP_SHARED, regionFd, 0);
    const region = this.#libc.view(BigInt(address), regionLength);
    // A server empties the rings while it connects.
    const view = new DataView(region.buffer, region.byteOffset);
    for (const ring of rings) {
      view.setUint16(ring.offset + 6, 0, true);
      view.setUint16(ring.offset + 64, 0, true);
    }
    const connected = new Uint8Array(128);
    connected[0] = 7;
    this.#send(fd, connected);
    const one = new Uint8Array(new BigUint64Array([1n]).buffer);
    return {
      ...who,
      regionFd,
      regionLength,
      region,
      peers: rings.map(({ offset, slots }) => new MemifPeer(region, { offset, slots, cacheLine: 64 })),
      interrupt: (ring) => this.#libc.call.write(rings[ring]!.eventFd, one, 8),
      say: (bytes) => this.#send(fd, bytes),
      close: () => {
        this.#libc.call.close(fd);
        this.#libc.call.munmap(BigInt(address), regionLength);
        this.#libc.call.close(regionFd);
        for (const { eventFd } of rings) this.#libc.call.close(eventFd);
      },
    };
  }
}

function ack(): Uint8Array {
  const bytes = new Uint8Array(128);
  bytes[0] = 1;
  return bytes;
}
