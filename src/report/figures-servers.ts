import {
  cipher,
  code,
  count,
  duration,
  type Figure,
  type FigureColumn,
  group,
  share,
  text,
  version,
} from './figure.js';

/** What is offered and what is chosen of one kind of value. */
interface Negotiated {
  readonly id: string;
  readonly title: string;
  readonly note: string;
  readonly column: FigureColumn;
  /** SQL: the values that a row of client_hellos offers, as a list. */
  readonly offered: string;
  /** SQL: the value that a row of server_hellos chooses, null for none. */
  readonly chosen: string;
  /** SQL: values that are not counted. */
  readonly except?: string;
}

const CODE = code('code');

/** Shares of hellos that offer a value, and of answers that choose it. Lists are counted once per distinct list. */
function negotiated(n: Negotiated): Figure {
  const value = n.column.name;
  const numeric = n.column.format !== 'text';
  return {
    id: n.id,
    section: 'Negotiation',
    title: n.title,
    note: n.note,
    chart: 'offered',
    half: true,
    queries: [
      {
        title: n.title,
        sql: `WITH lists AS (
  SELECT ${n.offered} AS list, count(*) AS n FROM client_hellos GROUP BY list
), clients AS (
  SELECT ${value}, sum(n)::UBIGINT AS hellos
  FROM (SELECT unnest(list_distinct(list)) AS ${value}, n FROM lists) GROUP BY ALL
), servers AS (
  SELECT ${n.chosen} AS ${value}, count(*) AS hellos FROM server_hellos
  WHERE NOT is_retry AND ${n.chosen} IS NOT NULL GROUP BY ALL
)
SELECT ${value}${numeric ? `, printf('0x%04x', ${value}) AS code` : ''},
  coalesce(clients.hellos, 0) AS offered,
  coalesce(clients.hellos, 0) / (SELECT sum(n) FROM lists) AS offered_share,
  coalesce(servers.hellos, 0) AS chosen,
  coalesce(servers.hellos, 0) / (SELECT sum(hellos) FROM servers) AS chosen_share
FROM clients FULL JOIN servers USING (${value})${n.except ? ` WHERE ${value} NOT IN (${n.except})` : ''}
ORDER BY chosen DESC, offered DESC, ${value} LIMIT 12`,
        columns: [
          n.column,
          ...(numeric ? [CODE] : []),
          count('offered'),
          share('offered_share', 'offered share'),
          count('chosen'),
          share('chosen_share', 'chosen share'),
        ],
      },
    ],
  };
}

/** GREASE (RFC 8701), as the tables mark it. */
const GREASE = '2570';

const NEGOTIATED: readonly Negotiated[] = [
  {
    id: 'versions',
    title: 'Versions',
    note: 'Offered: the highest version of each ClientHello. Chosen: that of the ServerHello.',
    column: version('version'),
    offered: '[version]',
    chosen: 'version',
  },
  {
    id: 'groups',
    title: 'Groups',
    note: 'Chosen is seen in the ServerHello of TLS 1.3 only.',
    column: group('key_group', 'group'),
    offered: 'supported_groups',
    chosen: 'selected_group',
    except: GREASE,
  },
  {
    id: 'ciphers',
    title: 'Cipher suites',
    note: 'The twelve that are chosen most, then those that are offered most.',
    column: cipher('cipher', 'cipher suite'),
    offered: 'cipher_suites',
    chosen: 'cipher_suite',
    // Not ciphers: TLS_EMPTY_RENEGOTIATION_INFO_SCSV (RFC 5746) and TLS_FALLBACK_SCSV (RFC 7507).
    except: `${GREASE}, 255, 22016`,
  },
  {
    id: 'alpn',
    title: 'ALPN',
    note: 'TLS 1.3 and QUIC encrypt the choice: chosen shares are of the answers that show one.',
    column: text('protocol'),
    offered: 'alpn',
    chosen: 'alpn',
  },
];

const LATENCY: Figure = {
  id: 'latency',
  section: 'Timing',
  title: 'Latency, by negotiated version',
  note: 'From the ClientHello to the ServerHello that answers it, at the place of the capture; log scale. A second hump is often a second path, a cold cache or a retry.',
  chart: 'latency',
  queries: [
    {
      title: 'Distribution',
      sql: `SELECT protocol, negotiated_version AS version,
  pow(10, floor(log10(greatest(latency_us, 1)) * 8) / 8) AS from_us,
  pow(10, (floor(log10(greatest(latency_us, 1)) * 8) + 1) / 8) AS to_us, count(*) AS handshakes
FROM handshakes WHERE latency_us >= 0 AND negotiated_version IS NOT NULL
GROUP BY ALL ORDER BY protocol, version, from_us`,
      columns: [
        text('protocol'),
        version('version'),
        duration('from_us', 'from'),
        duration('to_us', 'to'),
        count('handshakes'),
      ],
    },
    {
      title: 'Percentiles',
      sql: `SELECT protocol, negotiated_version AS version, count(*) AS handshakes,
  quantile_disc(latency_us, 0.5) AS p50, quantile_disc(latency_us, 0.95) AS p95,
  quantile_disc(latency_us, 0.99) AS p99, max(latency_us) AS longest
FROM handshakes WHERE latency_us >= 0 AND negotiated_version IS NOT NULL
GROUP BY ALL ORDER BY handshakes DESC LIMIT 6`,
      columns: [
        text('protocol'),
        version('version'),
        count('handshakes'),
        duration('p50'),
        duration('p95'),
        duration('p99'),
        duration('longest'),
      ],
    },
  ],
};

/** Figures about what servers answered, and when. */
export function serverFigures(): Figure[] {
  return [...NEGOTIATED.map(negotiated), LATENCY];
}
