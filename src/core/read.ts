import { availableParallelism } from 'node:os';
import {
  CaptureFormatError,
  CaptureTruncatedError,
  CoreTrapError,
  LimitError,
  TlsfpError,
  UnsupportedLinkTypeError,
} from '../errors.js';
import { linkTypeName } from '../schema/link-types.js';
import { notACapture, SNIFF_BYTES } from '../source/sniff.js';
import type { CaptureSource } from '../source/source.js';
import { InputBlocks, READ_AHEAD, READ_BYTES } from './blocks.js';
import type { CaptureState, Core, CoreStatus } from './core.js';
import { OpenerThread } from './opener-thread.js';
import type { BatchSet } from './views.js';

/** Brings what another instance of the core has made of a capture in front of the one that reads it (`Core.useOpened`). */
export interface OpenedAhead {
  /** The core gets the bytes `[from, until)` of the capture next; the first record begins at `from`. */
  before(from: number, until: number): void;
}

/** How a capture is read. */
export interface ReadOptions {
  /** The connections of the capture before go on in this one, and may go on behind it. */
  readonly continues?: { readonly from: boolean; readonly into: boolean } | undefined;
  /** Called after each block, with the `position` of the source behind it. Return false to stop. */
  readonly onProgress?: ((source: CaptureSource, position: number) => boolean) | undefined;
  /** Hand rows over whenever so many bytes of the input have been read, too: places that all cores agree on. */
  readonly flushBytes?: number | undefined;
  /** Hand rows over after each block instead of when a batch is full: for live input. */
  readonly eager?: boolean | undefined;
  /** Let other threads fill the next block of a large file meanwhile, and open QUIC Initials of it. Default: unless `eager`. */
  readonly ahead?: boolean | undefined;
}

/** How reading ended: `error` says why not all of the capture could be read; what came before it was handed over. */
export interface ReadResult {
  readonly error: TlsfpError | null;
  /** False when `onProgress` asked to stop. */
  readonly whole: boolean;
}

/**
 * Read one capture through a core, yielding its rows as batches fill.
 *
 * A batch is borrowed: it is valid until the generator is resumed. Faults of the input do not throw, since everything
 * before them is in the rows; the generator's return value tells of them.
 *
 * @param captureId what stands in the rows
 * @throws CoreTrapError
 */
export async function* readCapture(
  core: Core,
  source: CaptureSource,
  captureId: number,
  options: ReadOptions = {},
): AsyncGenerator<BatchSet, ReadResult, undefined> {
  const ahead = options.ahead ?? !options.eager;
  const blocks = new InputBlocks(core, source, ahead ? READ_AHEAD : null);
  const opener = ahead && availableParallelism() > 1 ? new OpenerThread(core, source) : null;
  try {
    return yield* waited(captureSteps(core, source, captureId, options, blocks, opener));
  } finally {
    await opener?.close();
    await blocks.settle();
  }
}

/** Steps with their promises awaited. */
export async function* waited(
  steps: ReturnType<typeof captureSteps>,
): AsyncGenerator<BatchSet, ReadResult, undefined> {
  let next = steps.next();
  while (!next.done) {
    if (!(next.value instanceof Promise)) {
      yield next.value;
      next = steps.next();
      continue;
    }
    let got: number;
    try {
      got = await next.value;
    } catch (cause) {
      next = steps.throw(cause);
      continue;
    }
    next = steps.next(got);
  }
  return next.value;
}

/**
 * `readCapture` as one walk for sources that answer at once and sources that do not: it yields batches, and promises of
 * a read, to be resumed with what they come to. A source that always answers at once never makes it yield a promise,
 * unless `blocks` reads ahead.
 */
export function* captureSteps(
  core: Core,
  source: CaptureSource,
  captureId: number,
  options: ReadOptions = {},
  blocks: InputBlocks = new InputBlocks(core, source),
  opened: OpenedAhead | null = null,
): Generator<BatchSet | Promise<number>, ReadResult, number | undefined> {
  core.begin(captureId, options.continues?.from ?? false);
  let head: Uint8Array | null = null;
  let error: TlsfpError | null = null;
  let whole = true;
  let flushed = 0;
  while (error === null && whole) {
    let got: number;
    try {
      const answer = blocks.ask();
      got = typeof answer === 'number' ? answer : (yield answer)!;
    } catch (cause) {
      if (!(cause instanceof TlsfpError)) throw cause;
      error = cause;
      break;
    }
    blocks.take(got);
    if (got === 0) break;
    head ??= core.window(blocks.from, Math.min(got, SNIFF_BYTES)).slice();
    opened?.before(blocks.position - blocks.length, blocks.position);
    let status: CoreStatus = 'BATCH_FULL';
    while (status === 'BATCH_FULL') {
      const step = core.process(blocks.until, blocks.from);
      status = step.status;
      blocks.from += step.consumed;
      if (status === 'BATCH_FULL' || (options.eager && core.hasRows)) {
        yield core.batches();
        core.resetBatches();
      }
    }
    const place = options.flushBytes ? Math.floor(blocks.position / options.flushBytes) : 0;
    if (place !== flushed && core.hasRows) {
      yield core.batches();
      core.resetBatches();
    }
    flushed = place;
    if (status !== 'NEED_INPUT') error = fatal(core, source.path, status, head);
    else if (blocks.length + READ_BYTES > core.windowBytes) {
      error = new LimitError('a record is larger than the input window', { path: source.path });
    } else if (options.onProgress) whole = options.onProgress(source, blocks.position);
  }
  if (options.flushBytes && core.hasRows) {
    yield core.batches();
    core.resetBatches();
  }
  let ended: CoreStatus = 'BATCH_FULL';
  while (ended === 'BATCH_FULL') {
    ended = core.finish(error ? 0 : blocks.length, (options.continues?.into ?? false) && whole);
    if (!core.hasRows) continue;
    yield core.batches();
    core.resetBatches();
  }
  if (!error && whole) error = endError(core, source.path, ended, blocks.length, head);
  return { error, whole };
}

/** What is wrong with a capture that was read to its end, `rest` bytes of it left over; null: nothing. */
export function endError(
  core: Core,
  path: string,
  status: CoreStatus,
  rest: number,
  head: Uint8Array | null,
): TlsfpError | null {
  const state = core.state();
  if (state.format === null) {
    return notACapture(path, head ?? new Uint8Array());
  }
  if (status !== 'TRUNCATED') return unknownLinks(path, state);
  return new CaptureTruncatedError(
    rest > 0
      ? `the capture ends inside a record (${rest} bytes of it are there)`
      : 'the capture ends inside a block',
    {
      path,
      offset: state.errorOffset,
      packet: state.packets + 1,
      hint: 'what came before was read',
    },
  );
}

const FATAL: Partial<Record<CoreStatus, (detail: bigint) => string>> = {
  BAD_VERSION: (v) => `the capture format has version ${v}, which is not known`,
  BAD_RECORD: (v) => `a record declares an impossible length or byte order (${v})`,
  NO_INTERFACE: (v) => `a packet names interface ${v}, which was not described`,
  TOO_MANY_INTERFACES: (v) => `more than ${v} interfaces in one section`,
};

/** The error of a capture for which a core has answered a fatal status; `head`: its first bytes. */
export function fatal(core: Core, path: string, status: CoreStatus, head: Uint8Array): TlsfpError {
  const state = core.state();
  if (status === 'NOT_A_CAPTURE') return notACapture(path, head);
  const words = FATAL[status];
  if (!words) return new CoreTrapError(`the core answered ${status}`, { path });
  const details = {
    path,
    offset: state.errorOffset,
    packet: state.packets + 1,
    hint: status === 'TOO_MANY_INTERFACES' ? 'raise --limit max_interfaces' : 'what came before was read',
  };
  return status === 'TOO_MANY_INTERFACES'
    ? new LimitError(words(state.errorDetail), details)
    : new CaptureFormatError(words(state.errorDetail), details);
}

/** Packets of link types that are not decoded were passed over: the capture was not read whole. */
function unknownLinks(path: string, state: CaptureState): TlsfpError | null {
  const packets = state.counters.unknown_link_packets;
  if (packets === 0n) return null;
  const types = state.linkTypes.map(linkTypeName).join(', ');
  return new UnsupportedLinkTypeError(
    `${packets} of ${state.packets} packets have a link type that is not decoded (its link types: ${types})`,
    {
      path,
      hint: 'docs/encapsulation.md lists the link types that are; the other packets were read',
    },
  );
}
