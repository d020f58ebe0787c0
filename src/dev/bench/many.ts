import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { made } from './captures.js';
import { measure, measurement } from './measurement.js';
import { grouped, table } from './spread.js';

const PROGRAM = fileURLToPath(new URL('../../cli/main.js', import.meta.url));
const CAPTURES = 2000;
const BYTES = 20_000;

/** Captures of a few hellos each, made when they are not there; answers how many hellos are in all. */
async function captures(folder: string): Promise<number> {
  let hellos = 0;
  for (let seed = 1; seed <= CAPTURES; seed++) {
    const capture = await made('hellos', { seed, targetBytes: BYTES, path: join(folder, `${seed}.pcap`) });
    hellos += capture.hellos;
  }
  return hellos;
}

const linesOf = (path: string) => readFileSync(path, 'utf8').split('\n').length - 2;

/** Captures and hellos in a database. */
async function countsOf(path: string): Promise<readonly [number, number]> {
  const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  const found = await connection.runAndReadAll(
    'SELECT (SELECT count(*) FROM captures)::INTEGER, (SELECT count(*) FROM client_hellos)::INTEGER',
  );
  connection.closeSync();
  instance.closeSync();
  return found.getRowsJS()[0] as [number, number];
}

/** Many small captures: what each one costs beside its bytes. Every hello must be there. */
export async function benchMany(folder: string, runs: number, jobs: number): Promise<string> {
  const into = join(folder, 'many');
  const hellos = await captures(into);
  const csv = join(folder, 'many.csv');
  const db = join(folder, 'many.duckdb');
  const rows: string[][] = [];
  for (const n of [1, jobs]) {
    for (const [name, args, out] of [
      ['CSV', ['--out', csv], csv],
      ['every column into DuckDB', ['--db', db, '--quiet'], db],
    ] as const) {
      const took = measurement();
      for (let i = 0; i < runs; i++) {
        rmSync(out, { force: true });
        const command = [process.execPath, PROGRAM, 'analyze', `${into}/*.pcap`, '--jobs', `${n}`, ...args];
        measure(took, command);
      }
      const found = out === csv ? [CAPTURES, linesOf(csv)] : await countsOf(db);
      if (found[0] !== CAPTURES || found[1] !== hellos)
        throw new Error(`${name}: ${found}, not ${hellos} hellos`);
      rows.push([
        `${name}, ${n === 1 ? 'one job' : `${n} jobs`}`,
        took.wall.text(3),
        took.cpu.text(3),
        (took.memory.median / 1e6).toFixed(0),
        ((took.wall.median / CAPTURES) * 1e3).toFixed(2),
      ]);
    }
  }
  rmSync(csv, { force: true });
  rmSync(db, { force: true });
  const head = ['', 'wall s', 'CPU s', 'RSS MB', 'ms a capture'];
  const what = `${grouped(CAPTURES)} captures of ${BYTES / 1000} kB, ${grouped(hellos)} hellos, all of them found.`;
  return `### Many captures\n\n${what}\n\n${table(head, rows)}`;
}
