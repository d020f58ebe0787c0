import { beforeAll, describe, expect, test } from 'vitest';
import { Core } from '../../src/core/core.js';
import { ByteWriter, concat } from '../../src/dev/forge/bytes.js';
import { type ForgedPacket, pcap } from '../../src/dev/forge/capture.js';
import { ethernet } from '../../src/dev/forge/ethernet.js';
import { mplsLabels, vlan } from '../../src/dev/forge/link.js';
import { SeededRandom } from '../../src/dev/forge/random.js';
import { RARE } from '../../src/dev/forge/rare.js';
import { LINKS, TUNNELS } from '../../src/dev/forge/rewrap.js';
import { greRaw, ipInIp } from '../../src/dev/forge/tunnel.js';
import { coreRows } from '../support/core-rows.js';
import { ipPackets, ipVersion } from '../support/fixture-packets.js';
import { CORE_BUILDS } from '../support/wasm.js';

const packets = ipPackets('curl-7.88-openssl-3.0.pcap');
const hello = packets.find(({ data }) => ipVersion(data) === 4 && data.length > 300)!;

/** A frame nested in itself `count` times. */
function nested(count: number, wrap: (inner: Uint8Array) => Uint8Array): Uint8Array {
  let frame = hello.data;
  for (let i = 0; i < count; i++) frame = wrap(frame);
  return frame;
}

/** Nestings deeper than max_tunnel_depth, as frames of a link type. */
const DEEP: [name: string, linkType: number, frame: Uint8Array][] = [
  [
    'VLAN tags',
    1,
    vlan(
      hello.data,
      Array.from({ length: 1000 }, () => 7),
    ),
  ],
  ['IP in IP', 101, nested(100, ipInIp)],
  ['Ethernet in Ethernet', 1, nested(1000, (inner) => ethernet(inner, 0x6558))],
  ['GRE in GRE', 101, nested(100, (inner) => greRaw(0x0800, inner))],
  ['MPLS in MPLS', 1, ethernet(nested(50, (inner) => greRaw(0x8847, concat(mplsLabels([1, 2]), inner))))],
  [
    'PPI in PPI',
    192,
    nested(1000, (inner) => new ByteWriter('little').u32(0x80000).u32(192).bytes(inner).done()),
  ],
  [
    'PKTAP in PKTAP',
    258,
    nested(1000, (inner) => new ByteWriter('little').u32(12).u32(1).u32(258).bytes(inner).done()),
  ],
  [
    'NSH in NSH',
    1,
    ethernet(
      nested(1000, (inner) => concat([0, 2, 1, 4, 0, 0, 0, 0], inner)),
      0x894f,
    ),
  ],
  ['PPP multilink', 9, nested(1000, (inner) => concat([0x3d, 0xc0, 0, 0, 0], inner))],
  [
    'bridged SNAP',
    1,
    ethernet(
      nested(70, (inner) => concat([0xaa, 0xaa, 3, 0, 0x80, 0xc2, 0, 7], ethernet(inner, 1400))),
      1400,
    ),
  ],
];

describe.each(CORE_BUILDS)('hostile frames (%s)', (build) => {
  let core: Core;
  beforeAll(() => {
    core = new Core({ build, layout: 'wide' });
  });

  test.each(DEEP)('%s beyond max_tunnel_depth are counted', async (_, linkType, frame) => {
    const { state, clientHellos } = await coreRows(pcap([{ time: 0n, data: frame }], { linkType }), { core });
    expect(clientHellos).toHaveLength(0);
    expect(state.counters.tunnel_depth_exceeded).toBe(1n);
  });

  test.each([...LINKS, ...TUNNELS, ...RARE])(
    '$name with random damage is read to its end',
    async (wrapping) => {
      const random = new SeededRandom(wrapping.name.length);
      const damaged: ForgedPacket[] = [];
      for (const { time, data } of packets.slice(0, 12)) {
        if (!wrapping.versions.includes(ipVersion(data))) continue;
        const frame = wrapping.wrap(data);
        for (let i = 0; i < 150; i++) {
          const copy = frame.slice(0, random.chance(0.3) ? random.below(frame.length + 1) : frame.length);
          const hits = copy.length > 0 ? random.between(1, 4) : 0;
          for (let hit = 0; hit < hits; hit++) {
            const place = random.below(Math.min(copy.length, 120));
            copy[place] = random.pick([0, 0xff, random.below(256), copy[place]! ^ (1 << random.below(8))]);
          }
          damaged.push({ time, data: copy });
        }
      }
      const { state, error } = await coreRows(pcap(damaged, { linkType: wrapping.linkType }), { core });
      // Damage may make a frame one of another link type: then that is what is said, and nothing else.
      expect(error?.code ?? 'ERR_TLSFP_LINK_TYPE').toBe('ERR_TLSFP_LINK_TYPE');
      expect(state.packets).toBe(damaged.length);
    },
  );

  test.each([...LINKS, ...TUNNELS, ...RARE])(
    '$name cut at each length is read to its end',
    async (wrapping) => {
      const packet = packets.find(
        ({ data }) => wrapping.versions.includes(ipVersion(data)) && data.length > 300,
      )!;
      const frame = wrapping.wrap(packet.data);
      const cut = Array.from({ length: Math.min(frame.length, 250) }, (_, n) => ({
        time: 0n,
        data: frame.slice(0, n),
        originalLength: frame.length,
      }));
      const { state, clientHellos, error } = await coreRows(pcap(cut, { linkType: wrapping.linkType }), {
        core,
      });
      expect(error).toBeNull();
      expect(state.packets).toBe(cut.length);
      expect(clientHellos.every(({ complete }) => !complete)).toBe(true);
    },
  );
});
