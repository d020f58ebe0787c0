import { describe, expect, it } from 'vitest';
import { columnsOf, type HostValue } from '../../src/core/build.js';
import { type LineFormat, LineWriter } from '../../src/core/lines.js';
import { coreModule, instantiate } from '../../src/core/load.js';
import type { ColumnSpec, ColumnType } from '../../src/schema/column.js';

const spec = (name: string, type: ColumnType, nullable = true): ColumnSpec =>
  ({ name, type, nullable, meaning: '', origin: 'fact' }) as ColumnSpec;

const encoder = new TextEncoder();

/** Lines of rows by a build, `{name: value, ...}` or comma-separated. */
function lines(
  build: 'simd' | 'scalar',
  format: LineFormat,
  specs: ColumnSpec[],
  rows: Record<string, HostValue>[],
) {
  const parts = columnsOf(specs, rows).map((column, i) => ({
    column,
    before: encoder.encode(
      format === 'csv' ? (i ? ',' : '') : `${i ? ',' : '{'}${JSON.stringify(column.spec.name)}:`,
    ),
  }));
  const writer = new LineWriter(format, instantiate(coreModule(build)), 1024);
  const pieces = Array.from(writer.write(parts, rows.length), (lines) => lines.slice());
  // Row by row they are the same, and each ends where the lines of the rows up to it do.
  const each = [...writer.writeEach(parts, rows.length)];
  expect(Buffer.concat(each.map(({ bytes }) => bytes)).equals(Buffer.concat(pieces))).toBe(true);
  for (const { bytes, ends } of each) {
    expect(ends.at(-1)).toBe(bytes.length);
    for (const end of ends) expect(bytes[end - 1]).toBe(0x0a);
  }
  expect(each.reduce((sum, { ends }) => sum + ends.length, 0)).toBe(rows.length);
  return { text: Buffer.concat(pieces).toString(), pieces: pieces.length };
}

/** A row with every type; `i` chooses the values. */
function row(i: number): Record<string, HostValue> {
  const awkward = [
    '',
    'a',
    'a"b',
    'a,b',
    'a\nb',
    'a\rb',
    '\u0000\u001f\u007f',
    'back\\slash',
    '\b\t\f',
    'ünï→🦊',
  ];
  const limits = [0n, 9n, 10n, 4294967295n, 4294967296n, 999999999999999999n, 18446744073709551615n];
  const text = awkward[i % awkward.length]!.repeat(1 + (i % 40));
  return {
    text: i % 7 === 3 ? null : text,
    bytes: i % 5 === 2 ? null : Uint8Array.from({ length: i % 40 }, (_, b) => b * 7 + i),
    flag: i % 3 === 0,
    u8: i & 0xff,
    u16: (i * 257) & 0xffff,
    u32: (i * 2654435761) >>> 0,
    u64: limits[i % limits.length]!,
    ts: BigInt(i) * 86_399_999_999_999n - 5_000_000_000_000_000_000n,
    list8: [...Array(i % 4).keys()],
    list16: Array.from({ length: i % 50 }, (_, e) => (e * 4099 + i) & 0xffff),
    list64: limits.slice(0, i % 7),
    texts: awkward.slice(0, i % awkward.length),
  };
}

const SPECS = [
  spec('text', 'utf8'),
  spec('bytes', 'binary'),
  spec('flag', 'bool'),
  spec('u8', 'u8'),
  spec('u16', 'u16'),
  spec('u32', 'u32'),
  spec('u64', 'u64'),
  spec('ts', 'ts'),
  spec('list8', 'list<u8>'),
  spec('list16', 'list<u16>'),
  spec('list64', 'list<u64>'),
  spec('texts', 'list<utf8>'),
];

/** JSON of a value, by the slow way. */
function json(type: ColumnType, value: HostValue): string {
  if (value === null) return 'null';
  if (value instanceof Uint8Array) return `"${Buffer.from(value).toString('hex')}"`;
  if (type === 'ts') {
    const ns = value as bigint;
    const rest = ((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
    const second = new Date(Number((ns - rest) / 1_000_000n)).toISOString().slice(0, 19);
    return `"${second}.${String(rest).padStart(9, '0')}Z"`;
  }
  if (Array.isArray(value)) return `[${value.map((v) => json('utf8', v)).join(',')}]`;
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/** CSV field of a value, by the slow way. */
function csv(type: ColumnType, value: HostValue): string {
  if (value === null) return '';
  const plain = json(type, value);
  const bare = type === 'utf8' ? (value as string) : plain.startsWith('"') ? plain.slice(1, -1) : plain;
  return bare === '' || /[",\r\n]/.test(bare) ? `"${bare.replaceAll('"', '""')}"` : bare;
}

describe.each(['simd', 'scalar'] as const)('lines of text, %s build', (build) => {
  const rows = Array.from({ length: 3000 }, (_, i) => row(i));

  it('are JSON objects of every type, over slices', () => {
    const expected = rows.map(
      (r) => `{${SPECS.map((s) => `"${s.name}":${json(s.type, r[s.name]!)}`).join(',')}}\n`,
    );
    const { text, pieces } = lines(build, 'json', SPECS, rows);
    expect(text).toBe(expected.join(''));
    expect(pieces).toBeGreaterThan(2);
  });

  it('are comma-separated values of every type', () => {
    const expected = rows.map((r) => `${SPECS.map((s) => csv(s.type, r[s.name]!)).join(',')}\n`);
    expect(lines(build, 'csv', SPECS, rows).text).toBe(expected.join(''));
  });

  it('take values of a megabyte, a slice for each when they are many', () => {
    const long = [1, 2, 3].map((i) => ({ text: '"'.repeat(1_000_000 + i) }));
    const { text, pieces } = lines(build, 'csv', [spec('text', 'utf8')], long);
    expect(text).toBe(long.map((r) => `"${r.text.replaceAll('"', '""')}"\n`).join(''));
    expect(pieces).toBe(3);
  });
});
