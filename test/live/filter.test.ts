import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { pcap } from '../../src/dev/forge/capture.js';
import {
  bothFilters,
  filterBytes,
  type Instruction,
  NOTHING,
  parseProgram,
  prefilter,
} from '../../src/live/packet-filter.js';
import { coreRows } from '../support/core-rows.js';
import { readCapture } from '../support/reference/capture.js';
import { fixturePath, timeless } from './support/fixtures.js';

/**
 * The classic BPF machine (McCanne and Jacobson, "The BSD Packet Filter", 1993), as far as the programs here and those of
 * tcpdump go: answers the bytes of a packet to keep. A load behind the end of the packet drops it.
 */
function accepts(program: readonly Instruction[], packet: Uint8Array): number {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  let a = 0;
  let x = 0;
  for (let pc = 0; ; pc++) {
    const [code, jt, jf, k] = program[pc]!;
    try {
      if (code === 0x06) return k;
      else if (code === 0x05) pc += k;
      else if (code === 0x28) a = view.getUint16(k);
      else if (code === 0x30) a = view.getUint8(k);
      else if (code === 0x50) a = view.getUint8(x + k);
      else if (code === 0x48) a = view.getUint16(x + k);
      else if (code === 0xb1) x = 4 * (view.getUint8(k) & 15);
      else if (code === 0x54) a = (a & k) >>> 0;
      else if (code === 0x74) a >>>= k;
      else if (code === 0x0c) a = (a + x) >>> 0;
      else if (code === 0x1c) a = (a - x) >>> 0;
      else if (code === 0x07) x = a;
      else if (code === 0x15) pc += a === k ? jt : jf;
      else if (code === 0x45) pc += (a & k) !== 0 ? jt : jf;
      else throw new Error(`instruction ${code}`);
    } catch (error) {
      if (error instanceof RangeError) return 0;
      throw error;
    }
  }
}

/** `tcpdump -y EN10MB -ddd "tcp port 443"` (tcpdump 4.99.3, libpcap 1.10.3). */
const TCP_PORT_443 = `20
40 0 0 12
21 0 6 34525
48 0 0 20
21 0 15 6
40 0 0 54
21 12 0 443
40 0 0 56
21 10 11 443
21 0 10 2048
48 0 0 23
21 0 8 6
40 0 0 20
69 6 0 8191
177 0 0 14
72 0 0 14
21 2 0 443
72 0 0 16
21 0 1 443
6 0 0 262144
6 0 0 0
`;

const FIXTURES = [
  'curl-7.88-openssl-3.0.pcap',
  'chromium-156-quic.pcap',
  'openssl-3.0-dtls.pcap',
  'starttls-smtp.pcap',
  'openssl-3.0-hrr.pcap',
];

describe('the prefilter', () => {
  test.each(FIXTURES)('%s: no row is lost', async (name) => {
    const file = readCapture(readFileSync(fixturePath(name)));
    const kept = file.filter((p) => accepts(prefilter(), p.data) > 0);
    const [whole, filtered] = await Promise.all([
      coreRows(fixturePath(name)),
      coreRows(pcap(kept.map(({ time, data }) => ({ time: time!, data })))),
    ]);
    const facts = (rows: readonly object[]) =>
      rows.map((row) => ({ ...timeless(row), packet: 0, first_packet: 0 }));
    expect(facts(filtered.clientHellos)).toEqual(facts(whole.clientHellos));
    expect(facts(filtered.serverHellos)).toEqual(facts(whole.serverHellos));
  });

  test('bare acknowledgements are left out, SYN, FIN and data pass', () => {
    const packets = readCapture(readFileSync(fixturePath('curl-7.88-openssl-3.0.pcap')));
    for (const { data } of packets) {
      const ip4 = data[12] === 8 && data[13] === 0;
      if (!ip4 || data[23] !== 6) continue;
      const view = new DataView(data.buffer, data.byteOffset);
      const tcp = 14 + 4 * (data[14]! & 15);
      const payload = view.getUint16(16) - (tcp - 14) - 4 * (data[tcp + 12]! >> 4);
      const bare = payload === 0 && (data[tcp + 13]! & 7) === 0;
      expect(accepts(prefilter(), data) > 0).toBe(!bare);
    }
  });

  test.each([
    ['ARP', '0806', '0001', false],
    ['LLDP', '88cc', '0207', false],
    ['MPLS', '8847', '0001', true],
    ['PPPoE', '8864', '1100', true],
    ['ICMP', '0800', '450000540000000040010000', false],
    ['ICMPv6', '86dd', '6000000000183aff', false],
    ['UDP', '0800', '450000540000000040110000', true],
    ['GRE', '0800', '4500005400000000402f0000', true],
    ['a later TCP fragment', '0800', '450000540000010040060000', true],
  ])('%s', (_what, type, rest, passes) => {
    const frame = Buffer.alloc(80);
    Buffer.from(type + rest, 'hex').copy(frame, 12);
    expect(accepts(prefilter(), frame) > 0).toBe(passes);
  });
});

describe('filters of the user', () => {
  const program = parseProgram(TCP_PORT_443);

  test('what tcpdump -ddd answers is read', () => {
    expect(program).toHaveLength(20);
    expect(program[0]).toEqual([40, 0, 0, 12]);
    expect(program[18]).toEqual([6, 0, 0, 262144]);
  });

  test('with the prefilter both must accept', () => {
    const both = bothFilters(program, prefilter());
    for (const name of FIXTURES) {
      for (const { data } of readCapture(readFileSync(fixturePath(name)))) {
        const expected = accepts(program, data) > 0 && accepts(prefilter(), data) > 0;
        expect(accepts(both, data) > 0).toBe(expected);
      }
    }
  });

  test.each(['', '1\n', '2\n6 0 0 1', '1\n6 0 x 1', '1\n6 0 0'])('%j is no program', (text) => {
    expect(() => parseProgram(text)).toThrow('no filter program');
  });
});

test('instructions as the kernel has them', () => {
  expect(Buffer.from(filterBytes([[0x15, 1, 2, 0x0a0b0c0d]])).toString('hex')).toBe('150001020d0c0b0a');
  expect(accepts(NOTHING, new Uint8Array(60))).toBe(0);
});
