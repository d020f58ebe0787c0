/**
 * A bounded big-endian reader. Reading past the end gives `undefined` and marks the reader as broken; nothing throws, because
 * truncated and malformed bytes are ordinary input here.
 */
export class Reader {
  readonly bytes: Uint8Array;
  position = 0;
  broken = false;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get left(): number {
    return this.bytes.length - this.position;
  }

  /** An unsigned integer of `width` bytes. */
  uint(width: number): number | undefined {
    if (this.left < width) {
      this.broken = true;
      return undefined;
    }
    let value = 0;
    for (let i = 0; i < width; i++) value = value * 256 + this.bytes[this.position++]!;
    return value;
  }

  /** Exactly `count` bytes. */
  take(count: number): Uint8Array | undefined {
    if (this.left < count) {
      this.broken = true;
      return undefined;
    }
    this.position += count;
    return this.bytes.subarray(this.position - count, this.position);
  }

  /** A vector with a length of `width` bytes. If it is longer than what is left: what is left, and the reader is broken. */
  vector(width: number): Uint8Array | undefined {
    const length = this.uint(width);
    if (length === undefined) return undefined;
    if (length > this.left) {
      this.broken = true;
      return this.take(this.left);
    }
    return this.take(length);
  }

  /** A variable-length integer of QUIC (RFC 9000 §16). */
  quicInteger(): number | undefined {
    const first = this.bytes[this.position];
    if (first === undefined) {
      this.broken = true;
      return undefined;
    }
    const width = 2 ** (first >>> 6);
    const value = this.uint(width);
    return value === undefined ? undefined : value - (first >>> 6) * 2 ** (8 * width - 2);
  }
}

/** All 16-bit numbers of a list; an odd last byte is dropped. */
export function list16(bytes: Uint8Array | undefined): number[] {
  const values: number[] = [];
  for (let i = 0; bytes && i + 1 < bytes.length; i += 2) values.push(bytes[i]! * 256 + bytes[i + 1]!);
  return values;
}

/** Lower-case hexadecimal. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** Four lower-case hexadecimal digits. */
export function hex4(value: number): string {
  return value.toString(16).padStart(4, '0');
}
