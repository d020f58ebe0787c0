import { closeSync, openSync } from 'node:fs';
import { Core } from '../../core/core.js';
import { RangeReader } from '../../core/range.js';
import { Joiner } from '../../jobs/joiner.js';
import { STRETCH_BYTES } from '../../jobs/plan.js';
import { divisible, StretchReader } from '../../jobs/stretch-reader.js';
import { readerAt } from '../../source/read-at.js';
import type { Measured } from './captures.js';
import { Spread, table } from './spread.js';
import { projection } from './walk.js';

const COLUMNS = ['ts', 'src_ip', 'dst_ip', 'src_port', 'dst_port', 'sni', 'ja3', 'ja4'];

const NO_LINES = { bytes: new Uint8Array(), ends: new Uint32Array() };

/** Times of stretches, ms. */
class Times {
  readonly own = new Spread();
  readonly apart = new Spread();
  readonly join = new Spread();
  readonly again = new Spread();
  joined = 0;
  declined = 0;
}

/**
 * What the threads of several jobs do, one thing after the other in this thread: a stretch read from where the core is, the next as
 * a helper reads it, and joining that one. How often the last goes into the first says how many helpers one thread can serve.
 */
export function benchStretches(captures: readonly Measured[]): string {
  const rows = captures.map((capture) => {
    const { own, apart, join, again, joined, declined } = timesOf(capture);
    const ratio = (own.median / join.median).toFixed(1);
    return [
      capture.kind,
      own.text(1),
      apart.text(1),
      join.text(1),
      ratio,
      again.text(0),
      `${joined} of ${joined + declined}`,
    ];
  });
  const head = [
    `${STRETCH_BYTES >> 20} MiB of`,
    'read, ms',
    'read apart, ms',
    'joined, ms',
    'read / joined',
    'packets read again',
    'joined',
  ];
  return `### Stretches\n\nColumns ${COLUMNS.join(',')}, rows left where they are; median of all stretches (least-most).\n\n${table(head, rows)}`;
}

function timesOf({ path, bytes: size }: Measured): Times {
  const times = new Times();
  const [core, alone, other] = [newCore(), newCore(), newCore()];
  const fd = openSync(path, 'r');
  const readAt = readerAt(path, fd);
  const reader = new RangeReader(core, path, readAt);
  const helper = new StretchReader(other, readAt, divisible(readAt, size)!);
  const joiner = new Joiner(core, alone, readAt);
  core.begin(1);
  for (let at = 0; at + 2 * STRETCH_BYTES < size; at += 2 * STRETCH_BYTES) {
    const [middle, end] = [at + STRETCH_BYTES, at + 2 * STRETCH_BYTES];
    times.own.add(timed(() => readTo(core, reader, middle)));
    const places: Float64Array<ArrayBuffer>[] = [];
    let report: ReturnType<StretchReader['read']> = null;
    times.apart.add(
      timed(() => {
        report = helper.read(1, middle, end, (_, { client_hellos }) => places.push(client_hellos));
      }),
    );
    let joins = false;
    const time = timed(() => {
      while (!core.stretch.settle()) core.resetBatches();
      core.resetBatches();
      const lines = [places.map((orders) => ({ ...NO_LINES, orders }))];
      const rows = { lines, groups: ['client_hellos'] as const };
      joins = report !== null && joiner.join(report, rows, 1, () => {}) !== null;
    });
    if (joins) {
      times.join.add(time);
      times.again.add(joiner.packetsAgain);
      times.joined++;
      reader.moved();
    } else {
      times.declined++;
      readTo(core, reader, end);
    }
  }
  closeSync(fd);
  return times;
}

function newCore(): Core {
  const core = new Core({ layout: 'wide' });
  core.project(projection(COLUMNS));
  return core;
}

function timed(work: () => void): number {
  const before = performance.now();
  work();
  return performance.now() - before;
}

function readTo(core: Core, reader: RangeReader, stop: number): void {
  const steps = reader.readTo(stop);
  while (!steps.next().done);
  core.resetBatches();
}
