-- What was offered as application protocol, what the server chose, and how long it took to answer (microseconds).
-- The choice is encrypted in TLS 1.3, and null here.
SELECT array_to_string(alpn, ',') AS offered, negotiated_alpn AS chosen, count(*) AS handshakes,
  round(quantile_cont(latency_us, 0.5), 1) AS p50_us, round(quantile_cont(latency_us, 0.95), 1) AS p95_us,
  round(quantile_cont(latency_us, 0.99), 1) AS p99_us, round(quantile_cont(latency_us, 0.999), 1) AS p999_us
FROM handshakes
WHERE server_packet IS NOT NULL AND complete
GROUP BY offered, chosen
ORDER BY handshakes DESC, offered, chosen
