import { describe, expect, it } from 'vitest';
import * as forge from '../../../src/dev/forge/index.js';
import { networkPacket, readCapture, referenceRows } from '../../support/reference/index.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function connection(client: string, server: string, sni: string): forge.ForgedPacket[] {
  const hello = forge.clientHello({
    ciphers: [0x1301],
    extensions: [
      forge.serverName(sni),
      forge.alpn('h2'),
      forge.supportedVersions(0x0304),
      forge.padding(900),
    ],
  });
  const answer = forge.serverHello({ cipher: 0x1301, extensions: [forge.selectedVersion(0x0304)] });
  return new forge.TcpStream({
    client: { address: client, port: 40000 },
    server: { address: server, port: 443 },
    start: 1_700_000_000_111_222_333n,
  })
    .open()
    .send('client', forge.handshakeRecords(hello), { segmentSize: 600 })
    .send('server', forge.handshakeRecords(answer))
    .close().packets;
}

const packets = forge.interleave(
  connection('10.0.0.1', '192.0.2.1', 'four.example'),
  connection('2001:db8::1', '2001:db8::2', 'six.example'),
);

/** Wrappings that the plain reader understands. */
const READ = forge.LINKS.filter(({ linkType, name }) => {
  const others = ['snap', 'cisco metadata', 'nsh', 'nsh with ethernet'];
  return [0, 1, 9, 12, 14, 101, 108, 113, 228, 229, 276].includes(linkType) && !others.includes(name);
});

describe('rewrapped packets', () => {
  it.each(READ)('are the same in $name', (wrapping) => {
    const expected = packets.filter(({ data }) => wrapping.versions.includes(data[0]! >>> 4 === 6 ? 6 : 4));
    const read = readCapture(forge.rewrap(packets, wrapping)).map((packet) => {
      const found = networkPacket(packet.linkType, packet.data);
      return found && hex(found.data);
    });
    expect(read).toEqual(expected.map(({ data }) => hex(data)));
  });

  it.each(forge.CAPTURES)('give the same rows from $name', (format) => {
    const { clientHellos, serverHellos } = referenceRows(forge.rewrap(packets, forge.LINKS[0]!, format));
    expect(clientHellos.map((row) => [row.sni, row.packet, row.packets])).toEqual([
      ['four.example', 9, 2],
      ['six.example', 10, 2],
    ]);
    expect(serverHellos).toHaveLength(2);
    const time = packets[8]!.time;
    expect(clientHellos[0]!.ts).toBe(time - (time % format.precision));
  });

  it('are the same after IP fragmentation', () => {
    const fragments = packets.flatMap(({ time, data }) => {
      const parts = data[0]! >>> 4 === 6 ? forge.ipv6Fragments(data, 256) : forge.ipv4Fragments(data, 256);
      return parts.reverse().map((part) => ({ time, data: forge.ethernet(part) }));
    });
    expect(fragments.length).toBeGreaterThan(packets.length);
    expect(referenceRows(forge.pcap(fragments)).clientHellos.map((row) => row.sni)).toEqual([
      'four.example',
      'six.example',
    ]);
  });
});

describe('headers', () => {
  /** A SYN: 20 bytes of IP, 20 of TCP, 12 of options. */
  const ip = packets[0]!.data;
  const ip6 = packets[1]!.data;
  const headerOf = (wrapped: Uint8Array, inner = ip): string =>
    hex(wrapped.subarray(0, wrapped.length - inner.length));
  /** What stands after the outer Ethernet (none), IPv4 and UDP headers. */
  const inUdp = (wrapped: Uint8Array, inner = ip): string => headerOf(wrapped, inner).slice(56);
  const inIp = (wrapped: Uint8Array, inner = ip): string => headerOf(wrapped, inner).slice(40);
  const frame = '020000000002020000000001';

  it.each([
    ['QinQ', headerOf(forge.qinq(ip, 100, 10)), `${frame}88a8006481 00000a0800`],
    ['MPLS', headerOf(forge.mpls(ip, [1000, 2000])), `${frame}8847003e8040007d0140`],
    ['SNAP', headerOf(forge.snap(ip)), `${frame}003caaaa030000000800`],
    ['SLL2', headerOf(forge.sll2(ip6), ip6), '86dd0000000000020001000602000000000 10000'],
    ['NULL of FreeBSD', headerOf(forge.nullLink(ip6, 'little', 28), ip6), '1c000000'],
    ['Frame Relay', headerOf(forge.frameRelay(ip)), '184103cc'],
    ['802.11 QoS', headerOf(forge.wifi(ip, { qos: true })).slice(0, 4), '8801'],
    ['radiotap', headerOf(forge.radiotap(ip)), '0000080000000000'],
    ['NFLOG', headerOf(forge.nflog(ip)), '02000000 08000100 08000100 05000a00 00000000 38000900'],
    ['GRE', inIp(forge.gre(ip, { key: 5, sequence: 9 })), '30000800 00000005 00000009'],
    ['VXLAN', inUdp(forge.vxlan(ip, 5)), `0800000000000500${frame}0800`],
    ['Geneve', inUdp(forge.geneve(ip, 5, { inner: 'ip', optionBytes: 4 })), '01000800 00000500 01028000'],
    ['GTP-U', inUdp(forge.gtpu(ip, 0xabcd, { extensions: [0x85] })), '34ff003c 0000abcd 00000085 01000500'],
    ['L2TP', inUdp(forge.l2tp(ip)), '000200010002 ff030021'],
    ['Teredo', inUdp(forge.teredo(ip6, { origin: true }), ip6), '0000fffe12345678'],
    ['ERSPAN II', inIp(forge.erspan2(ip)), `100088be 00000001 10000009 00000003 ${frame}0800`],
    ['PPPoE', headerOf(forge.pppoe(ip)), '1100 0011 0036 0021'],
  ])('of %s are as specified', (_, actual, expected) => {
    expect(actual).toBe(expected.replaceAll(' ', ''));
  });

  it('of PKTAP are 108 bytes', () => {
    expect(forge.pktap(ip)).toHaveLength(108 + 14 + ip.length);
  });
});
