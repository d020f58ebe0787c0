import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.js';
import { orderByFirstPacket } from '../../src/source/ring.js';
import { temporaryFolder } from './support.js';

type Order = 'little' | 'big';

function u16(value: number, order: Order): Buffer {
  const bytes = Buffer.alloc(2);
  order === 'little' ? bytes.writeUInt16LE(value) : bytes.writeUInt16BE(value);
  return bytes;
}

function u32(value: number, order: Order): Buffer {
  const bytes = Buffer.alloc(4);
  order === 'little' ? bytes.writeUInt32LE(value) : bytes.writeUInt32BE(value);
  return bytes;
}

/** File header and, unless there is none, one record of 4 bytes. */
function pcap(magic: number, order: Order, time?: [seconds: number, fraction: number]): Buffer {
  const header = [
    u32(magic, order),
    u16(2, order),
    u16(4, order),
    ...[0, 0, 65_535, 1].map((v) => u32(v, order)),
  ];
  if (time === undefined) return Buffer.concat(header);
  const extra = magic === 0xa1b2cd34 ? Buffer.alloc(8) : Buffer.alloc(0);
  const record = [...time, 4, 4].map((value) => u32(value, order));
  return Buffer.concat([...header, ...record, extra, Buffer.alloc(4)]);
}

function block(type: number, order: Order, ...body: Buffer[]): Buffer {
  const content = Buffer.concat(body);
  const padded = Buffer.concat([content, Buffer.alloc(-content.length & 3)]);
  const length = u32(padded.length + 12, order);
  return Buffer.concat([u32(type, order), length, padded, length]);
}

function section(order: Order): Buffer {
  return block(
    0x0a0d0d0a,
    order,
    u32(0x1a2b3c4d, order),
    u16(1, order),
    u16(0, order),
    Buffer.alloc(8, 0xff),
  );
}

/** An interface, with if_tsresol and if_tsoffset if given. */
function description(order: Order, resolution?: number, offset?: bigint): Buffer {
  const options: Buffer[] = [];
  if (resolution !== undefined) {
    options.push(u16(9, order), u16(1, order), Buffer.from([resolution, 0, 0, 0]));
  }
  if (offset !== undefined) {
    const value = Buffer.alloc(8);
    order === 'little' ? value.writeBigInt64LE(offset) : value.writeBigInt64BE(offset);
    options.push(u16(14, order), u16(8, order), value);
  }
  if (options.length > 0) options.push(u32(0, order));
  return block(1, order, u16(1, order), u16(0, order), u32(0, order), ...options);
}

function enhanced(order: Order, id: number, ticks: bigint): Buffer {
  const halves = [u32(Number(ticks >> 32n), order), u32(Number(ticks & 0xffff_ffffn), order)];
  return block(6, order, u32(id, order), ...halves, u32(4, order), u32(4, order), Buffer.alloc(4));
}

/** What `orderByFirstPacket` makes of these files, by name. */
async function ordered(files: Record<string, Buffer>): Promise<[string, bigint | null][]> {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  const paths = Object.keys(files).map((name) => join(folder, name));
  return (await orderByFirstPacket(paths)).map(({ path, firstTs }) => [basename(path), firstTs]);
}

async function timeOf(content: Buffer): Promise<bigint | null> {
  return (await ordered({ file: content }))[0]![1];
}

describe('the first time of a pcap', () => {
  test.each<[number, Order, bigint]>([
    [0xa1b2c3d4, 'little', 1_700_000_000_000_123_000n],
    [0xa1b2c3d4, 'big', 1_700_000_000_000_123_000n],
    [0xa1b23c4d, 'little', 1_700_000_000_000_000_123n],
    [0xa1b23c4d, 'big', 1_700_000_000_000_000_123n],
    [0xa1b2cd34, 'little', 1_700_000_000_000_123_000n],
    [0xa1b2cd34, 'big', 1_700_000_000_000_123_000n],
  ])('%i, %s-endian', async (magic, order, wanted) => {
    expect(await timeOf(pcap(magic, order, [1_700_000_000, 123]))).toBe(wanted);
  });

  test('after 2038', async () => {
    expect(await timeOf(pcap(0xa1b2c3d4, 'little', [4_000_000_000, 0]))).toBe(4_000_000_000_000_000_000n);
  });
});

describe('the first time of a pcapng', () => {
  const second = 1_700_000_000n;

  describe.each<Order>(['little', 'big'])('%s-endian', (order) => {
    test.each<[string, number | undefined, bigint | undefined, bigint, bigint]>([
      ['microseconds unless said otherwise', undefined, undefined, second * 1_000_000n + 5n, 5000n],
      ['nanoseconds', 9, undefined, second * 1_000_000_000n + 5n, 5n],
      ['milliseconds', 3, undefined, second * 1000n + 5n, 5_000_000n],
      ['1/1024 seconds', 0x8a, undefined, second * 1024n + 512n, 500_000_000n],
      ['with an offset', 6, 1_000_000_000n, (second - 1_000_000_000n) * 1_000_000n, 0n],
      ['with an offset below zero', 6, -100n, (second + 100n) * 1_000_000n, 0n],
    ])('%s', async (_, resolution, offset, ticks, fraction) => {
      const file = [section(order), description(order, resolution, offset), enhanced(order, 0, ticks)];
      expect(await timeOf(Buffer.concat(file))).toBe(second * 1_000_000_000n + fraction);
    });

    test('by the interface of the packet; other blocks are stepped over', async () => {
      const file = Buffer.concat([
        section(order),
        description(order),
        // A Decryption Secrets Block, a name resolution block and a Simple Packet Block (it has no time).
        block(10, order, Buffer.alloc(200_001)),
        block(4, order, Buffer.alloc(4)),
        block(3, order, u32(4, order), Buffer.alloc(4)),
        description(order, 9),
        enhanced(order, 1, second * 1_000_000_000n),
      ]);
      expect(await timeOf(file)).toBe(second * 1_000_000_000n);
    });

    test('of an obsolete packet block', async () => {
      const ticks = [
        u32(Number((second * 1_000_000n) >> 32n), order),
        u32(Number((second * 1_000_000n) & 0xffff_ffffn), order),
      ];
      const packet = block(2, order, u16(0, order), u16(7, order), ...ticks, u32(0, order), u32(0, order));
      expect(await timeOf(Buffer.concat([section(order), description(order), packet]))).toBe(
        second * 1_000_000_000n,
      );
    });
  });

  test('in a second section of the other byte order, with interfaces of its own', async () => {
    const file = Buffer.concat([
      section('little'),
      description('little', 3),
      section('big'),
      description('big', 9),
      enhanced('big', 0, second * 1_000_000_000n),
    ]);
    expect(await timeOf(file)).toBe(second * 1_000_000_000n);
  });

  test.each<[string, Buffer]>([
    ['no packets', Buffer.concat([section('little'), description('little')])],
    [
      'a packet of an interface that is not there',
      Buffer.concat([section('little'), enhanced('little', 0, 1n)]),
    ],
    [
      'a block length below its least',
      Buffer.concat([section('little'), u32(5, 'little'), u32(4, 'little')]),
    ],
    ['a file cut in the first block', section('little').subarray(0, 10)],
  ])('none: %s', async (_, file) => {
    expect(await timeOf(file)).toBeNull();
  });
});

test('files of a ring come in time order, whatever their names, kinds and packing', async () => {
  const at = (seconds: number) => pcap(0xa1b2c3d4, 'little', [seconds, 0]);
  const ng = Buffer.concat([
    section('big'),
    description('big', 9),
    enhanced('big', 0, 250n * 1_000_000_000n),
  ]);
  const got = await ordered({
    'name.pcap2': at(300),
    'name.pcap': at(100),
    'empty.pcap': Buffer.alloc(0),
    'name.pcap1': gzipSync(at(200)),
    'name_00003_20240101.pcapng': ng,
    'header-only.pcap': pcap(0xa1b2c3d4, 'little'),
    'text.pcap': Buffer.from('text'),
    'same-10.pcap': at(400),
    'same-9.pcap': at(400),
  });
  expect(got.map(([name]) => name)).toEqual([
    'name.pcap',
    'name.pcap1',
    'name_00003_20240101.pcapng',
    'name.pcap2',
    'same-9.pcap',
    'same-10.pcap',
    'empty.pcap',
    'header-only.pcap',
    'text.pcap',
  ]);
  expect(got.slice(6).map(([, time]) => time)).toEqual([null, null, null]);
});

test('a file that is missing comes last, for its opening to tell', async () => {
  expect(await orderByFirstPacket(['/nonexistent'])).toEqual([{ path: '/nonexistent', firstTs: null }]);
});

test('standard input cannot be part of it', async () => {
  await expect(orderByFirstPacket(['-'])).rejects.toBeInstanceOf(UsageError);
});
