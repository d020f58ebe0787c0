-- Which clients talk to a server: by its name, a part of it, or its address.
-- @param sni VARCHAR: name (`example.com`), pattern (`%.example.com`) or address of the server
WITH named AS (
  SELECT value, first_few(list(DISTINCT name ORDER BY name)) AS label FROM labels WHERE kind = 'ja4' GROUP BY value
)
SELECT c.src_ip, c.ja4, any_value(n.label) AS label, c.sni, count(*) AS hellos, min(c.ts) AS first_seen, max(c.ts) AS last_seen
FROM client_hellos c LEFT JOIN named n ON n.value = c.ja4
WHERE c.sni ILIKE $sni OR c.dst_ip = $sni
GROUP BY c.src_ip, c.ja4, c.sni
ORDER BY hellos DESC, c.src_ip, c.ja4, c.sni
