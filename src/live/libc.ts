import { getSystemErrorMap } from 'node:util';
import { LiveError } from '../errors.js';

type Koffi = typeof import('koffi')['default'];

/** The functions of the C library that live rings need. They answer -1 on failure; see `Libc.check`. */
export interface LibcFunctions {
  socket(domain: number, type: number, protocol: number): number;
  connect(fd: number, address: Uint8Array, length: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  listen(fd: number, backlog: number): number;
  accept(fd: number, address: null, length: null): number;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, length: number): number;
  getsockopt(fd: number, level: number, name: number, value: Uint8Array, length: Uint8Array): number;
  sendmsg(fd: number, message: Uint8Array, flags: number): number;
  recvmsg(fd: number, message: Uint8Array, flags: number): number;
  recv(fd: number, into: Uint8Array, length: number, flags: number): number;
  poll(fds: Uint8Array, count: number, ms: number): number;
  mmap(
    address: bigint,
    length: number,
    protection: number,
    flags: number,
    fd: number,
    offset: number,
  ): number | bigint;
  munmap(address: bigint, length: number): number;
  memfd_create(name: string, flags: number): number;
  ftruncate(fd: number, length: number): number;
  fcntl(fd: number, command: number, argument: number): number;
  eventfd(initial: number, flags: number): number;
  read(fd: number, into: Uint8Array, length: number): number;
  write(fd: number, from: Uint8Array, length: number): number;
  close(fd: number): number;
  if_nametoindex(name: string): number;
}

const DECLARATIONS: readonly string[] = [
  'int socket(int, int, int)',
  'int connect(int, const void *, uint32_t)',
  'int bind(int, const void *, uint32_t)',
  'int listen(int, int)',
  'int accept(int, void *, void *)',
  'int setsockopt(int, int, int, const void *, uint32_t)',
  'int getsockopt(int, int, int, void *, void *)',
  'int64_t sendmsg(int, const void *, int)',
  'int64_t recvmsg(int, void *, int)',
  'int64_t recv(int, void *, size_t, int)',
  'int poll(void *, unsigned long, int)',
  'int64_t mmap(int64_t, size_t, int, int, int, int64_t)',
  'int munmap(int64_t, size_t)',
  'int memfd_create(const char *, unsigned int)',
  'int ftruncate(int, int64_t)',
  'int fcntl(int, int, int)',
  'int eventfd(unsigned int, int)',
  'int64_t read(int, void *, size_t)',
  'int64_t write(int, const void *, size_t)',
  'int close(int)',
  'unsigned int if_nametoindex(const char *)',
];

/** Event bits of poll(2). */
export const POLLIN = 1;

/** A system call failed. */
export class SystemError extends Error {
  /** EACCES and the like. */
  readonly code: string;

  constructor(call: string, errno: number) {
    const [code, words] = getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, `error ${errno}`];
    super(`${call}: ${words}`);
    this.code = code;
  }

  /** What happened, without the name of the call. */
  get words(): string {
    return this.message.replace(/^\w+: /, '');
  }
}

/** System calls through koffi. */
export class Libc {
  readonly call: LibcFunctions;
  readonly #koffi: Koffi;

  constructor(koffi: Koffi) {
    this.#koffi = koffi;
    // The process itself: node is linked to the C library, whatever its file is called.
    const library = koffi.load(null);
    this.call = Object.fromEntries(
      DECLARATIONS.map((d) => [/(\w+)\(/.exec(d)![1]!, library.func(d)]),
    ) as unknown as LibcFunctions;
  }

  /**
   * The answer of a call if it succeeded.
   * @throws SystemError
   */
  check(call: string, answer: number): number {
    if (answer >= 0) return answer;
    throw new SystemError(call, this.#koffi.errno());
  }

  /** Errno of the last call. */
  get errno(): number {
    return this.#koffi.errno();
  }

  /** Address of the first byte. The memory must be kept from being collected while the address is used. */
  address(bytes: Uint8Array): bigint {
    return BigInt(this.#koffi.address(bytes));
  }

  /** Memory outside of JavaScript as bytes. Valid as long as it is mapped. */
  view(address: bigint, length: number): Uint8Array {
    return new Uint8Array(this.#koffi.view(address, length));
  }

  /** Set an integer option of a socket. */
  setOption(fd: number, level: number, name: number, value: number): void {
    const bytes = new Uint8Array(new Int32Array([value]).buffer);
    this.check('setsockopt', this.call.setsockopt(fd, level, name, bytes, 4));
  }
}

let loaded: Libc | null = null;

/**
 * Load koffi, an optional dependency that files do without.
 * @throws LiveError it is not installed, or this is not a 64-bit Linux
 */
export async function loadLibc(): Promise<Libc> {
  if (loaded) return loaded;
  if (process.platform !== 'linux' || !['x64', 'arm64', 'riscv64', 'loong64'].includes(process.arch)) {
    throw new LiveError(`live rings need a 64-bit Linux, and this is ${process.platform} ${process.arch}`);
  }
  try {
    const koffi = await import('koffi');
    loaded = new Libc(koffi.default);
    return loaded;
  } catch (cause) {
    throw new LiveError('live rings need the package koffi, which is not installed', {
      hint: 'npm install koffi (it brings its own binary; nothing is compiled)',
      cause,
    });
  }
}

/** What `poll` waits for: a fixed set of descriptors. */
export class PollSet {
  readonly #libc: Libc;
  readonly #entries: Uint8Array;
  readonly #view: DataView;
  readonly #count: number;

  constructor(libc: Libc, fds: readonly number[]) {
    this.#libc = libc;
    this.#count = fds.length;
    this.#entries = new Uint8Array(8 * fds.length);
    this.#view = new DataView(this.#entries.buffer);
    for (const [i, fd] of fds.entries()) {
      this.#view.setInt32(8 * i, fd, true);
      this.#view.setUint16(8 * i + 4, POLLIN, true);
    }
  }

  /** Wait until something happens or `ms` have passed. An interrupting signal counts as nothing. */
  wait(ms: number): boolean {
    return this.#libc.call.poll(this.#entries, this.#count, ms) > 0;
  }

  /** What happened at the descriptor in place `i`: event bits, 0 for nothing. */
  events(i: number): number {
    return this.#view.getUint16(8 * i + 6, true);
  }
}
