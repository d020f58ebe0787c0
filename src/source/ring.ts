import { UsageError } from '../errors.js';
import { byNaturalOrder } from './expand.js';
import { firstPacketTime } from './first-packet.js';
import { openSource } from './open.js';

/** One file of a ring, with the time of its first packet in ns since 1970, if it has one. */
export interface RingFile {
  readonly path: string;
  readonly firstTs: bigint | null;
}

/**
 * Puts the files of a rotated capture into the order of time, whatever their names: dumpcap's
 * `name_00001_20240101120000.pcapng`, tcpdump's `name.pcap`, `name.pcap1`, or any others. Of each only
 * the first packet is looked at. Files without packets, and those that cannot be read, come last;
 * files of equal time keep the natural order of their names.
 * Throws `UsageError` for `-`, which cannot be read twice.
 */
export async function orderByFirstPacket(paths: readonly string[]): Promise<RingFile[]> {
  const files: RingFile[] = [];
  for (const path of paths) {
    if (path === '-') {
      throw new UsageError('standard input cannot be part of a ring of files', {
        hint: 'give the files by name',
      });
    }
    files.push({ path, firstTs: await firstTimeOf(path) });
  }
  return files.sort((a, b) => byTime(a.firstTs, b.firstTs) || byNaturalOrder(a.path, b.path));
}

function byTime(a: bigint | null, b: bigint | null): number {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? 1 : -1;
  return a < b ? -1 : 1;
}

/** A file that cannot be read has no time here; reading it for its packets will tell why. */
async function firstTimeOf(path: string): Promise<bigint | null> {
  try {
    const source = await openSource(path);
    try {
      return await firstPacketTime(source);
    } finally {
      await source.close();
    }
  } catch {
    return null;
  }
}
