import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import type { BatchSet } from '../core/views.js';
import { UsageError } from '../errors.js';
import type { CaptureRow } from '../schema/tables.js';
import { outputError } from './output.js';
import type { Sink, SinkCapture } from './sink.js';

/** When a file is full. */
export interface Rotation {
  readonly ms: number | null;
  readonly bytes: number | null;
}

const UNITS: Record<string, readonly ['ms' | 'bytes', number]> = {
  s: ['ms', 1000],
  m: ['ms', 60_000],
  min: ['ms', 60_000],
  h: ['ms', 3_600_000],
  d: ['ms', 86_400_000],
  kB: ['bytes', 1e3],
  MB: ['bytes', 1e6],
  GB: ['bytes', 1e9],
  KiB: ['bytes', 2 ** 10],
  MiB: ['bytes', 2 ** 20],
  GiB: ['bytes', 2 ** 30],
};

/**
 * `1h,1GB`: a time, a size, or both.
 * @throws UsageError
 */
export function parseRotation(text: string): Rotation {
  const found: { ms: number | null; bytes: number | null } = { ms: null, bytes: null };
  for (const part of text.split(',')) {
    const match = /^(\d+(?:\.\d+)?)\s*([a-zA-Z]+)$/.exec(part.trim());
    const unit = match ? UNITS[match[2]!] : undefined;
    const value = unit ? Math.floor(Number(match![1]) * unit[1]) : 0;
    if (!unit || value <= 0 || found[unit[0]] !== null) {
      throw new UsageError(`--rotate cannot be ${text || 'nothing'}`, {
        hint: 'use a time, a size or both, as in 1h,1GB',
      });
    }
    found[unit[0]] = value;
  }
  return found;
}

/** A sink of one file, that can tell how large the file is or will be about. */
export interface FileSink extends Sink {
  /** Bytes of the file when it were finished now, if that is not what lies at its path. */
  readonly estimatedBytes?: number;
}

/** How the files of a rotation are made. */
export interface RotationFiles {
  /** The path that was asked for: `dir/name.ext` makes files `dir/name-TIME.ext`. */
  readonly out: string;
  /** Begin a file. Nothing else touches the path until the sink is closed. */
  make(path: string): Promise<FileSink>;
  /** Finish what a run before that was killed has left; null if it cannot. Answers the path of the finished file. */
  recover?(path: string): Promise<string | null>;
}

/** `20261121T004000Z` */
function stamp(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d+/g, '');
}

/**
 * Rows in files that follow each other. The one being written has a name that begins with a dot; a file appears under
 * its own name when it is complete, by renaming. Without a time or a size there is one file, with the name asked for.
 */
export class RotatingSink implements Sink {
  readonly layout: 'narrow' | 'wide';
  readonly wanted?: NonNullable<Sink['wanted']>;
  readonly #files: RotationFiles;
  readonly #rotation: Rotation | null;
  #capture: SinkCapture | null = null;
  #current: { readonly sink: FileSink; readonly path: string; readonly since: number; rows: number } | null =
    null;
  #next: FileSink;
  #nextPath: string;

  private constructor(files: RotationFiles, rotation: Rotation | null, first: FileSink, firstPath: string) {
    this.#files = files;
    this.#rotation = rotation;
    this.#next = first;
    this.#nextPath = firstPath;
    this.layout = first.layout;
    if (first.wanted) this.wanted = first.wanted;
  }

  /**
   * Take over what a run before has left, and begin the first file.
   * @throws SinkError, UsageError
   */
  static async open(files: RotationFiles, rotation: Rotation | null): Promise<RotatingSink> {
    const folder = dirname(files.out);
    try {
      mkdirSync(folder, { recursive: true });
      for (const name of readdirSync(folder)) {
        if (!files.recover || !isPartial(files.out, name)) continue;
        const finished = await files.recover(join(folder, name));
        if (finished !== null) renameSync(finished, freePath(files.out, Date.now(), true));
      }
    } catch (error) {
      throw outputError(files.out, error);
    }
    const path = partialPath(files.out);
    return new RotatingSink(files, rotation, await files.make(path), path);
  }

  async begin(capture: SinkCapture): Promise<void> {
    this.#capture = capture;
    await this.#begin();
  }

  async write(batches: BatchSet): Promise<void> {
    const current = this.#current!;
    await current.sink.write(batches);
    current.rows += batches.client_hellos.rows + batches.server_hellos.rows + batches.certificates.rows;
  }

  async commit(row: CaptureRow): Promise<void> {
    await this.#current!.sink.commit?.(row);
    if (!this.#isFull()) return;
    await this.#finish(row);
    this.#nextPath = partialPath(this.#files.out);
    this.#next = await this.#files.make(this.#nextPath);
    await this.#begin();
  }

  async end(row: CaptureRow): Promise<void> {
    await this.#finish(row);
  }

  async abandon(): Promise<void> {
    // What is in the file so far stays, under its partial name.
    await this.#current?.sink.abandon();
  }

  async close(): Promise<void> {
    await this.#current?.sink.close();
    this.#current = null;
  }

  async #begin(): Promise<void> {
    await this.#next.begin(this.#capture!);
    this.#current = { sink: this.#next, path: this.#nextPath, since: Date.now(), rows: 0 };
  }

  #isFull(): boolean {
    const { sink, path, since, rows } = this.#current!;
    const { ms = null, bytes = null } = this.#rotation ?? {};
    if (rows === 0) return false;
    if (ms !== null && Date.now() - since >= ms) return true;
    return bytes !== null && (sink.estimatedBytes ?? statSync(path).size) >= bytes;
  }

  async #finish(row: CaptureRow): Promise<void> {
    const { sink, path, since, rows } = this.#current!;
    await sink.end(row);
    await sink.close();
    this.#current = null;
    try {
      // The last file of many may have got no row.
      if (rows === 0 && this.#rotation !== null) rmSync(path);
      else renameSync(path, freePath(this.#files.out, since, this.#rotation !== null));
    } catch (error) {
      throw outputError(path, error);
    }
  }
}

function partialPrefix(out: string): string {
  return `.partial-${basename(out, extname(out))}-`;
}

/** A file that another run began, and that no process goes on writing. */
function isPartial(out: string, name: string): boolean {
  const prefix = partialPrefix(out);
  const match = name.startsWith(prefix) ? /^\d{8}T\d{6}Z-(\d+)(\..*)$/.exec(name.slice(prefix.length)) : null;
  return match?.[2]?.startsWith(extname(out)) === true && !isAlive(Number(match[1]));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function partialPath(out: string): string {
  return join(dirname(out), `${partialPrefix(out)}${stamp(Date.now())}-${process.pid}${extname(out)}`);
}

/** A name that no file has: two files of one second differ by a number. */
function freePath(out: string, since: number, rotated: boolean): string {
  if (!rotated) return out;
  const extension = extname(out);
  const stem = join(dirname(out), `${basename(out, extension)}-${stamp(since)}`);
  let path = `${stem}${extension}`;
  for (let i = 2; existsSync(path); i++) path = `${stem}-${i}${extension}`;
  return path;
}
