import { UsageError } from '../errors.js';
import { openQuery } from '../query/open.js';
import { writeResult } from '../sink/result.js';
import type { Format } from './options.js';

/** What `tlsfp query` was asked. */
export interface QueryRequest {
  readonly source: string;
  readonly sql: string | undefined;
  readonly format: Format;
  readonly out: string | undefined;
}

/** Run `tlsfp query`; answers the exit code. */
export async function queryMain(request: QueryRequest): Promise<number> {
  if (request.sql === undefined) {
    throw new UsageError('there is no question', { hint: 'give SQL: tlsfp query FILE "FROM client_hellos"' });
  }
  const session = await openQuery(request.source);
  try {
    await writeResult(session.connection, request.sql, {
      format: request.format,
      out: request.out ?? process.stdout,
    });
    return session.errors.length > 0 ? 3 : 0;
  } finally {
    await session.close();
  }
}
