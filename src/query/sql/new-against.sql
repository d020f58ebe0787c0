-- Which fingerprints another database, Parquet file or capture does not have.
-- @param against SOURCE: what is known already: a database, Parquet file or captures
WITH named AS (
  SELECT value, first_few(list(DISTINCT name ORDER BY name)) AS label FROM labels WHERE kind = 'ja4' GROUP BY value
)
SELECT c.ja4, any_value(n.label) AS label, min(c.ts) AS first_seen, count(*) AS hellos,
  list(DISTINCT c.src_ip ORDER BY c.src_ip)[:5] AS hosts, list(DISTINCT c.sni ORDER BY c.sni)[:5] AS snis
FROM client_hellos c LEFT JOIN named n ON n.value = c.ja4
WHERE c.complete AND c.ja4 NOT IN (SELECT ja4 FROM against_client_hellos WHERE ja4 IS NOT NULL)
GROUP BY c.ja4
ORDER BY first_seen, c.ja4
