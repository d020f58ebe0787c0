import { expect, test } from 'vitest';
import { InputBlocks, READ_AHEAD, type ReadAhead } from '../../src/core/blocks.js';
import { Core } from '../../src/core/core.js';
import { readCapture } from '../../src/core/read.js';
import { InputReadError } from '../../src/errors.js';
import { openSource } from '../../src/source/open.js';
import type { CaptureSource } from '../../src/source/source.js';
import { coreRows, memorySource, temporaryFolder } from '../support/core-rows.js';
import { FIXTURES, transcript } from './captures.js';

const limits = { max_flows: 512, reassembly_bytes: 2_097_152, batch_rows: 64, content_cache_bytes: 65_536 };
const core = new Core({ layout: 'wide', limits });

const pcap = FIXTURES.find((one) => one.name.endsWith('.pcap'))!.bytes;
const pcapng = FIXTURES.find((one) => one.name.endsWith('.pcapng'))!.bytes;

/** Blocks of one size, with leads of one size in front of them. */
const sized = (block: number, headroom: number, lead = 0): ReadAhead => {
  return { least: 0, block, headroom, most: lead, lead: () => lead };
};

/**
 * Bytes read ahead in turns of the event loop; plain reads give `plain` of them. Until a block has come its place holds
 * what would be noticed, so that none may lie where something is still in use.
 */
function laterSource(bytes: Uint8Array, plain: number, fault = Number.POSITIVE_INFINITY) {
  let position = 0;
  let under = 0;
  let blocks = 0;
  let led = 0;
  const put = (into: Uint8Array, at: number, most: number) => {
    const some = bytes.subarray(at, at + Math.min(into.length, most));
    into.set(some);
    return some.length;
  };
  const source: CaptureSource = {
    path: 'memory',
    size: bytes.length,
    compression: 'none',
    get position() {
      return position;
    },
    read: (into) => {
      if (under > 0) led++;
      const got = put(into, position, plain);
      position += got;
      return got;
    },
    ahead: {
      async read(into, skip) {
        expect(++under).toBe(1);
        blocks++;
        into.fill(0xa5);
        const at = position + skip;
        await new Promise(setImmediate);
        under--;
        if (at >= fault) throw new InputReadError('fails here', { path: 'memory' });
        return put(into, at, into.length);
      },
      pass: (n) => {
        position += n;
      },
    },
    close() {},
  };
  return { source, blocks: () => blocks, led: () => led };
}

async function rowsOf(bytes: Uint8Array, plain: number, ahead: ReadAhead) {
  const { source, blocks, led } = laterSource(bytes, plain);
  return { rows: transcript(await coreRows(source, { core, ahead })), blocks: blocks(), led: led() };
}

test.each([
  ['pcap', pcap],
  ['pcapng', pcapng],
])('a %s capture is the same whatever the blocks that are read ahead', async (_, bytes) => {
  const whole = transcript(await coreRows(bytes, { core }));
  expect(whole.length).toBeGreaterThan(500);
  for (let block = 1; block <= 300; block++) {
    for (const headroom of [0, 1, 40, 5000]) {
      const { rows, blocks } = await rowsOf(bytes, 1 + (block % 97), sized(block, headroom));
      expect(blocks).toBeGreaterThan(headroom > block ? 2 : 0);
      if (rows !== whole) expect({ block, headroom, rows }).toEqual({ block, headroom, rows: whole });
    }
  }
});

test.each([
  ['pcap', pcap],
  ['pcapng', pcapng],
])('a %s capture is the same whatever of it this thread reads itself', async (_, bytes) => {
  const whole = transcript(await coreRows(bytes, { core }));
  for (let lead = 1; lead <= 400; lead += 3) {
    for (const block of [1, 60, 333]) {
      // Plain reads give less than the lead, as much, or more.
      for (const plain of [1 + (lead % 50), lead, 1000]) {
        const { rows, led } = await rowsOf(bytes, plain, sized(block, 5000, lead));
        expect(led).toBeGreaterThan(0);
        if (rows !== whole) expect({ lead, block, plain, rows }).toEqual({ lead, block, plain, rows: whole });
      }
    }
  }
});

test('what this thread reads itself grows while blocks are waited for, and shrinks when they are not', async () => {
  const { source } = laterSource(pcap, 100);
  const told: [number, number][] = [];
  const lead = (last: number, waited: number) => {
    told.push([last, waited]);
    return last + (told.length < 4 ? 70 : -100);
  };
  await coreRows(source, { core, ahead: { least: 0, block: 60, headroom: 5000, most: 150, lead } });
  expect(told.slice(0, 7).map(([last]) => last)).toEqual([0, 70, 140, 150, 50, 0, 0]);
  expect(told.every(([, waited]) => waited >= 0)).toBe(true);
  expect(READ_AHEAD.lead(1 << 20, 0.5)).toBeGreaterThan(1 << 20);
  expect(READ_AHEAD.lead(1 << 20, 0.07)).toBe(1 << 20);
  expect(READ_AHEAD.lead(1 << 20, 0.01)).toBeLessThan(1 << 20);
});

test.each([
  ['pcap', pcap],
  ['pcapng', pcapng],
])('a %s capture that is cut anywhere is told of in the same words', async (_, bytes) => {
  for (let length = 1; length < bytes.length; length += 7) {
    const cut = bytes.subarray(0, length);
    const plain = await coreRows(cut, { core });
    const { source } = laterSource(cut, 100);
    const ahead = await coreRows(source, { core, ahead: sized(211, 64, length % 90) });
    expect(transcript(ahead)).toBe(transcript(plain));
    expect([ahead.error?.message, ahead.error?.offset]).toEqual([plain.error?.message, plain.error?.offset]);
  }
});

test('a fault of the source comes after the rows before it', async () => {
  const { source } = laterSource(pcap, 100, 1200);
  const ahead = await coreRows(source, { core, ahead: sized(300, 64) });
  expect(ahead.error).toBeInstanceOf(InputReadError);
  // 100 bytes by a plain read, then four blocks.
  const before = await coreRows(pcap.subarray(0, 1300), { core });
  expect(ahead.state.packets).toBe(before.state.packets);
  expect(ahead.state.packets).toBeGreaterThan(0);
});

test('sources that are small, or cannot, are read the plain way', async () => {
  const { source, blocks } = laterSource(pcap, 100);
  const ahead = { ...sized(300, 64), least: pcap.length + 1 };
  const rows = transcript(await coreRows(source, { core, ahead }));
  expect(blocks()).toBe(0);
  expect(transcript(await coreRows(memorySource(pcap, 100), { core, ahead: { ...ahead, least: 0 } }))).toBe(
    rows,
  );
});

test('the place in the source is that behind the bytes taken, not behind those read ahead', async () => {
  const { source } = laterSource(pcap, 100);
  const blocks = new InputBlocks(core, source, sized(200, 64));
  for (let taken = 100; taken < 900; taken += 200) {
    blocks.take(await blocks.ask());
    await new Promise(setImmediate);
    expect(blocks.position).toBe(taken);
    expect(core.window(blocks.from, blocks.length)).toEqual(pcap.subarray(0, taken));
  }
  await blocks.settle();
});

test('a large file is read ahead, and leaves nothing under way when it is left early', async () => {
  const folder = temporaryFolder();
  // A capture that repeats its packets, of several blocks.
  const packets = pcap.subarray(24);
  const copies = Math.ceil((3 * READ_AHEAD.block + READ_AHEAD.least) / packets.length);
  const bytes = new Uint8Array(24 + copies * packets.length);
  bytes.set(pcap.subarray(0, 24));
  for (let i = 0; i < copies; i++) bytes.set(packets, 24 + i * packets.length);
  const path = folder.write('large.pcap', bytes);
  const count = async (ahead: boolean) => {
    const source = await openSource(path);
    const places: number[] = [];
    const batches = readCapture(core, source, 1, {
      ahead,
      onProgress: (_, position) => places.push(position) > 0,
    });
    for (let next = await batches.next(); !next.done; ) next = await batches.next();
    await source.close();
    return { packets: core.state().packets, counters: core.state().counters, places };
  };
  const [plain, ahead] = [await count(false), await count(true)];
  expect(ahead.packets).toBe(plain.packets);
  expect(ahead.counters).toEqual(plain.counters);
  expect(ahead.places.at(-1)).toBe(bytes.length);
  expect(ahead.places.length).toBeLessThan(plain.places.length / 4);

  const source = await openSource(path);
  const batches = readCapture(core, source, 1);
  expect((await batches.next()).done).toBe(false);
  await batches.return({ error: null, whole: false });
  const marked = core.window(0, core.windowBytes).fill(0x5a, 0, 32 << 20);
  await source.close();
  expect(marked.subarray(0, 32 << 20).every((byte) => byte === 0x5a)).toBe(true);
  folder.remove();
});
