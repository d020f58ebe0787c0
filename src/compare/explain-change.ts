import {
  cipherSuiteName,
  extensionName,
  groupName,
  signatureSchemeName,
  versionName,
} from '../schema/names.js';
import { type HelloLists, LISTS, type ListName } from './hello-lists.js';

/** How one list of a hello differs from that of another. */
export interface ListChange {
  readonly list: ListName;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** The same elements in another order. */
  readonly reordered: boolean;
}

/** Elements of `from` that `other` lacks, each as often as it does. */
function without(from: readonly string[], other: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const element of other) left.set(element, (left.get(element) ?? 0) + 1);
  return from.filter((element) => {
    const count = left.get(element) ?? 0;
    if (count > 0) left.set(element, count - 1);
    return count === 0;
  });
}

/** What changed from one hello to the other, list by list; empty when their lists are equal. */
export function changesBetween(old: HelloLists, now: HelloLists): ListChange[] {
  const changes: ListChange[] = [];
  for (const { name } of LISTS) {
    const before = old[name];
    const after = now[name];
    const added = without(after, before);
    const removed = without(before, after);
    const kept = without(before, removed);
    const keptNow = without(after, added);
    const reordered = kept.some((element, i) => element !== keptNow[i]);
    if (added.length > 0 || removed.length > 0 || reordered) {
      changes.push({ list: name, added, removed, reordered });
    }
  }
  return changes;
}

/** A change in one line, e.g. `sigalgs +0904,0905,0906` or `groups -6399 +11ec`. */
export function changeText({ list, added, removed, reordered }: ListChange): string {
  const parts = [
    removed.length > 0 ? `-${removed.join(',')}` : '',
    added.length > 0 ? `+${added.join(',')}` : '',
    reordered ? 'order changed' : '',
  ];
  return `${list} ${parts.filter((part) => part !== '').join(' ')}`;
}

const NAMES: Partial<Record<ListName, (value: number) => string>> = {
  ciphers: cipherSuiteName,
  extensions: extensionName,
  groups: groupName,
  key_shares: groupName,
  sigalgs: signatureSchemeName,
  versions: versionName,
};

/** Names are shown for so many elements of a change; more would bury it. */
const MAX_NAMED = 6;

/** Like `changeText`, with the names of the elements where they have one: for a person. */
export function namedChangeText(change: ListChange): string {
  const text = changeText(change);
  const name = NAMES[change.list];
  const elements = [...change.removed, ...change.added].filter((element) => element !== 'GREASE');
  if (!name || elements.length === 0 || elements.length > MAX_NAMED) return text;
  const names = elements.map((element) => name(Number.parseInt(element, 16)));
  return `${text} (${names.join(', ')})`;
}

/** How unlike two hellos are: the number of list elements that came or went, reorderings counting one. */
export function distance(old: HelloLists, now: HelloLists): number {
  return changesBetween(old, now).reduce(
    (sum, c) => sum + c.added.length + c.removed.length + Number(c.reordered),
    0,
  );
}
