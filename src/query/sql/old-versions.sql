-- Which hosts still offer TLS 1.1 or older (SSL 3.0, DTLS 1.0 too): as the best they can, or still among others.
-- @param top INTEGER = 100: how many to show
WITH offered AS (
  SELECT *, version IN (2, 768, 769, 770, 256, 65279) AS nothing_newer,
    list_filter(supported_versions, lambda v: v IN (768, 769, 770, 256, 65279)) AS among
  FROM client_hellos WHERE complete
)
SELECT src_ip, version_name(max(version)) AS best, bool_and(nothing_newer) AS nothing_newer, count(*) AS hellos,
  list(DISTINCT ja4 ORDER BY ja4)[:5] AS ja4, list(DISTINCT sni ORDER BY sni)[:5] AS snis, max(ts) AS last_seen
FROM offered
WHERE nothing_newer OR len(among) > 0
GROUP BY src_ip, version
ORDER BY nothing_newer DESC, hellos DESC, src_ip
LIMIT $top
