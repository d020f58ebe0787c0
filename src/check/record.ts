import { createHash } from 'node:crypto';
import { basename, dirname, relative, resolve, sep } from 'node:path';
import { Capture } from '../capture.js';
import { listsOf } from '../compare/hello-lists.js';
import { Core } from '../core/core.js';
import { type TlsfpError, UsageError } from '../errors.js';
import type { ClientHelloRow, ServerHelloRow } from '../schema/tables.js';
import { openSource } from '../source/open.js';
import type { Baseline, CaptureEntry, ClientEntry, HelloEntry, ServerEntry } from './baseline.js';

/** What captures give now, and what could not be read of them. */
export interface Recorded extends Baseline {
  /** Errors by name of the capture. */
  readonly errors: ReadonlyMap<string, TlsfpError>;
}

/**
 * Names of captures in a baseline: the path from the folder of the baseline if they lie in or below it, else the name
 * alone, so that a baseline holds on every machine.
 *
 * @throws UsageError two of them get the same name
 */
export function captureNames(paths: readonly string[], baselinePath: string): Map<string, string> {
  const folder = dirname(resolve(baselinePath));
  const names = new Map<string, string>();
  for (const path of paths) {
    const name = path === '-' ? 'standard input' : nameIn(folder, path);
    const other = names.get(name);
    if (other !== undefined && resolve(other) !== resolve(path)) {
      throw new UsageError(`${other} and ${path} would both be "${name}" in the baseline`, {
        hint: 'keep the baseline in a folder above the captures',
      });
    }
    names.set(name, path);
  }
  return names;
}

function nameIn(folder: string, path: string): string {
  const inside = relative(folder, resolve(path));
  const below = inside !== '' && inside !== '..' && !inside.startsWith(`..${sep}`);
  return (below ? inside : basename(path)).replaceAll(sep, '/');
}

const hex = (value: number | null, digits = 4) =>
  value === null ? null : value.toString(16).padStart(digits, '0');

/** A name for a content that a reviewer knows again: the JA4 and, behind it, a hash of the lists. */
function helloKey(entry: HelloEntry): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([entry.ja3n, entry.lists]))
    .digest('hex');
  return `${entry.ja4 ?? 'no-ja4'}#${hash.slice(0, 8)}`;
}

function serverEntry(row: ServerHelloRow): Omit<ServerEntry, 'count'> {
  return {
    protocol: row.protocol,
    version: hex(row.version),
    cipher: hex(row.cipher_suite),
    group: hex(row.selected_group),
    alpn: row.alpn,
    retry: row.is_retry,
    resumed: row.session_resumed === true ? true : null,
    ja3s: row.ja3s,
  };
}

/** Counts what is alike. */
class Tally<T extends object> {
  readonly #entries = new Map<string, { entry: T; count: number }>();

  add(entry: T): void {
    const key = JSON.stringify(entry);
    const known = this.#entries.get(key);
    if (known) known.count++;
    else this.#entries.set(key, { entry, count: 1 });
  }

  /** Sorted by their texts: the same for every order of coming. */
  sorted(): (T & { count: number })[] {
    const sorted = [...this.#entries].sort(([a], [b]) => (a < b ? -1 : Number(a > b)));
    return sorted.map(([, { entry, count }]) => ({ ...entry, count }));
  }
}

/** What one capture gives; contents go into `hellos`. */
async function recordCapture(
  core: Core,
  path: string,
  hellos: Record<string, HelloEntry>,
): Promise<{ entry: CaptureEntry; error: TlsfpError | null }> {
  const capture = new Capture(await openSource(path), core);
  const clients = new Tally<Omit<ClientEntry, 'count'>>();
  const servers = new Tally<Omit<ServerEntry, 'count'>>();
  const incomplete = new Map<string, number>();
  for await (const hello of capture.hellos()) {
    if (!hello.row.complete) {
      const reason = hello.row.anomalies[0] ?? 'unknown';
      incomplete.set(reason, (incomplete.get(reason) ?? 0) + 1);
    } else if (hello.table === 'server_hellos') servers.add(serverEntry(hello.row));
    else clients.add(clientEntry(hello.row, hellos));
  }
  const entry = {
    clients: clients.sorted(),
    servers: servers.sorted(),
    incomplete: Object.fromEntries([...incomplete].sort(([a], [b]) => (a < b ? -1 : 1))),
    error: capture.error?.code ?? null,
  };
  return { entry, error: capture.error };
}

function clientEntry(row: ClientHelloRow, hellos: Record<string, HelloEntry>): Omit<ClientEntry, 'count'> {
  const content = { ja4: row.ja4, ja3n: row.ja3n, lists: listsOf(row) };
  const hello = helloKey(content);
  hellos[hello] ??= content;
  return { protocol: row.protocol, app: row.app, sni: row.sni, hello };
}

/**
 * What captures give, as a baseline.
 * @param names captures by the name they have in the baseline
 * @throws InputNotFoundError, InputReadError one of them cannot be opened
 */
export async function record(
  names: ReadonlyMap<string, string>,
  onCapture: (name: string) => void = () => {},
): Promise<Recorded> {
  const captures: Record<string, CaptureEntry> = {};
  const hellos: Record<string, HelloEntry> = {};
  const errors = new Map<string, TlsfpError>();
  const core = new Core({ layout: 'wide' });
  for (const [name, path] of names) {
    onCapture(name);
    const { entry, error } = await recordCapture(core, path, hellos);
    captures[name] = entry;
    if (error) errors.set(name, error);
  }
  return { captures, hellos, errors };
}

/** `old` with the captures of `now` put in place; contents that nobody names any more go. */
export function merge(old: Baseline, now: Baseline): Baseline {
  const captures = { ...old.captures, ...now.captures };
  const all = { ...old.hellos, ...now.hellos };
  const used = new Set(Object.values(captures).flatMap((c) => c.clients.map((client) => client.hello)));
  return { captures, hellos: Object.fromEntries(Object.entries(all).filter(([key]) => used.has(key))) };
}
