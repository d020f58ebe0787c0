import { closeSync, openSync, readSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { instantiate } from './load.js';
import { OpenedRing } from './opened-ring.js';
import { InitialOpener } from './opener.js';
import type { OpenerSetup } from './opener-thread.js';

/** Opens Initials in front of the thread that walks the capture, from where that is to the end. */
function run({ module, records, memory }: OpenerSetup, fd: number): void {
  const ring = new OpenedRing(memory);
  const opener = new InitialOpener(instantiate(module), records);
  // Bytes `[from, until)` of the room are there; the first of them is at `place` of the capture.
  let [from, until, place] = [0, 0, 0];
  while (!ring.stopped) {
    const { start, end } = ring;
    // What the other thread is at already it does itself.
    if (place < start) [from, until, place] = [0, 0, start];
    const { looked, opened } = opener.open(from, until, place, Math.max(0, end - place));
    if (looked === null || (opened.length > 0 && !ring.put(opened))) break;
    from += looked;
    place += looked;
    if (looked > 0) continue;
    opener.room.copyWithin(0, from, until);
    until -= from;
    from = 0;
    const got = attempt(() => readSync(fd, opener.room, until, opener.room.length - until, place + until));
    if (!got) break;
    until += got;
  }
}

/** Null where the file fails: the other thread will tell, if it fails there too. */
function attempt(read: () => number): number | null {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return null;
  }
}

const setup = workerData as OpenerSetup;
const fd = attempt(() => openSync(setup.path, 'r'));
if (fd !== null) {
  run(setup, fd);
  closeSync(fd);
}
