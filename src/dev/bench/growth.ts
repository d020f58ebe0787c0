import { join } from 'node:path';
import { Core } from '../../core/core.js';
import { readCapture } from '../../core/read.js';
import { openSource } from '../../source/open.js';
import { type Measured, made } from './captures.js';
import { Spread, table } from './spread.js';

/** Sizes of captures of the same kind, each four times the one before. */
const SIZES = [1e7, 4e7, 1.6e8, 6.4e8];

/**
 * How the cost per packet and per hello grows with the size of the capture: with it grow the connections at a time and
 * the distinct fingerprints. Every column, all in this process.
 */
export async function benchGrowth(folder: string, runs: number): Promise<string> {
  const parts = [];
  for (const kind of ['mix', 'hellos'] as const) {
    const rows: string[][] = [];
    for (const size of SIZES) {
      const path = join(folder, `${kind}-${size / 1e6}MB.pcap`);
      rows.push(await growthRow(await made(kind, { targetBytes: size, path }), runs));
    }
    const head = [
      `${kind}, MB`,
      'packets',
      'hellos',
      'distinct contents',
      'CPU ns a packet',
      'CPU us a hello',
      'RSS of the process, MB',
    ];
    parts.push(table(head, rows));
  }
  return `### Growth\n\nEvery column, contents apart (as for a database), median of ${runs} passes.\n\n${parts.join('\n\n')}`;
}

async function growthRow(capture: Measured, runs: number): Promise<string[]> {
  const cpu = new Spread();
  let contents = 0n;
  const core = new Core({ layout: 'narrow' });
  for (let i = 0; i <= runs; i++) {
    const source = await openSource(capture.path);
    core.forgetContents();
    const before = process.cpuUsage();
    const batches = readCapture(core, source, 1);
    for (let next = await batches.next(); !next.done; ) next = await batches.next();
    const { user, system } = process.cpuUsage(before);
    await source.close();
    contents = core.state().counters.contents;
    if (i > 0) cpu.add((user + system) / 1e6);
  }
  return [
    (capture.bytes / 1e6).toFixed(0),
    `${capture.packets}`,
    `${capture.hellos}`,
    `${contents}`,
    ((cpu.median * 1e9) / capture.packets).toFixed(1),
    ((cpu.median * 1e6) / capture.hellos).toFixed(2),
    (process.memoryUsage().rss / 1e6).toFixed(0),
  ];
}
