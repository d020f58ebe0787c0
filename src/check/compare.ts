import { changesBetween, distance, namedChangeText } from '../compare/explain-change.js';
import { pairUp } from '../compare/pairs.js';
import type { Baseline, CaptureEntry, ClientEntry, ServerEntry } from './baseline.js';

/** One difference between what a capture gives and what it must give. */
export interface Difference {
  /** Name of the capture in the baseline. */
  readonly capture: string;
  readonly kind: 'new' | 'gone' | 'changed' | 'count' | 'error';
  /** What it is about, in one line. */
  readonly title: string;
  /** What changed in it, a line each. */
  readonly details: readonly string[];
}

/** What is compared. */
export interface CompareOptions {
  /** Whether numbers of hellos must be the same; off for traffic that is captured anew each time. */
  readonly counts: boolean;
  /** Whether captures of the baseline may be left out. */
  readonly partial: boolean;
}

const times = (count: number) => (count === 1 ? '' : ` (${count} times)`);

function clientTitle(entry: ClientEntry, baseline: Baseline): string {
  const name = entry.sni === null ? 'no server name' : entry.sni;
  const app = entry.app === null ? '' : ` in ${entry.app}`;
  return `${entry.protocol} ClientHello${app} to ${name}, ${baseline.hellos[entry.hello]?.ja4 ?? 'no JA4'}`;
}

function serverTitle(entry: ServerEntry): string {
  const what = entry.retry ? 'HelloRetryRequest' : 'ServerHello';
  return `${entry.protocol} ${what}, version ${entry.version ?? '?'}, cipher ${entry.cipher ?? '?'}, JA3S ${entry.ja3s ?? '?'}`;
}

const withoutCount = (entry: object) => JSON.stringify({ ...entry, count: 0 });

/** Entries of both sides that are equal but for their counts, and the rest of each side. */
function match<T extends { readonly count: number }>(old: readonly T[], now: readonly T[]) {
  const left = new Map(now.map((entry) => [withoutCount(entry), entry]));
  const equal: (readonly [T, T])[] = [];
  const gone = old.filter((entry) => {
    const other = left.get(withoutCount(entry));
    if (other) {
      left.delete(withoutCount(entry));
      equal.push([entry, other]);
    }
    return !other;
  });
  return { equal, gone, added: [...left.values()] };
}

/** Differences of one capture. */
class CaptureComparison {
  readonly differences: Difference[] = [];

  constructor(
    readonly capture: string,
    readonly old: Baseline,
    readonly now: Baseline,
    readonly options: CompareOptions,
  ) {}

  run(before: CaptureEntry, after: CaptureEntry): void {
    this.#clients(before.clients, after.clients);
    this.#servers(before.servers, after.servers);
    this.#incomplete(before.incomplete, after.incomplete);
    if (before.error !== after.error) {
      this.#add(
        'error',
        `reading it: ${before.error ?? 'no error'} before, now ${after.error ?? 'no error'}`,
      );
    }
  }

  #add(kind: Difference['kind'], title: string, details: readonly string[] = []): void {
    this.differences.push({ capture: this.capture, kind, title, details });
  }

  #counts<T extends { readonly count: number }>(
    equal: readonly (readonly [T, T])[],
    title: (entry: T) => string,
  ): void {
    if (!this.options.counts) return;
    for (const [before, after] of equal) {
      if (before.count !== after.count) {
        this.#add('count', `${title(after)}: ${before.count} before, now ${after.count}`);
      }
    }
  }

  #clients(before: readonly ClientEntry[], after: readonly ClientEntry[]): void {
    const { equal, gone, added } = match(before, after);
    this.#counts(equal, (entry) => clientTitle(entry, this.now));
    const paired = pairUp(gone, added, (a, b) => this.#clientDistance(a, b));
    for (const [a, b] of paired.pairs) this.#changedClient(a, b);
    for (const entry of paired.gone) this.#add('gone', clientTitle(entry, this.old) + times(entry.count));
    for (const entry of paired.added) this.#add('new', clientTitle(entry, this.now) + times(entry.count));
  }

  /** Hellos over other protocols are other clients; another name, or another protocol before it, counts as a few elements. */
  #clientDistance(a: ClientEntry, b: ClientEntry): number | null {
    if (a.protocol !== b.protocol) return null;
    const lists = distance(this.old.hellos[a.hello]!.lists, this.now.hellos[b.hello]!.lists);
    return lists + (a.sni === b.sni ? 0 : 8) + (a.app === b.app ? 0 : 4);
  }

  #changedClient(a: ClientEntry, b: ClientEntry): void {
    const before = this.old.hellos[a.hello]!;
    const after = this.now.hellos[b.hello]!;
    const details = changesBetween(before.lists, after.lists).map(namedChangeText);
    if (a.sni !== b.sni) details.unshift(`server name ${a.sni ?? 'none'} -> ${b.sni ?? 'none'}`);
    if (a.app !== b.app)
      details.unshift(`in ${a.app ?? 'no other protocol'} -> in ${b.app ?? 'no other protocol'}`);
    if (before.ja4 !== after.ja4) details.push(`JA4 ${before.ja4} -> ${after.ja4}`);
    if (before.ja3n !== after.ja3n) details.push(`JA3N ${before.ja3n} -> ${after.ja3n}`);
    if (this.options.counts && a.count !== b.count) details.push(`count ${a.count} -> ${b.count}`);
    this.#add('changed', clientTitle(a, this.old), details);
  }

  #servers(before: readonly ServerEntry[], after: readonly ServerEntry[]): void {
    const { equal, gone, added } = match(before, after);
    this.#counts(equal, serverTitle);
    const members = Object.keys(before[0] ?? after[0] ?? {}).filter(
      (m) => m !== 'count',
    ) as (keyof ServerEntry)[];
    const changed = (a: ServerEntry, b: ServerEntry) => members.filter((m) => a[m] !== b[m]);
    const paired = pairUp(gone, added, (a, b) => (a.protocol === b.protocol ? changed(a, b).length : null));
    for (const [a, b] of paired.pairs) {
      const details = changed(a, b).map((m) => `${m} ${a[m] ?? 'none'} -> ${b[m] ?? 'none'}`);
      if (this.options.counts && a.count !== b.count) details.push(`count ${a.count} -> ${b.count}`);
      this.#add('changed', serverTitle(a), details);
    }
    for (const entry of paired.gone) this.#add('gone', serverTitle(entry) + times(entry.count));
    for (const entry of paired.added) this.#add('new', serverTitle(entry) + times(entry.count));
  }

  #incomplete(before: Readonly<Record<string, number>>, after: Readonly<Record<string, number>>): void {
    for (const reason of [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()) {
      const a = before[reason] ?? 0;
      const b = after[reason] ?? 0;
      if (a === b || (!this.options.counts && a > 0 && b > 0)) continue;
      this.#add('count', `incomplete hellos (${reason}): ${a} before, now ${b}`);
    }
  }
}

/** Differences between what captures must give and what they give, sorted by capture. */
export function compareBaselines(old: Baseline, now: Baseline, options: CompareOptions): Difference[] {
  const names = [...new Set([...Object.keys(old.captures), ...Object.keys(now.captures)])].sort();
  return names.flatMap((capture): Difference[] => {
    const before = old.captures[capture];
    const after = now.captures[capture];
    if (!after) {
      if (options.partial) return [];
      return [
        { capture, kind: 'gone', title: 'the capture is in the baseline, but was not given', details: [] },
      ];
    }
    if (!before) {
      const title = `the capture is not in the baseline (${after.clients.length} kinds of ClientHello)`;
      return [{ capture, kind: 'new', title, details: [] }];
    }
    const comparison = new CaptureComparison(capture, old, now, options);
    comparison.run(before, after);
    return comparison.differences;
  });
}
