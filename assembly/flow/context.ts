import * as packet from '../core/packet';
import { CARRIED, FLOW_APP, FLOW_ID, FLOW_IP_VERSION, FLOW_PROTOCOL } from './table';

/**
 * Where, when and on which connection the message that is about to become a row was seen. Set from the packet that
 * completed it, or from the flow when it is given up later.
 */
export let rowPacket: u64 = 0;
export let rowFirstPacket: u64 = 0;
export let rowTs: i64 = 0;
export let rowPackets: u32 = 0;
export let rowAnomalies: u32 = 0;
export let rowAttempt: u32 = 1;
export let rowProtocol: u32 = 0;
export let rowApp: u32 = 0;
export let rowFlowId: u64 = 0;
export let rowIpProtocol: u32 = 0;
export let rowIpVersion: u32 = 0;
export let rowSrcHi: u64 = 0;
export let rowSrcLo: u64 = 0;
export let rowDstHi: u64 = 0;
export let rowDstLo: u64 = 0;
export let rowSrcPort: u32 = 0;
export let rowDstPort: u32 = 0;
export let rowTunnel: usize = 0;
export let rowTunnelLength: u32 = 0;
/** Version of the record that began the message; -1 for QUIC. */
export let rowRecordVersion: i32 = -1;
/** QUIC version, or -1. */
export let rowQuicVersion: i64 = -1;

/** The ends of the row: sender and receiver as in `flow`, direction 0 = a -> b. */
export function rowFromFlow(flow: usize, direction: u32): void {
  const a = direction == 0 ? flow : flow + 16;
  const b = direction == 0 ? flow + 16 : flow;
  rowSrcHi = load<u64>(a);
  rowSrcLo = load<u64>(a, 8);
  rowDstHi = load<u64>(b);
  rowDstLo = load<u64>(b, 8);
  rowSrcPort = load<u16>(flow + (direction == 0 ? 32 : 34));
  rowDstPort = load<u16>(flow + (direction == 0 ? 34 : 32));
  rowIpVersion = load<u8>(flow, FLOW_IP_VERSION);
  rowIpProtocol = load<u8>(flow, FLOW_PROTOCOL) & ~CARRIED;
  rowApp = load<u8>(flow, FLOW_APP);
  rowFlowId = load<u64>(flow, FLOW_ID);
}

/** The message was completed by the packet being walked. */
export function rowFromPacket(): void {
  rowPacket = packet.number;
  rowTs = packet.ts;
  rowTunnel = packet.TUNNEL;
  rowTunnelLength = packet.tunnelLength;
}

/** The message was given up: last packet, its time (ns) and tunnel text as kept. */
export function rowFromPast(number: u64, time: i64, tunnel: usize, tunnelLength: u32): void {
  rowPacket = number;
  rowTs = time;
  rowTunnel = tunnel;
  rowTunnelLength = tunnelLength;
}

/** How the message was carried. */
export function rowCarriage(
  protocol: u32,
  firstPacket: u64,
  packets: u32,
  anomalies: u32,
  attempt: u32,
  recordVersion: i32,
  quicVersion: i64,
): void {
  rowProtocol = protocol;
  rowFirstPacket = firstPacket;
  rowPackets = packets;
  rowAnomalies = anomalies;
  rowAttempt = attempt;
  rowRecordVersion = recordVersion;
  rowQuicVersion = quicVersion;
}
