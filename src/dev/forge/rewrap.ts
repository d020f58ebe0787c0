import type { ForgedPacket, PcapFormat } from './capture.js';
import { pcap, wrapAll } from './capture.js';
import { ethernet } from './ethernet.js';
import * as link from './link.js';
import { PcapngWriter, pcapng } from './pcapng.js';
import * as tunnel from './tunnel.js';

/** A way to carry an IP packet: a link type and what stands before (and after) the packet. */
export interface Wrapping {
  name: string;
  linkType: number;
  /** IP versions that it can carry. */
  versions: readonly (4 | 6)[];
  wrap: (packet: Uint8Array) => Uint8Array;
}

const BOTH = [4, 6] as const;
const { LINK_TYPE } = link;

function over(
  name: string,
  linkType: number,
  wrap: Wrapping['wrap'],
  versions: readonly (4 | 6)[] = BOTH,
): Wrapping {
  return { name, linkType, versions, wrap };
}

/** Every link layer, the packet of the innermost IP unchanged. */
export const LINKS: readonly Wrapping[] = [
  over('ethernet', LINK_TYPE.ethernet, (ip) => ethernet(ip)),
  over('vlan', LINK_TYPE.ethernet, (ip) => link.vlan(ip, [10])),
  over('two vlans', LINK_TYPE.ethernet, (ip) => link.vlan(ip, [10, 20])),
  over('qinq', LINK_TYPE.ethernet, (ip) => link.qinq(ip, 100, 10)),
  over('qinq 0x9100', LINK_TYPE.ethernet, (ip) => link.vlan(ip, [100, 10], [0x9100])),
  over('mpls', LINK_TYPE.ethernet, (ip) => link.mpls(ip, [1000, 2000])),
  over('pppoe on ethernet', LINK_TYPE.ethernet, (ip) => ethernet(link.pppoe(ip), 0x8864)),
  over('snap', LINK_TYPE.ethernet, link.snap),
  over('cisco metadata', LINK_TYPE.ethernet, (ip) => link.ciscoMetadata(ip)),
  over('nsh', LINK_TYPE.ethernet, (ip) => link.nsh(ip)),
  over('nsh with ethernet', LINK_TYPE.ethernet, (ip) => link.nsh(ip, 'ethernet')),
  over('raw', LINK_TYPE.raw, (ip) => ip),
  over('raw 12', LINK_TYPE.raw12, (ip) => ip),
  over('raw 14', LINK_TYPE.rawOpenBsd, (ip) => ip),
  over('ipv4', LINK_TYPE.ipv4, (ip) => ip, [4]),
  over('ipv6', LINK_TYPE.ipv6, (ip) => ip, [6]),
  over('null, little-endian', LINK_TYPE.null, (ip) => link.nullLink(ip, 'little')),
  over('null, big-endian', LINK_TYPE.null, (ip) => link.nullLink(ip, 'big', 28)),
  over('loop', LINK_TYPE.loop, link.loop),
  over('sll', LINK_TYPE.sll, link.sll),
  over('sll2', LINK_TYPE.sll2, link.sll2),
  over('ppp', LINK_TYPE.ppp, (ip) => link.ppp(ip)),
  over('ppp without hdlc', LINK_TYPE.ppp, (ip) => link.ppp(ip, false)),
  over('ppp hdlc', LINK_TYPE.pppHdlc, (ip) => link.ppp(ip)),
  over('pppoe', LINK_TYPE.pppoe, (ip) => link.pppoe(ip)),
  over('cisco hdlc', LINK_TYPE.ciscoHdlc, link.ciscoHdlc),
  over('frame relay', LINK_TYPE.frameRelay, (ip) => link.frameRelay(ip)),
  over('frame relay snap', LINK_TYPE.frameRelay, (ip) => link.frameRelay(ip, 'snap')),
  over('wifi', LINK_TYPE.wifi, (ip) => link.wifi(ip)),
  over('wifi qos', LINK_TYPE.wifi, (ip) => link.wifi(ip, { qos: true })),
  over('wifi qos ht', LINK_TYPE.wifi, (ip) => link.wifi(ip, { qos: true, htControl: true })),
  over('wifi, four addresses', LINK_TYPE.wifi, (ip) => link.wifi(ip, { qos: true, fourAddresses: true })),
  over('radiotap', LINK_TYPE.radiotap, (ip) => link.radiotap(link.wifi(ip, { qos: true }))),
  over('radiotap with checksum', LINK_TYPE.radiotap, (ip) => link.radiotap(link.wifi(ip), 0x10)),
  over('ppi', LINK_TYPE.ppi, (ip) => link.ppi(link.wifi(ip))),
  over('nflog', LINK_TYPE.nflog, link.nflog),
  over('pktap', LINK_TYPE.pktap, link.pktap),
];

function within(name: string, wrap: Wrapping['wrap'], versions: readonly (4 | 6)[] = BOTH): Wrapping {
  return over(name, LINK_TYPE.ethernet, (ip) => ethernet(wrap(ip)), versions);
}

/** Every tunnel, on Ethernet. */
export const TUNNELS: readonly Wrapping[] = [
  within('ip in ipv4', (ip) => tunnel.ipInIp(ip)),
  within('ip in ipv6', (ip) => tunnel.ipInIp(ip, 6)),
  within('gre', (ip) => tunnel.gre(ip)),
  within('gre over ipv6', (ip) => tunnel.gre(ip, {}, 6)),
  within('gre with all fields', (ip) => tunnel.gre(ip, { checksum: true, key: 5, sequence: 9 })),
  within('gre with key', (ip) => tunnel.gre(ip, { key: 5 })),
  within('gre with ethernet', (ip) => tunnel.greEthernet(ip, { key: 0x123400 })),
  within('gre with mpls', (ip) => tunnel.greMpls(ip, [16, 17])),
  within('pptp', tunnel.pptp),
  within('erspan I', tunnel.erspan1),
  within('erspan II', (ip) => tunnel.erspan2(ip)),
  within('erspan III', (ip) => tunnel.erspan3(ip)),
  within('erspan III with subheader', (ip) => tunnel.erspan3(ip, 9, true)),
  within('vxlan', (ip) => tunnel.vxlan(ip, 5)),
  within('vxlan over ipv6', (ip) => tunnel.vxlan(ip, 5, 6)),
  within('vxlan gpe', (ip) => tunnel.vxlanGpe(ip, 5)),
  within('geneve', (ip) => tunnel.geneve(ip, 5)),
  within('geneve with options', (ip) => tunnel.geneve(ip, 5, { optionBytes: 12 })),
  within('geneve with ip', (ip) => tunnel.geneve(ip, 5, { inner: 'ip' })),
  within('gtp-u', (ip) => tunnel.gtpu(ip, 0xabcd)),
  within('gtp-u with sequence', (ip) => tunnel.gtpu(ip, 0xabcd, { sequence: 3 })),
  within('gtp-u with extensions', (ip) => tunnel.gtpu(ip, 0xabcd, { extensions: [0x85, 0x85] })),
  within('teredo', (ip) => tunnel.teredo(ip), [6]),
  within('teredo with indications', (ip) => tunnel.teredo(ip, { origin: true, authentication: true }), [6]),
  within('l2tp', (ip) => tunnel.l2tp(ip)),
  within('l2tp with all fields', (ip) => tunnel.l2tp(ip, true)),
  within('ah', tunnel.authenticationHeader, [4]),
  within('gre in vxlan in vlan', (ip) => tunnel.vxlan(tunnel.gre(ip), 7)),
];

/** A capture file format: from packets of one link type to the bytes of a file. */
export interface CaptureFormat {
  name: string;
  /** The precision that times keep, nanoseconds. */
  precision: bigint;
  write: (packets: readonly ForgedPacket[], linkType: number) => Uint8Array;
}

function classic(name: string, precision: bigint, format: PcapFormat): CaptureFormat {
  return { name, precision, write: (packets, linkType) => pcap(packets, { ...format, linkType }) };
}

/** Every capture format. */
export const CAPTURES: readonly CaptureFormat[] = [
  classic('pcap, little-endian, us', 1000n, {}),
  classic('pcap, little-endian, ns', 1n, { resolution: 'ns' }),
  classic('pcap, big-endian, us', 1000n, { order: 'big' }),
  classic('pcap, big-endian, ns', 1n, { order: 'big', resolution: 'ns' }),
  classic('modified pcap', 1000n, { variant: 'modified' }),
  classic('modified pcap, big-endian', 1000n, { variant: 'modified', order: 'big' }),
  { name: 'pcapng', precision: 1000n, write: (packets, linkType) => pcapng(packets, { linkType }) },
  {
    name: 'pcapng, ns',
    precision: 1n,
    write: (packets, linkType) => pcapng(packets, { linkType, resolution: { base: 10, exponent: 9 } }),
  },
  { name: 'pcapng, big-endian, with everything', precision: 1000n, write: pcapngWithEverything },
  { name: 'pcapng, two sections', precision: 1n, write: pcapngTwoSections },
];

/** Put IP packets into a link or tunnel and a capture; packets of an IP version that it cannot carry are left out. */
export function rewrap(
  packets: readonly ForgedPacket[],
  wrapping: Wrapping,
  format: CaptureFormat = CAPTURES[0]!,
): Uint8Array {
  const carried = packets.filter(({ data }) => wrapping.versions.includes(data[0]! >>> 4 === 6 ? 6 : 4));
  return format.write(wrapAll(carried, wrapping.wrap), wrapping.linkType);
}

/** All block types between the packets, an unused interface first, obsolete Packet Blocks for every third packet. */
function pcapngWithEverything(packets: readonly ForgedPacket[], linkType: number): Uint8Array {
  const writer = new PcapngWriter()
    .section({ order: 'big', options: [{ code: 4, value: Buffer.from('forge') }] })
    .interface({ linkType: 147, name: 'unused' })
    .interface({ linkType, name: 'eth0', snapLength: 262144 })
    .nameResolution(Uint8Array.of(192, 0, 2, 1), 'host.example')
    .secrets('CLIENT_RANDOM 00 00\n')
    .custom(32473, new Uint8Array(5))
    .block(0x0bad_f00d, new Uint8Array(8));
  for (const [i, packet] of packets.entries()) {
    if (i % 3 === 2) writer.obsolete(packet, 1);
    else writer.enhanced(packet, 1, [{ code: 1, value: Buffer.from('note') }]);
  }
  return writer.statistics(1, packets[0]?.time ?? 0n, BigInt(packets.length), 0n).done();
}

/** Half the packets in a little-endian section in nanoseconds, half in a big-endian one with an offset. */
function pcapngTwoSections(packets: readonly ForgedPacket[], linkType: number): Uint8Array {
  const half = Math.ceil(packets.length / 2);
  const resolution = { base: 10, exponent: 9 } as const;
  const writer = new PcapngWriter().section().interface({ linkType, resolution });
  for (const packet of packets.slice(0, half)) writer.enhanced(packet);
  writer.section({ order: 'big' }).interface({ linkType, resolution, offset: 1_000_000_000n });
  for (const packet of packets.slice(half)) writer.enhanced(packet);
  return writer.done();
}
