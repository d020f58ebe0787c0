import { describe, expect, test } from 'vitest';
import {
  AbiMismatchError,
  CaptureFormatError,
  CaptureTruncatedError,
  CompressionError,
  CoreTrapError,
  type ErrorDetails,
  InputNotFoundError,
  InputReadError,
  LimitError,
  QueryError,
  SinkError,
  TlsfpError,
  UnsupportedLinkTypeError,
  UsageError,
} from '../src/errors.js';

type ErrorClass = new (what: string, details?: ErrorDetails) => TlsfpError;

const CLASSES: readonly [type: ErrorClass, code: string, exitCode: number][] = [
  [UsageError, 'ERR_TLSFP_USAGE', 2],
  [InputNotFoundError, 'ERR_TLSFP_INPUT_NOT_FOUND', 3],
  [InputReadError, 'ERR_TLSFP_INPUT_READ', 3],
  [CaptureFormatError, 'ERR_TLSFP_CAPTURE_FORMAT', 3],
  [CaptureTruncatedError, 'ERR_TLSFP_CAPTURE_TRUNCATED', 3],
  [CompressionError, 'ERR_TLSFP_COMPRESSION', 3],
  [UnsupportedLinkTypeError, 'ERR_TLSFP_LINK_TYPE', 3],
  [LimitError, 'ERR_TLSFP_LIMIT', 3],
  [AbiMismatchError, 'ERR_TLSFP_ABI_MISMATCH', 4],
  [CoreTrapError, 'ERR_TLSFP_CORE_TRAP', 4],
  [SinkError, 'ERR_TLSFP_SINK', 4],
  [QueryError, 'ERR_TLSFP_QUERY', 2],
];

test.each(CLASSES)('%o', (type, code, exitCode) => {
  const error = new type('broke');
  expect(error).toBeInstanceOf(TlsfpError);
  expect(error).toBeInstanceOf(Error);
  expect([error.name, error.code, error.exitCode]).toEqual([type.name, code, exitCode]);
});

describe('a message is one line', () => {
  test.each<[ErrorDetails, string]>([
    [{}, 'is broken'],
    [{ path: 'a.pcap' }, 'a.pcap: is broken'],
    [{ path: '-' }, 'standard input: is broken'],
    [{ path: 'a', offset: 24 }, 'a: is broken (at byte 24)'],
    [{ path: 'a', packet: 1 }, 'a: is broken (packet 1)'],
    [{ path: 'a', offset: 24, packet: 1, hint: 'copy it' }, 'a: is broken (at byte 24, packet 1); copy it'],
    [{ path: 'a\nb\x1b[31m' }, 'a\\x0ab\\x1b[31m: is broken'],
  ])('%j', (details, wanted) => {
    expect(new InputReadError('is broken', details).message).toBe(wanted);
  });
});

test('parts and cause stay apart', () => {
  const cause = new Error('below');
  const error = new CompressionError('is damaged', { path: 'p', offset: 7, hint: 'h', cause });
  expect(error).toMatchObject({
    what: 'is damaged',
    path: 'p',
    offset: 7,
    packet: undefined,
    hint: 'h',
    cause,
  });
});
