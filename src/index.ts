/**
 * tlsfp: captured traffic in, TLS clients out.
 *
 * - `analyze()` reads captures into sinks (DuckDB, Parquet, Arrow, NDJSON, CSV).
 * - `openCapture()` reads one capture as typed rows or batches.
 *
 * @packageDocumentation
 */
export { type AnalyzeOptions, type AnalyzeResult, analyze, type Progress } from './analyze.js';
export { Capture, type HelloRow, openCapture } from './capture.js';
export { Core, type CoreOptions } from './core/core.js';
export { type ReadOptions, type ReadResult, readCapture } from './core/read.js';
export type { Batch, BatchSet, ColumnView } from './core/views.js';
export * from './errors.js';
export { type LiveOptions, LiveRun } from './live/run.js';
export { parseRing, type RingSpec } from './live/spec.js';
export type { LiveStatus } from './live/status.js';
export { ANOMALIES, type AnomalyName, APPS, COUNTERS, type CounterName, PROTOCOLS } from './schema/codes.js';
export type { ColumnSpec, ColumnType, TableSpec } from './schema/column.js';
export { LIMITS, type LimitName } from './schema/limits.js';
export {
  CAPTURES,
  type CaptureRow,
  CERTIFICATES,
  type CertificateRow,
  CLIENT_HELLOS,
  type ClientHelloRow,
  SERVER_HELLOS,
  type ServerHelloRow,
} from './schema/tables.js';
export { CsvSink } from './sink/csv.js';
export { NdjsonSink } from './sink/ndjson.js';
export type { Sink, SinkCapture } from './sink/sink.js';
export { expandInputs } from './source/expand.js';
export { openSource } from './source/open.js';
export type { CaptureSource } from './source/source.js';
export { VERSION } from './version.js';
