import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { captureRow } from '../capture-row.js';
import { Core } from '../core/core.js';
import { readCapture } from '../core/read.js';
import type { TlsfpError } from '../errors.js';
import type { CaptureRow } from '../schema/tables.js';
import {
  CaptureParser,
  DECRYPTION_SECRETS,
  type InterfaceInfo,
  type InterfaceStatistics,
  NAME_RESOLUTION,
  type SectionInfo,
} from '../source/capture-blocks.js';
import { openSource } from '../source/open.js';
import { type CaptureSource, readThrough } from '../source/source.js';

/** An interface with what was counted on it. */
export interface InterfaceReport extends InterfaceInfo {
  readonly packets: number;
  /** The last Interface Statistics Block about it; null if there is none. */
  readonly statistics: InterfaceStatistics | null;
}

/** What is known of one capture file. */
export interface CaptureInfo {
  /** Counters, times, format; as in the table `captures`. */
  readonly row: CaptureRow;
  readonly error: TlsfpError | null;
  /** SHA-256 of the file as it lies there, lower hex; null for standard input or when not wanted. */
  readonly sha256: string | null;
  readonly sections: readonly SectionInfo[];
  readonly interfaces: readonly InterfaceReport[];
  /** Blocks with names of addresses, and with secrets that open its TLS traffic. */
  readonly nameResolutionBlocks: number;
  readonly decryptionSecretsBlocks: number;
}

/** Gives what it reads to a parser too. */
function tapped(source: CaptureSource, parser: CaptureParser): CaptureSource {
  const seen = (into: Uint8Array, length: number) => {
    parser.push(into.subarray(0, length));
    return length;
  };
  return readThrough(source, (into) => {
    const got = source.read(into);
    return typeof got === 'number' ? seen(into, got) : got.then((length) => seen(into, length));
  });
}

async function sha256Of(path: string): Promise<string | null> {
  if (path === '-' || !statSync(path, { throwIfNoEntry: false })?.isFile()) return null;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** How captures are looked at. */
export interface InfoOptions {
  readonly hash: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (source: CaptureSource) => void;
}

/** Looks at captures one after the other, with one core. */
export class Inspector {
  readonly #core: Core;
  readonly #options: InfoOptions;

  constructor(options: InfoOptions) {
    this.#options = options;
    this.#core = new Core({ layout: 'narrow' });
    // Counters are enough: no column is computed.
    const none = new Set<string>();
    this.#core.project({
      client_hellos: none,
      hello_contents: none,
      server_hellos: none,
      certificates: none,
    });
  }

  /**
   * What is known of one capture, in one pass over it (and one more for the hash).
   * @throws InputNotFoundError, InputReadError; what is wrong inside it is in `error`
   */
  async inspect(path: string): Promise<CaptureInfo> {
    const sections: SectionInfo[] = [];
    const interfaces: InterfaceInfo[] = [];
    const statistics = new Map<number, InterfaceStatistics>();
    const others = new Map<number, number>();
    const parser = new CaptureParser({
      section: (section) => sections.push(section),
      interface: (info) => interfaces.push(info),
      statistics: (counted) => statistics.set(counted.interface, counted),
      other: (type) => others.set(type, (others.get(type) ?? 0) + 1),
    });
    const { row, error } = await this.#read(path, parser);
    return {
      row,
      error,
      sha256: this.#options.hash ? await sha256Of(path) : null,
      sections,
      interfaces: interfaces.map((info) => ({
        ...info,
        packets: parser.packetCounts[info.index] ?? 0,
        statistics: statistics.get(info.index) ?? null,
      })),
      nameResolutionBlocks: others.get(NAME_RESOLUTION) ?? 0,
      decryptionSecretsBlocks: others.get(DECRYPTION_SECRETS) ?? 0,
    };
  }

  async #read(path: string, parser: CaptureParser): Promise<{ row: CaptureRow; error: TlsfpError | null }> {
    const { onProgress, signal } = this.#options;
    const source = tapped(await openSource(path), parser);
    try {
      const batches = readCapture(this.#core, source, 1, {
        onProgress: (s) => {
          onProgress?.(s);
          return !signal?.aborted;
        },
      });
      let next = await batches.next();
      while (!next.done) next = await batches.next();
      const { error } = next.value;
      return { row: captureRow(source, this.#core.state(), error), error };
    } finally {
      await source.close();
    }
  }
}
