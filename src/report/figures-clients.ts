import { code, count, type Figure, share, text, time } from './figure.js';
import { POST_QUANTUM_GROUPS } from './post-quantum.js';
import type { TimeBin } from './time-bins.js';

/** Names of JA4s; one that several clients share shows how many more. */
const NAMED = `named AS (
  SELECT value AS ja4, min(name) || CASE WHEN count(DISTINCT name) > 1
    THEN ' (+' || (count(DISTINCT name) - 1) || ')' ELSE '' END AS label
  FROM labels WHERE kind = 'ja4' GROUP BY value
)`;

/** SQL: whether a ClientHello offers a post-quantum group. */
export const OFFERS_POST_QUANTUM = `list_has_any(supported_groups, [${POST_QUANTUM_GROUPS.join(', ')}]::USMALLINT[])`;

function timeline({ interval }: TimeBin): Figure {
  return {
    id: 'clients-over-time',
    section: 'Clients',
    title: 'ClientHellos over time, by client',
    note: 'The seven clients with most hellos; a client without a known name goes by its JA4.',
    chart: 'timeline',
    queries: [
      {
        title: 'ClientHellos over time',
        sql: `WITH ${NAMED}, binned AS (
  SELECT time_bucket(${interval}, ts::TIMESTAMP) AS time,
    coalesce(label, ja4, '(incomplete)') AS client, count(*) AS hellos
  FROM client_hellos LEFT JOIN named USING (ja4) GROUP BY ALL
), top AS (
  SELECT client FROM binned GROUP BY client ORDER BY sum(hellos) DESC, client LIMIT 7
)
SELECT time, CASE WHEN client IN (FROM top) THEN client ELSE 'other' END AS client,
  sum(hellos)::UBIGINT AS hellos
FROM binned GROUP BY ALL ORDER BY time, hellos DESC, client`,
        columns: [time('time', 'time (UTC)'), text('client'), count('hellos', 'ClientHellos')],
      },
    ],
  };
}

const FINGERPRINTS: Figure = {
  id: 'fingerprints',
  section: 'Clients',
  title: 'Top fingerprints',
  note: 'JA4 of complete ClientHellos. One JA4 may be shared by several clients: the name says how many more.',
  chart: 'bars',
  queries: [
    {
      title: 'Fingerprints',
      sql: `WITH ${NAMED}
SELECT ja4, label, count(*) AS hellos, count(*) / sum(count(*)) OVER () AS share,
  count(DISTINCT src_ip) AS hosts, count(DISTINCT sni) AS names, mode(sni) AS top_name,
  min(ts) AS first_seen, max(ts) AS last_seen
FROM client_hellos LEFT JOIN named USING (ja4)
WHERE ja4 IS NOT NULL GROUP BY ALL ORDER BY hellos DESC, ja4 LIMIT 200`,
      columns: [
        code('ja4', 'JA4'),
        text('label', 'client'),
        count('hellos'),
        share('share'),
        count('hosts'),
        count('names'),
        text('top_name', 'most frequent name'),
        time('first_seen', 'first seen (UTC)'),
        time('last_seen', 'last seen (UTC)'),
      ],
    },
  ],
};

const MATRIX: Figure = {
  id: 'names-by-fingerprint',
  section: 'Clients',
  title: 'Who asks for what: server names by fingerprint',
  note: 'The darker, the more ClientHellos. A name that one fingerprint alone asks for, or a fingerprint that asks for one name alone, is worth a look.',
  chart: 'matrix',
  queries: [
    {
      title: 'Server names by fingerprint',
      sql: `WITH ${NAMED}, cells AS (
  SELECT sni, ja4, count(*) AS hellos FROM client_hellos
  WHERE sni IS NOT NULL AND ja4 IS NOT NULL GROUP BY ALL
), names AS (
  SELECT sni, sum(hellos) AS of_name FROM cells GROUP BY sni ORDER BY of_name DESC, sni LIMIT 20
), prints AS (
  SELECT ja4, sum(hellos) AS of_ja4 FROM cells GROUP BY ja4 ORDER BY of_ja4 DESC, ja4 LIMIT 14
)
SELECT sni, ja4, label, hellos FROM cells JOIN names USING (sni) JOIN prints USING (ja4)
LEFT JOIN named USING (ja4) ORDER BY of_name DESC, sni, of_ja4 DESC, ja4`,
      columns: [
        text('sni', 'server name'),
        code('ja4', 'JA4'),
        text('label', 'client'),
        count('hellos', 'ClientHellos'),
      ],
    },
  ],
};

function readiness({ interval }: TimeBin): Figure {
  return {
    id: 'readiness',
    section: 'Clients',
    title: 'Post-quantum and ECH over time',
    note: 'Share of the hellos of each bin: ML-KEM or Kyber offered by clients and chosen by servers; encrypted_client_hello offered. ECH and its GREASE look the same from outside.',
    chart: 'shares-over-time',
    queries: [
      {
        title: 'Shares over time',
        sql: `WITH clients AS (
  SELECT time_bucket(${interval}, ts::TIMESTAMP) AS time, count(*) AS of,
    count(*) FILTER (${OFFERS_POST_QUANTUM}) AS pq, count(*) FILTER (ech) AS ech
  FROM client_hellos GROUP BY time
), servers AS (
  SELECT time_bucket(${interval}, ts::TIMESTAMP) AS time, count(*) AS of,
    count(*) FILTER (selected_group IN (${POST_QUANTUM_GROUPS.join(', ')})) AS pq
  FROM server_hellos WHERE NOT is_retry GROUP BY time
)
SELECT time, 'post-quantum offered' AS what, pq AS hellos, of, pq / of AS share FROM clients
UNION ALL SELECT time, 'post-quantum chosen', pq, of, pq / of FROM servers
UNION ALL SELECT time, 'ECH offered', ech, of, ech / of FROM clients
ORDER BY time, what DESC`,
        columns: [
          time('time', 'time (UTC)'),
          text('what', 'property'),
          count('hellos'),
          count('of', 'of'),
          share('share'),
        ],
      },
    ],
  };
}

/** Figures about what clients sent. */
export function clientFigures(bin: TimeBin): Figure[] {
  return [timeline(bin), FINGERPRINTS, MATRIX, readiness(bin)];
}
