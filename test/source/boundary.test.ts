import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ForgedPacket, type PcapFormat, pcap } from '../../src/dev/forge/capture.js';
import { PcapngWriter, pcapng } from '../../src/dev/forge/pcapng.js';
import { findRecord, followRecords, type RecordFormat, recordFormat } from '../../src/source/boundary.js';
import { readCapture } from '../support/reference/capture.js';

const FOLDER = 'fixtures/captures';
const FIXTURES = readdirSync(FOLDER).filter((name) => /\.pcap(ng)?$/.test(name));
const SECOND = 1_000_000_000n;
const START = 1_700_000_000n * SECOND;

/** Where the records or blocks of a file begin, and where the last ends; a file cut in a record ends before it. */
function boundaries(file: Uint8Array): number[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const isBlocks = view.getUint32(0) === 0x0a0d0d0a;
  const little = isBlocks ? view.getUint32(8, true) === 0x1a2b3c4d : view.getUint8(0) !== 0xa1;
  const found: number[] = [];
  let at = isBlocks ? 0 : 24;
  while (at + (isBlocks ? 12 : 16) <= file.length) {
    const length = isBlocks ? view.getUint32(at + 4, little) : 16 + view.getUint32(at + 8, little);
    if (at + length > file.length) break;
    found.push(at);
    at += length;
  }
  return [...found, at];
}

const formatOf = (file: Uint8Array): RecordFormat => recordFormat(file.subarray(0, 65536))!;

/**
 * Ask from every `step`-th byte of a file, once with the whole file and once with what begins there, and compare with
 * the first of its true boundaries from there on.
 */
function expectAllFound(file: Uint8Array, step: number, ways: readonly ('whole' | 'rest')[]): void {
  const format = formatOf(file);
  const all = boundaries(file);
  const end = all.pop();
  expect(end).toBe(file.length);
  const wrong: unknown[] = [];
  for (let from = format.first; from < file.length; from += step) {
    const truth = all.find((at) => at >= from) ?? null;
    for (const way of ways) {
      const rest = way === 'rest';
      const found = findRecord(format, rest ? file.subarray(from) : file, rest ? 0 : from, true);
      const answer = found !== null && rest ? found + from : found;
      if (answer !== truth) wrong.push({ way, from, answer, truth });
    }
  }
  expect(wrong).toEqual([]);
}

function packetsOf(name: string): ForgedPacket[] {
  return readCapture(readFileSync(`${FOLDER}/${name}`)).map(({ time, data, originalLength }) => ({
    time: time!,
    data,
    originalLength,
  }));
}

/** The packets of all fixtures, `gap` ns apart: some 1.3 MB of records. */
function allPackets(gap = 1_234_567n): ForgedPacket[] {
  return FIXTURES.flatMap(packetsOf).map((packet, i) => ({ ...packet, time: START + BigInt(i) * gap }));
}

/** Bytes of a congruential generator. */
function noise(length: number, seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 24;
  });
}

const numbered = (count: number, data: (i: number) => Uint8Array, gap = 1_000_000n): ForgedPacket[] =>
  Array.from({ length: count }, (_, i) => ({ time: START + BigInt(i) * gap, data: data(i) }));

const LAYOUTS: PcapFormat[] = [
  { order: 'little', resolution: 'us' },
  { order: 'big', resolution: 'us' },
  { order: 'little', resolution: 'ns' },
  { order: 'big', resolution: 'ns' },
];

describe('recordFormat', () => {
  test.each(LAYOUTS)('pcap %o', (layout) => {
    expect(
      recordFormat(
        pcap(
          numbered(1, () => noise(60, 1)),
          layout,
        ),
      ),
    ).toEqual({
      kind: 'pcap',
      littleEndian: layout.order === 'little',
      first: 24,
      nanoseconds: layout.resolution === 'ns',
    });
  });

  test.each(['little', 'big'] as const)('pcapng, %s-endian: the first block with a packet', (order) => {
    const head = new PcapngWriter()
      .section({ order: order === 'little' ? 'big' : 'little' })
      .section({ order })
      .interface()
      .secrets('CLIENT_RANDOM 00 11')
      .nameResolution(Uint8Array.of(10, 0, 0, 1), 'host');
    const first = head.done().length;
    expect(recordFormat(head.done())).toBeNull();
    const wanted = { kind: 'pcapng', littleEndian: order === 'little', first, nanoseconds: false };
    const packet = { time: START, data: noise(60, 1) };
    expect(recordFormat(head.enhanced(packet).done())).toEqual(wanted);
    // The record only has to begin in the head.
    expect(recordFormat(head.done().subarray(0, first + 20))).toEqual(wanted);
  });

  test('an obsolete Packet Block is a packet', () => {
    const file = new PcapngWriter()
      .section()
      .interface()
      .obsolete({ time: START, data: noise(9, 1) });
    expect(recordFormat(file.done())).toMatchObject({ first: 28 + 20 });
  });

  test.each(FIXTURES)('%s', (name) => {
    const file = readFileSync(`${FOLDER}/${name}`);
    const format = formatOf(file);
    expect(boundaries(file)).toContain(format.first);
    // Type and captured length of that record, read as the layout says.
    const view = new DataView(file.buffer, file.byteOffset, file.length);
    const captured = view.getUint32(format.first + (format.kind === 'pcap' ? 8 : 20), format.littleEndian);
    expect(captured).toBe(readCapture(file)[0]!.data.length);
    if (format.kind === 'pcapng') expect(view.getUint32(format.first, format.littleEndian)).toBe(6);
  });

  const packets = numbered(3, () => noise(60, 1));
  const otherMajor = pcap(packets);
  otherMajor[4] = 3;
  const oddLength = pcapng(packets);
  oddLength[32] = 21;
  const otherEnd = pcapng(packets);
  otherEnd[28 + 16] = 24;
  const noOrder = pcapng(packets);
  noOrder[8] = 0;
  const otherSection = pcapng(packets);
  otherSection[12] = 2;
  const simpleFirst = new PcapngWriter().section().interface().simple(noise(60, 1)).enhanced(packets[0]!);
  const farPacket = new PcapngWriter().section().interface().block(10, new Uint8Array(70_000));
  test.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['three bytes', Uint8Array.of(0xd4, 0xc3, 0xb2)],
    ['noise', noise(65536, 7)],
    ['a modified pcap', pcap(packets, { variant: 'modified' })],
    ['a modified pcap, big-endian', pcap(packets, { variant: 'modified', order: 'big' })],
    ['a pcap of another major version', otherMajor],
    ['a pcap without records', pcap([])],
    ['a pcap cut in the first record header', pcap(packets).subarray(0, 39)],
    ['a pcapng without a packet', new PcapngWriter().section().interface().done()],
    ['a pcapng cut in the section header', pcapng(packets).subarray(0, 11)],
    ['a pcapng whose first packet is in a Simple Packet Block', simpleFirst.done()],
    ['a pcapng with a block length that is no multiple of 4', oddLength],
    ['a pcapng with another length at the end of a block', otherEnd],
    ['a pcapng without byte-order magic', noOrder],
    ['a pcapng of another major version', otherSection],
    [
      'a pcapng whose packets begin behind the head',
      farPacket.enhanced(packets[0]!).done().subarray(0, 65536),
    ],
  ])('null: %s', (_, head) => {
    expect(recordFormat(head)).toBeNull();
  });
});

describe('findRecord', () => {
  test.each(FIXTURES)('every record of %s', (name) => {
    const file = readFileSync(`${FOLDER}/${name}`);
    expectAllFound(file, file.length > 50_000 ? 211 : 37, ['whole', 'rest']);
  });

  test.each(LAYOUTS)('every record of a fixture written as %o', (layout) => {
    expectAllFound(pcap(packetsOf('quinn-0.11.pcap'), layout), 13, ['whole', 'rest']);
    expectAllFound(pcap(packetsOf('firefox-153-tls.pcapng'), layout), 7, ['whole', 'rest']);
  });

  test('every byte before, in and behind a record header', () => {
    expectAllFound(pcap(packetsOf('openssl-3.0.pcap')), 1, ['rest']);
    expectAllFound(pcapng(packetsOf('openssl-3.0.pcap')), 1, ['rest']);
  });

  test.each(['little', 'big'] as const)('pcapng with blocks of many types, %s-endian', (order) => {
    const writer = new PcapngWriter().section({ order }).interface();
    packetsOf('quinn-0.11.pcap').forEach((packet, i) => {
      const isObsolete = i % 5 === 3;
      if (isObsolete) writer.obsolete(packet, 0, 2);
      else writer.enhanced(packet, 0, [{ code: 1, value: noise(i % 30, i + 1) }]);
      if (i % 7 === 0) writer.statistics(0, packet.time, BigInt(i), 0n);
      if (i % 11 === 0) writer.custom(32473, noise(i, i + 1));
      if (i % 13 === 0) writer.block(0x80000001, noise(4 * i, i + 1));
      if (i % 17 === 0) writer.simple(packet.data);
      if (i % 19 === 0) writer.section({ order }).interface();
    });
    expectAllFound(writer.statistics(0, START, 1n, 0n).done(), 29, ['whole', 'rest']);
  });

  test.each(LAYOUTS)('in pieces out of the middle of a file, %o', (layout) => {
    const file = pcap(allPackets(), layout);
    const truth = boundaries(file);
    const size = 300 * 1024;
    expect(file.length).toBeGreaterThan(3 * size);
    for (let from = 24; from + size < file.length; from += 4999) {
      const piece = file.subarray(from, from + size);
      expect(from + findRecord(formatOf(file), piece, 0, false)!).toBe(truth.find((at) => at >= from));
    }
  });

  test('in pieces out of the middle of a pcapng', () => {
    const file = pcapng(allPackets());
    const truth = boundaries(file);
    for (let from = 1001; from + 300_000 < file.length; from += 4999) {
      const piece = file.subarray(from, from + 300_000);
      expect(from + findRecord(formatOf(file), piece, 0, false)!).toBe(truth.find((at) => at >= from));
    }
  });

  test('packets of all lengths and contents', () => {
    const packet = fc.record({
      length: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 3000 })),
      fill: fc.constantFrom('zeros', 'ones', 'noise'),
      gap: fc.integer({ min: 0, max: 2_000_000 }),
    });
    const packets = fc.array(packet, { minLength: 30, maxLength: 120 }).map((list) => {
      let time = START;
      return list.map(({ length, fill, gap }, i) => {
        time += BigInt(gap) * 1000n;
        const data = fill === 'noise' ? noise(length, i + 1) : new Uint8Array(length);
        return { time, data: fill === 'ones' ? data.fill(1) : data };
      });
    });
    fc.assert(
      fc.property(packets, fc.constantFrom(...LAYOUTS), fc.nat(), (list, layout, seed) => {
        for (const file of [pcap(list, layout), pcapng(list)]) {
          const truth = boundaries(file);
          const from = formatOf(file).first + (seed % Math.floor(file.length / 2));
          expect(findRecord(formatOf(file), file, from, true)).toBe(truth.find((at) => at >= from));
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('captures in packets', () => {
  const inner = numbered(40, (i) => noise(20 + (i % 50), i + 1));
  const earlier = inner.map((packet) => ({ ...packet, time: packet.time - 40n * 86_400n * SECOND }));
  const header = noise(54, 99);
  /** Packets each with a whole file as payload, and `trailer` bytes behind it; the last holds none. */
  const carriers = (file: Uint8Array, trailer: number) =>
    numbered(300, (i) => Buffer.concat(i < 299 ? [header, file, noise(trailer, i + 1)] : [header]));

  test('a pcap of the same day in each packet, with bytes behind it', () => {
    expectAllFound(pcap(carriers(pcap(inner), 4)), 2003, ['whole', 'rest']);
  });

  test('a pcap of another day in each packet, which ends where the packet ends', () => {
    expectAllFound(pcap(carriers(pcap(earlier), 0)), 2003, ['whole', 'rest']);
  });

  test('a pcap of the same day in each packet, which ends where the packet ends', () => {
    // Such a chain runs on into the records of the file: only the bytes ahead tell what it is in.
    const file = pcap(carriers(pcap(inner), 0));
    expectAllFound(file, 2003, ['whole']);
    const truth = boundaries(file);
    const ahead = 64 * 1024;
    for (let from = 24 + ahead; from + 600_000 < file.length; from += 2003) {
      const piece = file.subarray(from - ahead, from + 300_000);
      const found = findRecord(formatOf(file), piece, ahead, false)!;
      expect(found + from - ahead).toBe(truth.find((at) => at >= from));
    }
  });

  test('one record in each packet, as of a capture sent as it is made', () => {
    const file = pcap(
      numbered(3000, (i) => {
        const record = pcap([{ time: START + BigInt(i) * 1_000_000n, data: noise(60 + (i % 1000), i + 1) }]);
        return Buffer.concat([header, record.subarray(24)]);
      }),
    );
    expectAllFound(file, 20_011, ['whole']);
  });

  test('a pcapng in each packet of a pcapng, with and without bytes behind it', () => {
    expectAllFound(pcapng(carriers(pcapng(inner), 0)), 2003, ['whole', 'rest']);
    expectAllFound(pcapng(carriers(pcapng(inner), 8)), 2003, ['whole', 'rest']);
  });

  test('a pcap of 240 KiB in a packet', () => {
    const large = pcap(numbered(2400, (i) => noise(84, i + 1)));
    const file = pcap(numbered(20, (i) => Buffer.concat([header, large, noise(50 + i, i + 1)])));
    const truth = boundaries(file);
    for (let from = 24; from + 2_500_000 < file.length; from += 40_009) {
      const piece = file.subarray(from, from + 2_500_000);
      expect(from + findRecord(formatOf(file), piece, 0, false)!).toBe(truth.find((at) => at >= from));
    }
  });
});

describe('headers that look like headers when read late or early', () => {
  // Original length and the first bytes of the address: 52:54:00:00 is 21,586 in little-endian, more than any length.
  const addressed = (i: number) =>
    Buffer.concat([Uint8Array.of(0x52, 0x54, 0, 0), noise(60 + (i % 700), i + 1)]);

  test('4 bytes late: original length for captured, address for original', () => {
    const file = pcap(numbered(2000, addressed, 20_000n));
    const truth = boundaries(file);
    for (let i = 5; i < 200; i++) {
      const from = truth[i]! + 4;
      expect(from + findRecord(formatOf(file), file.subarray(from), 0, true)!).toBe(truth[i + 1]);
    }
  });

  test.each(['little', 'big'] as const)('packets of 64 bytes at whole seconds, %s-endian', (order) => {
    // One byte off, the length is 256 times as large: 51 records of 80 bytes fit in one.
    const file = pcap(
      numbered(20_000, () => new Uint8Array(64), SECOND),
      { order },
    );
    expectAllFound(file, 9973, ['rest']);
    const truth = boundaries(file);
    for (let from = truth[100]!; from < truth[104]!; from++) {
      const piece = file.subarray(from, from + 400_000);
      expect(from + findRecord(formatOf(file), piece, 0, false)!).toBe(truth.find((at) => at >= from));
    }
  });
});

describe('findRecord where records end or break', () => {
  const file = pcap(numbered(100, (i) => noise(60 + i, i + 1)));
  const truth = boundaries(file);
  const format = formatOf(file);
  const blocks = formatOf(pcapng(numbered(1, () => noise(60, 1))));
  const layouts: RecordFormat[] = [
    format,
    { ...format, littleEndian: false },
    { ...format, nanoseconds: true },
    blocks,
    { ...blocks, littleEndian: false },
  ];

  test.each(layouts)('none in bytes that are no records: %o', (layout) => {
    for (const isEnd of [true, false]) {
      expect(findRecord(layout, new Uint8Array(0), 0, isEnd)).toBeNull();
      expect(findRecord(layout, new Uint8Array(300_000), 0, isEnd)).toBeNull();
      expect(findRecord(layout, new Uint8Array(300_000).fill(255), 0, isEnd)).toBeNull();
      for (let seed = 1; seed <= 10; seed++) {
        expect(findRecord(layout, noise(300_000, seed), 0, isEnd)).toBeNull();
      }
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(400), (bytes, from) => {
        expect(findRecord(layout, bytes, from, false)).toBeNull();
      }),
    );
  });

  test('none where fewer than 8 packets follow and the bytes are cut', () => {
    const cut = truth[50]! + 20;
    const piece = (records: number) => file.subarray(truth[51 - records]!, cut);
    expect(findRecord(format, piece(8), 0, false)).toBe(0);
    expect(findRecord(format, piece(7), 0, false)).toBeNull();
    // A file that ends in a record is no other.
    expect(findRecord(format, piece(8), 0, true)).toBe(0);
    expect(findRecord(format, piece(7), 0, true)).toBeNull();
  });

  test('none where the last records end with the bytes and the file does not', () => {
    const last = file.subarray(truth[97]!);
    expect(findRecord(format, last, 0, true)).toBe(0);
    expect(findRecord(format, last, 0, false)).toBeNull();
  });

  test('none behind the last record', () => {
    expect(findRecord(format, file, truth[99]! + 1, true)).toBeNull();
    expect(findRecord(format, file, file.length, true)).toBeNull();
    expect(findRecord(format, file, file.length + 1000, true)).toBeNull();
  });

  test('none that is cut in its header', () => {
    const cut = file.subarray(0, truth[60]! + 10);
    expect(findRecord(format, cut, truth[59]!, false)).toBe(truth[59]);
    expect(findRecord(format, cut, truth[59]! + 1, false)).toBeNull();
  });

  test('none before damage, but behind it', () => {
    const damaged = file.slice();
    damaged.fill(255, truth[40]! + 8, truth[40]! + 12);
    expect(findRecord(format, damaged, truth[10]!, true)).toBe(truth[41]);
  });

  test('none before a step in time of more than a day', () => {
    const late = numbered(50, (i) => noise(60 + i, i + 1)).map((p) => ({
      ...p,
      time: p.time + 86_500n * SECOND,
    }));
    const both = pcap([...numbered(50, (i) => noise(60 + i, i + 1)), ...late]);
    expect(findRecord(format, both, 24, true)).toBe(boundaries(both)[50]);
  });

  test('none in a pcapng cut where none but blocks without packets follow', () => {
    const writer = new PcapngWriter()
      .section()
      .interface()
      .enhanced({ time: START, data: noise(60, 1) });
    for (let i = 0; i < 100; i++) writer.custom(32473, noise(60, i + 1));
    const bytes = writer.done();
    expect(findRecord(blocks, bytes, blocks.first, false)).toBeNull();
    expect(findRecord(blocks, bytes, blocks.first, true)).toBe(blocks.first);
  });

  test('none in front of a section of the other byte order', () => {
    const writer = new PcapngWriter().section().interface();
    for (const packet of numbered(40, (i) => noise(60, i + 1))) writer.enhanced(packet);
    const turn = writer.done().length;
    writer.section({ order: 'big' }).interface();
    for (const packet of numbered(40, (i) => noise(60, i + 1))) writer.enhanced(packet);
    expect(findRecord(blocks, writer.done(), 0, true)).toBeNull();
    expect(findRecord(blocks, writer.done().subarray(0, turn), 0, true)).toBe(0);
  });
});

describe('what makes a header implausible', () => {
  const packets = numbered(60, (i) => noise(60 + i, i + 1));
  /** The next record that is found when four bytes at `offset` of record 20 are something else. */
  function foundAfter(file: Uint8Array, offset: number, value: number[]): number {
    const truth = boundaries(file).filter((at) => at >= formatOf(file).first);
    const changed = file.slice();
    changed.set(value, truth[20]! + offset);
    return truth.indexOf(findRecord(formatOf(file), changed, truth[10]!, true)!);
  }

  test.each<[string, number, number[], number]>([
    ['nothing is changed', 0, [], 10],
    ['time a day later', 0, [0x80, 0x42, 0x55, 0x65], 10],
    ['time 12 days later', 0, [0x00, 0x00, 0x65, 0x65], 21],
    ['999,999 us', 4, [0x3f, 0x42, 0x0f, 0], 10],
    ['1,000,000 us', 4, [0x40, 0x42, 0x0f, 0], 21],
    ['0 bytes captured', 8, [0, 0, 0, 0], 21],
    ['original length as captured', 12, [80, 0, 0, 0], 10],
    ['original length below captured', 12, [79, 0, 0, 0], 21],
    ['original length 16 MiB', 12, [0, 0, 0, 1], 21],
  ])('pcap: %s', (_, offset, value, wanted) => {
    expect(foundAfter(pcap(packets), offset, value)).toBe(wanted);
  });

  test.each<[string, number, number[], number]>([
    ['interface 65,535', 8, [0xff, 0xff, 0, 0], 10],
    ['interface 65,536', 8, [0, 0, 1, 0], 21],
    ['captured length of all that is there', 20, [80, 0, 0, 0], 10],
    ['captured length of more', 20, [81, 0, 0, 0], 21],
    ['a type that is not known', 0, [77, 0, 0, 0], 10],
    ['a section header without byte-order magic', 0, [0x0a, 0x0d, 0x0d, 0x0a], 21],
    ['length of no multiple of 4', 4, [113, 0, 0, 0], 21],
    ['another length at the end', 108, [116, 0, 0, 0], 21],
  ])('pcapng: %s', (_, offset, value, wanted) => {
    expect(foundAfter(pcapng(packets), offset, value)).toBe(wanted);
  });
});

test('each byte is read a few times only, however many chains break late', () => {
  const tiny = numbered(3000, () => Uint8Array.of(7), 1000n);
  for (const packet of tiny) packet.time += SECOND / 2n;
  for (const file of [pcap(tiny), pcapng(tiny)]) {
    const bytes = file.slice(0, -30).fill(255, file.length - 60);
    let reads = 0;
    const counted = new Proxy(bytes, {
      get(target, key) {
        reads++;
        return Reflect.get(target, key);
      },
    });
    expect(findRecord(formatOf(file), counted, 0, false)).toBeNull();
    expect(reads / bytes.length).toBeLessThan(20);
  }
});

describe('followRecords', () => {
  test.each(FIXTURES)('%s', (name) => {
    const file = readFileSync(`${FOLDER}/${name}`);
    const format = formatOf(file);
    const truth = boundaries(file);
    for (let target = format.first; target <= file.length; target += 101) {
      expect(followRecords(format, file, format.first, target)).toBe(truth.find((at) => at >= target));
    }
    expect(followRecords(format, file, format.first, file.length)).toBe(file.length);
    expect(followRecords(format, file, format.first, file.length + 1)).toBeNull();
    const cut = file.subarray(0, -1);
    expect(followRecords(format, cut, format.first, truth.at(-2)!)).toBe(truth.at(-2));
    expect(followRecords(format, cut, format.first, truth.at(-2)! + 1)).toBeNull();
  });

  test('a target that is behind: the record itself', () => {
    const file = pcap(numbered(5, () => noise(60, 1)));
    expect(followRecords(formatOf(file), file, 100, 24)).toBe(100);
    expect(followRecords(formatOf(file), file, file.length + 1, 24)).toBeNull();
  });

  test('takes records that are not plausible, as the core does', () => {
    const day = 86_400n * SECOND;
    const packets = [
      { time: START, data: new Uint8Array(0) },
      { time: START + 30n * day, data: noise(300_000, 1), originalLength: 3 },
      { time: START, data: noise(9, 1) },
    ];
    const file = pcap(packets, { snapLength: 400_000 });
    expect(followRecords(formatOf(file), file, 24, 50)).toBe(24 + 16 + 16 + 300_000);
  });

  test('breaks where the core does', () => {
    const file = pcap(numbered(5, () => noise(60, 1)));
    file.set([1, 0, 0x10, 0], 24 + 76 + 8);
    expect(followRecords(formatOf(file), file, 24, 100)).toBe(100);
    expect(followRecords(formatOf(file), file, 24, 101)).toBeNull();
    const blocks = pcapng(numbered(5, () => noise(60, 1)));
    const format = formatOf(blocks);
    const second = format.first + 32 + 60;
    blocks[second + 4]! ^= 4;
    expect(followRecords(format, blocks, format.first, second)).toBe(second);
    expect(followRecords(format, blocks, format.first, second + 1)).toBeNull();
  });
});
