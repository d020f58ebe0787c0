import { describe, expect, it } from 'vitest';
import * as forge from '../../../src/dev/forge/index.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('ByteWriter', () => {
  it('writes integers in either byte order', () => {
    const write = (order: 'big' | 'little'): string =>
      hex(new forge.ByteWriter(order).u8(1).u16(0x0203).u32(0x04050607).u64(0x08090a0b0c0d0e0fn).done());
    expect(write('big')).toBe('0102030405060708090a0b0c0d0e0f');
    expect(write('little')).toBe('010302070605040f0e0d0c0b0a0908');
  });

  it('puts lengths before vectors and refuses what does not fit', () => {
    const nested = new forge.ByteWriter().vector16((w) => w.u8(9).vector8((v) => v.bytes([7, 7])));
    expect(hex(nested.done())).toBe('000409020707');
    expect(() => new forge.ByteWriter().vector8((w) => w.zeros(256))).toThrow(RangeError);
  });

  it('keeps what was written when it grows', () => {
    const writer = new forge.ByteWriter('big', 1);
    for (let i = 0; i < 1000; i++) writer.u16(i);
    const bytes = writer.done();
    expect(bytes).toHaveLength(2000);
    expect(hex(bytes.subarray(1998))).toBe('03e7');
  });
});

describe('checksums', () => {
  it('give the example of RFC 1071 section 3', () => {
    // 00 01 f2 03 f4 f5 f6 f7 sums to 0xddf2 after folding.
    expect(forge.internetChecksum(forge.fromHex('0001f203f4f5f6f7'))).toBe(0xffff - 0xddf2);
  });

  it('make the sum over an IPv4 header and over segment with pseudo header vanish', () => {
    const packet = forge.tcpPacket(
      {
        source: { address: '192.0.2.1', port: 1 },
        destination: { address: '192.0.2.9', port: 2 },
        sequence: 7,
      },
      Uint8Array.of(1, 2, 3),
    );
    expect(forge.internetChecksum(packet.subarray(0, 20))).toBe(0);
    const pseudo = forge.wordSum(packet, 12, 20) + 6 + (packet.length - 20);
    expect(forge.foldChecksum(pseudo + forge.wordSum(packet, 20))).toBe(0);
  });
});

describe('addresses', () => {
  it.each([
    ['192.0.2.255', 'c00002ff'],
    ['2001:db8::1', '20010db8000000000000000000000001'],
    ['::', '00000000000000000000000000000000'],
    ['64:ff9b::192.0.2.33', '0064ff9b0000000000000000c0000221'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
  ])('reads %s', (text, expected) => expect(hex(forge.ipAddress(text))).toBe(expected));

  it.each(['256.0.0.1', '1.2.3', '1:2:3', '1::2::3', ':::', '1.2.3.x'])('refuses %s', (text) => {
    expect(() => forge.ipAddress(text)).toThrow(TypeError);
  });
});

describe('captures', () => {
  const packets = [{ time: 1_700_000_000_123_456_789n, data: forge.fromHex('aabbcc') }];

  it.each([
    ['little', 'us', 'd4c3b2a1', '00f15365' + '40e20100'],
    ['little', 'ns', '4d3cb2a1', '00f15365' + '15cd5b07'],
    ['big', 'us', 'a1b2c3d4', '6553f100' + '0001e240'],
    ['big', 'ns', 'a1b23c4d', '6553f100' + '075bcd15'],
  ] as const)('have the right magic and time: %s %s', (order, resolution, magic, time) => {
    const file = forge.pcap(packets, { order, resolution });
    expect(hex(file.subarray(0, 4))).toBe(magic);
    expect(hex(file.subarray(24, 32))).toBe(time);
    expect(file).toHaveLength(24 + 16 + 3);
  });

  it('cut packets to the snap length and keep the original one', () => {
    const file = forge.pcap(packets, { snapLength: 2, order: 'big' });
    expect(hex(file.subarray(32))).toBe('0000000200000003' + 'aabb');
  });

  it('have longer record headers in the modified format', () => {
    const file = forge.pcap(packets, { variant: 'modified' });
    expect(hex(file.subarray(0, 4))).toBe('34cdb2a1');
    expect(file).toHaveLength(24 + 24 + 3);
  });

  it('write pcapng times in the units of the interface', () => {
    const time = (format: forge.InterfaceFormat): bigint => {
      const file = forge.pcapng(packets, format);
      const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
      const block = 28 + view.getUint32(32, true);
      expect(view.getUint32(block, true)).toBe(6);
      return (BigInt(view.getUint32(block + 12, true)) << 32n) | BigInt(view.getUint32(block + 16, true));
    };
    expect(time({})).toBe(1_700_000_000_123_456n);
    expect(time({ resolution: { base: 10, exponent: 9 } })).toBe(1_700_000_000_123_456_789n);
    expect(time({ resolution: { base: 2, exponent: 10 } })).toBe(
      (1_700_000_000_123_456_789n * 1024n) / 1_000_000_000n,
    );
    expect(time({ offset: 1_700_000_000n })).toBe(123_456n);
  });
});

describe('TcpStream', () => {
  const ends = { client: { address: '192.0.2.1', port: 40000 }, server: { address: '192.0.2.2', port: 443 } };
  const tcp = (packet: forge.ForgedPacket): DataView => {
    const { buffer, byteOffset, byteLength } = packet.data;
    return new DataView(buffer, byteOffset + 20, byteLength - 20);
  };

  it('wraps its sequence numbers modulo 2^32', () => {
    const stream = new forge.TcpStream({ ...ends, clientSequence: 0xfffffffe, segmentSize: 3 });
    stream.open().send('client', new Uint8Array(6), { acknowledge: true });
    expect(stream.packets.map((packet) => tcp(packet).getUint32(4))).toEqual([
      0xfffffffe, 500000, 0xffffffff, 0xffffffff, 2, 500001,
    ]);
    expect(tcp(stream.packets[5]!).getUint32(8)).toBe(5);
  });

  it('echoes the time stamp of the SYN in the SYN-ACK', () => {
    const stream = new forge.TcpStream({ ...ends, timestamps: true }).open();
    const [syn, answer] = stream.packets;
    // Options of a SYN here: MSS (4), SACK permitted (2), time stamps (10) at 26.
    expect(tcp(syn!).getUint8(26)).toBe(8);
    expect(tcp(answer!).getUint32(32)).toBe(tcp(syn!).getUint32(28));
  });

  it('repeats the end of the piece before in overlapping pieces', () => {
    const pieces = [
      { offset: 0, data: Uint8Array.of(1, 2, 3) },
      { offset: 3, data: Uint8Array.of(4) },
    ];
    expect(forge.arrange.overlapping(2)(pieces)[1]).toEqual({ offset: 1, data: Uint8Array.of(2, 3, 4) });
  });
});
