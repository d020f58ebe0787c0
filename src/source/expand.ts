import { type Dirent, statSync } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputNotFoundError } from '../errors.js';
import { inputError } from './errno.js';
import { type OpenedSource, openSource } from './open.js';
import { captureMagic } from './sniff.js';

export interface ExpandOptions {
  /** Told of every file in a folder or under a pattern that is left out, since it is no capture. */
  readonly onSkip?: (path: string, reason: string) => void;
}

/**
 * The captures that the arguments of a command name, in the order given.
 *
 * - A path that exists is that file, whatever it holds; `-` is standard input.
 * - A folder is every capture in it and below, by content (compressed or not), hidden ones left out.
 * - Anything else is a pattern (`*`, `?`, `[]`, `{}`, `**`): files that match by name and are captures.
 *
 * Within a folder or pattern the order is natural (`part2` before `part10`). A file reached twice, by
 * links too, comes once. What cannot be read is kept, so that opening it tells why.
 * Throws `InputNotFoundError` for what does not exist, and for a folder or pattern without a capture.
 */
export async function expandInputs(args: readonly string[], options: ExpandOptions = {}): Promise<string[]> {
  const unique = new Map<string, string>();
  for (const arg of args) {
    for (const path of await expandOne(arg, options)) {
      const identity = path === '-' ? path : await realpath(path).catch(() => path);
      if (!unique.has(identity)) unique.set(identity, path);
    }
  }
  return [...unique.values()];
}

async function expandOne(arg: string, options: ExpandOptions): Promise<string[]> {
  if (arg === '-') return [arg];
  // A name that exists wins over its reading as a pattern: `a[1].pcap` may be a file.
  const kind = kindOf(arg);
  if (kind === 'folder') return expandFolder(arg, options);
  if (kind !== null) return [arg];
  const { isDynamicPattern } = await import('tinyglobby');
  if (isDynamicPattern(arg)) return expandPattern(arg, options);
  throw inputError(arg, Object.assign(new Error('no such file'), { code: 'ENOENT' }));
}

async function expandFolder(folder: string, options: ExpandOptions): Promise<string[]> {
  const found = await capturesIn(folder, new Set(), options);
  if (found.length > 0) return found;
  throw new InputNotFoundError('no capture in this folder', {
    path: folder,
    hint: 'captures are recognised by their content: pcap or pcapng, compressed or not',
  });
}

async function expandPattern(pattern: string, options: ExpandOptions): Promise<string[]> {
  const { glob } = await import('tinyglobby');
  const matches = await glob(pattern, { onlyFiles: false, expandDirectories: false });
  const found: string[] = [];
  for (const match of matches.map((path) => path.replace(/\/$/, '')).sort(byNaturalOrder)) {
    if (kindOf(match) === 'folder') found.push(...(await capturesIn(match, new Set(), options)));
    else if (await isWanted(match, options)) found.push(match);
  }
  if (found.length > 0) return found;
  throw new InputNotFoundError(
    matches.length === 0 ? 'no file matches this pattern' : 'no file that matches this pattern is a capture',
    { path: pattern, hint: 'check the pattern; quote it or not, both work' },
  );
}

/** All captures in a folder and below. `visited` holds real paths: links may lead in circles. */
async function capturesIn(folder: string, visited: Set<string>, options: ExpandOptions): Promise<string[]> {
  let entries: Dirent[];
  try {
    const real = await realpath(folder);
    if (visited.has(real)) return [];
    visited.add(real);
    entries = await readdir(folder, { withFileTypes: true });
  } catch {
    return [folder];
  }
  const found: string[] = [];
  for (const { name } of entries.sort((a, b) => byNaturalOrder(a.name, b.name))) {
    if (name.startsWith('.')) continue;
    const path = join(folder, name);
    if (kindOf(path) === 'folder') found.push(...(await capturesIn(path, visited, options)));
    else if (await isWanted(path, options)) found.push(path);
  }
  return found;
}

/** Whether a file met on the way is a capture, or cannot be read, which opening it will tell. */
async function isWanted(path: string, { onSkip }: ExpandOptions): Promise<boolean> {
  try {
    // Opening a FIFO or device only to look at it would take bytes from it, or wait for ever.
    if (!(await stat(path)).isFile()) {
      onSkip?.(path, 'is not a plain file');
      return false;
    }
    const { head, compression } = await firstBytes(path);
    if (captureMagic(head) !== null) return true;
    onSkip?.(path, head.length === 0 && compression === 'none' ? 'is empty' : 'is not a capture');
    return false;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ELOOP') return true;
    onSkip?.(path, 'is a link to nothing');
    return false;
  }
}

/** Throws if there are none because the compressed data is damaged. */
async function firstBytes(path: string): Promise<OpenedSource> {
  const source = await openSource(path);
  try {
    if (source.head.length === 0) await source.read(new Uint8Array(1));
    return source;
  } finally {
    await source.close();
  }
}

/** null when there is nothing at that path; what one may not look at is there. */
function kindOf(path: string): 'folder' | 'other' | null {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) return null;
    return found.isDirectory() ? 'folder' : 'other';
  } catch {
    return 'other';
  }
}

/** Made when there is something to sort: the tables of `Intl` take milliseconds to load. */
let collator: Intl.Collator | undefined;

/** Numbers within names count as numbers; equal ones differ by code point, so the order is total. */
export function byNaturalOrder(a: string, b: string): number {
  collator ??= new Intl.Collator('en', { numeric: true });
  return collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}
