import { createHash } from 'node:crypto';
import { ANOMALIES, APPS, COUNTERS, PROTOCOLS, STATUS } from './codes.js';
import type { ColumnSpec, ColumnType, TableSpec } from './column.js';
import { COLUMN_DESCRIPTOR, CONTROL, HANDOVER } from './control.js';
import { LIMITS } from './limits.js';
import { CORE_TABLES } from './tables.js';

/** Numbers that stand for the column types in the batch descriptors of the core. */
export const TYPE_CODES = {
  bool: 1,
  u8: 2,
  u16: 3,
  u32: 4,
  u64: 5,
  ts: 6,
  utf8: 7,
  binary: 8,
  'list<u8>': 9,
  'list<u16>': 10,
  'list<u64>': 11,
  'list<utf8>': 12,
} as const satisfies Record<ColumnType, number>;

/** A column of the core's memory, in descriptor order. */
export interface CoreColumn {
  /** Index among all core columns. */
  readonly index: number;
  readonly table: TableSpec;
  readonly spec: ColumnSpec;
}

/** A run of core columns that get their rows together. */
export interface CoreGroup {
  readonly name: string;
  readonly columns: readonly CoreColumn[];
}

/** For who computes fingerprints in another thread (`Fingerprinter`). */
export const FINGERPRINT_KEY = {
  name: 'fingerprint_key',
  type: 'binary',
  nullable: true,
  origin: 'content',
  internal: true,
  onRequest: true,
  meaning:
    'what JA3 and JA4 in all their forms come from (`assembly/fingerprint/key.ts`); null where these are null',
} as const satisfies ColumnSpec;

function coreGroups(): CoreGroup[] {
  const groups: CoreGroup[] = [];
  let index = 0;
  for (const table of CORE_TABLES) {
    for (const origin of ['fact', 'content'] as const) {
      const all = table.columns as readonly ColumnSpec[];
      const own = all.filter((c) => c.origin === origin);
      if (own.length === 0) continue;
      const ids = all.filter((c) => c.name === 'content_id');
      const specs = origin === 'fact' ? own : [...ids, ...own, FINGERPRINT_KEY];
      const columns = specs.map((spec) => ({ index: index++, table, spec }));
      groups.push({ name: origin === 'fact' ? table.name : 'hello_contents', columns });
    }
  }
  return groups;
}

/**
 * Groups of columns in the core, in the order of its batch descriptors: `client_hellos` (facts),
 * `hello_contents` (`content_id` and the content columns: one row per distinct content, or per hello in the
 * wide layout), `server_hellos`, `certificates`.
 */
export const CORE_GROUPS: readonly CoreGroup[] = coreGroups();

/** Hash over everything both sides must agree on; compared when the core is loaded. */
export function schemaHash(): bigint {
  const facts = CORE_GROUPS.map((g) => [
    g.name,
    g.columns.map((c) => [c.spec.name, c.spec.type, c.spec.nullable]),
  ]);
  const limits = LIMITS.map((l) => l.name);
  const names = [ANOMALIES, COUNTERS, STATUS].map((list) => list.map((x) => x.name));
  const canonical = JSON.stringify([
    facts,
    limits,
    names,
    APPS,
    PROTOCOLS,
    TYPE_CODES,
    COLUMN_DESCRIPTOR,
    HANDOVER,
    CONTROL,
  ]);
  return createHash('sha256').update(canonical).digest().readBigUInt64LE(0);
}
