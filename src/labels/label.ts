/** What is known about a fingerprint: one row of the table `labels`. */
export interface LabelRow {
  /** Which fingerprint: `ja3`, `ja3n`, `ja4`. */
  readonly kind: string;
  readonly value: string;
  /** The client, with version and library, e.g. `curl 7.88 / OpenSSL 3.0`. */
  readonly name: string;
  /** cli, library, browser, parrot, runtime, server-tool. */
  readonly category: string;
  /** Capture that it was seen in. */
  readonly source: string;
  /** Day of that capture. */
  readonly date: string;
}

/**
 * Names of a fingerprint as one text: the first, and how many more clients share it. Null for an unknown one.
 */
export function labelOf(labels: readonly LabelRow[], kind: string, value: string | null): string | null {
  const names = new Set(labels.filter((l) => l.kind === kind && l.value === value).map((l) => l.name));
  if (names.size === 0) return null;
  const [first] = names;
  return names.size === 1 ? first! : `${first} (+${names.size - 1})`;
}
