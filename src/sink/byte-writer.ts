const FIRST_BYTES = 1 << 18;
const ZERO = 48;

/** Growing buffer of text bytes. Made for many small pieces: no strings, no objects per value. */
export class ByteWriter {
  bytes: Uint8Array = Buffer.allocUnsafeSlow(FIRST_BYTES);
  length = 0;

  /** Room for `count` more bytes. */
  reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const bigger = Buffer.allocUnsafeSlow(Math.max(2 * this.bytes.length, this.length + count));
    bigger.set(this.bytes.subarray(0, this.length));
    this.bytes = bigger;
  }

  /** Append bytes. */
  put(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    if (bytes.length > 32) this.bytes.set(bytes, this.length);
    else for (let i = 0; i < bytes.length; i++) this.bytes[this.length + i] = bytes[i]!;
    this.length += bytes.length;
  }

  /** Append one byte. */
  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  /** Append a whole number from 0 to 2^53 - 1 in decimal, with zeros before it to `width` digits. */
  decimal(value: number, width = 1): void {
    this.reserve(20);
    let digits = 1;
    for (let power = 10; power <= value; power *= 10) digits++;
    const end = this.length + Math.max(digits, width);
    let rest = value;
    for (let at = end - 1; at >= this.length; at--) {
      const next = rest < 0x1_0000_0000 ? ((rest >>> 0) / 10) >>> 0 : Math.floor(rest / 10);
      this.bytes[at] = ZERO + (rest - 10 * next);
      rest = next;
    }
    this.length = end;
  }

  /** Append bytes in lower hex. */
  hex(bytes: Uint8Array, from: number, to: number): void {
    this.reserve(2 * (to - from));
    for (let i = from; i < to; i++) {
      const high = bytes[i]! >> 4;
      const low = bytes[i]! & 15;
      this.bytes[this.length++] = high + (high < 10 ? ZERO : 87);
      this.bytes[this.length++] = low + (low < 10 ? ZERO : 87);
    }
  }

  /** What was written; the writer starts again with a buffer of its own. */
  take(): Uint8Array {
    const taken = this.bytes.subarray(0, this.length);
    this.bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
    this.length = 0;
    return taken;
  }
}

/** Seconds (or the upper part) and billionths of the last `splitBillion`. */
export const split = { high: 0, low: 0 };

/**
 * Divide the u64 `high * 2^32 + low` by 10^9 into `split.high` (below 2^35) and `split.low`. In doubles, which hold
 * each step exactly; several times quicker than with BigInt.
 */
export function splitBillion(low: number, high: number): void {
  let rest = high;
  let quotient = Math.floor(rest / 1e9);
  rest -= quotient * 1e9;
  for (let shift = 16; shift >= 0; shift -= 16) {
    const value = rest * 65536 + ((low >>> shift) & 0xffff);
    const part = Math.floor(value / 1e9);
    rest = value - part * 1e9;
    quotient = quotient * 65536 + part;
  }
  split.high = quotient;
  split.low = rest;
}
