import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Core } from '../../src/core/core.js';
import * as forge from '../../src/dev/forge/index.js';
import { transcript } from '../core/captures.js';
import { coreRows } from '../support/core-rows.js';

const limits = { max_flows: 512, reassembly_bytes: 1_048_576, batch_rows: 64, content_cache_bytes: 65_536 };
const core = new Core({ layout: 'wide', limits });

/** A hello in one packet, without link header. */
function hello(name: string, port = 50_000): Uint8Array {
  const message = forge.clientHello({ ciphers: [0x1301], extensions: [forge.serverName(name)] });
  const fields = {
    source: { address: '192.0.2.1', port },
    destination: { address: '192.0.2.2', port: 443 },
    sequence: 1,
  };
  return forge.tcpPacket(fields, forge.handshakeRecords(message));
}

const read = (bytes: Uint8Array, chunk?: number) =>
  coreRows(bytes, chunk === undefined ? { core } : { core, chunk });

/** One Ethernet packet with raw time units, on an interface with these options. */
function timed(
  high: number,
  low: number,
  options: readonly forge.BlockOption[],
  order: forge.ByteOrder,
): Uint8Array {
  const data = forge.ethernet(hello('a.example'));
  const body = new forge.ByteWriter(order).u32(0).u32(high).u32(low).u32(data.length).u32(data.length);
  return new forge.PcapngWriter()
    .section({ order })
    .interface({ options })
    .block(6, body.bytes(data).align(4).done())
    .done();
}

const resolution = (value: number): forge.BlockOption => ({ code: 9, value: new Uint8Array([value]) });

describe('times', () => {
  // 1,700,000,000 s = 0x6553f100. Units are written as their upper and lower 32 bits.
  it.each<[string, forge.BlockOption[], bigint, bigint]>([
    ['microseconds when nothing is said', [], 1_700_000_000_000_001n, 1_700_000_000_000_001_000n],
    ['10^-6', [resolution(6)], 1_700_000_000_000_001n, 1_700_000_000_000_001_000n],
    ['10^-9', [resolution(9)], 1_700_000_000_123_456_789n, 1_700_000_000_123_456_789n],
    ['seconds', [resolution(0)], 1_700_000_000n, 1_700_000_000_000_000_000n],
    ['10^-3', [resolution(3)], 1_700_000_000_007n, 1_700_000_000_007_000_000n],
    ['10^-7, as Windows counts', [resolution(7)], 17_000_000_001_234_567n, 1_700_000_000_123_456_700n],
    ['10^-10', [resolution(10)], 17_000_000_001_234_567_899n, 1_700_000_000_123_456_789n],
    ['10^-12 from 1970 on', [resolution(12)], 12_123_456_789_999n, 12_123_456_789n],
    ['10^-12, all digits of a second', [resolution(12)], 1_000_000_001_000n, 1_000_000_001n],
    [
      '2^-10: 512 of 1024',
      [resolution(0x80 | 10)],
      1_700_000_000n * 1024n + 512n,
      1_700_000_000_500_000_000n,
    ],
    ['2^-20', [resolution(0x80 | 20)], 1_700_000_000n * 1_048_576n + 1n, 1_700_000_000_000_000_953n],
    ['2^-32', [resolution(0x80 | 32)], (1_700_000_000n << 32n) + (1n << 31n), 1_700_000_000_500_000_000n],
    ['2^-40', [resolution(0x80 | 40)], (16_000_000n << 40n) + (1n << 40n) - 1n, 16_000_000_999_999_999n],
    ['2^-63', [resolution(0x80 | 63)], (1n << 63n) + (1n << 61n), 1_250_000_000n],
  ])('%s', async (_, options, units, wanted) => {
    for (const order of ['little', 'big'] as const) {
      const bytes = timed(Number(units >> 32n), Number(units & 0xffffffffn), options, order);
      const { clientHellos } = await read(bytes);
      expect(clientHellos).toMatchObject([{ ts: wanted }]);
    }
  });

  it('fractions finer than nanoseconds are rounded down, exactly', async () => {
    const random = new forge.SeededRandom(11);
    for (let i = 0; i < 60; i++) {
      const wanted = BigInt(random.below(1_000_000_000));
      // The first picosecond of that nanosecond, and the first 2^-50 s not before it.
      const pico = 1_700_000n * 10n ** 12n + wanted * 1000n;
      const binary = (1_000n << 50n) + ((wanted << 50n) + 999_999_999n) / 1_000_000_000n;
      for (const [units, option, seconds] of [
        [pico, resolution(12), 1_700_000n],
        [binary, resolution(0x80 | 50), 1_000n],
      ] as const) {
        const { clientHellos } = await read(
          timed(Number(units >> 32n), Number(units & 0xffffffffn), [option], 'little'),
        );
        expect(clientHellos[0]!.ts).toBe(seconds * 1_000_000_000n + wanted);
      }
    }
  });

  it('if_tsoffset adds seconds, also negative ones', async () => {
    for (const order of ['little', 'big'] as const) {
      for (const [offset, wanted] of [
        [1_000_000_000n, 1_700_000_000_000_001_000n],
        [-100_000_000n, 600_000_000_000_001_000n],
      ] as const) {
        const value = new forge.ByteWriter(order).u64(BigInt.asUintN(64, offset)).done();
        const units = 700_000_000_000_001n;
        const bytes = timed(Number(units >> 32n), Number(units & 0xffffffffn), [{ code: 14, value }], order);
        expect((await read(bytes)).clientHellos).toMatchObject([{ ts: wanted }]);
      }
    }
  });

  it('options that are not known, and the end of options, are passed over', async () => {
    const options = [
      { code: 2, value: forge.fromText('eth0') },
      { code: 0x8001, value: new Uint8Array(5) },
      resolution(9),
      { code: 12, value: forge.fromText('Linux') },
    ];
    expect((await read(timed(0, 5, options, 'little'))).clientHellos).toMatchObject([{ ts: 5n }]);
    const after = [{ code: 0, value: new Uint8Array(0) }, resolution(9)];
    expect((await read(timed(0, 5, after, 'little'))).clientHellos).toMatchObject([{ ts: 5000n }]);
  });
});

describe('blocks', () => {
  const packet = { time: 1_700_000_000_000_000_000n, data: forge.ethernet(hello('enhanced.example', 1)) };

  it('enhanced, simple and obsolete packet blocks, in either byte order', async () => {
    for (const order of ['little', 'big'] as const) {
      const bytes = new forge.PcapngWriter()
        .section({ order })
        .interface()
        .enhanced(packet, 0, [{ code: 1, value: forge.fromText('a comment') }])
        .obsolete({
          ...packet,
          time: packet.time + 1000n,
          data: forge.ethernet(hello('obsolete.example', 2)),
        })
        .simple(forge.ethernet(hello('simple.example', 3)))
        .done();
      const { clientHellos, state, error } = await read(bytes);
      expect(error).toBeNull();
      expect(state).toMatchObject({ packets: 3, format: 'pcapng' });
      // A simple block has no time: that of the packet before it stands for it.
      expect(clientHellos).toMatchObject([
        { sni: 'enhanced.example', ts: packet.time },
        { sni: 'obsolete.example', ts: packet.time + 1000n },
        { sni: 'simple.example', ts: packet.time + 1000n },
      ]);
    }
  });

  it('interfaces with link types, resolutions and offsets of their own', async () => {
    const time = 1_700_000_000_123_456_789n;
    const bytes = new forge.PcapngWriter()
      .section()
      .interface({ linkType: 1 })
      .interface({ linkType: 101, resolution: { base: 10, exponent: 9 } })
      .interface({ linkType: 0, resolution: { base: 10, exponent: 3 }, offset: 1_600_000_000n })
      .enhanced({ time, data: hello('raw.example', 1) }, 1)
      .enhanced({ time, data: forge.ethernet(hello('ethernet.example', 2)) }, 0)
      .enhanced({ time, data: forge.concat([2, 0, 0, 0], hello('null.example', 3)) }, 2)
      .done();
    const { clientHellos, state } = await read(bytes);
    expect(clientHellos).toMatchObject([
      { sni: 'raw.example', ts: time },
      { sni: 'ethernet.example', ts: 1_700_000_000_123_456_000n },
      { sni: 'null.example', ts: 1_700_000_000_123_000_000n },
    ]);
    expect(state.linkTypes).toEqual([101, 1, 0]);
  });

  it('sections, each with its byte order and its own interfaces', async () => {
    const bytes = new forge.PcapngWriter()
      .section({ order: 'little' })
      .interface({ linkType: 1 })
      .enhanced({ time: 1000n, data: forge.ethernet(hello('one.example', 1)) })
      .section({ order: 'big', length: 0n })
      .interface({ linkType: 101, resolution: { base: 10, exponent: 9 } })
      .enhanced({ time: 2001n, data: hello('two.example', 2) })
      .section({ order: 'little' })
      .interface({ linkType: 1 })
      .simple(forge.ethernet(hello('three.example', 3)))
      .done();
    for (const chunk of [undefined, 1, 13, 64]) {
      const { clientHellos, error } = await read(bytes, chunk);
      expect(error).toBeNull();
      expect(clientHellos).toMatchObject([
        { sni: 'one.example', packet: 1n, ts: 1000n },
        { sni: 'two.example', packet: 2n, ts: 2001n },
        { sni: 'three.example', packet: 3n },
      ]);
    }
  });

  it('other blocks are skipped and counted, whatever their size', async () => {
    const writer = new forge.PcapngWriter()
      .section({ options: [{ code: 4, value: forge.fromText('an application') }] })
      .interface()
      .nameResolution(new Uint8Array([192, 0, 2, 1]), 'a.example')
      .statistics(0, packet.time, 5n, 1n)
      .secrets('CLIENT_RANDOM 00 11\n')
      .custom(32_473, new Uint8Array(100))
      .block(0x0000aaaa, new Uint8Array(65_536 - 12))
      .block(0x0000aaaa, new Uint8Array(65_536 - 8))
      .secrets('x'.repeat(3_000_000))
      .enhanced(packet);
    const bytes = writer.done();
    for (const chunk of [bytes.length, 1 << 16, 50_001, 4096]) {
      const { clientHellos, state, error } = await read(bytes, chunk);
      expect(error).toBeNull();
      expect(clientHellos).toMatchObject([{ sni: 'enhanced.example' }]);
      expect(state.counters.skipped_blocks).toBe(7n);
    }
  });

  it('the snap length of the interface bounds a simple block', async () => {
    const data = forge.ethernet(hello('a.example'));
    const bytes = new forge.PcapngWriter().section().interface({ snapLength: 80 }).simple(data).done();
    const { state } = await read(bytes);
    expect(state.counters).toMatchObject({
      bytes: BigInt(data.length),
      captured_bytes: 80n,
      snaplen_cut_packets: 1n,
    });
  });
});

describe('broken files', () => {
  const packet = { time: 1_700_000_000_000_000_000n, data: forge.ethernet(hello('a.example')) };
  const whole = () => new forge.PcapngWriter().section().interface().enhanced(packet);
  const good = whole().done();

  it('a packet of an interface that was not described', async () => {
    const bytes = whole().enhanced(packet, 1).done();
    const { error, state, clientHellos } = await read(bytes);
    expect(clientHellos.length).toBe(1);
    expect(state.packets).toBe(1);
    expect(error).toMatchObject({ code: 'ERR_TLSFP_CAPTURE_FORMAT', offset: good.length + 8, packet: 2 });
  });

  it('a simple block without an interface', async () => {
    const { error } = await read(new forge.PcapngWriter().section().simple(packet.data).done());
    expect(error).toMatchObject({ code: 'ERR_TLSFP_CAPTURE_FORMAT', packet: 1 });
  });

  it.each([0, 4, 8, 11, 13, 0x7fffffff, 0xfffffffc])(
    'a packet block that says it has %s bytes',
    async (length) => {
      const bytes = forge.concat(good, good.subarray(good.length - 200)).slice();
      const at = good.length;
      new DataView(bytes.buffer).setUint32(at, 6, true);
      new DataView(bytes.buffer).setUint32(at + 4, length, true);
      const { error, clientHellos } = await read(bytes);
      expect(clientHellos.length).toBe(1);
      expect(error).toMatchObject({ code: 'ERR_TLSFP_CAPTURE_FORMAT', offset: at + 4 });
    },
  );

  it('more captured bytes than the block has', async () => {
    const bytes = good.slice();
    const block = good.length - (32 + Math.ceil(packet.data.length / 4) * 4);
    expect(new DataView(bytes.buffer).getUint32(block, true)).toBe(6);
    new DataView(bytes.buffer).setUint32(block + 20, packet.data.length + 100, true);
    expect((await read(bytes)).error).toMatchObject({ code: 'ERR_TLSFP_CAPTURE_FORMAT', offset: block + 20 });
  });

  it('a section of another version, and one without byte order', async () => {
    const other = good.slice();
    other[12] = 2;
    expect((await read(other)).error).toMatchObject({ code: 'ERR_TLSFP_CAPTURE_FORMAT', offset: 12 });
    const none = good.slice();
    none[8] = 0;
    expect((await read(none)).error).toMatchObject({ code: 'ERR_TLSFP_CAPTURE_FORMAT', offset: 8 });
  });

  it('more interfaces than max_interfaces', async () => {
    const writer = new forge.PcapngWriter().section().interface().enhanced(packet).interface().interface();
    const { error, clientHellos } = await coreRows(writer.done(), {
      limits: { ...limits, max_interfaces: 2 },
    });
    expect(clientHellos.length).toBe(1);
    expect(error).toMatchObject({ code: 'ERR_TLSFP_LIMIT' });
  });

  it('cut in the middle of a block, small, large or with a packet', async () => {
    const large = new forge.PcapngWriter()
      .section()
      .interface()
      .enhanced(packet)
      .secrets('x'.repeat(200_000))
      .done();
    for (const [bytes, missing] of [
      [good, 5],
      [large, 5],
      [large, 150_000],
      [large, 199_999],
    ] as const) {
      const { error } = await read(bytes.subarray(0, bytes.length - missing));
      expect(error).toMatchObject({ code: 'ERR_TLSFP_CAPTURE_TRUNCATED' });
    }
  });
});

describe('blocks in our byte order, read in a loop of their own,', () => {
  const block = fc.record({
    kind: fc.constantFrom(
      'enhanced',
      'enhanced',
      'enhanced',
      'enhanced',
      'simple',
      'obsolete',
      'other',
      'interface',
    ),
    id: fc.constantFrom(0, 0, 0, 1, 2),
    cut: fc.constantFrom(0, 0, 0, 9),
    seconds: fc.integer({ min: -200, max: 400 }),
  });
  type Block = typeof block extends fc.Arbitrary<infer B> ? B : never;
  const blocks = fc.array(block, { minLength: 1, maxLength: 60 });
  const step = 2_000_000_000n;

  function written(order: forge.ByteOrder, list: readonly Block[]): Uint8Array {
    const resolution = { base: 10, exponent: 9 } as const;
    const writer = new forge.PcapngWriter().section({ order });
    writer.interface({ linkType: 1 }).interface({ linkType: 101, resolution });
    // Known from the third block on.
    let interfaces = 2;
    for (const [i, { kind, id, cut, seconds }] of list.entries()) {
      const ip = hello(`host${i}.example`, 50_000 + i);
      const data = id === 1 ? ip : forge.ethernet(ip);
      const packet = {
        time: 1_700_000_000n * 1_000_000_000n + BigInt(i) * step + BigInt(seconds) * 1_000_000_000n,
        data: data.subarray(0, data.length - cut),
        originalLength: data.length,
      };
      if (kind === 'interface' || (id === 2 && interfaces === 2)) writer.interface({ linkType: 1 });
      if (kind === 'interface' || id === 2) interfaces = 3;
      if (kind === 'enhanced') writer.enhanced(packet, id);
      if (kind === 'obsolete') writer.obsolete(packet, id);
      if (kind === 'simple') writer.simple(forge.ethernet(ip));
      if (kind === 'other') writer.custom(32473, new Uint8Array(5));
    }
    return writer.done();
  }

  it('give what they give in the other one, wherever the input is divided', async () => {
    await fc.assert(
      fc.asyncProperty(blocks, fc.integer({ min: 600, max: 20_000 }), async (list, chunk) => {
        const [ours, other] = [written('little', list), written('big', list)];
        const expected = transcript(await read(other));
        expect(transcript(await read(ours))).toBe(expected);
        expect(transcript(await read(ours, chunk))).toBe(transcript(await read(other, chunk)));
      }),
      { numRuns: 100 },
    );
  });

  it('are as wrong as in the other one', async () => {
    const list = Array.from({ length: 9 }, () => ({ kind: 'enhanced', id: 0, cut: 0, seconds: 0 }));
    const values = [0, 8, 12, 28, 29, 31, 32, 36, 1 << 20, 0x7fffffff, 0xffffffff];
    // Block type, total length, interface, captured length.
    for (const field of [0, 4, 8, 20]) {
      for (const value of values) {
        const [ours, other] = [written('little', list), written('big', list)];
        // The sixth packet: blocks before it are as long in both.
        let at = 0;
        for (let n = 0; n < 8; n++) at += new DataView(ours.buffer, ours.byteOffset).getUint32(at + 4, true);
        new DataView(ours.buffer, ours.byteOffset).setUint32(at + field, value, true);
        new DataView(other.buffer, other.byteOffset).setUint32(at + field, value, false);
        const told = transcript(await read(ours));
        expect(told, `${value} at ${field}`).toBe(transcript(await read(other)));
        expect(told).toContain('host4.example');
      }
    }
  });
});
