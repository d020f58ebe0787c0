import { describe, expect, test } from 'vitest';
import { parseDuration } from '../../src/cli/live-main.js';
import { UsageError } from '../../src/errors.js';
import { parseMetricsAddress } from '../../src/live/metrics.js';
import { parseRing } from '../../src/live/spec.js';
import { scaled } from '../../src/live/status.js';
import { parseRotation } from '../../src/sink/rotate.js';
import { cli } from '../support/cli.js';

describe('what --live names', () => {
  test('memif by path, with everything', () => {
    const text =
      'memif:/run/x.sock?id=3&secret=abc&rings=2&ring-size=512&buffer-size=9000&cache-line=128&copy=1';
    expect(parseRing(text)).toEqual({
      kind: 'memif',
      name: 'memif:/run/x.sock?id=3&secret=***&rings=2&ring-size=512&buffer-size=9000&cache-line=128&copy=1',
      socket: '/run/x.sock',
      abstract: false,
      id: 3,
      secret: 'abc',
      rings: 2,
      ringSize: 512,
      // Buffers begin at cache lines.
      bufferSize: 9024,
      cacheLine: 128,
      copy: true,
    });
  });

  test('memif in the abstract namespace', () => {
    expect(parseRing('memif:@dpdk')).toMatchObject({
      socket: 'dpdk',
      abstract: true,
      id: 0,
      secret: '',
      rings: 1,
      ringSize: 1024,
      bufferSize: 2048,
      cacheLine: 64,
      copy: false,
    });
  });

  test('an interface', () => {
    expect(parseRing('packet:eth0?blocks=8')).toEqual({
      kind: 'packet',
      name: 'packet:eth0?blocks=8',
      device: 'eth0',
      blockSize: 1 << 20,
      blocks: 8,
      timeout: 10,
      copy: false,
    });
  });

  test.each([
    ['', /nothing is no live ring/],
    ['eth0', /eth0 is no live ring; use memif:/],
    ['memif:', /no socket named/],
    ['memif:@', /no socket named/],
    ['memif:/x?size=3', /there is no option size; it has id, secret, rings/],
    ['memif:/x?ring-size=1000', /ring-size cannot be 1000; use a power of two/],
    ['memif:/x?ring-size=32768', /ring-size cannot be 32768; use a whole number from 2 to 16384/],
    ['memif:/x?id=-1', /id cannot be -1/],
    ['memif:/x?id=', /id cannot be nothing/],
    ['memif:/x?rings=8&ring-size=16384', /more than 120 MiB/],
    [`memif:/${'x'.repeat(107)}`, /at most 107 bytes/],
    [`memif:/x?secret=${'x'.repeat(25)}`, /at most 24 bytes/],
    ['packet:', /no name of an interface/],
    ['packet:a-name-that-is-too-long', /no name of an interface/],
    ['packet:eth0?block-size=4096', /block-size cannot be 4096/],
  ])('%s is refused', (text, words) => {
    expect(() => parseRing(text)).toThrow(UsageError);
    expect(() => parseRing(text)).toThrow(words);
  });
});

test.each([
  ['1s', 1000],
  ['500ms', 500],
  ['1.5h', 5_400_000],
  ['2m', 120_000],
  ['7', 7000],
])('a duration of %s', (text, ms) => {
  expect(parseDuration('--duration', text)).toBe(ms);
});

test.each(['', 'soon', '0s', '-1s', '5 weeks', '25d'])('"%s" is no duration', (text) => {
  expect(() => parseDuration('--duration', text)).toThrow(/^--duration cannot be/);
});

test.each([
  ['1h', { ms: 3_600_000, bytes: null }],
  ['1GB', { ms: null, bytes: 1e9 }],
  ['1h,1GB', { ms: 3_600_000, bytes: 1e9 }],
  ['512MiB, 15m', { ms: 900_000, bytes: 536_870_912 }],
])('a rotation of %s', (text, expected) => {
  expect(parseRotation(text)).toEqual(expected);
});

test.each(['', '1', '1h,2h', '1GB,1MB', '1fortnight', '0s'])('"%s" is no rotation', (text) => {
  expect(() => parseRotation(text)).toThrow(/^--rotate cannot be/);
});

test.each([
  ['127.0.0.1:9464', '127.0.0.1', 9464],
  [':9464', '127.0.0.1', 9464],
  ['9464', '127.0.0.1', 9464],
  ['[::1]:80', '::1', 80],
  ['0.0.0.0:1', '0.0.0.0', 1],
])('metrics at %s', (text, host, port) => {
  expect(parseMetricsAddress(text)).toEqual({ host, port });
});

test.each(['', 'x', '1:2:3', '127.0.0.1:', '127.0.0.1:70000'])('metrics cannot be at "%s"', (text) => {
  expect(() => parseMetricsAddress(text)).toThrow(/^--metrics cannot listen at/);
});

test('numbers with a unit', () => {
  expect([0, 7, 999, 1000, 1234, 99_960, 1_234_567, 9.87e9].map(scaled)).toEqual([
    '0 ',
    '7 ',
    '999 ',
    '1.00 k',
    '1.23 k',
    '100 k',
    '1.23 M',
    '9.87 G',
  ]);
});

test.each([
  [['--live', 'packet:lo', 'a.pcap'], /--live reads a ring, and a.pcap is named too/],
  [['--live', 'packet:lo', '--sql', 'FROM captures'], /--sql asks about a result/],
  [['--live', 'packet:lo', '--format', 'table'], /--live cannot lay out a table/],
  [['--live', 'packet:lo', '--rotate', '1h'], /--rotate needs files/],
  [['--live', 'packet:lo', '--count', '0'], /--count wants a whole number/],
  [['--live', 'packet:lo', '--quiet'], /nowhere else for the rows to go/],
  [['--live', 'packet:lo', '--format', 'parquet'], /Parquet is written to/],
  [['--live', 'packet:lo', '--flush', 'x'], /--flush cannot be x/],
  [['--live', 'memif:/x', '--filter', 'tcp'], /--filter works in the kernel/],
  [['a.pcap', '--stats'], /--stats goes with --live/],
  [['a.pcap', '--duration', '1s'], /--duration goes with --live/],
  [[], /name a capture, or a ring with --live/],
])('analyze %j is refused', async (args, words) => {
  const { code, stderr } = await cli('analyze', ...args);
  expect(code).toBe(2);
  expect(stderr).toMatch(words);
});
