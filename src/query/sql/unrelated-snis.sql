-- Which fingerprints go to many unrelated names (by their last two labels): general clients, or one tool in many places.
-- @param least INTEGER = 5: fingerprints with fewer domains are left out
WITH named AS (
  SELECT value, first_few(list(DISTINCT name ORDER BY name)) AS label FROM labels WHERE kind = 'ja4' GROUP BY value
), domains AS (
  SELECT ja4, src_ip, sni, lower(array_to_string(string_split(rtrim(sni, '.'), '.')[-2:], '.')) AS domain
  FROM client_hellos WHERE complete AND sni IS NOT NULL
)
SELECT d.ja4, any_value(n.label) AS label, count(DISTINCT d.domain) AS domains, count(DISTINCT d.sni) AS snis,
  count(DISTINCT d.src_ip) AS hosts, count(*) AS hellos, list(DISTINCT d.domain ORDER BY d.domain)[:8] AS some
FROM domains d LEFT JOIN named n ON n.value = d.ja4
GROUP BY d.ja4
HAVING count(DISTINCT d.domain) >= $least
ORDER BY domains DESC, d.ja4
