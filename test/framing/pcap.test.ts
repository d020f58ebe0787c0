import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Core } from '../../src/core/core.js';
import * as forge from '../../src/dev/forge/index.js';
import { FIXTURES } from '../core/captures.js';
import { coreRows } from '../support/core-rows.js';

/** A packet as pcap-parser tells it. */
interface ParsedPacket {
  header: {
    timestampSeconds: number;
    timestampMicroseconds: number;
    capturedLength: number;
    originalLength: number;
  };
  data: Buffer;
}

const { parse } = createRequire(import.meta.url)('pcap-parser') as {
  parse(stream: Readable): NodeJS.EventEmitter;
};

/** All packets of a classic pcap with microseconds, by pcap-parser from npm. */
function parsed(bytes: Uint8Array): Promise<ParsedPacket[]> {
  return new Promise((resolve, reject) => {
    const packets: ParsedPacket[] = [];
    const parser = parse(Readable.from([Buffer.from(bytes)]));
    parser.on('packet', (packet: ParsedPacket) => packets.push(packet));
    parser.on('end', () => resolve(packets));
    parser.on('error', reject);
  });
}

const limits = { max_flows: 512, reassembly_bytes: 1_048_576, batch_rows: 64, content_cache_bytes: 65_536 };
const core = new Core({ layout: 'wide', limits });

/** What the core says of a capture as a whole. */
async function totals(bytes: Uint8Array) {
  const { state, error } = await coreRows(bytes, { core });
  const { packets, bytes: original, captured_bytes } = state.counters;
  return { packets, original, captured: captured_bytes, first: state.firstTs, last: state.lastTs, error };
}

function sums(packets: readonly ParsedPacket[]) {
  const times = packets.map(
    ({ header }) =>
      BigInt(header.timestampSeconds) * 1_000_000_000n + BigInt(header.timestampMicroseconds) * 1000n,
  );
  const ordered = [...times].sort((a, b) => (a < b ? -1 : 1));
  const sum = (field: 'originalLength' | 'capturedLength'): bigint =>
    packets.reduce((total, { header }) => total + BigInt(header[field]), 0n);
  return {
    packets: BigInt(packets.length),
    original: sum('originalLength'),
    captured: sum('capturedLength'),
    first: ordered[0] ?? null,
    last: ordered.at(-1) ?? null,
    error: null,
  };
}

/** pcap-parser does not know the magic of nanoseconds. */
const classic = FIXTURES.filter(({ bytes }) => bytes[0] === 0xd4);

describe('packets of a classic pcap, by pcap-parser', () => {
  it.each(classic)('$name', async ({ bytes }) => {
    expect(await totals(bytes)).toEqual(sums(await parsed(bytes)));
  });

  it.each(classic.slice(0, 6))('$name, packet by packet', async ({ bytes }) => {
    const packets = await parsed(bytes);
    let end = 24;
    for (let i = 0; i < packets.length; i++) {
      end += 16 + packets[i]!.header.capturedLength;
      expect(await totals(bytes.subarray(0, end))).toEqual(sums(packets.slice(0, i + 1)));
    }
  });

  it.each(['little', 'big'] as const)('forged, %s-endian, cut to a snap length', async (order) => {
    const random = new forge.SeededRandom(9);
    const packets = Array.from({ length: 200 }, (_, i) => ({
      time: 1_700_000_000_000_000_000n + BigInt(random.below(1000)) * 1_000_000n + BigInt(i),
      data: forge.ethernet(
        forge.udpPacket(
          { address: '192.0.2.1', port: 1 },
          { address: '192.0.2.2', port: 2 },
          random.bytes(random.below(900)),
        ),
      ),
    }));
    const bytes = forge.pcap(packets, { order, snapLength: 300 });
    const wanted = sums(await parsed(bytes));
    expect(wanted.packets).toBe(200n);
    expect(wanted.captured).toBeLessThan(wanted.original);
    expect(await totals(bytes)).toEqual(wanted);
  });
});

const HELLO = forge.handshakeRecords(
  forge.clientHello({ ciphers: [0x1301], extensions: [forge.serverName('a.example')] }),
);
const TIME = 1_700_000_000_123_456_789n;

function packets(): forge.ForgedPacket[] {
  const stream = new forge.TcpStream({
    client: { address: '192.0.2.1', port: 50_000 },
    server: { address: '192.0.2.2', port: 443 },
    start: TIME,
    step: 1n,
  });
  return forge.wrapAll(stream.open().send('client', HELLO).packets, (packet) => forge.ethernet(packet));
}

describe('the kinds of classic pcap', () => {
  it.each<[string, forge.PcapFormat, number[], bigint]>([
    ['microseconds, little-endian', {}, [0xd4, 0xc3, 0xb2, 0xa1], 1_700_000_000_123_456_000n],
    ['microseconds, big-endian', { order: 'big' }, [0xa1, 0xb2, 0xc3, 0xd4], 1_700_000_000_123_456_000n],
    ['nanoseconds, little-endian', { resolution: 'ns' }, [0x4d, 0x3c, 0xb2, 0xa1], TIME + 3n],
    ['nanoseconds, big-endian', { resolution: 'ns', order: 'big' }, [0xa1, 0xb2, 0x3c, 0x4d], TIME + 3n],
    [
      'modified, little-endian',
      { variant: 'modified' },
      [0x34, 0xcd, 0xb2, 0xa1],
      1_700_000_000_123_456_000n,
    ],
    [
      'modified, big-endian',
      { variant: 'modified', order: 'big' },
      [0xa1, 0xb2, 0xcd, 0x34],
      1_700_000_000_123_456_000n,
    ],
  ])('%s', async (_, format, magic, time) => {
    const bytes = forge.pcap(packets(), format);
    expect([...bytes.subarray(0, 4)]).toEqual(magic);
    const { clientHellos, state, error } = await coreRows(bytes, { core });
    expect(error).toBeNull();
    expect(state).toMatchObject({ packets: 5, format: 'pcap', linkTypes: [1] });
    expect(clientHellos).toMatchObject([{ complete: true, sni: 'a.example', packet: 4n, ts: time }]);
  });

  it('upper bits of the link type (length of a frame check sequence) do not count', async () => {
    const bytes = forge.pcap(packets(), { linkType: 0x14000001 });
    expect((await coreRows(bytes, { core })).clientHellos.length).toBe(1);
  });

  it('times beyond 2038 and at 0', async () => {
    for (const seconds of [0n, 4_294_967_295n]) {
      const [packet] = packets();
      const time = seconds * 1_000_000_000n + 5000n;
      const { state } = await coreRows(forge.pcap([{ time, data: packet!.data }]), { core });
      expect(state.firstTs).toBe(time);
    }
  });
});

describe('broken files', () => {
  const whole = forge.pcap(packets());

  it('cut in the middle of a packet: the rest is read, the place is told', async () => {
    const { error, state } = await coreRows(whole.subarray(0, whole.length - 7), { core });
    expect(state.packets).toBe(4);
    expect(error).toMatchObject({ code: 'ERR_TLSFP_CAPTURE_TRUNCATED', packet: 5 });
    expect(error!.offset).toBe(whole.length - packets().at(-1)!.data.length - 16);
  });

  it('an impossible length: the packets before it are read', async () => {
    const bytes = whole.slice();
    const second = 24 + 16 + packets()[0]!.data.length;
    new DataView(bytes.buffer).setUint32(second + 8, 0x7fffffff, true);
    const { error, state } = await coreRows(bytes, { core });
    expect(state.packets).toBe(1);
    expect(error).toMatchObject({ code: 'ERR_TLSFP_CAPTURE_FORMAT', offset: second, packet: 2 });
  });

  it('a version that is not known', async () => {
    const bytes = whole.slice();
    bytes[4] = 3;
    expect((await coreRows(bytes, { core })).error).toMatchObject({
      code: 'ERR_TLSFP_CAPTURE_FORMAT',
      offset: 4,
    });
  });

  it.each([
    ['nothing', new Uint8Array(0)],
    ['three bytes', new Uint8Array([0xd4, 0xc3, 0xb2])],
    ['text', forge.fromText('Hello, this is no capture at all.\n')],
    ['zeros', new Uint8Array(100)],
  ])('%s is no capture', async (_, bytes) => {
    const { error } = await coreRows(bytes, { core });
    expect(error).toMatchObject({ code: 'ERR_TLSFP_CAPTURE_FORMAT' });
  });

  it('a file header alone is an empty capture', async () => {
    const { error, state } = await coreRows(forge.pcap([]), { core });
    expect(error).toBeNull();
    expect(state).toMatchObject({ packets: 0, firstTs: null, lastTs: null, format: 'pcap' });
  });
});
