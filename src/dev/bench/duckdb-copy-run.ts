/**
 * Child of the benchmark: copies the tables of a database that tlsfp has written into another file, as DuckDB does it by
 * itself: what loading the same rows takes at the least.
 *
 *     node duckdb-copy-run.js FROM TO
 */
import { DuckDBInstance } from '@duckdb/node-api';
import { PHYSICAL } from '../../schema/ddl.js';

const [from, to] = process.argv.slice(2);
const instance = await DuckDBInstance.create(':memory:');
const connection = await instance.connect();
await connection.run(`ATTACH '${from}' AS a (READ_ONLY)`);
await connection.run(`ATTACH '${to}' AS b (STORAGE_VERSION 'v1.4.0')`);
for (const { name } of Object.values(PHYSICAL)) {
  await connection.run(`CREATE TABLE b.${name} AS FROM a.${name}`);
}
await connection.run('DETACH b');
connection.closeSync();
instance.closeSync();
