import { CIPHER_SUITES } from '../schema/cipher-suites.js';
import { EXTENSIONS, GROUPS, SIGNATURE_SCHEMES } from '../schema/code-points.js';
import { VERSIONS } from '../schema/names.js';
import { sqlString } from './sql-text.js';

/**
 * `handshakes` as a query over anything that has the columns of `client_hellos` and `server_hellos`: each ClientHello
 * with the next message of its connection, if that is a ServerHello.
 *
 * @param kept read each side once and keep it, where reading costs
 */
export function handshakesOver(clients: string, servers: string, kept: boolean): string {
  const as = kept ? 'AS MATERIALIZED' : 'AS';
  return `WITH clients ${as} (FROM ${clients}), servers ${as} (FROM ${servers}),
messages AS (
  SELECT capture, flow_id, packet, true AS is_client FROM clients
  UNION ALL SELECT capture, flow_id, packet, false FROM servers
), following AS (
  SELECT capture, flow_id, packet, is_client, lead(is_client) OVER w AS next_is_client, lead(packet) OVER w AS answer
  FROM messages WINDOW w AS (PARTITION BY capture, flow_id ORDER BY packet, is_client DESC)
), answered AS (
  SELECT DISTINCT capture, flow_id, packet, answer FROM following WHERE is_client AND NOT next_is_client
)
SELECT c.*, s.packet AS server_packet, s.ts AS server_ts, s.ts - c.ts AS latency,
  (epoch_ns(s.ts) - epoch_ns(c.ts)) / 1000.0 AS latency_us,
  s.version AS negotiated_version, s.cipher_suite AS negotiated_cipher, s.alpn AS negotiated_alpn,
  s.selected_group AS negotiated_group, s.session_resumed, s.is_retry, s.ja3s
FROM clients c
LEFT JOIN answered a USING (capture, flow_id, packet)
LEFT JOIN servers s ON s.capture = c.capture AND s.flow_id = c.flow_id AND s.packet = a.answer`;
}

/** `fingerprints` as a query over anything that has the columns of `client_hellos`. */
export function fingerprintsOver(clients: string): string {
  return `WITH hellos AS MATERIALIZED (
  SELECT src_ip, sni, ts, ja3, ja3n, ja4 FROM ${clients} WHERE complete
), kinds AS (
  UNPIVOT hellos ON ja3, ja3n, ja4 INTO NAME kind VALUE value
), seen AS (
  SELECT kind, value, count(*) AS hellos, count(DISTINCT src_ip) AS hosts, count(DISTINCT sni) AS snis,
    mode(sni) AS top_sni, min(ts) AS first_seen, max(ts) AS last_seen FROM kinds GROUP BY kind, value
), named AS (
  SELECT kind, value, string_agg(DISTINCT name, ', ' ORDER BY name) AS label,
    string_agg(DISTINCT category, ', ' ORDER BY category) AS category
  FROM labels GROUP BY kind, value
)
SELECT s.kind, s.value, n.label, n.category, s.hellos, s.hosts, s.snis, s.top_sni, s.first_seen, s.last_seen
FROM seen s LEFT JOIN named n ON n.kind = s.kind AND n.value = s.value`;
}

/** The functions that are made of others: what reads captures twice or aggregates. */
export function functionMacros(): string[] {
  const handshakes = handshakesOver('client_hellos(files)', 'server_hellos(files)', true);
  return [
    `CREATE TEMP MACRO handshakes(files) AS TABLE ${handshakes}`,
    `CREATE TEMP MACRO fingerprints(files) AS TABLE ${fingerprintsOver('client_hellos(files)')}`,
  ];
}

function nameMacro(macro: string, names: Readonly<Record<number, string>>): string {
  const entries = Object.entries(names).map(([value, name]) => `${value}: ${sqlString(name)}`);
  return `CREATE TEMP MACRO ${macro}(v) AS coalesce(map {${entries.join(', ')}}[v], printf('0x%04x', v))`;
}

const FIRST_FEW =
  "CREATE TEMP MACRO first_few(l) AS array_to_string(l[:3], ', ') || if(len(l) > 3, ' (+' || (len(l) - 3) || ')', '')";

/**
 * Functions that give code points their names, as in `version_name(772)`, and `first_few`, a list as a text of its first
 * three elements and the number of the others.
 */
export function nameMacros(): string[] {
  return [
    FIRST_FEW,
    nameMacro('version_name', VERSIONS),
    nameMacro('cipher_name', CIPHER_SUITES),
    nameMacro('group_name', GROUPS),
    nameMacro('extension_name', EXTENSIONS),
    nameMacro('signature_name', SIGNATURE_SCHEMES),
  ];
}
