import { beforeAll, describe, expect, test } from 'vitest';
import { Core } from '../../src/core/core.js';
import { RARE } from '../../src/dev/forge/rare.js';
import { CAPTURES, LINKS, rewrap, TUNNELS } from '../../src/dev/forge/rewrap.js';
import { type CoreRows, coreRows } from '../support/core-rows.js';
import { ipPackets, ipVersion } from '../support/fixture-packets.js';
import { CORE_BUILDS } from '../support/wasm.js';

/** Nanoseconds, so that no time changes. */
const FORMAT = CAPTURES[1]!;
const FIXTURES = [
  'curl-7.88-openssl-3.0.pcap',
  'openssl-3.0.pcap',
  'quic-go-0.60.pcap',
  'openssl-3.0-dtls.pcap',
];

/** What the tunnel column says of each wrapping; null where it is a link layer. */
const TUNNEL_TEXT: Record<string, string | { 4: string; 6: string }> = {
  vlan: 'vlan:10',
  'two vlans': 'vlan:10/vlan:20',
  qinq: 'qinq:100/vlan:10',
  'qinq 0x9100': 'qinq:100/vlan:10',
  mpls: 'mpls',
  'pppoe on ethernet': 'pppoe:17',
  pppoe: 'pppoe:17',
  'cisco metadata': 'cmd',
  nsh: 'nsh',
  'nsh with ethernet': 'nsh',
  'ip in ipv4': { 4: 'ipip', 6: '6in4' },
  'ip in ipv6': { 4: '4in6', 6: '6in6' },
  gre: 'gre',
  'gre over ipv6': 'gre',
  'gre with all fields': 'gre:5',
  'gre with key': 'gre:5',
  'gre with ethernet': 'gre:1192960',
  'gre with mpls': 'gre/mpls',
  pptp: 'gre:5/ppp',
  'erspan I': 'gre/erspan',
  'erspan II': 'gre/erspan:9',
  'erspan III': 'gre/erspan:9',
  'erspan III with subheader': 'gre/erspan:9',
  vxlan: 'vxlan:5',
  'vxlan over ipv6': 'vxlan:5',
  'vxlan gpe': 'vxlan:5',
  geneve: 'geneve:5',
  'geneve with options': 'geneve:5',
  'geneve with ip': 'geneve:5',
  'gtp-u': 'gtp:43981',
  'gtp-u with sequence': 'gtp:43981',
  'gtp-u with extensions': 'gtp:43981',
  teredo: 'teredo',
  'teredo with indications': 'teredo',
  l2tp: 'l2tp',
  'l2tp with all fields': 'l2tp',
  ah: 'ah',
  'gre in vxlan in vlan': 'vxlan:7/gre',
  '802.1ah': 'pbb:70000',
  'vn-tag': 'vntag',
  'mpls pseudowire': 'mpls',
  'mpls pseudowire with control word': 'mpls',
  'mpls pseudowire to an address like IPv4': 'mpls',
  'mpls pseudowire to an address like IPv6': 'mpls',
  'dsa with a vlan': 'vlan:291',
  'edsa with a vlan': 'vlan:7',
  etherip: 'etherip',
  'ethernet in ip': 'etherip',
  'mpls in ip': 'mpls',
  'l2tp version 3': 'l2tp',
  'l2tp version 3 over udp': 'l2tp',
  'gre with wifi': 'gre',
  wccp: 'gre',
  'gre in udp': 'gre',
  'mpls in udp': 'mpls',
  lisp: 'lisp',
  "vxlan on linux's first port": 'vxlan:5',
  'vxlan with group policy': 'vxlan:5',
  ayiya: 'ayiya',
  capwap: 'capwap',
  'capwap, swapped': 'capwap',
  'capwap with ethernet': 'capwap',
};

type Hello = CoreRows['clientHellos'][number] | CoreRows['serverHellos'][number];

/** Rows without what the wrapping may change. */
function bare(rows: readonly Hello[]): object[] {
  return rows.map(({ tunnel: _, ...rest }) => rest);
}

describe.each(CORE_BUILDS)('captures rewrapped (%s)', (build) => {
  let core: Core;
  beforeAll(() => {
    core = new Core({ build, layout: 'wide' });
  });

  test.each([...LINKS, ...TUNNELS, ...RARE])('$name', async (wrapping) => {
    let hellos = 0;
    for (const fixture of FIXTURES) {
      const packets = ipPackets(fixture).filter(({ data }) => wrapping.versions.includes(ipVersion(data)));
      const plain = await coreRows(FORMAT.write(packets, 101), { core });
      const wrapped = await coreRows(rewrap(packets, wrapping, FORMAT), { core });
      hellos += plain.clientHellos.length;
      expect(bare(wrapped.clientHellos)).toEqual(bare(plain.clientHellos));
      expect(bare(wrapped.serverHellos)).toEqual(bare(plain.serverHellos));
      const text = TUNNEL_TEXT[wrapping.name] ?? null;
      for (const row of [...wrapped.clientHellos, ...wrapped.serverHellos]) {
        const version = row.src_ip.includes(':') ? 6 : 4;
        expect(row.tunnel).toBe(typeof text === 'object' && text ? text[version] : text);
      }
      const { malformed_packets, unknown_link_packets, tcp_packets } = wrapped.state.counters;
      expect([malformed_packets, unknown_link_packets]).toEqual([0n, 0n]);
      expect(tcp_packets).toBe(plain.state.counters.tcp_packets);
    }
    expect(hellos).toBeGreaterThan(0);
  });

  test('the fixtures themselves give the rows of their bare packets', async () => {
    for (const fixture of FIXTURES) {
      const path = new URL(`../../fixtures/captures/${fixture}`, import.meta.url).pathname;
      const direct = await coreRows(path, { core });
      const plain = await coreRows(FORMAT.write(ipPackets(fixture), 101), { core });
      expect(plain.clientHellos).toEqual(direct.clientHellos);
      expect(plain.serverHellos).toEqual(direct.serverHellos);
    }
  });
});
