-- Which clients are seen most: fingerprint, what it is known as, how often, from how many hosts, to which names.
-- @param top INTEGER = 20: how many to show
WITH named AS (
  SELECT value, first_few(list(DISTINCT name ORDER BY name)) AS label FROM labels WHERE kind = 'ja4' GROUP BY value
)
SELECT c.ja4, any_value(n.label) AS label, count(*) AS hellos, count(DISTINCT c.src_ip) AS hosts,
  count(DISTINCT c.sni) AS snis, mode(c.sni) AS top_sni, min(c.ts) AS first_seen, max(c.ts) AS last_seen
FROM client_hellos c LEFT JOIN named n ON n.value = c.ja4
WHERE c.complete
GROUP BY c.ja4
ORDER BY hellos DESC, c.ja4
LIMIT $top
