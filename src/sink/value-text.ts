import {
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBUnionValue,
  type DuckDBValue,
} from '@duckdb/node-api';

/** Units per second and fraction digits of DuckDB's kinds of timestamps. */
function ticksOf(value: DuckDBValue): { ticks: bigint; digits: number } | null {
  if (value instanceof DuckDBTimestampNanosecondsValue) return { ticks: value.nanos, digits: 9 };
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) {
    return { ticks: value.micros, digits: 6 };
  }
  if (value instanceof DuckDBTimestampMillisecondsValue) return { ticks: value.millis, digits: 3 };
  if (value instanceof DuckDBTimestampSecondsValue) return { ticks: value.seconds, digits: 0 };
  return null;
}

/** RFC 3339 in UTC with the fraction digits that the type has. Null for years that RFC 3339 cannot say. */
function rfc3339({ ticks, digits }: { ticks: bigint; digits: number }): string | null {
  const perSecond = 10n ** BigInt(digits);
  const fraction = ((ticks % perSecond) + perSecond) % perSecond;
  const date = new Date(Number((ticks - fraction) / perSecond) * 1000);
  if (Number.isNaN(date.getTime()) || date.getUTCFullYear() < 0 || date.getUTCFullYear() > 9999) return null;
  const tail = digits === 0 ? '' : `.${fraction.toString().padStart(digits, '0')}`;
  return `${date.toISOString().slice(0, 19)}${tail}Z`;
}

function isFiniteTime(value: DuckDBValue): boolean {
  return (value as { isFinite?: boolean }).isFinite !== false;
}

/** Text of a value that is neither a list nor a structure, without quotes; null for SQL null. */
function scalarText(value: DuckDBValue): string {
  if (typeof value === 'string') return value;
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes).toString('hex');
  const time = ticksOf(value);
  if (time !== null && isFiniteTime(value)) return rfc3339(time) ?? String(value);
  return String(value);
}

function isBareJson(value: DuckDBValue): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value === 'bigint' || typeof value === 'boolean' || value instanceof DuckDBDecimalValue;
}

/**
 * A value of a query result as JSON: numbers of any size with all their digits, times in RFC 3339, binary in lower hex,
 * lists as arrays, structures and maps as objects, everything else as DuckDB writes it.
 */
export function jsonOfValue(value: DuckDBValue): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(value);
  if (isBareJson(value)) return String(value);
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) {
    return `[${value.items.map(jsonOfValue).join(',')}]`;
  }
  if (value instanceof DuckDBStructValue) {
    const members = Object.entries(value.entries).map(([k, v]) => `${JSON.stringify(k)}:${jsonOfValue(v)}`);
    return `{${members.join(',')}}`;
  }
  if (value instanceof DuckDBMapValue) {
    const members = value.entries.map((e) => `${JSON.stringify(scalarText(e.key))}:${jsonOfValue(e.value)}`);
    return `{${members.join(',')}}`;
  }
  if (value instanceof DuckDBUnionValue) return jsonOfValue(value.value);
  return JSON.stringify(scalarText(value));
}

/** The same as plain text, for CSV and tables: without quotes around it; null for SQL null. */
export function textOfValue(value: DuckDBValue): string | null {
  if (value === null) return null;
  if (value instanceof DuckDBUnionValue) return textOfValue(value.value);
  const nested =
    value instanceof DuckDBListValue ||
    value instanceof DuckDBArrayValue ||
    value instanceof DuckDBStructValue ||
    value instanceof DuckDBMapValue;
  return nested ? jsonOfValue(value) : scalarText(value);
}

/** True for values that belong on the right of a table's column. */
export function isNumeric(value: DuckDBValue): boolean {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof DuckDBDecimalValue;
}
