import pico from 'picocolors';
import { TlsfpError } from '../errors.js';
import { infoJson, infoText } from '../info/format.js';
import { Inspector } from '../info/info.js';
import { openOutput } from '../sink/output.js';
import { expandInputs } from '../source/expand.js';
import { interruptible } from './options.js';
import { ProgressBar } from './progress.js';
import { colorsWanted, complain } from './terminal.js';
import { timeFormatter } from './time.js';

/** What `tlsfp info` was asked. */
export interface InfoRequest {
  readonly captures: readonly string[];
  readonly json: boolean;
  readonly hash: boolean;
  readonly timeZone: string;
}

/** Run `tlsfp info`; answers the exit code. */
export async function infoMain(request: InfoRequest): Promise<number> {
  const time = timeFormatter(request.timeZone);
  const paths = await expandInputs(request.captures);
  const colors = pico.createColors(colorsWanted(process.stdout));
  const progress = new ProgressBar();
  const signal = interruptible();
  let index = 0;
  const inspector = new Inspector({
    hash: request.hash,
    signal,
    onProgress: ({ path, position, size }) =>
      progress.update({ path, position, size, index, count: paths.length }),
  });
  const output = openOutput(process.stdout);
  let code = 0;
  for (const path of paths) {
    if (signal.aborted || output.finished) break;
    index++;
    try {
      const info = await inspector.inspect(path);
      progress.stop();
      const text = request.json ? infoJson(info) : infoText(info, { colors, time });
      await output.write(Buffer.from(index > 1 && !request.json ? `\n${text}` : text));
      if (info.error) code = fault(info.error);
    } catch (error) {
      progress.stop();
      if (!(error instanceof TlsfpError) || error.exitCode === 4) throw error;
      code = fault(error);
    }
  }
  await output.close();
  return code;
}

function fault(error: TlsfpError): number {
  complain(error.message);
  return error.exitCode;
}
