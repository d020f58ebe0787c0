-- How ready clients and servers are for post-quantum key exchange: offered, sent with a key share, and chosen, by client.
-- @param top INTEGER = 50: how many to show
WITH groups AS (
  SELECT [512, 513, 514, 4587, 4588, 4589, 12089, 12090, 16696, 25497, 25498] AS pq
), named AS (
  SELECT value, first_few(list(DISTINCT name ORDER BY name)) AS label FROM labels WHERE kind = 'ja4' GROUP BY value
), hellos AS (
  SELECT h.ja4, h.src_ip, h.server_packet, h.negotiated_group,
    list_has_any(h.supported_groups::INTEGER[], g.pq) AS offers, list_has_any(h.key_share_groups::INTEGER[], g.pq) AS sends,
    list_contains(g.pq, h.negotiated_group::INTEGER) AS uses
  FROM handshakes h, groups g WHERE h.complete
)
SELECT h.ja4, any_value(n.label) AS label, count(*) AS hellos, count(DISTINCT h.src_ip) AS hosts,
  bool_or(offers) AS offered, bool_or(sends) AS key_share, count(*) FILTER (uses) AS chosen, count(h.server_packet) AS answered,
  group_name(mode(h.negotiated_group) FILTER (uses)) AS chosen_group
FROM hellos h LEFT JOIN named n ON n.value = h.ja4
GROUP BY h.ja4
ORDER BY offered, hellos DESC, h.ja4
LIMIT $top
