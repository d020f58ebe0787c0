/**
 * A growable writer of fixed-width integers and length-prefixed vectors, the base of every builder here.
 * All methods return the writer, so that a header reads as one chain in the order of its RFC figure.
 */
export class ByteWriter {
  #buffer: Uint8Array;
  #length = 0;
  readonly #little: boolean;

  /** @param order byte order of the integers; network headers are big-endian, most capture files little-endian */
  constructor(order: ByteOrder = 'big', capacity = 128) {
    this.#buffer = scratch(capacity);
    this.#little = order === 'little';
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    const at = this.#advance(1);
    this.#buffer[at] = value;
    return this;
  }

  u16(value: number): this {
    return this.#integer(this.#advance(2), 2, value);
  }

  /** 24-bit integer, always big-endian: only TLS and DTLS lengths and VXLAN-like identifiers use this width. */
  u24(value: number): this {
    return this.u8(value >>> 16)
      .u8(value >>> 8)
      .u8(value);
  }

  u32(value: number): this {
    return this.#integer(this.#advance(4), 4, value);
  }

  u64(value: bigint): this {
    const high = Number(BigInt.asUintN(32, value >> 32n));
    const low = Number(BigInt.asUintN(32, value));
    return this.#little ? this.u32(low).u32(high) : this.u32(high).u32(low);
  }

  bytes(data: ArrayLike<number>): this {
    const at = this.#advance(data.length);
    this.#buffer.set(data, at);
    return this;
  }

  zeros(count: number): this {
    this.#advance(count);
    return this;
  }

  /** Zero bytes up to the next multiple of `alignment`, counted from the writer's own beginning. */
  align(alignment: number): this {
    return this.zeros((alignment - (this.#length % alignment)) % alignment);
  }

  /** A TLS vector with a one-byte length: what `body` writes, preceded by its length in bytes (RFC 8446 §3.4). */
  vector8(body: (writer: this) => void): this {
    return this.#vector(1, body);
  }

  /** A TLS vector with a two-byte length. */
  vector16(body: (writer: this) => void): this {
    return this.#vector(2, body);
  }

  /** A TLS vector with a three-byte length. */
  vector24(body: (writer: this) => void): this {
    return this.#vector(3, body);
  }

  /** Overwrite two bytes at `offset`: lengths and checksums that are known last. */
  patchU16(offset: number, value: number): this {
    return this.#integer(offset, 2, value);
  }

  /** Overwrite four bytes at `offset`. */
  patchU32(offset: number, value: number): this {
    return this.#integer(offset, 4, value);
  }

  /** A copy of what was written; the writer can go on. It may be a view of a larger buffer: mind its `byteOffset`. */
  done(): Uint8Array {
    const copy = scratch(this.#length);
    copy.set(this.#buffer.subarray(0, this.#length));
    return copy;
  }

  #integer(at: number, width: 2 | 4, value: number): this {
    let rest = value;
    for (let i = 0; i < width; i++) {
      this.#buffer[this.#little ? at + i : at + width - 1 - i] = rest;
      rest >>>= 8;
    }
    return this;
  }

  #vector(width: 1 | 2 | 3, body: (writer: this) => void): this {
    const at = this.#advance(width);
    body(this);
    const length = this.#length - at - width;
    if (length >= 2 ** (8 * width)) {
      throw new RangeError(`a vector of ${length} bytes does not fit a length field of ${width} bytes`);
    }
    for (let i = 0; i < width; i++) this.#buffer[at + i] = length >>> (8 * (width - 1 - i));
    return this;
  }

  #advance(count: number): number {
    const at = this.#length;
    this.#length = at + count;
    if (this.#length > this.#buffer.length) {
      const grown = scratch(Math.max(this.#length, 2 * this.#buffer.length));
      grown.set(this.#buffer);
      this.#buffer = grown;
    }
    return at;
  }
}

const SLAB = 1 << 16;
let slab = new Uint8Array(SLAB);
let slabUsed = 0;

/** Zeroed memory. Small pieces are cut from a slab: allocating each alone is what took most time. */
function scratch(capacity: number): Uint8Array {
  if (capacity > SLAB / 8) return new Uint8Array(capacity);
  if (slabUsed + capacity > SLAB) {
    slab = new Uint8Array(SLAB);
    slabUsed = 0;
  }
  slabUsed += capacity;
  return slab.subarray(slabUsed - capacity, slabUsed);
}

export type ByteOrder = 'big' | 'little';

/** One array of all `parts` in order. It may be a view of a larger buffer: mind its `byteOffset`. */
export function concat(...parts: ArrayLike<number>[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = scratch(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Overwrite two bytes at `offset` in network order. */
export function putU16(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 8;
  bytes[offset + 1] = value;
}

/** The bytes of a hexadecimal text; blanks are ignored. */
export function fromHex(text: string): Uint8Array {
  const digits = text.replaceAll(/\s/g, '');
  if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new TypeError(`not whole bytes in hexadecimal: ${text}`);
  return new Uint8Array(Buffer.from(digits, 'hex'));
}

/** The bytes of a text in ASCII or UTF-8. */
export function fromText(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
