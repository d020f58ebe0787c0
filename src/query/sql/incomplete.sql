-- Which hellos could not be seen whole, and why.
SELECT capture, protocol, coalesce(array_to_string(anomalies, ','), '') AS why, count(*) AS hellos,
  min(packet) AS first_packet, round(avg(captured_bytes)) AS mean_captured_bytes, round(avg(hello_bytes)) AS mean_hello_bytes
FROM client_hellos
WHERE NOT complete
GROUP BY capture, protocol, why
ORDER BY hellos DESC, capture, protocol, why
