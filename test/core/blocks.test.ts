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

/**
 * Bytes read ahead in turns of the event loop; plain reads give `plain` of them. Until a block has come its place holds
 * what would be noticed, so that none may lie where something is still in use.
 */
function laterSource(bytes: Uint8Array, plain: number, fault = Number.POSITIVE_INFINITY) {
  const inner = memorySource(bytes, plain);
  let under = 0;
  let blocks = 0;
  const source: CaptureSource = {
    path: 'memory',
    size: bytes.length,
    compression: 'none',
    get position() {
      return inner.position;
    },
    read: (into) => inner.read(into),
    async readLater(into) {
      expect(++under).toBe(1);
      blocks++;
      into.fill(0xa5);
      await new Promise(setImmediate);
      under--;
      if (inner.position >= fault) throw new InputReadError('fails here', { path: 'memory' });
      let at = 0;
      for (let n = -1; n !== 0 && at < into.length; at += n) n = inner.read(into.subarray(at)) as number;
      return at;
    },
    close() {},
  };
  return { source, blocks: () => blocks };
}

async function rowsOf(bytes: Uint8Array, plain: number, ahead: ReadAhead) {
  const { source, blocks } = laterSource(bytes, plain);
  return { rows: transcript(await coreRows(source, { core, ahead })), blocks: blocks() };
}

test.each([
  ['pcap', pcap],
  ['pcapng', pcapng],
])('a %s capture is the same whatever the blocks that are read ahead', async (_, bytes) => {
  const whole = transcript(await coreRows(bytes, { core }));
  expect(whole.length).toBeGreaterThan(500);
  for (let block = 1; block <= 300; block++) {
    for (const headroom of [0, 1, 40, 5000]) {
      const { rows, blocks } = await rowsOf(bytes, 1 + (block % 97), { least: 0, block, headroom });
      expect(blocks).toBeGreaterThan(headroom > block ? 2 : 0);
      if (rows !== whole) expect({ block, headroom, rows }).toEqual({ block, headroom, rows: whole });
    }
  }
});

test.each([
  ['pcap', pcap],
  ['pcapng', pcapng],
])('a %s capture that is cut anywhere is told of in the same words', async (_, bytes) => {
  for (let length = 1; length < bytes.length; length += 7) {
    const cut = bytes.subarray(0, length);
    const plain = await coreRows(cut, { core });
    const { source } = laterSource(cut, 100);
    const ahead = await coreRows(source, { core, ahead: { least: 0, block: 211, headroom: 64 } });
    expect(transcript(ahead)).toBe(transcript(plain));
    expect([ahead.error?.message, ahead.error?.offset]).toEqual([plain.error?.message, plain.error?.offset]);
  }
});

test('a fault of the source comes after the rows before it', async () => {
  const { source } = laterSource(pcap, 100, 1200);
  const ahead = await coreRows(source, { core, ahead: { least: 0, block: 300, headroom: 64 } });
  expect(ahead.error).toBeInstanceOf(InputReadError);
  // 100 bytes by a plain read, then four blocks.
  const before = await coreRows(pcap.subarray(0, 1300), { core });
  expect(ahead.state.packets).toBe(before.state.packets);
  expect(ahead.state.packets).toBeGreaterThan(0);
});

test('sources that are small, or cannot, are read the plain way', async () => {
  const { source, blocks } = laterSource(pcap, 100);
  const ahead = { least: pcap.length + 1, block: 300, headroom: 64 };
  const rows = transcript(await coreRows(source, { core, ahead }));
  expect(blocks()).toBe(0);
  expect(transcript(await coreRows(memorySource(pcap, 100), { core, ahead: { ...ahead, least: 0 } }))).toBe(
    rows,
  );
});

test('the place in the source is that behind the bytes taken, not behind those read ahead', async () => {
  const { source } = laterSource(pcap, 100);
  const blocks = new InputBlocks(core, source, { least: 0, block: 200, headroom: 64 });
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
