import { PROTOCOLS } from './codes.js';
import type { ColumnSpec, ColumnType, TableSpec } from './column.js';
import { CORE_GROUPS } from './layout.js';
import { CAPTURES, CERTIFICATES, CLIENT_HELLOS, SERVER_HELLOS } from './tables.js';

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

/**
 * Version of the physical tables. Goes up with any change to them: a database of another version is refused,
 * never half understood.
 */
export const SCHEMA_VERSION = 4;

/** A table as it is stored. The public names are views over these. */
export interface PhysicalTable {
  readonly name: string;
  readonly columns: readonly ColumnSpec[];
}

const groupColumns = (name: string) =>
  CORE_GROUPS.find((g) => g.name === name)!
    .columns.map((c) => c.spec)
    .filter((spec) => !spec.onRequest);
/** `protocol` as it is stored: its place in `PROTOCOLS`. */
const numbered = (column: ColumnSpec): ColumnSpec =>
  column.name === 'protocol' ? { ...column, type: 'u8' } : column;
const certificateColumn = (name: string) =>
  (CERTIFICATES.columns as readonly ColumnSpec[]).find((c) => c.name === name)!;
const hostColumns = (CERTIFICATES.columns as readonly ColumnSpec[]).filter(
  (c) => c.origin === 'host' && c.name !== 'capture',
);
const labelColumn = (name: string, nullable: boolean, meaning: string): ColumnSpec => ({
  name,
  type: 'utf8',
  nullable,
  origin: 'host',
  meaning,
});

const GREASE = 0x0a0a;
const decimals = (list: string) => `array_to_string(list_filter(${list}, lambda v: v <> ${GREASE}), '-')`;
const hexes = (list: string) => `array_to_string(list_transform(${list}, lambda v: printf('%04x', v)), ',')`;
const withoutGrease = (list: string) => `list_filter(${list}, lambda v: v <> ${GREASE})`;
const signatures = (extensions: string) =>
  `CASE WHEN len(${extensions}) > 0 AND len(${withoutGrease('signature_algorithms')}) > 0
    THEN '_' || ${hexes(withoutGrease('signature_algorithms'))} ELSE '' END`;
const SORTED_EXTENSIONS = `list_sort(list_filter(extensions, lambda v: v NOT IN (${GREASE}, 0, 16)))`;

/**
 * Texts that say what the lists say: not stored, but made when they are asked for. They are the bulk of a content, and
 * of clients that shuffle their extensions no two are alike.
 */
const DERIVED: Readonly<Record<string, string>> = {
  ja3_text: `CASE WHEN ja3 IS NOT NULL THEN concat_ws(',', legacy_version, ${decimals('cipher_suites')}, ${decimals('extensions')},
    ${decimals('supported_groups')}, array_to_string(ec_point_formats, '-')) END`,
  ja4_r: `CASE WHEN ja4 IS NOT NULL THEN concat(ja4[:11], ${hexes(`list_sort(${withoutGrease('cipher_suites')})`)}, '_',
    ${hexes(SORTED_EXTENSIONS)}, ${signatures(SORTED_EXTENSIONS)}) END`,
  ja4_ro: `CASE WHEN ja4 IS NOT NULL THEN concat(ja4[:11], ${hexes(withoutGrease('cipher_suites'))}, '_',
    ${hexes(withoutGrease('extensions'))}, ${signatures(withoutGrease('extensions'))}) END`,
};

/** `ja3s_text` of a row of server facts: the lists of servers are as they came, GREASE and all, and so is the text. */
const JA3S_TEXT = `CASE WHEN f.ja3s IS NOT NULL THEN concat_ws(',', f.legacy_version, f.cipher_suite,
  array_to_string(f.extensions, '-')) END`;

/** Expressions of columns that are not stored as they are shown: `f` = facts, `k` = contents. */
const SHOWN: Readonly<Record<string, string>> = {
  ja3s_text: JA3S_TEXT,
  // Stored as a number: a text in each row, that says so little, costs as much as an address.
  protocol: `CASE f.protocol ${PROTOCOLS.map((name, code) => `WHEN ${code} THEN '${name}'`).join(' ')} END`,
  // Stored where it is not `npf` itself.
  npf_degreased: 'coalesce(k.npf_degreased, k.npf)',
};

/**
 * Stored tables. Facts and contents of hellos (and of certificates) are apart: contents repeat, and are kept once
 * under a key that is a hash of them.
 */
export const PHYSICAL = {
  captures: { name: 'capture_facts', columns: CAPTURES.columns },
  clientHellos: { name: 'client_hello_facts', columns: groupColumns('client_hellos').map(numbered) },
  contents: {
    name: 'hello_contents',
    columns: groupColumns('hello_contents').filter((c) => !(c.name in DERIVED)),
  },
  serverHellos: {
    name: 'server_hello_facts',
    columns: groupColumns('server_hellos')
      .filter((c) => c.name !== 'ja3s_text')
      .map(numbered),
  },
  certificates: {
    name: 'certificate_facts',
    columns: [...groupColumns('certificates').filter((c) => c.name !== 'der'), certificateColumn('sha256')],
  },
  certificateContents: { name: 'certificate_contents', columns: [...hostColumns, certificateColumn('der')] },
  labels: {
    name: 'labels',
    columns: [
      labelColumn('kind', false, 'which fingerprint: ja3, ja3n, ja4, ...'),
      labelColumn('value', false, 'the fingerprint'),
      labelColumn('name', false, 'the client, e.g. `curl 7.88 / OpenSSL 3.0`'),
      labelColumn('category', true, 'kind of client: browser, library, tool, malware, ...'),
      labelColumn('source', true, 'where the label comes from'),
      labelColumn('date', true, 'when it was recorded, ISO 8601'),
    ],
  },
} as const satisfies Record<string, PhysicalTable>;

/** Columns that are stored, by group of the core; groups that are not named are stored whole. */
export const STORED_GROUPS = {
  hello_contents: new Set(PHYSICAL.contents.columns.map((c) => c.name)),
  server_hellos: new Set(PHYSICAL.serverHellos.columns.map((c) => c.name)),
};

/** Stored tables whose rows belong to one capture (they have `capture_id`). */
export const CAPTURE_TABLES: readonly PhysicalTable[] = [
  PHYSICAL.captures,
  PHYSICAL.clientHellos,
  PHYSICAL.serverHellos,
  PHYSICAL.certificates,
];

/**
 * Columns of random bytes. Looking for a compression that cannot be found took more than half of the time of loading
 * facts, to save 7 %.
 */
const INCOMPRESSIBLE = new Set(['client_random', 'server_random', 'community_id', 'ja3', 'ja4_o']);

function columnDefinition(column: ColumnSpec): string {
  const compression = INCOMPRESSIBLE.has(column.name) ? ' USING COMPRESSION uncompressed' : '';
  return `${column.name} ${duckdbType(column.type)}${column.nullable ? '' : ' NOT NULL'}${compression}`;
}

/** `CREATE TABLE` of a stored table; under another name for staging. */
export function createTable(table: PhysicalTable, name = table.name, temporary = false): string {
  const columns = table.columns.map(columnDefinition);
  return `CREATE ${temporary ? 'TEMPORARY ' : ''}TABLE ${name} (${columns.join(', ')})`;
}

const publicColumns = (table: TableSpec) => table.columns.filter((c) => !c.internal);

/**
 * Expressions of the public columns: `f` = facts, `k` = contents, `p` = the capture.
 * Contents are joined from the left: a fact is a row even if its content were lost.
 */
function publicExpressions(table: TableSpec, contents: PhysicalTable | null): string {
  const inFacts = (c: ColumnSpec) => c.origin === 'fact' || c.name === 'sha256';
  return publicColumns(table)
    .map((c) => {
      if (c.name === 'capture') return 'p.path AS capture';
      if (SHOWN[c.name]) return `${SHOWN[c.name]} AS ${c.name}`;
      return inFacts(c) || contents === null ? `f.${c.name}` : `k.${c.name}`;
    })
    .join(', ');
}

const PATHS = `JOIN ${PHYSICAL.captures.name} p ON p.capture_id = f.capture_id`;
const DERIVED_COLUMNS = Object.entries(DERIVED).map(([name, sql]) => `${sql} AS ${name}`);
const CONTENTS = `(SELECT *, ${DERIVED_COLUMNS.join(', ')} FROM ${PHYSICAL.contents.name})`;
const CLIENT_SOURCE = `${PHYSICAL.clientHellos.name} f ${PATHS} LEFT JOIN ${CONTENTS} k ON k.content_id = f.content_id`;
const CERTIFICATE_SOURCE = `${PHYSICAL.certificates.name} f ${PATHS} LEFT JOIN ${PHYSICAL.certificateContents.name} k ON k.sha256 = f.sha256`;

/**
 * Each ClientHello with the ServerHello that answered it: the next message of its connection in packet order, if
 * that is a ServerHello. One sort over both kinds; correct for retries and several handshakes on a connection.
 */
const HANDSHAKES = `CREATE VIEW handshakes AS
WITH messages AS (
  SELECT capture_id, flow_id, packet, true AS is_client, rowid AS r FROM ${PHYSICAL.clientHellos.name}
  UNION ALL
  SELECT capture_id, flow_id, packet, false, rowid FROM ${PHYSICAL.serverHellos.name}
), following AS (
  SELECT is_client, r, lead(is_client) OVER w AS next_is_client, lead(r) OVER w AS next_r FROM messages
  WINDOW w AS (PARTITION BY capture_id, flow_id ORDER BY packet, is_client DESC, r)
), answered AS (
  SELECT r AS client, next_r AS server FROM following WHERE is_client AND NOT next_is_client
)
SELECT ${publicExpressions(CLIENT_HELLOS, PHYSICAL.contents)},
  s.packet AS server_packet, s.ts AS server_ts, s.ts - f.ts AS latency,
  (epoch_ns(s.ts) - epoch_ns(f.ts)) / 1000.0 AS latency_us,
  s.version AS negotiated_version, s.cipher_suite AS negotiated_cipher, s.alpn AS negotiated_alpn,
  s.selected_group AS negotiated_group, s.session_resumed, s.is_retry, s.ja3s
FROM ${CLIENT_SOURCE}
LEFT JOIN answered a ON a.client = f.rowid
LEFT JOIN ${PHYSICAL.serverHellos.name} s ON s.rowid = a.server`;

const fingerprintsOf = (kind: string) => `SELECT '${kind}' AS kind, k.${kind} AS value, count(*) AS hellos,
    count(DISTINCT f.src_ip) AS hosts, count(DISTINCT f.sni) AS snis, mode(f.sni) AS top_sni,
    min(f.ts) AS first_seen, max(f.ts) AS last_seen
  FROM ${PHYSICAL.clientHellos.name} f JOIN ${PHYSICAL.contents.name} k ON k.content_id = f.content_id
  WHERE k.${kind} IS NOT NULL AND f.complete GROUP BY k.${kind}`;

const FINGERPRINTS = `CREATE VIEW fingerprints AS
WITH seen AS (
  ${['ja3', 'ja3n', 'ja4'].map(fingerprintsOf).join('\n  UNION ALL\n  ')}
), named AS (
  SELECT kind, value, string_agg(DISTINCT name, ', ' ORDER BY name) AS label,
    string_agg(DISTINCT category, ', ' ORDER BY category) AS category
  FROM labels GROUP BY kind, value
)
SELECT s.kind, s.value, n.label, n.category, s.hellos, s.hosts, s.snis, s.top_sni, s.first_seen, s.last_seen
FROM seen s LEFT JOIN named n ON n.kind = s.kind AND n.value = s.value`;

/** Everything a new database needs, in order. */
export function createStatements(): string[] {
  return [
    'CREATE TABLE tlsfp_meta (schema_version UINTEGER NOT NULL, tlsfp_version VARCHAR NOT NULL, created_at TIMESTAMP NOT NULL)',
    ...Object.values(PHYSICAL).map((table) => createTable(table)),
    `CREATE VIEW captures AS SELECT ${publicExpressions(CAPTURES, null).replaceAll('f.', '')} FROM ${PHYSICAL.captures.name}`,
    `CREATE VIEW client_hellos AS SELECT ${publicExpressions(CLIENT_HELLOS, PHYSICAL.contents)} FROM ${CLIENT_SOURCE}`,
    `CREATE VIEW server_hellos AS SELECT ${publicExpressions(SERVER_HELLOS, null)} FROM ${PHYSICAL.serverHellos.name} f ${PATHS}`,
    `CREATE VIEW certificates AS SELECT ${publicExpressions(CERTIFICATES, PHYSICAL.certificateContents)} FROM ${CERTIFICATE_SOURCE}`,
    HANDSHAKES,
    FINGERPRINTS,
  ];
}
