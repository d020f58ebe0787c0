import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A row of a table of the corpus, by column name; an empty field means that the value is not given. */
export type Fields = Readonly<Record<string, string>>;

/** One capture of the corpus. */
export interface Capture {
  readonly file: string;
  readonly path: string;
  readonly tags: readonly string[];
  readonly packets: number;
}

/** Where the corpus is, or should be: `TLSFP_CORPUS`, else `../shared/corpus` beside the repository. */
export const CORPUS =
  process.env.TLSFP_CORPUS ?? fileURLToPath(new URL('../../../shared/corpus', import.meta.url));

/** Whether the corpus is there; says loudly on stderr when it is not. */
export function corpusIsThere(): boolean {
  if (existsSync(join(CORPUS, 'manifest.tsv'))) return true;
  process.stderr.write(
    [
      '',
      '!'.repeat(100),
      '!! THE CONFORMANCE TESTS DO NOT RUN: no corpus of captures at',
      `!!   ${CORPUS}`,
      '!! Nothing was compared with tshark, Zeek, Suricata, Arkime, nDPI or FoxIO. Set TLSFP_CORPUS to the',
      '!! folder that holds manifest.tsv to compare.',
      '!'.repeat(100),
      '',
    ].join('\n'),
  );
  return false;
}

/** Rows of a tab-separated table with a header line and no quoting. */
export function table(path: string): Fields[] {
  const [head = '', ...lines] = readFileSync(path, 'utf8').replace(/\n$/, '').split('\n');
  const names = head.split('\t');
  return lines.map((line) => {
    const values = line.split('\t');
    return Object.fromEntries(names.map((name, i) => [name, values[i] ?? '']));
  });
}

/** The captures, in the order of the manifest. */
export function captures(): Capture[] {
  return table(join(CORPUS, 'manifest.tsv')).map((row) => ({
    file: row.file!,
    path: join(CORPUS, row.file!),
    tags: row.tags!.split(','),
    packets: Number(row.packets),
  }));
}

/** What tshark 4.4 prints for a capture, one row per hello. */
export function tsharkRows(file: string): Fields[] {
  return table(join(CORPUS, 'expected', `${file}.tshark.tsv`));
}

/** What other projects recorded for a capture. */
export function recordedRows(file: string): Fields[] {
  const path = join(CORPUS, 'expected', `${file}.tsv`);
  return existsSync(path) ? table(path) : [];
}

/** Hellos on which oracles differ. */
export function disagreements(): Fields[] {
  return table(join(CORPUS, 'disagreements.tsv'));
}
