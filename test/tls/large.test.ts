import { describe, expect, it } from 'vitest';
import { Core } from '../../src/core/core.js';
import * as forge from '../../src/dev/forge/index.js';
import { FIXTURES, transcript } from '../core/captures.js';
import { coreRows } from '../support/core-rows.js';

const limits = { max_hello_bytes: 1_048_576 };
const cores = {
  simd: new Core({ layout: 'wide', build: 'simd', limits }),
  scalar: new Core({ layout: 'wide', build: 'scalar', limits }),
};
const control = FIXTURES.find((one) => one.name === 'node-24.21.0.pcap')!.bytes;

const words = (n: number, first = 0): number[] =>
  Array.from({ length: n }, (_, i) => (first + i * 7) % 0x0a0a);

function raw(type: number, body: (w: forge.ByteWriter) => void): forge.Extension {
  const writer = new forge.ByteWriter('big', 70_000);
  body(writer);
  return forge.extension(type, writer.done());
}

/** Hellos as long as their length fields allow. */
const LARGE: [string, forge.ClientHelloSpec, (row: Record<string, unknown>) => number, number][] = [
  [
    'cipher suites',
    { ciphers: words(32_767), extensions: null },
    (row) => (row.cipher_suites as number[]).length,
    32_767,
  ],
  [
    'extensions',
    { ciphers: [1], extensions: words(16_383).map((type) => forge.extension(type)) },
    (row) => (row.extensions as number[]).length,
    16_383,
  ],
  [
    'extensions of one type',
    { ciphers: [1], extensions: words(16_383).map(() => forge.extension(1)) },
    (row) => (row.extensions as number[]).length,
    16_383,
  ],
  [
    'groups',
    { ciphers: [1], extensions: [forge.supportedGroups(...words(32_760))] },
    (row) => (row.supported_groups as number[]).length,
    32_760,
  ],
  [
    'signature algorithms',
    { ciphers: [1], extensions: [forge.signatureAlgorithms(...words(32_760))] },
    (row) => (row.signature_algorithms as number[]).length,
    32_760,
  ],
  [
    'key shares',
    {
      ciphers: [1],
      extensions: [
        raw(51, (w) => w.vector16((v) => words(16_380).reduce((list, group) => list.u16(group).u16(0), v))),
      ],
    },
    (row) => (row.key_share_groups as number[]).length,
    16_380,
  ],
  [
    'protocols',
    { ciphers: [1], extensions: [raw(16, (w) => w.vector16((v) => v.zeros(65_500)))] },
    (row) => (row.alpn as string[]).length,
    65_500,
  ],
  [
    'transport parameters',
    { ciphers: words(32_767), extensions: [raw(57, (w) => w.zeros(65_530))] },
    (row) => (row.quic_transport_parameters as bigint[]).length,
    32_765,
  ],
  [
    'bytes of a name',
    { ciphers: words(32_767), extensions: [forge.serverName(new Uint8Array(65_000).fill(0xff))] },
    (row) => (row.sni as string).length,
    4 * 65_000,
  ],
];

describe.each(['simd', 'scalar'] as const)('%s', (build) => {
  it.each(LARGE)('as many %s as fit', async (_, spec, count, wanted) => {
    const stream = new forge.TcpStream({
      client: { address: '192.0.2.1', port: 50_000 },
      server: { address: '192.0.2.2', port: 443 },
      segmentSize: 9000,
    });
    stream
      .open()
      .send('client', forge.handshakeRecords(forge.clientHello(spec)), { arrange: forge.arrange.late(1) })
      .close();
    const capture = forge.pcap(forge.wrapAll(stream.packets, (packet) => forge.ethernet(packet)));
    const core = cores[build];
    const { clientHellos, state } = await coreRows(capture, { core });
    expect(clientHellos.length).toBe(1);
    expect(clientHellos[0]!.complete).toBe(true);
    expect(count(clientHellos[0] as unknown as Record<string, unknown>)).toBe(wanted);
    expect(state).toMatchObject({ openFlows: 0, reassemblyUsed: 0 });
    // Nothing was written beside the buffers: what is read next is what a new core reads.
    const fresh = transcript(await coreRows(control, { layout: 'wide', limits, build }));
    expect(transcript(await coreRows(control, { core }))).toBe(fresh);
  });
});
