import { describe, expect, test } from 'vitest';
import { Core } from '../../src/core/core.js';
import { type ForgedPacket, pcap } from '../../src/dev/forge/capture.js';
import { type CoreRows, coreRows } from '../support/core-rows.js';
import { ipPackets, ipVersion } from '../support/fixture-packets.js';
import { CORE_BUILDS } from '../support/wasm.js';

/** UDP ports on which a tunnel is looked for. */
const PORTS = [1701, 2152, 3544, 4341, 4754, 4789, 4790, 5072, 5246, 5247, 6081, 6635, 8472];

/** The UDP packets with the port of the client, the sender of the first, changed. */
function fromPort(packets: readonly ForgedPacket[], port: number): ForgedPacket[] {
  return packets.map(({ time, data }) => {
    const copy = data.slice();
    const udp = ipVersion(data) === 4 ? 20 : 40;
    for (const at of [udp, udp + 2]) {
      if (((copy[at]! << 8) | copy[at + 1]!) > 32767) copy.set([port >> 8, port & 0xff], at);
    }
    return { time, data: copy };
  });
}

function bare(rows: readonly CoreRows['clientHellos'][number][]): object[] {
  return rows.map(({ src_port: _, dst_port: __, flow_id: ___, community_id: ____, ...rest }) => rest);
}

describe.each(CORE_BUILDS)('other traffic on the ports of tunnels (%s)', (build) => {
  test.each(['quic-go-0.60.pcap', 'openssl-3.0-dtls.pcap'])('%s', async (fixture) => {
    const core = new Core({ build, layout: 'wide' });
    // One client at a time: the others of the fixture would share its port.
    const all = ipPackets(fixture);
    const [first] = all as [ForgedPacket];
    const udp = ipVersion(first.data) === 4 ? 20 : 40;
    const ports = first.data.subarray(udp, udp + 4);
    const packets = all.filter(({ data }) => {
      const at = ipVersion(data) === 4 ? 20 : 40;
      const here = [...data.subarray(at, at + 4)].join();
      return here === [...ports].join() || here === [...ports.subarray(2), ...ports.subarray(0, 2)].join();
    });
    const plain = await coreRows(pcap(packets, { linkType: 101 }), { core });
    expect(plain.clientHellos.length).toBeGreaterThan(0);
    for (const port of PORTS) {
      const moved = await coreRows(pcap(fromPort(packets, port), { linkType: 101 }), { core });
      expect(bare(moved.clientHellos), `port ${port}`).toEqual(bare(plain.clientHellos));
      expect(moved.clientHellos[0]!.src_port).toBe(port);
    }
  });
});
