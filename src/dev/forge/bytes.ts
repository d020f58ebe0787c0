/**
 * A growable writer of fixed-width integers and length-prefixed vectors, the base of every builder here.
 * All methods return the writer, so that a header reads as one chain in the order of its RFC figure.
 */
export class ByteWriter {
  #buffer: Uint8Array;
  #view: DataView;
  #length = 0;
  readonly #little: boolean;

  /** @param order byte order of the integers; network headers are big-endian, most capture files little-endian */
  constructor(order: ByteOrder = 'big', capacity = 128) {
    this.#buffer = new Uint8Array(capacity);
    this.#view = new DataView(this.#buffer.buffer);
    this.#little = order === 'little';
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    this.#view.setUint8(this.#advance(1), value);
    return this;
  }

  u16(value: number): this {
    this.#view.setUint16(this.#advance(2), value, this.#little);
    return this;
  }

  /** 24-bit integer, always big-endian: only TLS and DTLS lengths and VXLAN-like identifiers use this width. */
  u24(value: number): this {
    return this.u8(value >>> 16)
      .u8(value >>> 8)
      .u8(value);
  }

  u32(value: number): this {
    this.#view.setUint32(this.#advance(4), value, this.#little);
    return this;
  }

  u64(value: bigint): this {
    this.#view.setBigUint64(this.#advance(8), value, this.#little);
    return this;
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
    this.#view.setUint16(offset, value, this.#little);
    return this;
  }

  /** Overwrite four bytes at `offset`. */
  patchU32(offset: number, value: number): this {
    this.#view.setUint32(offset, value, this.#little);
    return this;
  }

  /** A copy of what was written; the writer can go on. */
  done(): Uint8Array {
    return this.#buffer.slice(0, this.#length);
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
      const grown = new Uint8Array(Math.max(this.#length, 2 * this.#buffer.length));
      grown.set(this.#buffer);
      this.#buffer = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }
}

export type ByteOrder = 'big' | 'little';

/** One array of all `parts` in order. */
export function concat(...parts: ArrayLike<number>[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
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
