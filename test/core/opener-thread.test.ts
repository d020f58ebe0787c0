import { describe, expect, it, vi } from 'vitest';
import { InputBlocks } from '../../src/core/blocks.js';
import { Core } from '../../src/core/core.js';
import type { CoreBuild } from '../../src/core/load.js';
import { OpenerThread } from '../../src/core/opener-thread.js';
import { captureSteps, waited } from '../../src/core/read.js';
import { pcapng } from '../../src/dev/forge/index.js';
import { FileSource } from '../../src/source/file.js';
import type { CaptureSource } from '../../src/source/source.js';
import { coreRows, temporaryFolder } from '../support/core-rows.js';
import { readCapture } from '../support/reference/capture.js';
import { generated, transcript } from './captures.js';

/** A capture file that answers slowly, a little at a time: so that the thread has time to start. */
function slowly(path: string, chunk: number): CaptureSource {
  const file = new FileSource(path);
  return {
    path,
    size: file.size,
    compression: 'none',
    ahead: file.ahead,
    get position() {
      return file.position;
    },
    read: async (into) => {
      await new Promise((resolve) => setTimeout(resolve, 4));
      return file.read(into.subarray(0, chunk));
    },
    close: () => file.close(),
  };
}

const SOON = { span: 100_000, density: 1, left: 0 };

/** What is made of a capture, how often the core was given something, and whether that ended before the capture did. */
async function withThread(path: string, chunk: number, terms = SOON, build: CoreBuild = 'simd') {
  const core = new Core({ build, layout: 'wide' });
  const source = slowly(path, chunk);
  const thread = new OpenerThread(core, source, terms);
  const use = vi.spyOn(core, 'useOpened');
  const rows = await coreRows(source, { core, opened: thread });
  await thread.close();
  const given = use.mock.calls.map(([, bytes]) => bytes);
  return { rows: transcript(rows), given };
}

describe('a thread that opens Initials', () => {
  it.each(['pcap', 'pcapng'])(
    'changes nothing but who opens them, in %s',
    { timeout: 60_000 },
    async (kind) => {
      const folder = temporaryFolder();
      const classic = (await generated('quic', 12_000_000, 21)).bytes;
      const bytes =
        kind === 'pcap' ? classic : pcapng(readCapture(classic).map((p) => ({ ...p, time: p.time! })));
      const path = folder.write(`quic.${kind}`, bytes);
      const expected = transcript(await coreRows(bytes));
      for (const chunk of [50_000, 200_000]) {
        const { rows, given } = await withThread(path, chunk);
        expect(rows).toBe(expected);
        expect(given.filter((n) => n > 0).length).toBeGreaterThan(10);
      }
      folder.remove();
    },
  );

  it('is of the same build as the core: what keys are derived from is not the same in both', {
    timeout: 60_000,
  }, async () => {
    const folder = temporaryFolder();
    const { bytes } = await generated('quic', 6_000_000, 25);
    const path = folder.write('quic.pcap', bytes);
    const expected = transcript(await coreRows(bytes, { build: 'scalar' }));
    const { rows, given } = await withThread(path, 50_000, SOON, 'scalar');
    expect(rows).toBe(expected);
    expect(given.filter((n) => n > 0).length).toBeGreaterThan(5);
    folder.remove();
  });

  it('begins only where there are many, and ends where there are few', { timeout: 60_000 }, async () => {
    const folder = temporaryFolder();
    const [quic, mix] = [await generated('quic', 1_000_000, 22), await generated('mix', 8_000_000, 23)];
    const joined = new Uint8Array(quic.bytes.length + mix.bytes.length - 24);
    joined.set(quic.bytes);
    joined.set(mix.bytes.subarray(24), quic.bytes.length);
    const path = folder.write('joined.pcap', joined);
    const expected = transcript(await coreRows(joined));
    const never = await withThread(path, 300_000, { ...SOON, density: 1e6 });
    expect(never).toEqual({ rows: expected, given: [] });
    const short = await withThread(path, 300_000, { ...SOON, left: 1e9 });
    expect(short).toEqual({ rows: expected, given: [] });
    const some = await withThread(path, 100_000, { ...SOON, density: 200 });
    expect(some.rows).toBe(expected);
    expect(some.given.length).toBeGreaterThan(3);
    // The last time it was given nothing, and was not asked again.
    expect(some.given.at(-1)).toBe(0);
    expect(some.given.length).toBeLessThan(60);
    folder.remove();
  });

  it('is not needed: its file may be gone, and it may be closed early', { timeout: 30_000 }, async () => {
    const folder = temporaryFolder();
    const { bytes } = await generated('quic', 3_000_000, 24);
    const path = folder.write('quic.pcap', bytes);
    const source = slowly(path, 50_000);
    const elsewhere = Object.create(source, { path: { value: `${path}.gone` } }) as CaptureSource;
    const core = new Core({ layout: 'wide' });
    const thread = new OpenerThread(core, elsewhere, SOON);
    const rows = await coreRows(source, { core, opened: thread });
    expect(transcript(rows)).toBe(transcript(await coreRows(bytes)));
    await thread.close();
    await source.close();

    const other = slowly(path, 50_000);
    const next = new Core({ layout: 'wide' });
    const closed = new OpenerThread(next, other, SOON);
    const steps = waited(captureSteps(next, other, 1, {}, new InputBlocks(next, other), closed));
    await steps.next();
    await steps.return({ error: null, whole: false });
    await closed.close();
    await other.close();
    folder.remove();
  });
});
