import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { Core } from '../../src/core/core.js';
import { coreModule, instantiate } from '../../src/core/load.js';
import { InitialOpener } from '../../src/core/opener.js';
import type { OpenedAhead } from '../../src/core/read.js';
import { pcap, SeededRandom } from '../../src/dev/forge/index.js';
import { CAPTURES } from '../../src/dev/forge/rewrap.js';
import { captures, corpusIsThere } from '../conformance/corpus.js';
import { FIXTURES, generated, transcript } from '../core/captures.js';
import { coreRows } from '../support/core-rows.js';
import { readCapture } from '../support/reference/capture.js';
import { CORE_BUILDS, type CoreBuild } from '../support/wasm.js';
import { manyConnections } from './many.js';

/** Rows and counters are the same, whichever Initials another instance of the core has opened before. */

const FILE_HEADER = 24;
/** Kinds of records, as `assembly/core/packet.ts` numbers them. */
const [PCAP, PCAPNG] = [1, 2];
const isPcapng = (capture: Uint8Array) => capture[0] === 0x0a;

/** The packets of a capture. */
const framesOf = (capture: Uint8Array) =>
  readCapture(capture).map(({ data, time }) => ({ data, time: time! }));

/** One packet that was opened; layout in `assembly/quic/opened.ts`. */
interface Opened {
  readonly place: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const wordOf = ({ bytes }: Opened, at: number) => new DataView(bytes.buffer).getInt32(at, true);
const plainOf = (opened: Opened) => wordOf(opened, 12);

/** What an opener makes of a capture that it gets in pieces of `piece` bytes. */
function openAll(build: CoreBuild, capture: Uint8Array, piece = 1 << 20): Opened[] {
  const records = isPcapng(capture) ? PCAPNG : PCAP;
  const opener = new InitialOpener(instantiate(coreModule(build)), records);
  const all: Opened[] = [];
  let until = 0;
  for (let place = records === PCAP ? FILE_HEADER : 0; place < capture.length; ) {
    const more = capture.subarray(place + until, place + until + piece);
    opener.room.set(more, until);
    until += more.length;
    let from = 0;
    for (;;) {
      const { looked, opened } = opener.open(from, until, place, 0);
      if (looked === null) return all;
      for (let at = 0; at < opened.length; ) {
        const view = new DataView(opened.buffer, opened.byteOffset + at);
        const bytes = view.getUint32(4, true);
        all.push({ place: view.getUint32(0, true), bytes: opened.slice(at, at + bytes) });
        at += bytes;
      }
      from += looked;
      place += looked;
      if (looked === 0) break;
    }
    opener.room.copyWithin(0, from, until);
    until -= from;
    if (more.length === 0) break;
  }
  return all;
}

/** Gives a core what was opened, as far as there is room for it. */
class Given implements OpenedAhead {
  constructor(
    readonly core: Core,
    readonly opened: readonly Opened[],
  ) {}

  before(from: number, until: number): void {
    const room = this.core.openedRoom;
    let at = 0;
    for (const { place, bytes } of this.opened) {
      if (place < from || place >= until || at + bytes.length > room.length) continue;
      room.set(bytes, at);
      at += bytes.length;
    }
    this.core.useOpened(0, at);
  }
}

describe.each(CORE_BUILDS)('Initials opened by another instance, %s build', (build) => {
  let core: Core;
  let plain: Core;
  beforeAll(() => {
    core = new Core({ build, layout: 'wide' });
    plain = new Core({ build, layout: 'wide' });
  });

  const without = async (bytes: Uint8Array, chunk?: number) =>
    transcript(await coreRows(bytes, { core: plain, ...(chunk ? { chunk } : {}) }));
  const given = async (bytes: Uint8Array, opened: readonly Opened[], chunk?: number) =>
    transcript(await coreRows(bytes, { core, opened: new Given(core, opened), ...(chunk ? { chunk } : {}) }));

  /** Some of them, in the same order. */
  function some(opened: readonly Opened[], seed: number): Opened[] {
    const random = new SeededRandom(seed);
    return opened.filter(() => random.below(2) === 0);
  }

  async function compare(bytes: Uint8Array): Promise<Opened[]> {
    const opened = openAll(build, bytes);
    const expected = await without(bytes);
    expect(await given(bytes, opened)).toBe(expected);
    expect(await given(bytes, openAll(build, bytes, 3000))).toBe(expected);
    expect(await given(bytes, some(opened, 1))).toBe(expected);
    expect(await given(bytes, some(opened, 2), 5000)).toBe(await without(bytes, 5000));
    return opened;
  }

  it('of fixtures', async () => {
    let opened = 0;
    let inBlocks = 0;
    for (const { bytes } of FIXTURES) {
      const { length } = await compare(bytes);
      if (isPcapng(bytes)) inBlocks += length;
      else opened += length;
    }
    expect(opened).toBeGreaterThan(10);
    expect(inBlocks).toBeGreaterThan(2);
  });

  it('of connections forged to overlap, with two versions and broken packets', async () => {
    const opened = await compare(manyConnections(200));
    expect(opened.filter((one) => plainOf(one) < 0).length).toBeGreaterThan(10);
    // Clients and servers; of each connection at least one.
    expect(opened.filter((one) => wordOf(one, 20) === 1).length).toBeGreaterThan(150);
    expect(opened.filter((one) => wordOf(one, 20) === 0).length).toBeGreaterThan(200);
  });

  it('of the same connections in pcapng, between other blocks and in several sections', async () => {
    const packets = framesOf(manyConnections(100));
    const plain = openAll(build, manyConnections(100)).length;
    for (const format of CAPTURES.filter(({ name }) => name.startsWith('pcapng'))) {
      const bytes = format.write(packets, 1);
      const opened = await compare(bytes);
      // Blocks in the other byte order are left alone.
      if (format.name.includes('big-endian')) expect(opened).toHaveLength(0);
      else if (format.name.includes('two sections')) expect(opened.length).toBeGreaterThan(plain / 3);
      else expect(opened).toHaveLength(plain);
    }
  });

  it('of a generated capture: nearly all there are', async () => {
    const { bytes, truth } = await generated('quic', 3_000_000, 7);
    const opened = await compare(bytes);
    expect(opened.filter((one) => wordOf(one, 20) === 0).length).toBeGreaterThan(truth.length);
    expect(opened.filter((one) => wordOf(one, 20) === 1).length).toBeGreaterThan(0.8 * truth.length);
    expect(opened.filter((one) => plainOf(one) < 0).length).toBeLessThan(0.1 * opened.length);
  });

  it('are looked at: what stands in them is taken', async () => {
    const bytes = manyConnections(8);
    const opened = openAll(build, bytes);
    const expected = await without(bytes);
    for (const kind of [0, 1]) {
      const changed = opened.map((one) => {
        if (wordOf(one, 20) !== kind || plainOf(one) < 300) return one;
        const copy = { place: one.place, bytes: one.bytes.slice() };
        copy.bytes.fill(0, 160, 160 + plainOf(one));
        return copy;
      });
      expect(await given(bytes, changed)).not.toBe(expected);
    }
  });

  it('are left alone when they are of another packet, or of other keys', async () => {
    const bytes = manyConnections(30);
    const opened = openAll(build, bytes);
    const expected = await without(bytes);
    const changed = (change: (one: Opened, i: number) => Opened) => given(bytes, opened.map(change));
    const rewritten = (one: Opened, at: number, xor: number): Opened => {
      const copy = one.bytes.slice();
      copy[at]! ^= xor;
      copy.fill(0, 160, 160 + Math.max(0, plainOf(one)));
      return { place: one.place, bytes: copy };
    };
    // Another tag, another length, another place.
    expect(await changed((one) => rewritten(one, 32, 1))).toBe(expected);
    expect(await changed((one) => rewritten(one, 8, 1))).toBe(expected);
    expect(await changed((one) => rewritten(one, 0, 1))).toBe(expected);
    // Of servers: keys that the connection does not have.
    const servers = await changed((one) => (wordOf(one, 20) === 1 ? rewritten(one, 48, 1) : one));
    expect(servers).toBe(expected);
  });

  it('are not taken for packets of other kinds of captures', async () => {
    const opened = openAll(build, manyConnections(5));
    for (const order of ['big', 'little'] as const) {
      const bytes = pcap(framesOf(manyConnections(5)), { linkType: 1, order, variant: 'modified' });
      expect(await given(bytes, opened)).toBe(await without(bytes));
    }
  });
});

describe.runIf(corpusIsThere())('Initials of the corpus opened by another instance', () => {
  it('change nothing', { timeout: 120_000 }, async () => {
    const [core, plain] = [new Core({ layout: 'wide' }), new Core({ layout: 'wide' })];
    let found = 0;
    for (const { path } of captures()) {
      const bytes = new Uint8Array(readFileSync(path));
      const opened = openAll('simd', bytes);
      found += opened.length;
      if (opened.length === 0) continue;
      const rows = await coreRows(bytes, { core, opened: new Given(core, opened) });
      expect(transcript(rows), path).toBe(transcript(await coreRows(bytes, { core: plain })));
    }
    expect(found).toBeGreaterThan(100);
  });
});
