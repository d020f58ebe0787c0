import { join } from 'node:path';
import { Core } from '../../core/core.js';
import { readCapture } from '../../core/read.js';
import { openSource } from '../../source/open.js';
import { type Measured, made } from './captures.js';
import { grouped, Spread, table } from './spread.js';

/** Sizes of captures of the same kind, each four times the one before. */
const SIZES = [1e7, 4e7, 1.6e8, 6.4e8];

const HEAD = [
  'packets',
  'hellos',
  'distinct contents',
  'CPU ns a packet',
  'CPU us a hello',
  'RSS so far, MB',
];

/**
 * How the cost per packet and per hello grows with the size of the capture: with it grow the connections at a time and
 * the distinct fingerprints. Every column, all in this process; sizes take turns, each `runs` times.
 */
export async function benchGrowth(folder: string, runs: number): Promise<string> {
  const parts = [];
  for (const kind of ['mix', 'hellos'] as const) {
    const captures: Measured[] = [];
    for (const size of SIZES) {
      const path = join(folder, `${kind}-${size / 1e6}MB.pcap`);
      captures.push(await made(kind, { targetBytes: size, path }));
    }
    parts.push(table([`${kind}, MB`, ...HEAD], await growthRows(captures, runs)));
  }
  return `### Growth\n\nEvery column, contents apart (as for a database), median of ${runs} rounds (least-most).\n\n${parts.join('\n\n')}`;
}

async function growthRows(captures: readonly Measured[], runs: number): Promise<string[][]> {
  const core = new Core({ layout: 'narrow' });
  const sizes = [];
  // The first round is not counted.
  for (const capture of captures) {
    await pass(core, capture);
    const rss = process.memoryUsage().rss / 1e6;
    const contents = Number(core.state().counters.contents);
    sizes.push({ capture, contents, rss, packet: new Spread(), hello: new Spread() });
  }
  for (let run = 0; run < runs; run++) {
    for (const { capture, packet, hello } of sizes) {
      const seconds = await pass(core, capture);
      packet.add((seconds * 1e9) / capture.packets);
      hello.add((seconds * 1e6) / capture.hellos);
    }
  }
  return sizes.map(({ capture, contents, rss, packet, hello }) => [
    (capture.bytes / 1e6).toFixed(0),
    grouped(capture.packets),
    grouped(capture.hellos),
    grouped(contents),
    packet.text(1),
    hello.text(2),
    rss.toFixed(0),
  ]);
}

/** Walk a capture; answers the seconds of CPU that it took. */
async function pass(core: Core, capture: Measured): Promise<number> {
  const source = await openSource(capture.path);
  core.forgetContents();
  const before = process.cpuUsage();
  const batches = readCapture(core, source, 1);
  for (let next = await batches.next(); !next.done; ) next = await batches.next();
  const { user, system } = process.cpuUsage(before);
  await source.close();
  return (user + system) / 1e6;
}
