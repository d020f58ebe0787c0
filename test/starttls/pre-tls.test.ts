import { describe, expect, it } from 'vitest';
import { Core } from '../../src/core/core.js';
import {
  type Arrangement,
  arrange,
  clientHello,
  concat,
  extension,
  handshakeRecords,
  interleave,
  pcap,
  SeededRandom,
  type Side,
  serverHello,
  serverName,
  signatureAlgorithms,
  supportedGroups,
  TCP_FLAG,
  TcpStream,
} from '../../src/dev/forge/index.js';
import { coreRows } from '../support/core-rows.js';
import { CORE_BUILDS } from '../support/wasm.js';
import {
  CONNECT_LINES,
  CONVERSATIONS,
  type Conversation,
  GREETING,
  MYSQL_LINES,
  PLAIN,
} from './conversations.js';

const CLIENT_HELLO = handshakeRecords(
  clientHello({
    ciphers: [0x1301, 0xc02f],
    extensions: [serverName('alpha.example'), supportedGroups(29), signatureAlgorithms(0x0403)],
  }),
);
const SERVER_HELLO = handshakeRecords(serverHello({ cipher: 0x1301, extensions: [extension(43, [3, 4])] }));
/** What the specification says of CLIENT_HELLO: two ciphers, three extensions, no ALPN. */
const JA4_HEAD = 't12d020300';

interface Delivery {
  readonly segmentSize?: number;
  readonly arrange?: Arrangement;
}

function connection(port = 50_000): TcpStream {
  return new TcpStream({
    client: { address: '192.0.2.1', port },
    server: { address: '192.0.2.2', port: 9999 },
  });
}

/** Successive writes of one side as one: what its stream holds, whatever the writes were. */
function joined(lines: Conversation['lines']): [Side, Uint8Array][] {
  const runs: [Side, Uint8Array][] = [];
  for (const [side, bytes] of lines) {
    const last = runs.at(-1);
    if (last?.[0] === side) last[1] = concat(last[1], bytes);
    else runs.push([side, bytes]);
  }
  return runs;
}

function say(lines: Conversation['lines'], delivery: Delivery = {}, tcp = connection().open()): TcpStream {
  for (const [side, bytes] of lines) tcp.send(side, bytes, delivery);
  return tcp;
}

const DELIVERIES: Record<string, Delivery> = {
  'as written': {},
  'one byte at a time': { segmentSize: 1 },
  'three bytes at a time': { segmentSize: 3 },
  'out of order': { segmentSize: 40, arrange: arrange.reversed },
  twice: { segmentSize: 100, arrange: arrange.doubled },
};

describe.each(CORE_BUILDS)('what comes before TLS (%s build)', (build) => {
  const core = new Core({ build, layout: 'wide' });
  const rowsOf = (tcp: TcpStream) => coreRows(pcap(tcp.packets, { linkType: 101 }), { core });

  for (const { name, app, lines } of CONVERSATIONS) {
    it.each(Object.entries(DELIVERIES))(`${name}, %s`, async (_, delivery) => {
      const all: Conversation['lines'] = [...lines, ['client', CLIENT_HELLO], ['server', SERVER_HELLO]];
      const { clientHellos, serverHellos } = await rowsOf(say(joined(all), delivery).close());
      expect(clientHellos.map((row) => [row.app, row.sni, row.complete, row.ja4?.slice(0, 10)])).toEqual([
        [app, 'alpha.example', true, JA4_HEAD],
      ]);
      expect(serverHellos.map((row) => [row.app, row.cipher_suite, row.complete])).toEqual([
        [app, 0x1301, true],
      ]);
    });
  }

  it('finds a hello in the segment that asks for TLS', async () => {
    const [greeting, request] = MYSQL_LINES as [[Side, Uint8Array], [Side, Uint8Array]];
    for (const cut of [1, 4, 5, 6, 20, CLIENT_HELLO.length]) {
      const tcp = say([greeting, ['client', concat(request[1], CLIENT_HELLO.subarray(0, cut))]]);
      if (cut < CLIENT_HELLO.length) tcp.send('client', CLIENT_HELLO.subarray(cut));
      const { clientHellos } = await rowsOf(tcp);
      expect(clientHellos.map((row) => [row.app, row.complete, row.packets])).toEqual([
        ['mysql', true, cut < CLIENT_HELLO.length ? 2 : 1],
      ]);
    }
  });

  it('counts only the packets of the hello, wherever the bytes before it lie', async () => {
    const { clientHellos } = await rowsOf(say([...CONNECT_LINES, ['client', CLIENT_HELLO]]));
    // SYN, SYN-ACK, ACK, then two writes with an ACK each
    expect(clientHellos.map((row) => [row.first_packet, row.packet, row.packets])).toEqual([[8n, 8n, 1]]);
  });

  it('finds the hello of a connection whose beginning is not in the capture', async () => {
    const tcp = say([...GREETING, ['client', CLIENT_HELLO], ['server', SERVER_HELLO]]);
    const late = tcp.packets.slice(4);
    const { clientHellos, serverHellos } = await coreRows(pcap(late, { linkType: 101 }), { core });
    expect(clientHellos.map((row) => [row.app, row.anomalies])).toEqual([[null, ['no_syn']]]);
    expect(serverHellos).toHaveLength(1);
  });

  it('gives up a connection that says more than max_pre_tls_bytes', async () => {
    const chatter = new Uint8Array(300).fill(0x61);
    const lines: Conversation['lines'] = [...GREETING, ['client', chatter], ['client', chatter]];
    const bytes = pcap(say([...lines, ['client', CLIENT_HELLO]]).packets, { linkType: 101 });
    const follow = await coreRows(bytes, { build, limits: { max_pre_tls_bytes: 1024 } });
    expect(follow.clientHellos.map((row) => row.app)).toEqual(['smtp']);
    const giveUp = await coreRows(bytes, { build, limits: { max_pre_tls_bytes: 256 } });
    expect(giveUp.clientHellos.map((row) => row.app)).toEqual([null]);
  });

  /** Evictions when 500 connections that stay open say the same and there is room for 64. */
  async function evictions(lines: Conversation['lines'], delivery: Delivery = {}): Promise<bigint> {
    const flows = Array.from(
      { length: 500 },
      (_, i) => say(lines, delivery, connection(10_000 + i).open()).packets,
    );
    const bytes = pcap(flows.flat(), { linkType: 101 });
    const { clientHellos, state } = await coreRows(bytes, { build, limits: { max_flows: 64 } });
    expect(clientHellos).toEqual([]);
    return state.counters.flows_evicted;
  }

  it.each(PLAIN.map(({ name, lines }) => [name, lines] as const))('does not follow %s', async (_, lines) => {
    expect(await evictions(lines)).toBe(0n);
  });

  it('follows what may still turn to TLS', async () => {
    expect(await evictions(GREETING)).toBe(500n - 64n);
  });

  it('does not follow random bytes', async () => {
    const random = new SeededRandom(7);
    const flows = Array.from({ length: 2000 }, (_, i) =>
      say([['client', random.bytes(1 + (i % 64))]], {}, connection(1000 + i).open()),
    );
    const bytes = pcap(interleave(...flows.map((tcp) => tcp.packets)), { linkType: 101 });
    const { clientHellos, state } = await coreRows(bytes, { core });
    expect(clientHellos).toEqual([]);
    expect(state.counters.flows).toBe(2000n);
  });

  it('keeps quiet about a server that answers a hello in plain text', async () => {
    const tcp = say([
      ['client', CLIENT_HELLO],
      ['server', new TextEncoder().encode('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ]);
    // The hello once more, as a retransmission
    tcp.packet('client', 0, TCP_FLAG.psh | TCP_FLAG.ack, CLIENT_HELLO);
    const { clientHellos } = await rowsOf(tcp);
    expect(clientHellos.map((row) => row.app)).toEqual([null]);
  });
});
