-- Which connections come regularly: same host, same client, same name, even gaps. Jitter is the deviation of the gaps over
-- their mean: 0 is a clock, people are above 1.
-- @param least INTEGER = 10: fewer connections are left out
-- @param jitter DOUBLE = 0.2: at most this much
-- @param gap DOUBLE = 1: mean gaps shorter than so many seconds are left out
WITH hellos AS (
  SELECT src_ip, ja4, coalesce(sni, dst_ip) AS target, ts,
    (epoch_ns(ts) - lag(epoch_ns(ts)) OVER w) / 1e9 AS gap
  FROM client_hellos WHERE complete AND attempt = 1
  WINDOW w AS (PARTITION BY src_ip, ja4, coalesce(sni, dst_ip) ORDER BY ts)
)
SELECT src_ip, ja4, target, count(*) AS connections, round(avg(gap), 3) AS mean_gap_s, round(median(gap), 3) AS median_gap_s,
  round(stddev_pop(gap) / avg(gap), 4) AS jitter, min(ts) AS first_seen, max(ts) AS last_seen
FROM hellos
GROUP BY src_ip, ja4, target
HAVING count(*) >= $least AND avg(gap) >= $gap AND stddev_pop(gap) / avg(gap) <= $jitter
ORDER BY jitter, connections DESC, src_ip, ja4, target
