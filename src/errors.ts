/** Exit codes of the command line (0 and 1 are not errors). */
export type ExitCode = 2 | 3 | 4;

/** Where it went wrong and what helps; everything optional. */
export interface ErrorDetails {
  /** File, folder, pattern or device as the user gave it; `-` is standard input. */
  readonly path?: string | undefined;
  /** Bytes from the start of the capture, after decompression (`CompressionError`: of the compressed input). */
  readonly offset?: number | undefined;
  /** 1-based number of the packet, in file order. */
  readonly packet?: number | undefined;
  /** What the user can do about it, as a sentence without its full stop. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/**
 * Base of every error that tlsfp throws on purpose.
 *
 * `message` is one line: where, what, what to do. The parts are kept apart in the fields, so that a
 * program need not take the line to pieces. `code` is stable; the wording is not.
 */
export class TlsfpError extends Error {
  readonly code: string = 'ERR_TLSFP';
  readonly exitCode: ExitCode = 4;
  /** The fault alone, without place and advice. */
  readonly what: string;
  readonly path: string | undefined;
  readonly offset: number | undefined;
  readonly packet: number | undefined;
  readonly hint: string | undefined;

  constructor(what: string, details: ErrorDetails = {}) {
    super(composeMessage(what, details), details.cause === undefined ? {} : { cause: details.cause });
    this.name = new.target.name;
    this.what = what;
    this.path = details.path;
    this.offset = details.offset;
    this.packet = details.packet;
    this.hint = details.hint;
  }
}

/** A wrong command line or a wrong argument of the API. */
export class UsageError extends TlsfpError {
  override readonly code: string = 'ERR_TLSFP_USAGE';
  override readonly exitCode: ExitCode = 2;
}

/** Nothing exists at that path, or nothing matches that pattern. */
export class InputNotFoundError extends TlsfpError {
  override readonly code = 'ERR_TLSFP_INPUT_NOT_FOUND';
  override readonly exitCode = 3;
}

/** The operating system refused to open or to read the input; `cause` is its own error. */
export class InputReadError extends TlsfpError {
  override readonly code = 'ERR_TLSFP_INPUT_READ';
  override readonly exitCode = 3;
}

/** The bytes are no capture, or a capture whose structure is broken at `offset`. */
export class CaptureFormatError extends TlsfpError {
  override readonly code = 'ERR_TLSFP_CAPTURE_FORMAT';
  override readonly exitCode = 3;
}

/** The capture ends in the middle of a record. */
export class CaptureTruncatedError extends TlsfpError {
  override readonly code = 'ERR_TLSFP_CAPTURE_TRUNCATED';
  override readonly exitCode = 3;
}

/** Compressed input is damaged, cut short or of a kind not supported; `offset` counts compressed bytes. */
export class CompressionError extends TlsfpError {
  override readonly code = 'ERR_TLSFP_COMPRESSION';
  override readonly exitCode = 3;
}

/** The capture's link type is not decoded. */
export class UnsupportedLinkTypeError extends TlsfpError {
  override readonly code = 'ERR_TLSFP_LINK_TYPE';
  override readonly exitCode = 3;
}

/** A live ring cannot be attached: no permission, no such interface, refused by the peer, or no means to do it. */
export class LiveError extends TlsfpError {
  override readonly code = 'ERR_TLSFP_LIVE';
  override readonly exitCode = 3;
}

/** A named limit is too small for the input, or out of its range. */
export class LimitError extends TlsfpError {
  override readonly code = 'ERR_TLSFP_LIMIT';
  override readonly exitCode = 3;
}

/** The WebAssembly core was not built from the same schema as the code around it. */
export class AbiMismatchError extends TlsfpError {
  override readonly code = 'ERR_TLSFP_ABI_MISMATCH';
  override readonly exitCode = 4;
}

/** The WebAssembly core trapped: a fault of tlsfp, never of the input. */
export class CoreTrapError extends TlsfpError {
  override readonly code = 'ERR_TLSFP_CORE_TRAP';
  override readonly exitCode = 4;
}

/** The result could not be written (disk full, no permission, database locked). */
export class SinkError extends TlsfpError {
  override readonly code = 'ERR_TLSFP_SINK';
  override readonly exitCode = 4;
}

/** The SQL of the user is wrong, or asks for what is not there. */
export class QueryError extends TlsfpError {
  override readonly code = 'ERR_TLSFP_QUERY';
  override readonly exitCode = 2;
  /** The line of SQL where the fault is, and a line with `^` below it; undefined when that is not known. */
  readonly place: string | undefined;

  constructor(what: string, details: ErrorDetails & { readonly place?: string | undefined } = {}) {
    super(what, details);
    this.place = details.place;
  }
}

/** `-` is how the user writes standard input, not how a message should. */
export function displayPath(path: string): string {
  return path === '-' ? 'standard input' : path;
}

function composeMessage(what: string, details: ErrorDetails): string {
  const where = details.path === undefined ? '' : `${displayPath(details.path)}: `;
  const places: string[] = [];
  if (details.offset !== undefined) places.push(`at byte ${details.offset}`);
  if (details.packet !== undefined) places.push(`packet ${details.packet}`);
  const at = places.length > 0 ? ` (${places.join(', ')})` : '';
  const hint = details.hint === undefined ? '' : `; ${details.hint}`;
  return oneLine(`${where}${what}${at}${hint}`);
}

/** File names and system messages may hold line breaks and control characters; a message is one line. */
function oneLine(text: string): string {
  let line = '';
  for (const char of text) {
    const code = char.codePointAt(0) as number;
    line += code < 0x20 || code === 0x7f ? `\\x${code.toString(16).padStart(2, '0')}` : char;
  }
  return line;
}
