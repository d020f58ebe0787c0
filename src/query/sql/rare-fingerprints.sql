-- Which fingerprints are rare on a host that otherwise uses others: a second client, or something that hides.
-- @param share DOUBLE = 0.01: at most this share of the hellos of the host
-- @param least INTEGER = 20: hosts with fewer hellos are left out
WITH counted AS (
  SELECT src_ip, ja4, count(*) AS hellos, min(ts) AS first_seen, mode(sni) AS top_sni
  FROM client_hellos WHERE complete GROUP BY src_ip, ja4
), shared AS (
  SELECT *, sum(hellos) OVER (PARTITION BY src_ip) AS of_host FROM counted
), named AS (
  SELECT value, first_few(list(DISTINCT name ORDER BY name)) AS label FROM labels WHERE kind = 'ja4' GROUP BY value
)
SELECT s.src_ip, s.ja4, n.label, s.hellos, s.of_host::BIGINT AS of_host, round(s.hellos / s.of_host, 6) AS share,
  s.top_sni, s.first_seen
FROM shared s LEFT JOIN named n ON n.value = s.ja4
WHERE s.of_host >= $least AND s.hellos / s.of_host <= $share
ORDER BY share, s.src_ip, s.ja4
