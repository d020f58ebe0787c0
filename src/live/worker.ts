import { parentPort, workerData } from 'node:worker_threads';
import { Core } from '../core/core.js';
import { pack } from '../core/parcel.js';
import type { BatchSet } from '../core/views.js';
import { TlsfpError } from '../errors.js';
import { plainError } from '../jobs/messages.js';
import { Board } from './board.js';
import { Clock } from './clock.js';
import { loadLibc } from './libc.js';
import { Loop } from './loop.js';
import { MemifRing } from './memif.js';
import type { FromLive, LiveSetup } from './messages.js';
import { PacketRing } from './packet.js';
import type { LiveRing } from './ring.js';

/** The thread that reads a ring: it does nothing else, and its event loop stands still meanwhile. */
async function main(setup: LiveSetup): Promise<void> {
  const post = (message: FromLive, transfer: ArrayBuffer[] = []) =>
    parentPort!.postMessage(message, transfer);
  try {
    const libc = await loadLibc();
    const core = new Core(setup);
    if (setup.wanted) core.project(setup.wanted);
    const clock = new Clock();
    const tell = (message: string) => post({ type: 'event', message });
    const { ring: spec, filter, fanout } = setup;
    const ring: LiveRing =
      spec.kind === 'memif'
        ? new MemifRing(core, libc, spec, clock, tell)
        : new PacketRing(core, libc, spec, { filter, fanout }, tell);
    post({ type: 'started', linkType: ring.linkType });
    const send = (batches: BatchSet) => {
      const own = pack(batches);
      post({ type: 'batches', batches: own.batches }, [own.buffer]);
    };
    new Loop({ core, ring, clock, board: new Board(setup.board), send }).run();
    post({ type: 'end' });
  } catch (error) {
    if (!(error instanceof TlsfpError)) throw error;
    post({ type: 'failed', error: plainError(error) });
  }
}

await main(workerData as LiveSetup);
