import type { ColumnType } from './column.js';

const DUCKDB_TYPES: Record<ColumnType, string> = {
  bool: 'BOOLEAN',
  u8: 'UTINYINT',
  u16: 'USMALLINT',
  u32: 'UINTEGER',
  u64: 'UBIGINT',
  ts: 'TIMESTAMP_NS',
  utf8: 'VARCHAR',
  binary: 'BLOB',
  'list<u8>': 'UTINYINT[]',
  'list<u16>': 'USMALLINT[]',
  'list<u64>': 'UBIGINT[]',
  'list<utf8>': 'VARCHAR[]',
};

/** DuckDB's name of a logical type. */
export function duckdbType(type: ColumnType): string {
  return DUCKDB_TYPES[type];
}
