import { type CoreBuild, loadTesting } from '../support/wasm.js';

/** Addresses relative to the scratch area, in order of use; each test starts over with {@link Scratch.reset}. */
export interface Scratch {
  readonly call: Record<string, (...args: number[]) => number>;
  reset(): void;
  /** Reserve bytes, filled with 0xa5 so that a write beyond the end or a missing one shows. */
  room(length: number): number;
  put(bytes: Uint8Array): number;
  putNumbers(numbers: readonly number[]): number;
  read(address: number, length: number): Buffer;
  hex(address: number, length: number): string;
}

/** The testing build with its tables made, and a bump allocator over its scratch area. */
export function openScratch(build: CoreBuild): Scratch {
  const { exports, bytes, memory } = loadTesting(build);
  const call = exports as Scratch['call'];
  call.t_cryptoInit!();
  const base = call.t_scratch!();
  let next = base;
  const room = (length: number): number => {
    const address = next;
    // An odd step: kernels must not depend on alignment.
    next += length + 17;
    bytes.fill(0xa5, address, next);
    return address;
  };
  const read = (address: number, length: number) => Buffer.from(bytes.slice(address, address + length));
  return {
    call,
    reset: () => {
      next = base;
    },
    room,
    put: (data) => {
      const address = room(data.length);
      bytes.set(data, address);
      return address;
    },
    putNumbers: (numbers) => {
      const address = room(4 * numbers.length);
      const view = new DataView(memory.buffer);
      numbers.forEach((n, i) => {
        view.setUint32(address + 4 * i, n, true);
      });
      return address;
    },
    read,
    hex: (address, length) => read(address, length).toString('hex'),
  };
}

export const fromHex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex');
