import { realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { displayPath, UsageError } from '../errors.js';
import { openQuery } from '../query/open.js';
import { reportData } from '../report/data.js';
import { reportPage } from '../report/page.js';
import { formatBytes } from '../report/units.js';
import { openOutput } from '../sink/output.js';
import { VERSION } from '../version.js';
import { complain } from './terminal.js';

/** What `tlsfp report` was asked. */
export interface ReportRequest {
  readonly source: string;
  readonly out: string | undefined;
  readonly title: string | undefined;
  readonly quiet: boolean;
}

/** Run `tlsfp report`; answers the exit code. */
export async function reportMain(request: ReportRequest): Promise<number> {
  const { source, out } = request;
  if (out === undefined && process.stdout.isTTY) {
    throw new UsageError('a page of HTML on the terminal helps nobody', { hint: 'add --out report.html' });
  }
  if (out !== undefined && samePath(source, out)) {
    throw new UsageError('--out is what is to be read', { path: out, hint: 'name another file' });
  }
  const session = await openQuery(source);
  try {
    const name = source === '-' ? displayPath(source) : basename(source) || source;
    const data = await reportData(session.connection, {
      title: request.title ?? `TLS clients in ${name}`,
      source: displayPath(source),
      version: VERSION,
      made: Date.now(),
    });
    const page = Buffer.from(reportPage(data));
    const output = openOutput(out ?? process.stdout);
    await output.write(page);
    await output.close();
    for (const error of session.errors) complain(error.message);
    if (out !== undefined && !request.quiet) {
      complain(`${out}: ${formatBytes(page.length)}; open it in a browser`);
    }
    return session.errors.length > 0 ? 3 : 0;
  } finally {
    await session.close();
  }
}

function samePath(a: string, b: string): boolean {
  try {
    return realpathSync(a) === realpathSync(b);
  } catch {
    return false;
  }
}
