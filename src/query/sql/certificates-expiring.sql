-- Which server certificates have expired or soon will (sent in clear: TLS 1.2 and older).
-- @param days INTEGER = 30: how far to look ahead
-- @param at TIMESTAMP = NULL: from when on (UTC); without it when the certificate was last seen
WITH seen AS (
  SELECT sha256, any_value(subject) AS subject, any_value(issuer) AS issuer, any_value(san) AS san,
    any_value(not_after)::TIMESTAMP AS not_after, max(ts)::TIMESTAMP AS last_seen, count(*) AS times
  FROM certificates WHERE position = 0 GROUP BY sha256
)
SELECT subject, san, issuer, not_after, date_diff('day', coalesce($at, last_seen), not_after) AS days_left, times, last_seen, sha256
FROM seen
WHERE not_after < coalesce($at, last_seen) + INTERVAL 1 DAY * $days
ORDER BY not_after, sha256
