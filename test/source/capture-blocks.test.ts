import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { pcap } from '../../src/dev/forge/capture.js';
import { PcapngWriter } from '../../src/dev/forge/pcapng.js';
import {
  CaptureParser,
  type InterfaceInfo,
  type PacketInfo,
  type SectionInfo,
  ticksPerSecond,
} from '../../src/source/capture-blocks.js';

const text = (s: string) => new TextEncoder().encode(s);
const packet = (time: bigint, ...bytes: number[]) => ({ time, data: Uint8Array.from(bytes) });

function parse(bytes: Uint8Array, chunk = bytes.length) {
  const seen = {
    sections: [] as SectionInfo[],
    interfaces: [] as InterfaceInfo[],
    packets: [] as PacketInfo[],
    others: [] as number[],
  };
  const parser = new CaptureParser({
    section: (s) => seen.sections.push(s),
    interface: (i) => seen.interfaces.push(i),
    packet: (p) => seen.packets.push({ ...p, data: p.data.slice() }),
    other: (type) => seen.others.push(type),
  });
  for (let at = 0; at < bytes.length; at += chunk) parser.push(bytes.subarray(at, at + chunk));
  return { ...seen, parser };
}

const SAMPLE = new PcapngWriter()
  .section({
    options: [
      { code: 1, value: text('a comment') },
      { code: 4, value: text('forge') },
    ],
  })
  .interface({
    linkType: 101,
    name: 'tun0',
    snapLength: 96,
    resolution: { base: 10, exponent: 9 },
    options: [{ code: 11, value: text('\0tcp') }],
  })
  .enhanced(packet(1_700_000_000_123_456_789n, 1, 2, 3))
  .section({ order: 'big' })
  .interface({ linkType: 1, offset: 100n })
  .enhanced(packet(1_700_000_001_000_001_000n, 4, 5, 6, 7))
  .block(0x0bad, new Uint8Array(200_000))
  .enhanced(packet(1_700_000_002_000_000_000n, 8))
  .done();

describe('CaptureParser', () => {
  test('pcapng: sections of both byte orders, interfaces counted through, comments', () => {
    const { sections, interfaces, packets, others, parser } = parse(SAMPLE);
    expect(sections.map((s) => [s.littleEndian, s.application, s.comments])).toEqual([
      [true, 'forge', ['a comment']],
      [false, null, []],
    ]);
    expect(interfaces[0]).toMatchObject({
      index: 0,
      linkType: 101,
      name: 'tun0',
      snapLen: 96,
      resolution: 9,
      filter: 'tcp',
    });
    expect(interfaces[1]).toMatchObject({ index: 1, linkType: 1, resolution: 6, offset: 100n });
    expect(packets.map((p) => [p.number, p.interface, [...p.data]])).toEqual([
      [1, 0, [1, 2, 3]],
      [2, 1, [4, 5, 6, 7]],
      [3, 1, [8]],
    ]);
    expect(packets[0]!.time).toBe(1_700_000_000_123_456_789n);
    // Microseconds, 100 s before what the reader of if_tsoffset makes of it.
    expect(packets[1]!.time).toBe(1_699_999_901_000_001n);
    expect(others).toEqual([0x0bad]);
    expect(parser.packetCounts).toEqual([1, 2]);
  });

  test.each([1, 7, 64, 4096])('the same in pieces of %i bytes', (chunk) => {
    const { parser: _, ...whole } = parse(SAMPLE);
    const { parser: __, ...pieces } = parse(SAMPLE, chunk);
    expect(pieces).toEqual(whole);
  });

  test.each([
    [{ order: 'little' }, 6],
    [{ order: 'big', resolution: 'ns' }, 9],
    [{ variant: 'modified' }, 6],
  ] as const)('pcap %o', (format, resolution) => {
    const bytes = pcap(
      [packet(1_700_000_000_123_456_000n, 1, 2), { ...packet(5n * 10n ** 9n, 3), originalLength: 900 }],
      format,
    );
    const { interfaces, packets } = parse(bytes, 9);
    expect(interfaces).toMatchObject([{ linkType: 1, resolution, snapLen: 262144 }]);
    const scale = resolution === 9 ? 1n : 1000n;
    expect(packets.map((p) => [p.time * scale, [...p.data], p.originalLength])).toEqual([
      [1_700_000_000_123_456_000n, [1, 2], 2],
      [5n * 10n ** 9n, [3], 900],
    ]);
  });

  test('without a packet handler it counts all the same', () => {
    const bytes = readFileSync('fixtures/captures/chromium-156-tls.pcapng');
    const parser = new CaptureParser({});
    for (let at = 0; at < bytes.length; at += 1000) parser.push(bytes.subarray(at, at + 1000));
    // 83: what capinfos says.
    expect(parser.packetCounts).toEqual([83]);
  });

  test('damage ends it, without a throw', () => {
    const bytes = SAMPLE.slice();
    // Total length of the second block: no multiple of four.
    const second = new DataView(bytes.buffer).getUint32(4, true);
    bytes[second + 4] = 33;
    const { parser, interfaces } = parse(bytes);
    expect(parser.broken).toBe(true);
    expect(interfaces).toEqual([]);
  });
});

test('resolutions of powers of ten and of two', () => {
  expect(ticksPerSecond(6)).toBe(1_000_000n);
  expect(ticksPerSecond(0x8a)).toBe(1024n);
});
