-- How the clients of one host changed over time: for each fingerprint when it came and went, and which one it replaced.
-- @param host VARCHAR: address of the host
WITH spans AS (
  SELECT ja4, min(ts) AS first_seen, max(ts) AS last_seen, count(*) AS hellos, count(DISTINCT sni) AS snis, any_value(ja4_r) AS ja4_r
  FROM client_hellos WHERE complete AND src_ip = $host GROUP BY ja4
), named AS (
  SELECT value, first_few(list(DISTINCT name ORDER BY name)) AS label FROM labels WHERE kind = 'ja4' GROUP BY value
)
SELECT s.ja4, n.label, s.first_seen, s.last_seen, s.hellos, s.snis,
  (SELECT arg_max(b.ja4, b.last_seen) FROM spans b WHERE b.last_seen < s.first_seen AND left(b.ja4, 1) = left(s.ja4, 1)) AS replaces,
  s.ja4_r
FROM spans s LEFT JOIN named n ON n.value = s.ja4
ORDER BY s.first_seen, s.ja4
