-- Which clients name a server but offer no application protocol: browsers always do, implants and scripts often do not.
-- @param top INTEGER = 50: how many to show
WITH named AS (
  SELECT value, first_few(list(DISTINCT name ORDER BY name)) AS label FROM labels WHERE kind = 'ja4' GROUP BY value
)
SELECT c.ja4, any_value(n.label) AS label, c.sni, count(*) AS hellos, count(DISTINCT c.src_ip) AS hosts, min(c.ts) AS first_seen
FROM client_hellos c LEFT JOIN named n ON n.value = c.ja4
WHERE c.complete AND c.sni IS NOT NULL AND len(c.alpn) = 0 AND c.app IS NULL
GROUP BY c.ja4, c.sni
ORDER BY hellos DESC, c.ja4, c.sni
LIMIT $top
