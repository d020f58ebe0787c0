import { realpathSync } from 'node:fs';
import { UsageError } from '../errors.js';
import { extract } from '../extract/extract.js';
import { selectHandshakes } from '../extract/select.js';
import { expandInputs } from '../source/expand.js';
import { interruptible } from './options.js';
import { complain } from './terminal.js';

/** What `tlsfp extract` was asked. */
export interface ExtractRequest {
  readonly captures: readonly string[];
  readonly where: string;
  readonly out: string;
  readonly flows: boolean;
  readonly quiet: boolean;
}

/** Run `tlsfp extract`; answers the exit code. */
export async function extractMain(request: ExtractRequest): Promise<number> {
  const paths = await inputs(request);
  const signal = interruptible();
  const selection = await selectHandshakes(paths, request.where, signal);
  const out = request.out === '-' ? process.stdout : request.out;
  const { where, flows } = request;
  const packets = await extract(paths, selection, { out, where, flows, signal });
  const handshakes = selection.handshakes === 1 ? '1 handshake' : `${selection.handshakes} handshakes`;
  if (!request.quiet) process.stderr.write(`${handshakes}, ${packets} packets written to ${request.out}\n`);
  for (const error of selection.errors) complain(error.message);
  if (signal.aborted) complain('interrupted: the file holds what was found until then');
  return selection.errors.length > 0 ? 3 : 0;
}

async function inputs(request: ExtractRequest): Promise<string[]> {
  const paths = await expandInputs(request.captures);
  if (paths.includes('-')) {
    throw new UsageError('standard input cannot be read twice', { hint: 'write it to a file first' });
  }
  if (request.out === '-' && process.stdout.isTTY) {
    throw new UsageError('packets are not for the terminal', { hint: 'name a file with --out' });
  }
  if (paths.some((path) => isSame(path, request.out))) {
    throw new UsageError(`--out ${request.out} is one of the captures that are read`, {
      hint: 'name another file',
    });
  }
  return paths;
}

function isSame(path: string, other: string): boolean {
  try {
    return realpathSync(path) === realpathSync(other);
  } catch {
    return false;
  }
}
