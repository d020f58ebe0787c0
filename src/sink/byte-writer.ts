const FIRST_BYTES = 1 << 18;

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

  /** What was written; the writer starts again with a buffer of its own. */
  take(): Uint8Array {
    const taken = this.bytes.subarray(0, this.length);
    this.bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
    this.length = 0;
    return taken;
  }
}
