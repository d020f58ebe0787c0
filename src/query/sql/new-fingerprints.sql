-- Which fingerprints were never seen before a point in time: what is new since yesterday.
-- @param since TIMESTAMP = NULL: the point in time (UTC); without it one day before the last hello
WITH hellos AS (
  SELECT ja4, src_ip, sni, ts::TIMESTAMP AS seen FROM client_hellos WHERE complete
), bound AS (
  SELECT coalesce($since, max(seen) - INTERVAL 1 DAY) AS since FROM hellos
), named AS (
  SELECT value, first_few(list(DISTINCT name ORDER BY name)) AS label FROM labels WHERE kind = 'ja4' GROUP BY value
)
SELECT h.ja4, any_value(n.label) AS label, min(h.seen) AS first_seen, count(*) AS hellos,
  list(DISTINCT h.src_ip ORDER BY h.src_ip)[:5] AS hosts, list(DISTINCT h.sni ORDER BY h.sni)[:5] AS snis
FROM hellos h LEFT JOIN named n ON n.value = h.ja4
GROUP BY h.ja4
HAVING min(h.seen) >= (SELECT since FROM bound)
ORDER BY first_seen, h.ja4
