import { LiveError } from '../errors.js';
import type { Libc } from './libc.js';

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_PRIVATE = 2;
const MAP_FIXED = 0x10;
const MAP_ANONYMOUS = 0x20;
/** Mappings start at multiples of the largest page of any Linux. */
const ALIGNMENT = 65536;
/** Input windows begin behind the null page; the core lays its own memory out far above. */
const WINDOW_START = 65536;

const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const F_ADD_SEALS = 1033;
const SEAL_SEAL_SHRINK_GROW = 7;

/**
 * Memory shared with a peer or the kernel, in the input window of a core: mapped there, or beside it with a copy kept in
 * the window.
 */
export interface Region {
  /** Address in linear memory; the same in both cases. */
  readonly at: number;
  readonly length: number;
  /** The shared memory itself when it could not be mapped into the window; null when it was. */
  readonly outside: Uint8Array<ArrayBuffer> | null;
  /** Take the shared memory away. The addresses stay valid and hold zeros. */
  release(): void;
}

/**
 * Make shared memory that nobody can shrink or grow: whoever touches what a peer cut off would be killed (SIGBUS).
 * @returns its file descriptor
 */
export function sealedMemory(libc: Libc, length: number): number {
  const fd = libc.check('memfd_create', libc.call.memfd_create('tlsfp', MFD_CLOEXEC | MFD_ALLOW_SEALING));
  try {
    libc.check('ftruncate', libc.call.ftruncate(fd, length));
    libc.check('fcntl', libc.call.fcntl(fd, F_ADD_SEALS, SEAL_SEAL_SHRINK_GROW));
    return fd;
  } catch (error) {
    libc.call.close(fd);
    throw error;
  }
}

/**
 * Map a file descriptor over the start of the input window of a core.
 *
 * @param memory linear memory of the core, whole
 * @param copy map it elsewhere, as is done too where the system refuses the window
 */
export function mapRegion(
  libc: Libc,
  memory: Uint8Array<ArrayBuffer>,
  fd: number,
  length: number,
  copy: boolean,
): Region {
  const at = WINDOW_START;
  if (length % ALIGNMENT !== 0 || at + length > 128 << 20) {
    throw new LiveError(`a ring of ${length} bytes does not fit into the input window`);
  }
  if (!copy) {
    const mapped = mapInto(libc, memory, fd, at, length);
    if (mapped) return mapped;
  }
  return mapOutside(libc, memory, fd, at, length);
}

function mapInto(
  libc: Libc,
  memory: Uint8Array<ArrayBuffer>,
  fd: number,
  at: number,
  length: number,
): Region | null {
  const address = libc.address(memory) + BigInt(at);
  const flags = MAP_SHARED | MAP_FIXED;
  if (BigInt(libc.call.mmap(address, length, PROT_READ_WRITE, flags, fd, 0)) !== address) return null;
  return {
    at,
    length,
    outside: null,
    release() {
      // Never munmap: the hole would be in the engine's own reservation.
      const anonymous = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
      libc.call.mmap(libc.address(memory) + BigInt(at), length, PROT_READ_WRITE, anonymous, -1, 0);
    },
  };
}

function mapOutside(
  libc: Libc,
  memory: Uint8Array<ArrayBuffer>,
  fd: number,
  at: number,
  length: number,
): Region {
  const answer = BigInt(libc.call.mmap(0n, length, PROT_READ_WRITE, MAP_SHARED, fd, 0));
  if (answer === -1n) libc.check('mmap', -1);
  return {
    at,
    length,
    outside: libc.view(answer, length) as Uint8Array<ArrayBuffer>,
    release() {
      memory.fill(0, at, at + length);
      libc.call.munmap(answer, length);
    },
  };
}

/** Bytes of a mapping that holds `length`. */
export function mappedLength(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}
