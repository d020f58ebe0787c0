import { describe, expect, test } from 'vitest';
import { FlowFinder } from '../../src/extract/find-flow.js';

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));
const V4 = { src_ip: '192.0.2.1', dst_ip: '198.51.100.7', src_port: 49152, dst_port: 443 };
const V6 = { src_ip: '2001:db8::1', dst_ip: '2001:db8::ff:2', src_port: 1000, dst_port: 443 };

const ethernet = 'ffffffffffff 020000000001 0800';
// RFC 791 §3.1: version and length, service, total length, id, flags and offset, TTL, protocol, checksum, addresses.
const ipv4 = (protocol: string, field = '0000') =>
  `45 00 0030 1234 ${field} 40 ${protocol} 0000 c0000201 c6336407`;
const ports = 'c000 01bb 00000001 00000000 5010 ffff 0000 0000';
// RFC 8200 §3.
const ipv6 = (next: string) =>
  `60000000 0018 ${next} 40 20010db8000000000000000000000001 20010db8000000000000000000ff0002`;

function finder(ends: typeof V4) {
  const found = new FlowFinder<string>();
  found.add(ends, 'it');
  return found;
}

describe('FlowFinder', () => {
  test.each([
    ['Ethernet', ethernet],
    ['two VLAN tags', 'ffffffffffff 020000000001 88a8 0001 8100 0002 0800'],
    ['no link header', ''],
    ['GRE within IPv4', `${ethernet} 45000060 00000000 402f 0000 0a000001 0a000002 00000800`],
  ])('TCP behind %s', (_, before) => {
    expect(finder(V4).find(bytes(`${before}${ipv4('06')}${ports}`))).toMatchObject({
      value: 'it',
      fragment: false,
    });
  });

  test('other ports, the other direction, another protocol are other packets', () => {
    const packet = bytes(`${ethernet}${ipv4('06')}${ports}`);
    expect(finder({ ...V4, dst_port: 444 }).find(packet)).toBeNull();
    const { src_ip, dst_ip, src_port, dst_port } = V4;
    const back = { src_ip: dst_ip, dst_ip: src_ip, src_port: dst_port, dst_port: src_port };
    expect(finder(back).find(packet)).toBeNull();
    const both = new FlowFinder<string>();
    both.addBoth(back, 'either');
    expect(both.find(packet)?.value).toBe('either');
    expect(finder(V4).find(bytes(`${ethernet}${ipv4('01')}${ports}`))).toBeNull();
  });

  test('a later fragment is known by its addresses', () => {
    const packet = bytes(`${ethernet}${ipv4('11', '0064')}${'00'.repeat(20)}`);
    expect(finder(V4).find(packet)).toMatchObject({ value: 'it', fragment: true });
  });

  test('IPv6, with a hop-by-hop header and as a fragment', () => {
    expect(finder(V6).find(bytes(`${ethernet}${ipv6('06')}03e8 01bb${'00'.repeat(20)}`))?.value).toBe('it');
    const hop = `06 00 010400000000 03e8 01bb${'00'.repeat(20)}`;
    expect(finder(V6).find(bytes(`${ethernet}${ipv6('00')}${hop}`))).toMatchObject({
      value: 'it',
      fragment: false,
    });
    const later = `11 00 0008 00000001${'00'.repeat(24)}`;
    expect(finder(V6).find(bytes(`${ethernet}${ipv6('2c')}${later}`))).toMatchObject({
      value: 'it',
      fragment: true,
    });
  });

  test('tells where the transport header begins and the IP packet ends, before the padding of the link', () => {
    const packet = bytes(`${ethernet}${ipv4('06')}${ports}${'00'.repeat(30)}`);
    expect(finder(V4).find(packet)).toMatchObject({ transport: 34, end: 14 + 0x30 });
  });

  test('cut packets are no packets of it', () => {
    const packet = bytes(`${ethernet}${ipv4('06')}${ports}`);
    for (let length = 0; length < 38; length++) {
      expect(finder(V4).find(packet.subarray(0, length))).toBeNull();
    }
  });
});
