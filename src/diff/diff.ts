import { changesBetween, distance, type ListChange } from '../compare/explain-change.js';
import { pairUp } from '../compare/pairs.js';
import type { Kind, Side, Use } from './side.js';

/** By what fingerprints are compared besides as a whole. */
export const BY = ['host', 'sni', 'app'] as const;
export type By = (typeof BY)[number];

/** A client of which it is taken that it is the same on both sides. */
export interface Client {
  /** null: only the server name is the same on both sides. */
  readonly host: string | null;
  readonly sni: string | null;
}

/** A client sent one kind of hello before, and another now. */
export interface Drift {
  readonly old: Kind;
  readonly now: Kind;
  readonly changes: readonly ListChange[];
  /** Who changed so. */
  readonly clients: readonly Client[];
}

/** Fingerprints that came and went for one host, server name or application protocol. */
export interface KeyChange {
  readonly key: string | null;
  readonly added: readonly Kind[];
  readonly gone: readonly Kind[];
}

/** What differs between two sides. */
export interface Diff {
  readonly old: Side;
  readonly now: Side;
  /** Kinds that only one side has; most frequent first. */
  readonly added: readonly Kind[];
  readonly gone: readonly Kind[];
  readonly drifts: readonly Drift[];
  readonly byKey: readonly KeyChange[];
}

const frequent = (a: Kind, b: Kind) => b.hellos - a.hellos || (a.id < b.id ? -1 : 1);

function only(side: Side, other: Side): Kind[] {
  return [...side.kinds.values()].filter((kind) => !other.kinds.has(kind.id)).sort(frequent);
}

/** Kinds by what `key` says of their uses. */
function kindsBy(side: Side, key: (use: Use) => string | null): Map<string | null, Map<string, Kind>> {
  const groups = new Map<string | null, Map<string, Kind>>();
  for (const use of side.uses) {
    const name = key(use);
    let group = groups.get(name);
    if (!group) groups.set(name, (group = new Map()));
    group.set(use.kind, side.kinds.get(use.kind)!);
  }
  return groups;
}

function difference(a: ReadonlyMap<string, Kind>, b: ReadonlyMap<string, Kind> | undefined): Kind[] {
  return [...a.values()].filter((kind) => !b?.has(kind.id)).sort(frequent);
}

/** Hellos that differ in more elements than this are other clients, not a new version of the same. */
const MAX_DRIFT = 40;

/** Finds clients on both sides whose kinds changed. */
class DriftFinder {
  readonly #drifts = new Map<string, { old: Kind; now: Kind; clients: Client[] }>();
  readonly #explained = new Set<string>();

  constructor(
    readonly old: Side,
    readonly now: Side,
  ) {}

  find(): Drift[] {
    this.#compare(
      (use) => JSON.stringify([use.protocol, use.app, use.host, use.sni]),
      (use) => ({ host: use.host, sni: use.sni }),
    );
    this.#compare(
      (use) => (use.sni === null ? null : JSON.stringify([use.protocol, use.app, use.sni])),
      (use) => ({ host: null, sni: use.sni }),
    );
    return [...this.#drifts.values()]
      .map((drift) => ({ ...drift, changes: changesBetween(drift.old.lists, drift.now.lists) }))
      .sort((a, b) => b.clients.length - a.clients.length || frequent(a.now, b.now));
  }

  #compare(key: (use: Use) => string | null, client: (use: Use) => Client): void {
    const before = kindsBy(this.old, key);
    const after = kindsBy(this.now, key);
    const clients = new Map(this.old.uses.map((use) => [key(use), client(use)]));
    const found: (readonly [Kind, Kind])[] = [];
    for (const [name, kinds] of before) {
      const others = after.get(name);
      if (name === null || !others) continue;
      const unexplained = (kind: Kind) => !this.#explained.has(kind.id);
      const paired = pairUp(
        difference(kinds, others).filter(unexplained),
        difference(others, kinds).filter(unexplained),
        driftDistance,
      );
      for (const [old, now] of paired.pairs) {
        this.#add(old, now, clients.get(name)!);
        found.push([old, now]);
      }
    }
    // Whoever is found by host and name need not be found again by name alone.
    for (const kind of found.flat()) this.#explained.add(kind.id);
  }

  #add(old: Kind, now: Kind, client: Client): void {
    const key = `${old.id} ${now.id}`;
    const known = this.#drifts.get(key);
    if (known) known.clients.push(client);
    else this.#drifts.set(key, { old, now, clients: [client] });
  }
}

function driftDistance(a: Kind, b: Kind): number | null {
  const d = distance(a.lists, b.lists);
  return d > MAX_DRIFT ? null : d;
}

function changesByKey(old: Side, now: Side, by: By): KeyChange[] {
  const key = (use: Use) => use[by];
  const before = kindsBy(old, key);
  const after = kindsBy(now, key);
  const keys = [...new Set([...before.keys(), ...after.keys()])];
  const none = new Map<string, Kind>();
  return keys
    .map((name) => ({
      key: name,
      added: difference(after.get(name) ?? none, before.get(name)),
      gone: difference(before.get(name) ?? none, after.get(name)),
    }))
    .filter(({ added, gone }) => added.length + gone.length > 0)
    .sort((a, b) => ((a.key ?? '') < (b.key ?? '') ? -1 : 1));
}

/** Compare two sides, by the way also host by host, name by name or protocol by protocol. */
export function diffOf(old: Side, now: Side, by: By | null): Diff {
  return {
    old,
    now,
    added: only(now, old),
    gone: only(old, now),
    drifts: new DriftFinder(old, now).find(),
    byKey: by === null ? [] : changesByKey(old, now, by),
  };
}

/** Whether fingerprints differ at all; versions and latencies alone do not count. */
export function isDifferent(diff: Diff): boolean {
  return diff.added.length + diff.gone.length + diff.drifts.length + diff.byKey.length > 0;
}
