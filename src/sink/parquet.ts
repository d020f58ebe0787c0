import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { type OutputTarget, openOutput } from './output.js';

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** The query as something that can stand in parentheses: a comment at its end must not swallow them. */
export function asSubquery(sql: string): string {
  return `(${sql.replace(/[\s;]+$/, '')}\n)`;
}

/**
 * Write the rows of a query as Parquet (zstd, data pages of version 2). To a stream by way of a temporary file, as the
 * format needs to know its end.
 * @throws what DuckDB says
 */
export async function writeParquet(
  connection: DuckDBConnection,
  sql: string,
  target: OutputTarget,
): Promise<void> {
  if (typeof target === 'string') {
    await connection.run(
      `COPY ${asSubquery(sql)} TO ${literal(target)} (FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v2)`,
    );
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'tlsfp-'));
  try {
    const file = join(folder, 'result.parquet');
    await writeParquet(connection, sql, file);
    const output = openOutput(target);
    for await (const bytes of createReadStream(file)) await output.write(bytes);
    await output.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
