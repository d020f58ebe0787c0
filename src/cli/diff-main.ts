import pico from 'picocolors';
import { type By, diffOf, isDifferent } from '../diff/diff.js';
import { diffText, findings } from '../diff/format.js';
import { openSide } from '../diff/side.js';
import { openOutput } from '../sink/output.js';
import { colorsWanted, complain } from './terminal.js';

/** Forms of a difference. */
export const DIFF_FORMATS = ['table', 'json', 'ndjson'] as const;
export type DiffFormat = (typeof DIFF_FORMATS)[number];

/** What `tlsfp diff` was asked. */
export interface DiffRequest {
  readonly old: string;
  readonly now: string;
  readonly by: By | null;
  readonly format: DiffFormat;
  readonly exitCode: boolean;
}

/** Run `tlsfp diff`; answers the exit code. */
export async function diffMain(request: DiffRequest): Promise<number> {
  const old = await openSide(request.old);
  const now = await openSide(request.now);
  const diff = diffOf(old, now, request.by);
  const output = openOutput(process.stdout);
  if (request.format === 'table') {
    const tty = process.stdout.isTTY;
    const colors = pico.createColors(colorsWanted(process.stdout));
    const width = tty ? process.stdout.columns : undefined;
    await output.write(Buffer.from(diffText(diff, { colors, width, by: request.by })));
  } else {
    const all = [...findings(diff, request.by)];
    const text =
      request.format === 'json'
        ? `${JSON.stringify(all, null, 2)}\n`
        : all.map((finding) => `${JSON.stringify(finding)}\n`).join('');
    await output.write(Buffer.from(text));
  }
  await output.close();
  const errors = [...old.errors, ...now.errors];
  for (const error of errors) complain(error.message);
  if (errors.length > 0) return 3;
  return request.exitCode && isDifferent(diff) ? 1 : 0;
}
