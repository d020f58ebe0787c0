import { macAddress } from './address.js';
import { ByteWriter } from './bytes.js';

/** EtherTypes used by the builders. */
export const ETHER_TYPE = {
  ipv4: 0x0800,
  ipv6: 0x86dd,
  vlan: 0x8100,
  serviceVlan: 0x88a8,
  mpls: 0x8847,
  pppoeSession: 0x8864,
  transparentBridging: 0x6558,
  nsh: 0x894f,
} as const;

/** The EtherType of an IP packet, from its version nibble. */
export function etherTypeOf(packet: Uint8Array): number {
  return packet[0]! >>> 4 === 6 ? ETHER_TYPE.ipv6 : ETHER_TYPE.ipv4;
}

const DESTINATION = macAddress('02:00:00:00:00:02');
const SOURCE = macAddress('02:00:00:00:00:01');

/** Ethernet II around a payload; the EtherType is that of the IP packet unless given. */
export function ethernet(
  payload: Uint8Array,
  type: number = etherTypeOf(payload),
  addresses: { source?: string; destination?: string } = {},
): Uint8Array {
  return new ByteWriter('big', 14 + payload.length)
    .bytes(addresses.destination ? macAddress(addresses.destination) : DESTINATION)
    .bytes(addresses.source ? macAddress(addresses.source) : SOURCE)
    .u16(type)
    .bytes(payload)
    .done();
}
