import { constants, fstatSync, openSync, type Stats, statSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { InputReadError } from '../errors.js';
import { decompress } from './compression.js';
import { inputError } from './errno.js';
import { FileSource } from './file.js';
import { PeekableSource } from './peek.js';
import { compressionMagic, MIN_SNIFF_BYTES, SNIFF_BYTES } from './sniff.js';
import type { CaptureSource } from './source.js';
import { StreamSource } from './stream.js';

/** Compressed within compressed is unpacked this deep. */
export const MAX_COMPRESSION_DEPTH = 2;

const STDIN_NAMES = new Set(['-', '/dev/stdin', '/dev/fd/0', '/proc/self/fd/0']);

/** A capture opened for reading, decompressed. */
export interface OpenedSource extends CaptureSource {
  /** The first (decompressed) bytes, up to 512: to say what the input is when it is no capture. */
  readonly head: Uint8Array;
}

/**
 * Opens a file, FIFO or device, or standard input for `-`, and unpacks what is compressed, as its
 * first bytes say (never its name). Waits until the first bytes are there. An empty input opens well.
 * Throws `InputNotFoundError` or `InputReadError`; damage is reported by the `read` that comes to it.
 */
export async function openSource(path: string): Promise<OpenedSource> {
  return unpack(openRaw(path));
}

/** Like `openSource`, for a stream of bytes that the caller has; `name` is what errors call it. */
export async function openStream(stream: Readable, name: string): Promise<OpenedSource> {
  return unpack(new StreamSource(name, stream));
}

async function unpack(raw: CaptureSource): Promise<OpenedSource> {
  let source = new PeekableSource(raw);
  let head = await source.peek(MIN_SNIFF_BYTES, SNIFF_BYTES);
  const outermost = compressionMagic(head);
  for (let depth = 0; depth < MAX_COMPRESSION_DEPTH; depth++) {
    const compression = compressionMagic(head);
    if (compression === 'none') break;
    source = new PeekableSource(await decompress(source, compression), outermost);
    head = await source.peek(MIN_SNIFF_BYTES, SNIFF_BYTES);
  }
  return source;
}

function openRaw(path: string): CaptureSource {
  if (STDIN_NAMES.has(path)) return openStdin(path);
  const stat = statOf(path);
  if (stat.isDirectory()) {
    throw new InputReadError('is a folder, not a capture', {
      path,
      hint: 'give the captures in it, or the folder to a command that takes folders',
    });
  }
  return stat.isFIFO() ? openFifo(path) : new FileSource(path);
}

function statOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (cause) {
    throw inputError(path, cause);
  }
}

/** `< file` gives a plain file, which is read as such; a closed standard input is an error of the caller. */
function openStdin(path: string): CaptureSource {
  let stat: Stats;
  try {
    stat = fstatSync(0);
  } catch (cause) {
    throw inputError(path, cause);
  }
  if (stat.isDirectory()) throw new InputReadError('is a folder, not a capture', { path });
  if (stat.isFile()) return new FileSource(path, 0);
  return new StreamSource(path, process.stdin);
}

/**
 * A FIFO is opened without waiting for its writer and read by events: a blocking open or read would
 * stop the whole process, signals included, until somebody writes.
 */
function openFifo(path: string): CaptureSource {
  if (process.platform === 'win32') return new FileSource(path);
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return new StreamSource(path, new Socket({ fd, readable: true, writable: false }));
  } catch (cause) {
    throw inputError(path, cause);
  }
}
