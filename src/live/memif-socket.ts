import { type Libc, PollSet } from './libc.js';
import type { MemifSpec } from './spec.js';

const AF_UNIX = 1;
const SOCK_SEQPACKET = 5;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;

/** `struct sockaddr_un` with the length that the system wants to be told. */
export function unixAddress(path: string, abstract: boolean): { bytes: Uint8Array; length: number } {
  const bytes = new Uint8Array(110);
  new DataView(bytes.buffer).setUint16(0, AF_UNIX, true);
  const name = new TextEncoder().encode(path);
  bytes.set(name, abstract ? 3 : 2);
  return { bytes, length: abstract ? 3 + name.length : 110 };
}

/**
 * `struct msghdr` for one piece of data and, if there is one, a file descriptor that goes with it. The structure holds
 * addresses of the other parts, which must live as long.
 */
export function messageHeader(libc: Libc, data: Uint8Array, fd: number | null): Uint8Array[] {
  const header = new Uint8Array(56);
  const vector = new Uint8Array(16);
  const control = new Uint8Array(24);
  const h = new DataView(header.buffer);
  const v = new DataView(vector.buffer);
  v.setBigUint64(0, libc.address(data), true);
  v.setBigUint64(8, BigInt(data.length), true);
  h.setBigUint64(16, libc.address(vector), true);
  h.setBigUint64(24, 1n, true);
  if (fd !== null) {
    const c = new DataView(control.buffer);
    c.setBigUint64(0, 20n, true);
    c.setInt32(8, SOL_SOCKET, true);
    c.setInt32(12, SCM_RIGHTS, true);
    c.setInt32(16, fd, true);
    h.setBigUint64(32, libc.address(control), true);
    h.setBigUint64(40, BigInt(control.length), true);
  }
  return [header, vector, control, data];
}

/** The control socket of a memif connection. */
export class MemifSocket {
  readonly fd: number;
  readonly #libc: Libc;
  readonly #readable: PollSet;
  readonly #into = new Uint8Array(256);

  /** @throws SystemError */
  constructor(libc: Libc, spec: Pick<MemifSpec, 'socket' | 'abstract'>) {
    this.#libc = libc;
    this.fd = libc.check('socket', libc.call.socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    try {
      const { bytes, length } = unixAddress(spec.socket, spec.abstract);
      libc.check('connect', libc.call.connect(this.fd, bytes, length));
    } catch (error) {
      this.close();
      throw error;
    }
    this.#readable = new PollSet(libc, [this.fd]);
  }

  /** @throws SystemError */
  send(message: Uint8Array, fd: number | null = null): void {
    const parts = messageHeader(this.#libc, message, fd);
    this.#libc.check('sendmsg', this.#libc.call.sendmsg(this.fd, parts[0]!, MSG_NOSIGNAL));
  }

  /**
   * The next message within `ms`: its bytes, `closed`, or null when none came.
   *
   * Received without room for control data: the system drops descriptors that a hostile peer attaches.
   */
  receive(ms: number): Uint8Array | 'closed' | null {
    if (!this.#readable.wait(ms)) return null;
    const got = Number(this.#libc.call.recv(this.fd, this.#into, this.#into.length, MSG_DONTWAIT));
    if (got > 0) return this.#into.slice(0, got);
    return got === 0 ? 'closed' : this.#failed();
  }

  #failed(): 'closed' | null {
    const EAGAIN = 11;
    const EINTR = 4;
    return this.#libc.errno === EAGAIN || this.#libc.errno === EINTR ? null : 'closed';
  }

  close(): void {
    this.#libc.call.close(this.fd);
  }
}
