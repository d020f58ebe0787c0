-- How often servers ask for another key share (HelloRetryRequest), by the group they ask for and what had been sent.
-- Each one costs a round trip.
WITH first_hellos AS (
  SELECT is_retry, negotiated_group, array_to_string(list_transform(key_share_groups, lambda g: group_name(g)), ',') AS key_shares
  FROM handshakes WHERE complete AND attempt = 1 AND server_packet IS NOT NULL AND len(key_share_groups) > 0
)
SELECT key_shares, group_name(negotiated_group) AS wanted, count(*) FILTER (is_retry) AS retries, count(*) AS handshakes,
  round(100 * count(*) FILTER (is_retry) / sum(count(*)) OVER (PARTITION BY key_shares), 1) AS retry_percent
FROM first_hellos
GROUP BY key_shares, negotiated_group
ORDER BY retries DESC, handshakes DESC, key_shares, wanted
