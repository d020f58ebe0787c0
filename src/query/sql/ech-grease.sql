-- What share of the hellos has encrypted_client_hello or GREASE, by protocol and by client.
SELECT protocol, coalesce(ja4, '(all)') AS ja4, count(*) AS hellos,
  round(100 * avg(ech::INTEGER), 1) AS ech_percent, round(100 * avg(grease::INTEGER), 1) AS grease_percent
FROM client_hellos
WHERE complete
GROUP BY GROUPING SETS ((protocol), (protocol, ja4))
ORDER BY protocol, grouping(ja4) DESC, hellos DESC, ja4
