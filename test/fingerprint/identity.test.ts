import { describe, expect, it } from 'vitest';
import type * as forge from '../../src/dev/forge/index.js';
import { rowOf, rowOfDatagram } from './forged.js';

const SPEC: forge.ClientHelloSpec = { ciphers: [0x1301], extensions: null };
const DTLS: forge.ClientHelloSpec = { ...SPEC, legacyVersion: 0xfefd };

describe('Community ID', () => {
  // Published with the specification (corelight/community-id-spec, seed 0).
  it('of TCP, in both directions', async () => {
    const one = { address: '128.232.110.120', port: 34_855 };
    const two = { address: '66.35.250.204', port: 80 };
    for (const ends of [
      { client: one, server: two },
      { client: two, server: one },
    ]) {
      expect((await rowOf(SPEC, ends)).community_id).toBe('1:LQU9qZlK+B5F3KDmev6m5PMibrg=');
    }
  });

  it('of UDP, in both directions', async () => {
    const one = { address: '192.168.1.52', port: 54_585 };
    const two = { address: '8.8.8.8', port: 53 };
    expect((await rowOfDatagram(DTLS, one, two)).community_id).toBe('1:d/FP5EW3wiY1vCndhwleRRKHowQ=');
    expect((await rowOfDatagram(DTLS, two, one)).community_id).toBe('1:d/FP5EW3wiY1vCndhwleRRKHowQ=');
  });

  it('is the same for both ends also where only the ports or the last bits differ', async () => {
    for (const [a, b] of [
      ['192.0.2.1', '192.0.2.1'],
      ['2001:db8::1', '2001:db8::2'],
      ['2001:db8::', '2001:db9::'],
      ['10.0.0.1', '9.255.255.255'],
    ] as const) {
      const one = { address: a, port: 40_000 };
      const two = { address: b, port: 443 };
      const there = await rowOf(SPEC, { client: one, server: two });
      expect((await rowOf(SPEC, { client: two, server: one })).community_id).toBe(there.community_id);
    }
  });
});

describe('addresses', () => {
  // The examples of RFC 5952 §4 and §5.
  it.each([
    ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:DB8:AAAA:BBBB:CCCC:DDDD:EEEE:FFFF', '2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['fe80:0:0:0:0:0:0:0', 'fe80::'],
    ['1:0:0:0:0:0:0:8', '1::8'],
    ['0:0:3:4:5:6:7:8', '::3:4:5:6:7:8'],
    ['1:2:3:4:5:6:0:0', '1:2:3:4:5:6::'],
    ['0:2:3:4:5:6:7:0', '0:2:3:4:5:6:7:0'],
    ['::ffff:192.0.2.128', '::ffff:192.0.2.128'],
    ['0.0.0.1', '0.0.0.1'],
    ['255.10.100.9', '255.10.100.9'],
  ])('%s is written %s', async (address, wanted) => {
    const other = address.includes(':') ? '2001:db8:ffff::9' : '192.0.2.9';
    const ends = { client: { address, port: 65_535 }, server: { address: other, port: 1 } };
    expect(await rowOf(SPEC, ends)).toMatchObject({
      src_ip: wanted,
      dst_ip: other,
      src_port: 65_535,
      dst_port: 1,
    });
  });
});
