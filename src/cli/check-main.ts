import { readBaseline, writeBaseline } from '../check/baseline.js';
import { compareBaselines } from '../check/compare.js';
import { captureNames, merge, type Recorded, record } from '../check/record.js';
import { type CheckResult, type ReporterName, reporters } from '../check/reporters.js';
import { openOutput } from '../sink/output.js';
import { expandInputs } from '../source/expand.js';
import { complain } from './terminal.js';

/** What `tlsfp check` was asked. */
export interface CheckRequest {
  readonly captures: readonly string[];
  readonly baseline: string;
  readonly update: boolean;
  readonly counts: boolean;
  readonly partial: boolean;
  readonly reporter: ReporterName;
  readonly out: string | undefined;
}

/** Run `tlsfp check`; answers the exit code. */
export async function checkMain(request: CheckRequest): Promise<number> {
  const old = request.update && !request.partial ? null : readBaseline(request.baseline);
  const names = captureNames(await expandInputs(request.captures), request.baseline);
  const now = await record(names);
  if (request.update) return update(request, now, old === null ? now : merge(old, now));
  const differences = compareBaselines(old!, now, request);
  const result = { differences, captures: names, update: acceptCommand(request) };
  await show(result, request);
  return unexpected(now, old!.captures) ? 3 : differences.length > 0 ? 1 : 0;
}

function update(request: CheckRequest, now: Recorded, baseline: Parameters<typeof writeBaseline>[1]): number {
  writeBaseline(request.baseline, baseline);
  const count = Object.keys(now.captures).length;
  process.stdout.write(`${request.baseline}: ${count} ${count === 1 ? 'capture' : 'captures'} recorded\n`);
  for (const error of now.errors.values())
    complain(`${error.message}; the baseline expects this from now on`);
  return 0;
}

/** Tell of captures that could not be read whole, unless the baseline expects just that. */
function unexpected(now: Recorded, expected: Recorded['captures']): boolean {
  let found = false;
  for (const [name, error] of now.errors) {
    if (expected[name]?.error === error.code) continue;
    complain(error.message);
    found = true;
  }
  return found;
}

function acceptCommand(request: CheckRequest): string {
  const quoted = request.captures.map((c) =>
    /^[\w./@%+=:,-]+$/.test(c) ? c : `'${c.replaceAll("'", "'\\''")}'`,
  );
  const partial = request.partial ? ' --partial' : '';
  return `tlsfp check ${quoted.join(' ')} --baseline ${request.baseline}${partial} --update`;
}

/** The report goes to standard output, or to `--out` with the text on standard output. */
async function show(result: CheckResult, request: CheckRequest): Promise<void> {
  await write(process.stdout, reporters[request.out === undefined ? request.reporter : 'text'](result));
  if (request.out !== undefined) await write(request.out, reporters[request.reporter](result));
}

async function write(target: Parameters<typeof openOutput>[0], text: string): Promise<void> {
  const output = openOutput(target);
  await output.write(Buffer.from(text));
  await output.close();
}
