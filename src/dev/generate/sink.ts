import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

const BLOCK = 4 << 20;
const LONGEST = 65536 + 16;

/**
 * Writes a classic pcap (little-endian, microseconds, Ethernet) in large blocks. Packets are written in place: `frame`
 * reserves the record, the caller fills `bytes` from the offset it returns.
 */
export class PcapSink {
  readonly bytes: Buffer = Buffer.alloc(BLOCK + LONGEST);
  /** Packets so far; while a packet is being filled, its number. */
  packets = 0;
  /** File size so far. */
  size = 24;
  /** Time of the last packet, microseconds since 1970. */
  time: number;
  readonly #file: number;
  #used = 24;

  /** @param start time of the first packet, seconds since 1970 */
  constructor(path: string, start: number) {
    this.time = start * 1e6;
    mkdirSync(dirname(path), { recursive: true });
    this.#file = openSync(path, 'w');
    const header = [0xa1b2c3d4, 0x00040002, 0, 0, 262144, 1];
    for (const [i, word] of header.entries()) this.bytes.writeUInt32LE(word, 4 * i);
  }

  /**
   * Begin a record of `length` bytes.
   * @param gap microseconds since the packet before
   * @returns where in `bytes` the packet begins
   */
  frame(length: number, gap: number): number {
    if (this.#used >= BLOCK) this.#flush();
    this.time += gap;
    const { bytes } = this;
    const at = this.#used;
    const seconds = Math.floor(this.time / 1e6);
    bytes.writeUInt32LE(seconds, at);
    bytes.writeUInt32LE(Math.floor(this.time - seconds * 1e6), at + 4);
    bytes.writeUInt32LE(length, at + 8);
    bytes.writeUInt32LE(length, at + 12);
    this.#used = at + 16 + length;
    this.size += 16 + length;
    this.packets++;
    return at + 16;
  }

  /** Write a whole packet. */
  packet(data: Uint8Array, gap: number): void {
    this.bytes.set(data, this.frame(data.length, gap));
  }

  /** Write what is left and close the file. */
  close(): void {
    this.#flush();
    closeSync(this.#file);
  }

  #flush(): void {
    for (let at = 0; at < this.#used; ) at += writeSync(this.#file, this.bytes, at, this.#used - at);
    this.#used = 0;
  }
}

/** Writes lines of JSON in large blocks. */
export class LineSink {
  readonly #file: number;
  #lines: string[] = [];

  constructor(path: string) {
    this.#file = openSync(path, 'w');
  }

  line(value: unknown): void {
    this.#lines.push(JSON.stringify(value));
    if (this.#lines.length >= 8192) this.#flush();
  }

  close(): void {
    this.#flush();
    closeSync(this.#file);
  }

  #flush(): void {
    if (this.#lines.length > 0) writeSync(this.#file, `${this.#lines.join('\n')}\n`);
    this.#lines = [];
  }
}
