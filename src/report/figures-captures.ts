import { bytes, count, type Figure, text, time } from './figure.js';
import { LOSSES } from './losses.js';

const INCOMPLETE: Figure = {
  id: 'incomplete',
  section: 'Completeness',
  title: 'Incomplete hellos, by reason',
  note: 'An incomplete hello has no fingerprint, but keeps what was seen of it.',
  chart: 'bars',
  half: true,
  queries: [
    {
      title: 'Incomplete hellos',
      sql: `SELECT reason, message, count(*) AS hellos FROM (
  SELECT replace(anomalies[1], '_', ' ') AS reason, 'ClientHello' AS message FROM client_hellos WHERE NOT complete
  UNION ALL
  SELECT replace(anomalies[1], '_', ' '), 'ServerHello' FROM server_hellos WHERE NOT complete
) GROUP BY ALL ORDER BY hellos DESC, reason, message`,
      columns: [text('reason'), text('message'), count('hellos')],
    },
  ],
};

const sums = LOSSES.map(([name, words]) => `    sum(${name})::UBIGINT AS "${words}"`).join(',\n');

const LOST: Figure = {
  id: 'not-read',
  section: 'Completeness',
  title: 'What could not be read',
  note: 'Counters of the captures: what was skipped or given up, and why.',
  chart: 'bars',
  half: true,
  queries: [
    {
      title: 'Lost and skipped',
      sql: `SELECT reason, lost FROM (UNPIVOT (
  SELECT
${sums}
  FROM captures
) ON COLUMNS(*) INTO NAME reason VALUE lost) WHERE lost > 0 ORDER BY lost DESC`,
      columns: [text('reason', 'what'), count('lost', 'how many')],
    },
  ],
};

const CAPTURES: Figure = {
  id: 'captures',
  section: 'Captures',
  title: 'What was read',
  note: 'Those that could not be read whole come first.',
  chart: 'table',
  queries: [
    {
      title: 'Captures',
      sql: `SELECT path, replace(error, path || ': ', '') AS error, concat_ws('+', format, compression) AS format, packets, bytes, first_ts, last_ts,
  client_hellos, server_hellos, flows,
  (incomplete_snaplen_cut + incomplete_missing_segment + incomplete_buffer_limit + incomplete_evicted
    + incomplete_end_of_capture + incomplete_connection_closed + incomplete_malformed)::UBIGINT AS incomplete
FROM captures ORDER BY error IS NULL, client_hellos DESC, path LIMIT 500`,
      columns: [
        text('path', 'capture'),
        text('error'),
        text('format'),
        count('packets'),
        bytes('bytes'),
        time('first_ts', 'first packet (UTC)'),
        time('last_ts', 'last packet (UTC)'),
        count('client_hellos', 'ClientHellos'),
        count('server_hellos', 'ServerHellos'),
        count('incomplete'),
        count('flows', 'connections'),
      ],
    },
  ],
};

/** Figures about the captures themselves. */
export function captureFigures(): Figure[] {
  return [INCOMPLETE, LOST, CAPTURES];
}
