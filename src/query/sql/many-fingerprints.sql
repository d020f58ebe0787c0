-- Which hosts show many different fingerprints: NAT, a proxy, a scanner, or a client that changes its looks.
-- @param least INTEGER = 5: hosts with fewer fingerprints are left out
-- @param top INTEGER = 50: how many to show
SELECT src_ip, count(DISTINCT ja4) AS fingerprints, count(DISTINCT ja3) AS ja3s, count(*) AS hellos,
  count(DISTINCT sni) AS snis, min(ts) AS first_seen, max(ts) AS last_seen
FROM client_hellos
WHERE complete
GROUP BY src_ip
HAVING fingerprints >= $least
ORDER BY fingerprints DESC, src_ip
LIMIT $top
