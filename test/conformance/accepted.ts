import { readFileSync } from 'node:fs';
import type { Difference } from './compare.js';

/** A difference that is known, with the name of its reason. */
export interface Accepted {
  readonly file: string;
  readonly kind: string;
  /** Ends of the flow, or `*` for all in the file. */
  readonly flow: string;
  readonly what: string;
  readonly reason: string;
}

/** The list of accepted differences, `accepted.json`. */
export interface AcceptedList {
  /** True once every difference is on the list: then one that is not makes the tests fail. */
  readonly complete: boolean;
  /** Reasons by name. `right`: we claim that ours is right (or as good); else we fall short. */
  readonly reasons: Readonly<Record<string, { readonly right: boolean; readonly why: string }>>;
  readonly differences: readonly Accepted[];
}

/** The list as it stands in the repository. */
export function acceptedList(): AcceptedList {
  return JSON.parse(readFileSync(new URL('./accepted.json', import.meta.url), 'utf8')) as AcceptedList;
}

function covers(entry: Accepted, one: Difference): boolean {
  return (
    entry.file === one.file &&
    entry.kind === one.kind &&
    (entry.flow === '*' || entry.flow === one.flow) &&
    entry.what === one.what
  );
}

/** Differences that are not on the list, and lines of the list for which there is no difference (any more). */
export function unaccepted(
  list: AcceptedList,
  differences: readonly Difference[],
): { unknown: Difference[]; stale: Accepted[] } {
  return {
    unknown: differences.filter((one) => !list.differences.some((entry) => covers(entry, one))),
    stale: list.differences.filter((entry) => !differences.some((one) => covers(entry, one))),
  };
}
