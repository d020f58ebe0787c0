import { UsageError } from '../errors.js';

/** A memif ring to attach to, as client of a DPDK application or VPP. */
export interface MemifSpec {
  readonly kind: 'memif';
  /** As the user gave it, without its secret. */
  readonly name: string;
  /** Path of the socket, or the name in the abstract namespace. */
  readonly socket: string;
  readonly abstract: boolean;
  /** Id of the interface on that socket. */
  readonly id: number;
  readonly secret: string;
  /** Server queues to read; fewer are taken when the server has fewer. */
  readonly rings: number;
  /** Slots of a ring: a power of two. */
  readonly ringSize: number;
  /** Bytes of a slot: at least the largest frame. */
  readonly bufferSize: number;
  /** What the server was built for: 128 on some ARM64 machines. */
  readonly cacheLine: 64 | 128;
  /** Copy packets into the memory of the core instead of mapping them there. */
  readonly copy: boolean;
}

/** A network interface to listen on. */
export interface PacketSpec {
  readonly kind: 'packet';
  readonly name: string;
  readonly device: string;
  readonly blockSize: number;
  readonly blocks: number;
  /** ms after which the kernel hands over a block that is not full. */
  readonly timeout: number;
  readonly copy: boolean;
}

export type RingSpec = MemifSpec | PacketSpec;

const HINT = 'use memif:/path.sock?id=0, memif:@abstract or packet:INTERFACE';
/** What fits into the input window of the core beside the rings themselves. */
const MAX_BUFFERS_BYTES = 120 << 20;

/** Numbers of the options in `?name=value&name=value`. */
class Options {
  readonly #ring: string;
  readonly #values: URLSearchParams;

  constructor(ring: string, text: string, known: readonly string[]) {
    this.#ring = ring;
    this.#values = new URLSearchParams(text);
    for (const name of this.#values.keys()) {
      if (!known.includes(name)) {
        throw new UsageError(`${ring}: there is no option ${name}`, { hint: `it has ${known.join(', ')}` });
      }
    }
  }

  text(name: string): string {
    return this.#values.get(name) ?? '';
  }

  number(name: string, otherwise: number, min: number, max: number): number {
    const text = this.#values.get(name);
    if (text === null) return otherwise;
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new UsageError(`${this.#ring}: ${name} cannot be ${text || 'nothing'}`, {
        hint: `use a whole number from ${min} to ${max}`,
      });
    }
    return value;
  }

  powerOfTwo(name: string, otherwise: number, min: number, max: number): number {
    const value = this.number(name, otherwise, min, max);
    if ((value & (value - 1)) === 0) return value;
    throw new UsageError(`${this.#ring}: ${name} cannot be ${value}`, { hint: 'use a power of two' });
  }
}

function parseMemif(name: string, address: string, query: string): MemifSpec {
  const known = ['id', 'secret', 'rings', 'ring-size', 'buffer-size', 'cache-line', 'copy'];
  const options = new Options(name, query, known);
  const abstract = address.startsWith('@');
  const socket = abstract ? address.slice(1) : address;
  if (socket === '') throw new UsageError(`${name}: no socket named`, { hint: HINT });
  // sun_path has 108 bytes; the abstract name shares them with the zero before it, a path with the one behind.
  if (Buffer.byteLength(socket) > 107)
    throw new UsageError(`${name}: the path of a socket has at most 107 bytes`);
  const secret = options.text('secret');
  if (Buffer.byteLength(secret) > 24) throw new UsageError(`${name}: a memif secret has at most 24 bytes`);
  const rings = options.number('rings', 1, 1, 60);
  const ringSize = options.powerOfTwo('ring-size', 1024, 2, 16384);
  const bufferSize = options.number('buffer-size', 2048, 128, 65536);
  if (rings * ringSize * bufferSize > MAX_BUFFERS_BYTES) {
    throw new UsageError(
      `${name}: rings x ring-size x buffer-size is more than ${MAX_BUFFERS_BYTES >> 20} MiB`,
      {
        hint: 'take fewer or smaller ones',
      },
    );
  }
  return {
    kind: 'memif',
    name,
    socket,
    abstract,
    id: options.number('id', 0, 0, 0xffffffff),
    secret,
    rings,
    ringSize,
    bufferSize: Math.ceil(bufferSize / 64) * 64,
    cacheLine: options.powerOfTwo('cache-line', 64, 64, 128) as 64 | 128,
    copy: options.number('copy', 0, 0, 1) === 1,
  };
}

function parsePacket(name: string, device: string, query: string): PacketSpec {
  const options = new Options(name, query, ['block-size', 'blocks', 'timeout', 'copy']);
  // IFNAMSIZ is 16 with the zero at its end.
  if (device === '' || Buffer.byteLength(device) > 15) {
    throw new UsageError(`${name}: that is no name of an interface`, { hint: 'see `ip link`' });
  }
  const blockSize = options.powerOfTwo('block-size', 1 << 20, 1 << 17, 1 << 22);
  const blocks = options.number('blocks', 32, 2, 1024);
  if (blockSize * blocks > MAX_BUFFERS_BYTES) {
    throw new UsageError(`${name}: block-size x blocks is more than ${MAX_BUFFERS_BYTES >> 20} MiB`);
  }
  return {
    kind: 'packet',
    name,
    device,
    blockSize,
    blocks,
    timeout: options.number('timeout', 10, 1, 1000),
    copy: options.number('copy', 0, 0, 1) === 1,
  };
}

/**
 * What `--live` names.
 * @throws UsageError
 */
export function parseRing(text: string): RingSpec {
  const match = /^(memif|packet):([^?]*)(?:\?(.*))?$/.exec(text);
  if (!match) throw new UsageError(`${text || 'nothing'} is no live ring`, { hint: HINT });
  const [, kind, address = '', query = ''] = match;
  const name = text.replace(/([?&]secret=)[^&]*/, '$1***');
  return kind === 'memif' ? parseMemif(name, address, query) : parsePacket(name, address, query);
}
