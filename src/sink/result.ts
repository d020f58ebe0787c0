import {
  type DuckDBConnection,
  type DuckDBDataChunk,
  type DuckDBResult,
  DuckDBTypeId,
  ResultReturnType,
  StatementType,
} from '@duckdb/node-api';
import { QueryError, TlsfpError } from '../errors.js';
import { sinkError } from './duckdb-open.js';
import { type Output, type OutputTarget, openOutput } from './output.js';
import { writeParquet } from './parquet.js';
import { TextTable } from './table.js';
import { jsonOfValue, textOfValue } from './value-text.js';

/** Forms in which rows can be had. */
export type ResultFormat = 'table' | 'ndjson' | 'csv' | 'arrow' | 'parquet';

/** How a query result is written. */
export interface ResultOptions {
  readonly format: ResultFormat;
  /** Path of a file, or a stream that stays open. */
  readonly out: OutputTarget;
  /** Columns of the terminal for `table`; default: those of `out` if it is a terminal, else nothing is cut. */
  readonly width?: number;
  /** Called when there is something to write: progress of what came before has to go. */
  readonly onRows?: () => void;
}

const NUMERIC: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT,
  DuckDBTypeId.UINTEGER,
  DuckDBTypeId.UBIGINT,
  DuckDBTypeId.FLOAT,
  DuckDBTypeId.DOUBLE,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.UHUGEINT,
  DuckDBTypeId.DECIMAL,
]);

/** Turns chunks of a result into text. */
interface RowWriter {
  start(): string;
  chunk(chunk: DuckDBDataChunk): string;
  end(): string;
}

function ndjsonWriter(result: DuckDBResult): RowWriter {
  const names = result.deduplicatedColumnNames().map((name) => JSON.stringify(name));
  return {
    start: () => '',
    chunk(chunk) {
      const columns = names.map((_, i) => chunk.getColumnValues(i).map(jsonOfValue));
      let text = '';
      for (let row = 0; row < chunk.rowCount; row++) {
        for (let i = 0; i < names.length; i++)
          text += `${i === 0 ? '{' : ','}${names[i]}:${columns[i]![row]}`;
        text += '}\n';
      }
      return text;
    },
    end: () => '',
  };
}

/** RFC 4180 §2; empty text is quoted, null is nothing. */
function csvField(text: string | null): string {
  if (text === null) return '';
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function csvWriter(result: DuckDBResult): RowWriter {
  const names = result.columnNames();
  return {
    start: () => `${names.map(csvField).join(',')}\n`,
    chunk(chunk) {
      const columns = names.map((_, i) => chunk.getColumnValues(i).map((v) => csvField(textOfValue(v))));
      let text = '';
      for (let row = 0; row < chunk.rowCount; row++) text += `${columns.map((c) => c[row]).join(',')}\n`;
      return text;
    },
    end: () => '',
  };
}

/** A plan is drawn over several lines, in the second column. */
function planWriter(): RowWriter {
  return {
    start: () => '',
    chunk: (chunk) =>
      chunk
        .getColumnValues(1)
        .map((plan) => `${textOfValue(plan)}\n`)
        .join(''),
    end: () => '',
  };
}

function tableWriter(result: DuckDBResult, width: number | undefined): RowWriter {
  if (result.statementType === StatementType.EXPLAIN) return planWriter();
  const names = result.columnNames();
  const columns = names.map((name, i) => ({ name, numeric: NUMERIC.has(result.columnTypeId(i)) }));
  const table = new TextTable(columns, { width });
  return {
    start: () => '',
    chunk(chunk) {
      const values = names.map((_, i) => chunk.getColumnValues(i).map(textOfValue));
      let text = '';
      for (let row = 0; row < chunk.rowCount; row++) text += table.row(values.map((c) => c[row]!));
      return text;
    },
    end: () => table.end(),
  };
}

async function writeText(
  result: DuckDBResult,
  writer: RowWriter,
  output: Output,
  onRows: () => void,
): Promise<number> {
  let rows = 0;
  try {
    while (!output.finished) {
      const chunk = await result.fetchChunk();
      if (rows === 0) {
        onRows();
        await output.write(Buffer.from(writer.start()));
      }
      if (chunk === null || chunk.rowCount === 0) break;
      rows += chunk.rowCount;
      await output.write(Buffer.from(writer.chunk(chunk)));
    }
    await output.write(Buffer.from(writer.end()));
  } finally {
    await output.close();
  }
  return rows;
}

/** DuckDB shows the place of a fault in lines of its own; a message here is one line, the place stands beside it. */
function queryError(error: unknown, out: OutputTarget): TlsfpError {
  if (error instanceof TlsfpError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const names = typeof out === 'string' && message.includes(out);
  if (/^IO Error/.test(message) && (names || /write|space/i.test(message))) {
    return sinkError(typeof out === 'string' ? out : 'standard output', error);
  }
  const lines = message.replace(/^Failed to extract statements: /, '').split('\n');
  const at = lines.findIndex((line) => /^LINE \d+:/.test(line));
  const told = (at < 0 ? lines : lines.slice(0, at)).map((line) => line.trim()).filter((line) => line !== '');
  const place = at < 0 ? undefined : lines.slice(at).join('\n').trimEnd();
  return new QueryError(told.join(' '), { place, cause: error });
}

function terminalWidth(out: OutputTarget): number | undefined {
  if (typeof out === 'string') return undefined;
  const { isTTY, columns } = out as { isTTY?: boolean; columns?: number };
  return isTTY ? columns : undefined;
}

/**
 * Run SQL and write its rows: those of the last statement, when there are several. Values keep their types: 64-bit and
 * larger numbers all their digits, times their nanoseconds, binary and lists as in the tables' own output.
 * @returns how many rows were written as text; null where they are not counted, or the statement has none
 * @throws QueryError the SQL is wrong; SinkError the output cannot be written
 */
export async function writeResult(
  connection: DuckDBConnection,
  sql: string,
  options: ResultOptions,
): Promise<number | null> {
  const { format, out } = options;
  try {
    if (format === 'parquet') {
      await writeParquet(connection, sql, out);
      return null;
    }
    const result = await connection.stream(sql);
    if (result.returnType === ResultReturnType.NOTHING) return null;
    if (format === 'arrow') {
      const { writeArrowResult } = await import('./result-arrow.js');
      options.onRows?.();
      await writeArrowResult(result, out);
      return null;
    }
    const make = { ndjson: ndjsonWriter, csv: csvWriter, table: tableWriter }[format];
    const writer = make(result, options.width ?? terminalWidth(out));
    return await writeText(result, writer, openOutput(out), options.onRows ?? (() => {}));
  } catch (error) {
    throw queryError(error, out);
  }
}
