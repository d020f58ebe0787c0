import type { DuckDBConnection } from '@duckdb/node-api';
import { COUNTERS } from '../schema/codes.js';
import { PHYSICAL } from '../schema/ddl.js';
import type { CaptureRow } from '../schema/tables.js';

const time = (ns: bigint | null) => (ns === null ? 'NULL' : `make_timestamp_ns(${ns}::BIGINT)`);
const text = (value: string | null) => (value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`);

/**
 * Bring the row of a capture that goes on up to date: times, counters and error; the rest does not change. In place:
 * rows that are deleted and made again, once a second, would leave as many holes.
 */
export async function updateCapture(
  connection: DuckDBConnection,
  id: number,
  row: CaptureRow,
): Promise<void> {
  const values = [
    `first_ts = ${time(row.first_ts)}`,
    `last_ts = ${time(row.last_ts)}`,
    `analyzed_at = ${time(row.analyzed_at)}`,
    `error = ${text(row.error)}`,
    ...COUNTERS.map((c) => `${c.name} = ${row[c.name]}`),
  ];
  await connection.run(`UPDATE ${PHYSICAL.captures.name} SET ${values.join(', ')} WHERE capture_id = ${id}`);
}
