import { type Hello, identity } from './hello.js';

/** What may differ between two sights of one hello. */
export const COMPARED = [
  ...(['ja3', 'ja4', 'ja4r', 'ja3s', 'sni', 'alpn', 'version', 'versions'] as const),
  ...(['groups', 'formats', 'algorithms', 'quicVersion', 'retry'] as const),
] as const;

/** A hello expected, with ours where one belongs to it. */
export interface Pair {
  readonly expected: Hello;
  readonly found: Hello | null;
  /** Fields that differ; empty when nothing is found. */
  readonly differs: readonly (typeof COMPARED)[number][];
}

/** Expected and own hellos of one capture, set against each other. */
export interface Match {
  readonly pairs: readonly Pair[];
  /** Whole hellos of ours that nobody expected. */
  readonly extra: readonly Hello[];
  /** Hellos of which we saw a prefix, and for which nothing was expected. */
  readonly prefixes: readonly Hello[];
}

function differences(expected: Hello, found: Hello): Pair['differs'] {
  return COMPARED.filter((field) => expected[field] !== found[field]);
}

/** Fewer differences are nearer; among equals, the nearer packet. */
function distance(expected: Hello, found: Hello): number {
  const apart = Math.min(Math.abs(expected.packet - found.packet), 999_999);
  return differences(expected, found).length * 1_000_000 + apart;
}

function nearest(expected: Hello, candidates: readonly Hello[]): Hello | null {
  let best: Hello | null = null;
  for (const one of candidates) {
    if (best === null || distance(expected, one) < distance(expected, best)) best = one;
  }
  return best;
}

/**
 * Pair what is expected with what is ours, within one flow and kind: first what is equal, in order of time, then what is
 * nearest.
 */
export function match(expected: readonly Hello[], own: readonly Hello[]): Match {
  const place = (hello: Hello) => `${hello.kind}|${hello.flow}`;
  const left = new Map<string, Hello[]>();
  for (const hello of own) {
    const there = left.get(place(hello));
    if (there) there.push(hello);
    else left.set(place(hello), [hello]);
  }
  const found = new Map<Hello, Hello | null>();
  for (const same of [true, false]) {
    for (const hello of expected) {
      if (found.get(hello)) continue;
      const candidates = left.get(place(hello)) ?? [];
      const chosen = same
        ? (candidates.find((one) => identity(one) === identity(hello)) ?? null)
        : nearest(hello, candidates);
      if (chosen) candidates.splice(candidates.indexOf(chosen), 1);
      found.set(hello, chosen);
    }
  }
  const rest = [...left.values()].flat();
  return {
    pairs: expected.map((hello) => {
      const one = found.get(hello) ?? null;
      return { expected: hello, found: one, differs: one ? differences(hello, one) : [] };
    }),
    extra: rest.filter((hello) => hello.complete),
    prefixes: rest.filter((hello) => !hello.complete),
  };
}

/**
 * Whether a pair names the same packet, at the same time. tshark waits for the end of the TLS record: over TCP a message
 * that others follow in its record, as the certificates do the ServerHello, is complete for us before.
 */
export function samePacket({ expected, found }: Pair): boolean {
  if (!found || found.packet === expected.packet) return !found || found.time === expected.time;
  return expected.transport === 'tcp' && found.packet < expected.packet;
}
